#include "workloads/volume/blocks.h"

#include <array>
#include <optional>

#include <fmt/format.h>

#include "harness/base/strings.h"

namespace holdfast::workloads::volume {
namespace {

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1U) != 0 ? (value >> 1U) ^ 0x82F63B78U : value >> 1U;
    table[byte] = value;
  }
  return table;
}

// The key is part of it: a block that turns up in another key's file does not fit.
uint32_t Checksum(const std::string& key, int64_t value, std::string_view padding) {
  return Crc32c(fmt::format("{} {} {}", key, value, padding));
}

std::optional<int64_t> ParseBlock(const std::string& key, std::string_view line) {
  const size_t first = line.find(' ');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = std::min(line.find(' ', first + 1), line.size());
  const auto value = ParseInt(line.substr(0, first));
  const auto checksum = ParseInt(line.substr(first + 1, second - first - 1));
  const std::string_view padding = second < line.size() ? line.substr(second + 1) : "";
  if (!value || !checksum || *checksum != Checksum(key, *value, padding)) return std::nullopt;
  return value;
}

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = MakeTable();
  uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes)
    crc = (crc >> 8U) ^ kTable[(crc ^ static_cast<uint8_t>(c)) & 0xFFU];
  return crc ^ 0xFFFFFFFFU;
}

std::string MakeBlock(const std::string& key, int64_t value, int padding) {
  const std::string more(static_cast<size_t>(std::max(padding, 0)), 'x');
  std::string block = fmt::format("{} {}", value, Checksum(key, value, more));
  if (!more.empty()) block += " " + more;
  return block;
}

Blocks ParseBlocks(const std::string& key, std::string_view text, bool cut) {
  Blocks blocks;
  bool first = true;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool maybe_half = std::exchange(first, false) && cut;
    if (line.empty()) continue;
    if (const auto value = ParseBlock(key, line))
      blocks.values.push_back(*value);
    else if (!maybe_half)
      ++blocks.torn;
  }
  return blocks;
}

}  // namespace holdfast::workloads::volume
