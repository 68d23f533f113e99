#include "reports/problems.h"

#include <map>

#include <fmt/format.h>

#include "reports/text.h"

namespace holdfast::reports {
namespace {

// More ids than this tell nobody anything.
constexpr size_t kOthersShown = 12;

bool IsOf(const check::CheckResult& result, Kind kind) {
  if (kind == Kind::kUnknown) return result.verdict == check::Verdict::kUnknown;
  return result.verdict == check::Verdict::kFail && result.accepted == (kind == Kind::kAccepted);
}

}  // namespace

std::vector<Problem> ProblemsOf(const check::Verdicts& verdicts, Kind kind) {
  std::vector<Problem> problems;
  std::map<std::pair<std::string, std::string>, size_t> places;
  for (const check::CheckResult& result : verdicts.checks) {
    if (!IsOf(result, kind)) continue;
    const auto [place, is_new] =
        places.emplace(std::pair(result.scenario, result.reason), problems.size());
    if (is_new)
      problems.push_back({&result, {}});
    else
      problems[place->second].others.push_back(&result);
  }
  return problems;
}

std::string OthersText(const Problem& problem) {
  if (problem.others.size() > kOthersShown)
    return fmt::format("{} more guarantees, all in verdicts.json", problem.others.size());
  std::string text;
  for (const check::CheckResult* result : problem.others)
    text += (text.empty() ? "" : ", ") + OneLine(result->id);
  return text;
}

std::string DuringText(const check::Finding& finding) {
  const std::string during = OneLine(finding.during);
  if (during.empty() || OneLine(finding.sentence).find(during) != std::string::npos) return "";
  const bool whole = during.starts_with("during ") || during.starts_with("after ");
  return whole ? during : "during " + during;
}

bool OnlyRepeats(const check::CheckResult& result, const check::Finding& finding) {
  return finding.sentence == result.reason;
}

}  // namespace holdfast::reports
