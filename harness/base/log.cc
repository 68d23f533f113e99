#include "harness/base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/time_format.h"

namespace holdfast {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kWarning};
std::atomic<int> g_fd{2};

std::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

}  // namespace

void SetLogLevel(LogLevel level) { g_level = level; }

Status LogToFile(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0)
    return Fail(ErrorCode::kUnavailable, "cannot open log file {}: {}", path.string(),
                ErrnoText(errno));
  const int old = g_fd.exchange(fd);
  if (old != 2) ::close(old);
  return {};
}

void LogLine(LogLevel level, std::string_view line) {
  if (level < g_level) return;
  const std::string text =
      fmt::format("{} {} {}\n", FormatRfc3339(SystemClock().Wall(), 3), Name(level), line);
  // One write per line keeps lines whole; a log that cannot be written has nowhere to complain.
  (void)!::write(g_fd, text.data(), text.size());
}

}  // namespace holdfast
