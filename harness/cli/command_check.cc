// holdfast check: judge evidence again.
#include <unistd.h>

#include <cstdio>

#include "harness/check/check.h"
#include "harness/cli/commands.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/run_reports.h"
#include "harness/trace/run_directory.h"
#include "reports/console_report.h"
#include "reports/json_report.h"
#include "reports/summary.h"

namespace holdfast::cli {

int CommandCheck(const CheckArguments& arguments) {
  const auto verdicts = check::CheckPath(arguments.path);
  if (!verdicts) return Finish({2, verdicts.error().message}, true);
  if (arguments.json) {
    std::fputs(reports::RenderVerdicts(*verdicts).c_str(), stdout);
  } else {
    const reports::SummaryOptions options{.color = reports::DetectConsole(STDOUT_FILENO).color};
    std::fputs(reports::RenderSummary(*verdicts, options).c_str(), stdout);
  }
  if (!arguments.junit.empty()) {
    const auto run = trace::ReadRunJson({arguments.path});
    const Status written = WriteJUnitOf(arguments.junit, run ? *run : Json(), *verdicts, {});
    if (!written) return Finish(ExitOf(written.error()), true);
  }
  if (arguments.json) return verdicts->exit;
  return Finish({verdicts->exit, verdicts->reason});
}

}  // namespace holdfast::cli
