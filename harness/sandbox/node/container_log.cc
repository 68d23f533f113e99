// The CRI log format, written by the container's pump thread and read by the stream server.
#include "harness/sandbox/node/container_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"

namespace holdfast::sandbox::node {
namespace {

constexpr size_t kLongestLine = 16384;  // The kubelet's limit; longer lines are split.
constexpr Nanos kFollowPoll = std::chrono::milliseconds(50);

// Where the last `lines` lines of `content` begin; every line ends with a newline.
size_t TailStart(std::string_view content, int64_t lines) {
  size_t start = content.size();
  for (; lines > 0 && start > 0; --lines) {
    const size_t newline = start < 2 ? std::string_view::npos : content.rfind('\n', start - 2);
    start = newline == std::string_view::npos ? 0 : newline + 1;
  }
  return start;
}

// Renders log lines within the byte limit.
class Renderer {
 public:
  Renderer(const LogReadOptions& options, const Clock& clock) : options_(options) {
    if (options.limit_bytes) left_ = *options.limit_bytes;
    since_ = options.since_wall;
    if (options.since_seconds) since_ = clock.Wall() - std::chrono::seconds(*options.since_seconds);
  }
  [[nodiscard]] bool exhausted() const { return left_ && *left_ <= 0; }
  std::string Render(std::string_view line) {
    const auto view = ParseLogLine(line);
    if (!view || exhausted()) return {};
    if (since_ && ParseRfc3339(view->time).value_or(Nanos{0}) < *since_) return {};
    std::string text;
    if (options_.timestamps) text.append(view->time).append(" ");
    text.append(view->text);
    if (view->whole) text += '\n';
    if (left_) {
      if (static_cast<int64_t>(text.size()) > *left_) text.resize(static_cast<size_t>(*left_));
      *left_ -= static_cast<int64_t>(text.size());
    }
    return text;
  }

 private:
  const LogReadOptions& options_;
  std::optional<int64_t> left_;
  std::optional<Nanos> since_;
};

}  // namespace

Result<ContainerLogWriter> ContainerLogWriter::Open(const std::filesystem::path& path,
                                                    const Clock& clock) {
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(path.parent_path()));
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (fd < 0)
    return Fail(ErrorCode::kUnavailable, "cannot write the container log {}: {}", path.string(),
                ErrnoText(errno));
  return ContainerLogWriter(FileDescriptor(fd), clock);
}

void ContainerLogWriter::WriteLine(bool standard_error, std::string_view text, bool whole) {
  const std::string line =
      fmt::format("{} {} {} {}\n", FormatRfc3339(clock_->Wall(), 9),
                  standard_error ? "stderr" : "stdout", whole ? 'F' : 'P', text);
  // A full disk loses log lines, never the container.
  static_cast<void>(WriteAll(fd_.get(), line, "container log"));
}

void ContainerLogWriter::Append(bool standard_error, std::string_view bytes) {
  std::string& pending = pending_[standard_error ? 1 : 0];
  pending.append(bytes);
  size_t start = 0;
  while (true) {
    const size_t newline = pending.find('\n', start);
    if (newline != std::string::npos && newline - start <= kLongestLine) {
      WriteLine(standard_error, std::string_view(pending).substr(start, newline - start), true);
      start = newline + 1;
    } else if (pending.size() - start > kLongestLine) {
      WriteLine(standard_error, std::string_view(pending).substr(start, kLongestLine), false);
      start += kLongestLine;
    } else {
      break;
    }
  }
  pending.erase(0, start);
}

void ContainerLogWriter::Finish() {
  for (const bool standard_error : {false, true}) {
    std::string& pending = pending_[standard_error ? 1 : 0];
    if (!pending.empty()) WriteLine(standard_error, pending, false);
    pending.clear();
  }
}

std::optional<LogLineView> ParseLogLine(std::string_view line) {
  const size_t first = line.find(' ');
  if (first == std::string_view::npos || first + 10 > line.size()) return std::nullopt;
  LogLineView view;
  view.time = line.substr(0, first);
  view.stream = line.substr(first + 1, 6);
  const std::string_view rest = line.substr(first + 7);
  if ((view.stream != "stdout" && view.stream != "stderr") || rest[0] != ' ' || rest[2] != ' ')
    return std::nullopt;
  if (rest[1] != 'F' && rest[1] != 'P') return std::nullopt;
  view.whole = rest[1] == 'F';
  view.text = rest.substr(3);
  return view;
}

Status ReadContainerLog(const std::filesystem::path& path,
                        const LogReadOptions& options,
                        Clock& clock,
                        const std::function<bool(std::string_view)>& sink,
                        const std::function<bool()>& finished,
                        std::stop_token stop) {
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid())
    return Fail(ErrorCode::kNotFound, "the container has no log yet: {}", ErrnoText(errno));
  Renderer renderer(options, clock);
  std::string buffer;
  bool first = true;
  while (!stop.stop_requested()) {
    const bool last = !options.follow || finished();
    std::array<char, 65536> block{};
    ssize_t size = 0;
    while ((size = ::read(fd.get(), block.data(), block.size())) > 0)
      buffer.append(block.data(), static_cast<size_t>(size));
    if (first && options.tail_lines) buffer.erase(0, TailStart(buffer, *options.tail_lines));
    first = false;
    std::string text;
    size_t start = 0;
    for (size_t end = 0; (end = buffer.find('\n', start)) != std::string::npos; start = end + 1)
      text += renderer.Render(std::string_view(buffer).substr(start, end - start));
    buffer.erase(0, start);
    if (!text.empty() && !sink(text)) return {};
    if (last || renderer.exhausted()) return {};
    clock.SleepFor(kFollowPoll, stop);
  }
  return {};
}

}  // namespace holdfast::sandbox::node
