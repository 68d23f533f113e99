// Commands executed inside a running container: streams for `kubectl exec`, captured output for
// probes and hooks.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_EXEC_SESSION_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_EXEC_SESSION_H_

#include <sys/types.h>

#include <stop_token>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/result.h"
#include "harness/sandbox/node/container.h"

namespace holdfast::sandbox::node {

// Owns the process: the destructor kills and reaps it. Used by the thread that started it.
class ExecSession {
 public:
  // With `tty` all three streams are one terminal: `in` and `out` are its master, `err` is unused.
  static Result<ExecSession> Start(const Container& container,
                                   const std::vector<std::string>& argv,
                                   bool tty);
  ExecSession(ExecSession&& other) noexcept;
  ExecSession& operator=(ExecSession&&) = delete;
  ~ExecSession();

  FileDescriptor in;   // Write here; close it to end the command's standard input.
  FileDescriptor out;  // Read here until the end of file.
  FileDescriptor err;
  // Waits for the end of the command and returns its exit code.
  int Wait();
  void Kill();

 private:
  ExecSession() = default;
  pid_t pid_ = 0;
};

// Of a terminal, by its master; anything else is left alone.
void ResizeTerminal(int master, int columns, int rows);

struct ExecResult {
  int exit_code = 0;
  bool timed_out = false;
  std::string output;  // Both streams, at most 10 KiB (the kubelet's limit).
};
// Runs to the end or kills the command after `timeout`.
Result<ExecResult> RunInContainer(const Container& container,
                                  const std::vector<std::string>& argv,
                                  Nanos timeout,
                                  std::stop_token stop);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_EXEC_SESSION_H_
