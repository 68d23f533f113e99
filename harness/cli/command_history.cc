// holdfast history check: judge a bare client history, whoever recorded it.
#include <unistd.h>

#include <cstdio>

#include "harness/check/client_history.h"
#include "harness/cli/commands.h"
#include "harness/cli/exit_code.h"
#include "reports/console_report.h"
#include "reports/json_report.h"
#include "reports/summary.h"

namespace holdfast::cli {
namespace {

using check::history::Format;
using check::history::Model;

// Words were checked against the lists in arguments.cc.
Format FormatOf(const std::string& name) {
  if (name == "holdfast") return Format::kHoldfast;
  if (name == "json") return Format::kJson;
  if (name == "jepsen") return Format::kJepsen;
  return name == "edn" || name == "kv" ? Format::kEdn : Format::kAuto;
}

Model ModelOf(const std::string& name) {
  if (name == "register" || name == "cas-register") return Model::kRegister;
  if (name == "kv") return Model::kKv;
  if (name == "set") return Model::kSet;
  return name == "list-append" ? Model::kListAppend : Model::kUnknown;
}

}  // namespace

int CommandHistoryCheck(const HistoryArguments& arguments) {
  check::history::JudgeOptions options;
  options.model = ModelOf(arguments.model);
  options.isolation = check::history::ParseLevel(arguments.isolation);
  options.fresh_reads = arguments.fresh_reads;
  const auto verdicts =
      check::CheckHistoryFile(arguments.path, FormatOf(arguments.format), options,
                              arguments.stream ? 0 : check::kStreamAbove);
  if (!verdicts) return Finish({2, verdicts.error().message}, true);
  if (arguments.json) {
    std::fputs(reports::RenderVerdicts(*verdicts).c_str(), stdout);
    return verdicts->exit;
  }
  const reports::SummaryOptions shown{.color = reports::DetectConsole(STDOUT_FILENO).color};
  std::fputs(reports::RenderSummary(*verdicts, shown).c_str(), stdout);
  for (const check::CheckResult& result : verdicts->checks)
    if (result.verdict == check::Verdict::kPass)
      std::fputs(fmt::format("{}: {}\n", result.id, result.reason).c_str(), stdout);
  return Finish({verdicts->exit, verdicts->reason});
}

}  // namespace holdfast::cli
