// Exit codes are a contract: 0 all decided and passed, 1 a guarantee was broken, 2 the command or
// the suite is wrong, 3 something could not be decided, 4 refused by the safety fence, 130 and 143
// interrupted (after undoing).
#ifndef HOLDFAST_HARNESS_CLI_EXIT_CODE_H_
#define HOLDFAST_HARNESS_CLI_EXIT_CODE_H_

#include <string>

#include "harness/base/result.h"

namespace holdfast::cli {

struct Exit {
  int code = 0;
  std::string reason;  // One sentence; printed last.
};

// Of an error that ended a command before anything could be judged.
Exit ExitOf(const Error& error);
// When several hold, the first of 130/143, 4, 2, 1, 3 counts.
Exit Worse(const Exit& a, const Exit& b);
// Prints "exit N: reason" to standard output and returns N; `error_stream` for what went wrong
// before any result.
int Finish(const Exit& exit, bool error_stream = false);

}  // namespace holdfast::cli

#endif  // HOLDFAST_HARNESS_CLI_EXIT_CODE_H_
