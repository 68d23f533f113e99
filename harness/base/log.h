// Diagnostics of the harness itself: one line each, to standard error or to a file of the run
// directory. What a run saw belongs into the trace, never here.
#ifndef HOLDFAST_HARNESS_BASE_LOG_H_
#define HOLDFAST_HARNESS_BASE_LOG_H_

#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "harness/base/result.h"

namespace holdfast {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// All of these are thread-safe. Lines below `level` are dropped; the default is kWarning to
// standard error.
void SetLogLevel(LogLevel level);
// From now on lines are appended to `path` instead of standard error.
Status LogToFile(const std::filesystem::path& path);
void LogLine(LogLevel level, std::string_view line);

template <typename... Args>
void Log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  LogLine(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace holdfast

#endif  // HOLDFAST_HARNESS_BASE_LOG_H_
