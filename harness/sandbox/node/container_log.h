// A container's log file in the CRI format ("<RFC 3339 nanoseconds> <stream> <P|F> <text>"), and
// reading it back as `kubectl logs` wants it.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_CONTAINER_LOG_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_CONTAINER_LOG_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/result.h"

namespace holdfast::sandbox::node {

// Not thread-safe: one thread writes.
class ContainerLogWriter {
 public:
  static Result<ContainerLogWriter> Open(const std::filesystem::path& path, const Clock& clock);
  // Bytes as they came from the container; whole lines are written at once, the rest is kept.
  void Append(bool standard_error, std::string_view bytes);
  // Writes what is left without a newline as partial lines.
  void Finish();

 private:
  ContainerLogWriter(FileDescriptor fd, const Clock& clock) : fd_(std::move(fd)), clock_(&clock) {}
  void WriteLine(bool standard_error, std::string_view text, bool whole);

  FileDescriptor fd_;
  const Clock* clock_;
  std::string pending_[2];
};

struct LogLineView {
  std::string_view time;
  std::string_view stream;  // "stdout" or "stderr".
  bool whole = true;        // Ends with a newline.
  std::string_view text;
};
// nullopt when `line` is not in the format.
std::optional<LogLineView> ParseLogLine(std::string_view line);

struct LogReadOptions {
  bool follow = false;
  bool timestamps = false;
  std::optional<int64_t> tail_lines;
  std::optional<int64_t> since_seconds;
  std::optional<Nanos> since_wall;
  std::optional<int64_t> limit_bytes;
};
// Hands the text of the log to `sink` in pieces until the end or, when following, until `finished`
// says that the container ended (and all is read), `sink` returns false, or `stop`.
Status ReadContainerLog(const std::filesystem::path& path,
                        const LogReadOptions& options,
                        Clock& clock,
                        const std::function<bool(std::string_view)>& sink,
                        const std::function<bool()>& finished,
                        std::stop_token stop);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_CONTAINER_LOG_H_
