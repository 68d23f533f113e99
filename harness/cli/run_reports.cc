#include "harness/cli/run_reports.h"

#include <unistd.h>

#include <array>

#include "harness/cli/vocabulary.h"
#include "reports/junit_report.h"

namespace holdfast::cli {
namespace {

std::string HostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data())
                                                          : std::string("localhost");
}

}  // namespace

Status WriteJUnitOf(const std::filesystem::path& path,
                    const Json& run,
                    const check::Verdicts& verdicts,
                    const std::map<std::string, double>& seconds) {
  return reports::WriteJUnit(path, reports::JUnitFromRun(run, verdicts, GuaranteeTitles(),
                                                         GuaranteeIds(), seconds, HostName()));
}

ScenarioVerdict VerdictOf(const check::Verdicts& verdicts, const std::string& scenario) {
  ScenarioVerdict worst;
  int passed = 0;
  for (const check::CheckResult& result : verdicts.checks) {
    if (result.scenario != scenario || result.accepted) continue;
    passed += result.verdict == check::Verdict::kPass ? 1 : 0;
    if (result.verdict == check::Verdict::kNotApplicable) continue;
    const bool first = worst.verdict == check::Verdict::kNotApplicable;
    if (!first && result.verdict <= worst.verdict) continue;
    worst = {result.verdict, result.id + ": " + result.reason};
  }
  if (worst.verdict == check::Verdict::kPass)
    worst.reason = fmt::format("{} guarantees held", passed);
  return worst;
}

}  // namespace holdfast::cli
