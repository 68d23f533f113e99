#include "harness/cli/exit_code.h"

#include <array>
#include <cstdio>

#include "harness/run/fence.h"
#include "reports/summary.h"

namespace holdfast::cli {
namespace {

int Rank(int code) {
  constexpr std::array kOrder{143, 130, 4, 2, 1, 3, 0};
  for (size_t i = 0; i < kOrder.size(); ++i) {
    if (kOrder[i] == code) return static_cast<int>(kOrder.size() - i);
  }
  return 0;
}

}  // namespace

Exit ExitOf(const Error& error) {
  if (run::IsFence(error)) return {4, error.message};
  return {error.code == ErrorCode::kInvalidArgument ? 2 : 3, error.message};
}

Exit Worse(const Exit& a, const Exit& b) { return Rank(b.code) > Rank(a.code) ? b : a; }

int Finish(const Exit& exit, bool error_stream) {
  const std::string line = reports::ExitLine(exit.code, exit.reason);
  std::fputs(line.c_str(), error_stream ? stderr : stdout);
  std::fflush(nullptr);
  return exit.code;
}

}  // namespace holdfast::cli
