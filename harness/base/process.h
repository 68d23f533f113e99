// Child processes without a shell.
#ifndef HOLDFAST_HARNESS_BASE_PROCESS_H_
#define HOLDFAST_HARNESS_BASE_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/result.h"

namespace holdfast {

struct ProcessOptions {
  std::vector<std::string> argv;             // argv[0] is looked up on PATH.
  std::vector<std::string> add_environment;  // "NAME=value", on top of ours.
  std::string input;                         // Given on standard input, then closed.
  Nanos timeout = std::chrono::minutes(10);  // Killed after it (the whole process group).
  bool inherit_output = false;               // Output goes where ours goes; nothing is captured.
};

struct ProcessResult {
  int exit_code = 0;  // 128 + signal when killed by one.
  std::string out;
  std::string err;
};

// Runs to the end. An error when it could not be started (kNotFound: no such program) or timed out;
// a non-zero exit code is a result.
Result<ProcessResult> RunProcess(const ProcessOptions& options, std::stop_token stop = {});
// The same, but a non-zero exit code is an error that carries the last lines of its standard error.
Result<std::string> RunChecked(const std::vector<std::string>& argv,
                               Nanos timeout = std::chrono::minutes(10));
// The absolute path of a program on PATH (also /usr/sbin and /sbin), or nullopt.
std::optional<std::string> FindProgram(const std::string& name);

}  // namespace holdfast

#endif  // HOLDFAST_HARNESS_BASE_PROCESS_H_
