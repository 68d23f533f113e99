// How the observations of one guarantee become its verdict: what is proven fails; what leans on a
// hole or a contradiction in the record is unknown; what was not exercised is not applicable.
#include <algorithm>

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/context.h"

namespace holdfast::check {
namespace {

constexpr size_t kShown = 20;

bool Concerns(const std::vector<std::string>& needs, const std::string& resource) {
  return resource.empty() || std::find(needs.begin(), needs.end(), resource) != needs.end();
}

}  // namespace

const std::vector<const Member*>& Judgement::Pods() const {
  context_.steps += static_cast<int64_t>(window_.present.size());
  return window_.present;
}

std::vector<const Member*> Judgement::Created() const {
  std::vector<const Member*> created;
  for (const Member* member : Pods()) {
    const trace::PodLife& life = *member->life;
    if (!life.listed && member->ordinal >= 0 && window_.Has(life.first()) &&
        Controller(life.states.front().identity->owners) != nullptr)
      created.push_back(member);
  }
  return created;
}

std::vector<const Member*> Judgement::Deleted() const {
  std::vector<const Member*> deleted;
  for (const Member* member : Pods())
    if (member->life->term && window_.Has(*member->life->term) && !WasEndingBefore(*member->life))
      deleted.push_back(member);
  return deleted;
}

void Judgement::Broken(double t,
                       std::string sentence,
                       std::vector<ObjectId> objects,
                       const std::vector<int64_t>& lines) {
  Finding finding;
  finding.during = context_.During(t);
  if (!finding.during.empty()) sentence += " (" + finding.during + ")";
  finding.sentence = std::move(sentence);
  finding.objects = std::move(objects);
  for (const int64_t line : lines)
    finding.evidence.push_back({context_.trace_file, line});
  Broken(std::move(finding));
}

void Judgement::Broken(Finding finding) { findings_.push_back(std::move(finding)); }

void Judgement::Undecided(std::string why) { undecided_.push_back(std::move(why)); }

CheckResult Judgement::NotApplicable(std::string why) const {
  CheckResult result;
  result.id = id_;
  result.scenario = window_.name;
  result.verdict = Verdict::kNotApplicable;
  result.reason = std::move(why);
  return result;
}

// What in the record forbids a pass, or nullopt. Only what lies before the window's end counts.
std::optional<std::string> Judgement::Weakness() const {
  const trace::TraceModel& trace = context_.trace;
  if (needs_.empty()) return std::nullopt;
  for (const std::string& resource : needs_)
    if (!trace.opened.contains(resource)) return resource + " were not watched";
  for (const trace::Problem& problem : trace.problems) {
    // The line that ends the window is looked at, too: it may say that an action has no result.
    if (problem.at.line <= window_.end_line && Concerns(needs_, problem.resource)) {
      return fmt::format("the record contradicts itself or is damaged at line {}: {}",
                         problem.at.line, problem.sentence);
    }
  }
  for (const trace::Gap& gap : trace.gaps) {
    if (window_.Has(gap.at) && Concerns(needs_, gap.resource)) {
      return fmt::format("the watch of {} lost its place at {} ({})", gap.resource,
                         Seconds(gap.at.t), gap.reason);
    }
  }
  if (!window_.complete) return "the record ends before the scenario does";
  return std::nullopt;
}

// A finding that rests on the order of lines proves nothing across a gap, nor in a stream whose
// versions contradict its lines.
bool Judgement::Proven(const Finding& finding) const {
  if (rests_on_wholeness_ &&
      std::any_of(context_.trace.gaps.begin(), context_.trace.gaps.end(),
                  [&](const trace::Gap& gap) {
                    return window_.Has(gap.at) && Concerns(needs_, gap.resource);
                  }))
    return false;
  if (!rests_on_order_ || finding.evidence.empty()) return true;
  int64_t low = finding.evidence.front().line;
  int64_t high = low;
  for (const Evidence& evidence : finding.evidence) {
    low = std::min(low, evidence.line);
    high = std::max(high, evidence.line);
  }
  for (const trace::Gap& gap : context_.trace.gaps)
    if (gap.at.line >= low && gap.at.line <= high && Concerns(needs_, gap.resource)) return false;
  return std::none_of(context_.trace.problems.begin(), context_.trace.problems.end(),
                      [&](const trace::Problem& problem) {
                        return problem.at.line <= high && Concerns(needs_, problem.resource);
                      });
}

CheckResult Judgement::Conclude(std::string seen, std::string idle) {
  CheckResult result;
  result.id = id_;
  result.scenario = window_.name;
  if (!window_.run) return NotApplicable("the scenario was planned, but not run");
  bool doubtful = false;
  std::string doubt;
  for (Finding& finding : findings_) {
    if (Proven(finding)) {
      result.findings.push_back(std::move(finding));
    } else if (!doubtful) {
      doubtful = true;
      doubt = finding.sentence;
    }
  }
  if (!result.findings.empty()) {
    result.verdict = Verdict::kFail;
    result.reason = result.findings.front().sentence;
    const size_t more = result.findings.size() - 1;
    if (more > 0) result.reason += fmt::format("; and {} more", more);
    if (result.findings.size() > kShown) result.findings.resize(kShown);
    return result;
  }
  result.verdict = Verdict::kUnknown;
  const std::optional<std::string> weakness = Weakness();
  if (weakness) {
    result.reason = doubtful ? *weakness + "; so this is not proven: " + doubt : *weakness;
  } else if (doubtful) {
    result.reason = "a gap in the record lies between the facts of: " + doubt;
  } else if (!undecided_.empty()) {
    result.reason = undecided_.front();
    if (undecided_.size() > 1) result.reason += fmt::format("; and {} more", undecided_.size() - 1);
  } else if (judged_ == 0) {
    return NotApplicable(std::move(idle));
  } else {
    result.verdict = Verdict::kPass;
    result.reason = std::move(seen);
  }
  return result;
}

}  // namespace holdfast::check
