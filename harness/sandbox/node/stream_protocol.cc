#include "harness/sandbox/node/stream_protocol.h"

namespace holdfast::sandbox {
namespace {
constexpr size_t kHeader = 5;
}

std::string EncodeFrame(uint8_t channel, std::string_view payload) {
  const auto size = static_cast<uint32_t>(payload.size());
  std::string frame;
  frame += static_cast<char>(channel);
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    frame += static_cast<char>((size >> shift) & 0xFFU);
  frame += payload;
  return frame;
}

std::optional<Frame> TakeFrame(std::string& buffer) {
  if (buffer.size() < kHeader) return std::nullopt;
  size_t size = 0;
  for (size_t i = 1; i < kHeader; ++i)
    size = (size << 8U) | static_cast<unsigned char>(buffer[i]);
  if (buffer.size() < kHeader + size) return std::nullopt;
  Frame frame{static_cast<uint8_t>(buffer[0]), buffer.substr(kHeader, size)};
  buffer.erase(0, kHeader + size);
  return frame;
}

std::optional<std::string> TakeLine(std::string& buffer) {
  const size_t end = buffer.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer.substr(0, end);
  buffer.erase(0, end + 1);
  return line;
}

}  // namespace holdfast::sandbox
