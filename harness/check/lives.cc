// SS-ID-2, SS-ID-3, SS-AMO-1, SS-REC-1: how the lives of one name follow each other.
#include <algorithm>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/order_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::PodLife;
using trace::SetState;

constexpr const char* kOnlySets = "the target is a Deployment, which does not promise this";

// A life must begin after the one before it was DELETED, on the same watch.
void JudgeOverlap(Judgement& judge, const char* promise) {
  judge.Needs({"pods"});
  judge.RestsOnOrder();
  for (const Member* member : judge.Pods()) {
    const PodLife& life = *member->life;
    judge.Saw();
    if (!judge.window().Has(life.first())) continue;
    const Member* former = Former(judge.context(), life);
    if (former == nullptr) continue;
    const PodLife& before = *former->life;
    if (before.gone && before.gone->line < life.first().line) continue;
    std::vector<int64_t> lines{before.first().line, life.first().line};
    if (before.gone) lines.push_back(before.gone->line);
    judge.Broken(
        life.first().t,
        fmt::format("{}: pod {} with uid {} appears at {} while uid {} was not yet deleted{}",
                    promise, life.name, life.uid, Seconds(life.first().t), before.uid,
                    before.gone ? fmt::format(" (deleted at {})", Seconds(before.gone->t)) : ""),
        {PodId(before), PodId(life)}, lines);
  }
}

// No pod of that revision was Ready in the whole record: a broken rollout waits for whoever began it.
bool NeverWorked(const Context& context, const std::string& revision) {
  return !revision.empty() &&
         std::none_of(context.members.begin(), context.members.end(), [&](const Member& member) {
           const PodLife& life = *member.life;
           context.steps += static_cast<int64_t>(life.states.size());
           return RevisionAt(life, life.first().line) == revision &&
                  WasReadyBefore(life, INT64_MAX);
         });
}

// It was too late; but not for the replacement that came first, when its revision does not work.
void BreakLate(Judgement& judge,
               const At& since,
               const PodLife* replacement,
               const std::string& sentence,
               std::vector<ObjectId> objects,
               const std::vector<int64_t>& lines) {
  const std::string revision =
      replacement == nullptr ? "" : RevisionAt(*replacement, replacement->first().line);
  if (NeverWorked(judge.context(), revision)) {
    return judge.Undecided(fmt::format("{}; but no pod of the revision {} ever was Ready", sentence,
                                       revision));
  }
  judge.Broken(since.t, sentence, std::move(objects), lines);
}

}  // namespace

bool Wants(const SetState* set, int64_t ordinal) {
  return set != nullptr && !set->gone && !set->terminating && InRange(*set, ordinal);
}

// Wanted when it was deleted and still wanted at the end; else nobody owes a replacement. A
// deletion with another cause than the set's scaling leaves no doubt about the first.
bool IsOwed(const Context& context, const Window& window, const Member& member) {
  const PodLife& life = *member.life;
  const int64_t ordinal = member.ordinal;
  if (!Wants(context.SetAt(window.end_line - 1), ordinal)) return false;
  if (OwnDeletion(context, "namespaces", context.trace.target_namespace, {}, window.end_line))
    return false;
  if (IsForeign(member.cause)) return Wants(context.SetAt(life.term->line), ordinal);
  const std::vector<const SetState*> around = context.SetAround(*life.term);
  return std::all_of(around.begin(), around.end(),
                     [&](const SetState* set) { return Wants(set, ordinal); });
}

void JudgeReplacement(Judgement& judge, const Member& member) {
  const std::vector<const Member*>& lives = judge.context().by_name.at(member.life->name);
  const auto index = static_cast<size_t>(
      std::find(lives.begin(), lives.end(), &member) - lives.begin());
  const Window& window = judge.window();
  const PodLife& lost = *member.life;
  // A pod that still stops has its grace period, and on a lost node it has to stay.
  if (!lost.gone || lost.gone->line >= window.end_line) {
    return judge.Undecided(fmt::format("{} was asked to stop at {} and is not gone at the end of '{}'",
                                       Describe(lost), Seconds(lost.term->t), window.name));
  }
  const At since = *lost.gone;
  const double limit = window.Settle();
  const PodLife* first = index + 1 < lives.size() ? lives[index + 1]->life : nullptr;
  if (first != nullptr && first->first().line >= window.end_line) first = nullptr;
  const PodLife* newest = nullptr;
  for (size_t i = index + 1; i < lives.size(); ++i) {
    if (lives[i]->life->first().line >= window.end_line) break;
    newest = lives[i]->life;
    for (const trace::PodState& state : newest->states) {
      if (!state.RunningAndReady() || state.terminating || state.at.line >= window.end_line)
        continue;
      if (state.at.t - since.t <= limit) return;
      return BreakLate(
          judge, since, first,
          fmt::format("pod {} (uid {}) was gone at {}; its replacement (uid {}) was Ready only "
                      "after {:.1f} s, the limit is {:.0f} s",
                      lost.name, lost.uid, Seconds(since.t), newest->uid, state.at.t - since.t,
                      limit),
          {PodId(lost), PodId(*newest)}, {since.line, state.at.line});
    }
  }
  const double waited = window.t1 - since.t;
  const std::string what = newest == nullptr
                               ? "it was not replaced"
                               : fmt::format("its replacement (uid {}) was not Ready", newest->uid);
  const std::string sentence = fmt::format(
      "pod {} (uid {}) was gone at {}; {:.1f} s later, at the end of '{}', {}", lost.name, lost.uid,
      Seconds(since.t), waited, window.name, what);
  if (!window.complete || waited < limit) {
    return judge.Undecided(sentence +
                           fmt::format(" (the limit of {:.0f} s was not reached)", limit));
  }
  std::vector<ObjectId> objects{PodId(lost)};
  if (newest != nullptr) objects.push_back(PodId(*newest));
  BreakLate(judge, since, first, sentence, std::move(objects), {since.line});
}

CheckResult JudgeOneLife(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-ID-2");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  JudgeOverlap(judge, "two objects of one name");
  return judge.Conclude(
      fmt::format("{} lives, none began before its predecessor was deleted", judge.judged()),
      "no pod of the set was seen in this scenario");
}

CheckResult JudgeAtMostOne(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-AMO-1");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  JudgeOverlap(judge, "more than one pod of an ordinal");
  return judge.Conclude("the API never held two pods of one ordinal",
                        "no pod of the set was seen in this scenario");
}

CheckResult JudgeStableUid(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-ID-3");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  judge.Needs({"pods", "statefulsets"});
  judge.RestsOnWholeness();
  int64_t deleted = 0;
  for (const Member* member : judge.Pods()) {
    const PodLife& life = *member->life;
    judge.Saw();
    if (!life.term || !window.Has(*life.term) || WasEndingBefore(life)) continue;
    ++deleted;
    if (member->cause == Cause::kOpen) {
      judge.Undecided(fmt::format("{} was deleted at {} and the record does not tell why: {}",
                                  Describe(life), Seconds(life.term->t), member->cause_text));
    }
    if (member->cause != Cause::kUnknown) continue;
    judge.Broken(life.term->t,
                 fmt::format("pod {} (uid {}) was deleted at {} without a cause in the record: no "
                             "action of the run, no eviction, no scale-down, no update",
                             life.name, life.uid, Seconds(life.term->t)),
                 {PodId(life)}, {life.term->line});
  }
  return judge.Conclude(fmt::format("{} pods kept their uids; each of {} deletions had a cause",
                                    judge.judged(), deleted),
                        "no pod of the set was seen in this scenario");
}

CheckResult JudgeRecovery(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-REC-1");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  judge.Needs({"pods", "statefulsets"});
  judge.RestsOnWholeness();
  for (const Member* member : judge.Deleted()) {
    if (!IsOwed(context, window, *member)) continue;
    judge.Saw();
    JudgeReplacement(judge, *member);
  }
  for (const trace::StepRecord& step : context.trace.steps) {
    if (step.ok || !step.end || !window.Has(*step.end) || step.name != "settle") continue;
    judge.Undecided("the settle step did not end as it should: " + step.message);
  }
  return judge.Conclude(
      fmt::format("{} deleted pods came back Ready under their names", judge.judged()),
      "no pod that the set wants was deleted in this scenario");
}

}  // namespace holdfast::check
