// The blocks of a key's file: one line "VALUE CHECKSUM PADDING" between empty lines. Pure functions.
#ifndef HOLDFAST_WORKLOADS_VOLUME_BLOCKS_H_
#define HOLDFAST_WORKLOADS_VOLUME_BLOCKS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::workloads::volume {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of the bytes.
uint32_t Crc32c(std::string_view bytes);

// The line for a value, without its newline; `padding` more bytes under the same checksum.
std::string MakeBlock(const std::string& key, int64_t value, int padding);

struct Blocks {
  std::vector<int64_t> values;  // In the order of the file, duplicates included.
  int torn = 0;                 // Lines whose checksum does not fit.
};

// All blocks of a text. With `cut`, the text begins in mid-file and its first line may be half of
// one: it is left out when it does not fit.
Blocks ParseBlocks(const std::string& key, std::string_view text, bool cut);

}  // namespace holdfast::workloads::volume

#endif  // HOLDFAST_WORKLOADS_VOLUME_BLOCKS_H_
