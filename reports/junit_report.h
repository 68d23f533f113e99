// JUnit XML in the strict profile that Jenkins, its xUnit plugin, Ant's schema, GitLab, Azure,
// TestGrid and the GitHub actions all read: flat suites, one per scenario, one case per guarantee,
// no attribute that any of them refuses.
//
//   fail           <failure type="holdfast.<id>">   the product broke a promise
//   unknown        <error type="holdfast.unknown">  it could not be decided
//   not-applicable <skipped>, with the reason; an accepted fail likewise, as "accepted: ..."
//   not run        <error type="holdfast.not-run">
#ifndef HOLDFAST_REPORTS_JUNIT_REPORT_H_
#define HOLDFAST_REPORTS_JUNIT_REPORT_H_

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/check/verdict.h"

namespace holdfast::reports {

struct JUnitScenario {
  std::string name;
  bool done = false;                       // Not done: its planned cases are "not run".
  double seconds = 0;                      // How long it took.
  std::string output;                      // For the suite's system-out, such as its steps.
  std::vector<std::string> planned;        // Guarantee ids; empty gives the one case "scenario".
  std::vector<check::CheckResult> checks;  // Of this scenario, when done.
};

struct JUnitInput {
  std::string suite;
  std::string timestamp;  // "2026-01-01T00:00:00", UTC, without zone; empty is the epoch.
  std::string hostname;   // Empty is "localhost".
  std::vector<std::pair<std::string, std::string>> properties;  // On every suite.
  std::map<std::string, std::string> titles;  // Guarantee id -> a few words for the case's name.
  std::vector<JUnitScenario> scenarios;
};

// What a run directory's run.json (or null for a bare trace) and the verdicts so far say. Scenarios
// are those of run.json in order, then any others of the verdicts; one without checks is not done
// and gets `planned`. `seconds` (scenario -> duration) may miss some.
JUnitInput JUnitFromRun(const Json& run,
                        const check::Verdicts& verdicts,
                        const std::map<std::string, std::string>& titles,
                        const std::vector<std::string>& planned,
                        const std::map<std::string, double>& seconds,
                        const std::string& hostname);

// At most about 10 MB: bodies are cut (head and tail) until it fits.
std::string RenderJUnit(const JUnitInput& input);

// RenderJUnit, put in place atomically: a reader sees the old file or the new one.
Status WriteJUnit(const std::filesystem::path& path, const JUnitInput& input);

}  // namespace holdfast::reports

#endif  // HOLDFAST_REPORTS_JUNIT_REPORT_H_
