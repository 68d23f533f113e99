#include "harness/sandbox/world/line_reader.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "harness/base/strings.h"

namespace holdfast::sandbox {

bool LineReader::Fill() {
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(fd_.get(), bytes.data(), bytes.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (count <= 0) {
    fd_.Close();
    return false;
  }
  buffer_.append(bytes.data(), static_cast<size_t>(count));
  return true;
}

std::optional<std::string> LineReader::Take() {
  const size_t end = buffer_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

void WriteLine(int fd, std::string line) {
  line = ReplaceAll(std::move(line), "\n", " ") + "\n";
  // Nobody may be listening any more; then there is nobody to tell.
  [[maybe_unused]] const Status written = WriteAll(fd, line, "a report");
}

}  // namespace holdfast::sandbox
