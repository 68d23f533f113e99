#include "harness/check/summary.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace holdfast::check {
namespace {

void Accept(std::vector<CheckResult>& checks, const Json& run) {
  const std::string started = GetString(run, {"started"}).substr(0, 10);
  for (const Json& waiver : GetArray(run, {"accept"})) {
    const std::string until = GetString(waiver, {"until"}).substr(0, 10);
    // Days in RFC 3339 compare as texts. Without a start the waiver's age cannot be told.
    const bool in_force = until.empty() || (!started.empty() && started <= until);
    for (CheckResult& check : checks) {
      if (check.id != GetString(waiver, {"id"}) || check.verdict != Verdict::kFail) continue;
      if (in_force) {
        check.accepted = true;
        check.reason += fmt::format(" [accepted{}: {}]", until.empty() ? "" : " until " + until,
                                    GetString(waiver, {"reason"}));
      } else {
        check.reason += fmt::format(" [its acceptance ended on {}]", until);
      }
    }
  }
}

// A negative control: what was expected to fail and did not is itself a failure.
void Expect(std::vector<CheckResult>& checks, const Json& run) {
  const Json& expected = GetArray(run, {"expect", "fail"});
  const bool over = GetString(run, {"state"}, "finished") == "finished";
  CheckResult result;
  result.id = "RUN-EXPECT";
  result.scenario = kWholeRun;
  result.verdict = Verdict::kPass;
  std::string failed;
  for (const Json& entry : expected) {
    if (!entry.is_string()) continue;
    const auto id = entry.get<std::string>();
    Verdict worst = Verdict::kNotApplicable;
    bool passed = false;
    for (CheckResult& check : checks) {
      if (check.id != id) continue;
      passed = passed || check.verdict == Verdict::kPass;
      worst = std::max(worst, check.verdict);
      if (check.verdict == Verdict::kFail) check.accepted = true;
    }
    if (worst == Verdict::kFail) {
      failed += (failed.empty() ? "" : ", ") + id;
      continue;
    }
    const std::string was = worst == Verdict::kUnknown ? "could not be decided"
                            : passed                   ? "passed"
                                                       : "was not applicable";
    if (!over) continue;
    result.verdict = Verdict::kFail;
    result.findings.push_back({.sentence = fmt::format("expected {} to fail but it {}", id, was),
                               .objects = {},
                               .evidence = {},
                               .during = {}});
  }
  if (expected.empty() || (!over && result.findings.empty())) return;
  result.reason =
      result.findings.empty() ? "failed as expected: " + failed : result.findings.front().sentence;
  checks.push_back(std::move(result));
}

void JudgeRun(std::vector<CheckResult>& checks, const Json& run) {
  const std::string state = GetString(run, {"state"});
  // "running" on the disk: it is still going on, or it was killed, or could not write its end.
  if (state != "interrupted" && state != "failed" && state != "running") return;
  CheckResult result;
  result.id = "RUN-COMPLETE";
  result.scenario = kWholeRun;
  result.verdict = Verdict::kUnknown;
  const std::string error = GetString(run, {"error"});
  const std::string how = state == "failed"    ? "was ended by an error"
                          : state == "running" ? "has not ended or was killed"
                                               : "was " + state;
  result.reason = fmt::format("the run {}{}{}", how, error.empty() ? "" : ": ", error);
  checks.push_back(std::move(result));
}

const CheckResult* First(const std::vector<CheckResult>& checks, Verdict verdict) {
  for (const CheckResult& check : checks)
    if (check.verdict == verdict && !check.accepted) return &check;
  return nullptr;
}

std::string Sentence(const CheckResult& check) {
  return fmt::format("{} in '{}': {}", check.id, check.scenario, check.reason);
}

}  // namespace

Verdicts Summarize(std::vector<CheckResult> checks, const Json& run) {
  Accept(checks, run);
  Expect(checks, run);
  JudgeRun(checks, run);
  Verdicts verdicts;
  verdicts.checks = std::move(checks);
  std::set<std::string> held;
  std::set<std::string> scenarios;
  size_t accepted = 0;
  for (const CheckResult& check : verdicts.checks) {
    accepted += check.accepted ? 1 : 0;
    scenarios.insert(check.scenario);
    if (check.verdict == Verdict::kPass) held.insert(check.id);
  }
  if (const CheckResult* fail = First(verdicts.checks, Verdict::kFail)) {
    verdicts.verdict = Verdict::kFail;
    verdicts.exit = 1;
    verdicts.reason = Sentence(*fail);
  } else if (const CheckResult* unknown = First(verdicts.checks, Verdict::kUnknown)) {
    verdicts.verdict = Verdict::kUnknown;
    verdicts.exit = 3;
    verdicts.reason = Sentence(*unknown);
  } else if (held.empty() && accepted == 0) {
    verdicts.verdict = Verdict::kUnknown;
    verdicts.exit = 3;
    verdicts.reason = "nothing was exercised that could be judged";
  } else {
    verdicts.verdict = Verdict::kPass;
    verdicts.exit = 0;
    verdicts.reason =
        fmt::format("{} guarantees held in {} scenarios", held.size(), scenarios.size());
    if (accepted > 0) verdicts.reason += fmt::format("; {} failures are accepted", accepted);
  }
  return verdicts;
}

}  // namespace holdfast::check
