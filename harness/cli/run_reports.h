// Writes the reports of a run directory, from what is in it so far.
#ifndef HOLDFAST_HARNESS_CLI_RUN_REPORTS_H_
#define HOLDFAST_HARNESS_CLI_RUN_REPORTS_H_

#include <filesystem>
#include <map>
#include <string>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/check/verdict.h"

namespace holdfast::cli {

// `seconds` is the duration of each scenario that was played. A scenario without checks is written
// as "not run".
Status WriteJUnitOf(const std::filesystem::path& path,
                    const Json& run,
                    const check::Verdicts& verdicts,
                    const std::map<std::string, double>& seconds);

// The worst verdict of a scenario that counts, with the sentence to show for it.
struct ScenarioVerdict {
  check::Verdict verdict = check::Verdict::kNotApplicable;
  std::string reason;
};
ScenarioVerdict VerdictOf(const check::Verdicts& verdicts, const std::string& scenario);

}  // namespace holdfast::cli

#endif  // HOLDFAST_HARNESS_CLI_RUN_REPORTS_H_
