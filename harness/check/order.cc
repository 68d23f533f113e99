// SS-ORD-1, SS-ORD-2, SS-ORD-7: the order of creation and of scaling down under OrderedReady.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/check/families.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::PodLife;
using trace::PodState;
using trace::SetState;

std::optional<std::string> Excused(const Context& context) {
  if (context.IsDeployment()) return "the target is a Deployment, which does not promise this";
  if (context.Parallel()) return "podManagementPolicy is Parallel";
  return std::nullopt;
}

// Pods that the controller created in the window (not listed, not adopted).
std::vector<const Member*> Created(const Context& context, const Window& window) {
  std::vector<const Member*> created;
  for (const Member& member : context.members) {
    const PodLife& life = *member.life;
    if (!life.listed && member.ordinal >= 0 && window.Has(life.first()) &&
        Controller(life.states.front().identity->owners) != nullptr)
      created.push_back(&member);
  }
  return created;
}

// The lowest ordinal that must have come before, whatever state of the set the controller saw; or
// nullopt when no state is known.
std::optional<int64_t> LowestOrdinal(const Context& context, double t) {
  std::optional<int64_t> lowest;
  for (const SetState* set : context.SetAround(t))
    lowest = std::max(lowest.value_or(set->start), set->start);
  return lowest;
}

// The last life of the ordinal that began before the line, or nullptr.
const PodLife* LastLife(const Context& context, int64_t ordinal, int64_t line) {
  const PodLife* last = nullptr;
  for (const Member& member : context.members)
    if (member.ordinal == ordinal && member.life->first().line < line) last = member.life;
  return last;
}

// Since when the life has been not Ready, terminating or gone without interruption, as seen before
// the line; nullopt when it is well.
std::optional<At> UnwellSince(const PodLife& life, int64_t line) {
  std::optional<At> since;
  for (const PodState& state : life.states) {
    if (state.at.line >= line) break;
    const bool well = state.RunningAndReady() && !state.terminating &&
                      !(life.gone && life.gone->line == state.at.line);
    if (well) {
      since.reset();
    } else if (!since) {
      since = state.at;
    }
  }
  return since;
}

void JudgeGate(Judgement& judge, const Member& created, int64_t ordinal) {
  const Context& context = judge.context();
  const PodLife& pod = *created.life;
  const At at = pod.first();
  const std::string lower = fmt::format("{}-{}", context.trace.target_name, ordinal);
  const PodLife* predecessor = LastLife(context, ordinal, at.line);
  if (predecessor == nullptr) {
    return judge.Broken(at.t,
                        fmt::format("pod {} (uid {}) was created at {} although its predecessor {} "
                                    "did not exist",
                                    pod.name, pod.uid, Seconds(at.t), lower),
                        {PodId(pod), {"Pod", lower, ""}},
                        {context.trace.opened.at("pods").at.line, at.line});
  }
  if (!WasReadyBefore(*predecessor, at.line)) {
    return judge.Broken(at.t,
                        fmt::format("pod {} (uid {}) was created at {} although its predecessor {} "
                                    "(uid {}) had never been Ready",
                                    pod.name, pod.uid, Seconds(at.t), lower, predecessor->uid),
                        {PodId(pod), PodId(*predecessor)}, {predecessor->first().line, at.line});
  }
  const std::optional<At> unwell = UnwellSince(*predecessor, at.line);
  if (!unwell) return;
  // The controller creates a pod anew only after it saw the old one DELETED, and then it has also
  // seen everything before that line. Otherwise its cache may lag by kDelta.
  const PodLife* former = LastLife(context, created.ordinal, at.line);
  const bool seen = former != nullptr && former->gone && former->gone->line < at.line &&
                    unwell->line < former->gone->line;
  if (!seen && at.t - unwell->t <= kDelta) return;
  judge.Broken(
      at.t,
      fmt::format("pod {} (uid {}) was created at {} although its predecessor {} (uid {}) "
                  "had been not Ready, terminating or gone since {}",
                  pod.name, pod.uid, Seconds(at.t), lower, predecessor->uid, Seconds(unwell->t)),
      {PodId(pod), PodId(*predecessor)}, {unwell->line, at.line});
}

// Whatever state of the set the controller saw when it condemned `lower`, it condemned `higher`
// too.
bool BothCondemned(const std::vector<const SetState*>& around, int64_t lower, int64_t higher) {
  bool seen = false;
  for (const SetState* set : around) {
    if (set->gone || set->terminating) return false;
    if (InRange(*set, lower)) continue;
    if (InRange(*set, higher)) return false;
    seen = true;
  }
  return seen;
}

bool CondemnedInAny(const std::vector<const SetState*>& around, int64_t ordinal) {
  return std::any_of(around.begin(), around.end(),
                     [&](const SetState* set) { return !InRange(*set, ordinal); });
}

// Deleted by the set's scale-down and by nothing else.
bool ScaledDown(const Context& context, const Member& member) {
  const PodLife& life = *member.life;
  return member.ordinal >= 0 && life.term &&
         CondemnedInAny(context.SetAround(life.term->t), member.ordinal) &&
         !ForeignCause(context, life);
}

void JudgePair(Judgement& judge, const Member& lower, const Member& higher) {
  const PodLife& low = *lower.life;
  const PodLife& high = *higher.life;
  const At term = *low.term;
  if (high.first().line >= term.line || (high.gone && high.gone->line < term.line)) return;
  if (!BothCondemned(judge.context().SetAround(term.t), lower.ordinal, higher.ordinal)) return;
  // A pod made a moment ago may not be in the controller's cache.
  if (!WasReadyBefore(high, term.line) && term.t - high.first().t <= kDelta) return;
  std::vector<int64_t> lines{high.first().line, term.line};
  if (high.gone) lines.push_back(high.gone->line);
  judge.Broken(term.t,
               fmt::format("scaling down, pod {} (uid {}) was deleted at {} before the higher pod "
                           "{} (uid {}) was gone{}",
                           low.name, low.uid, Seconds(term.t), high.name, high.uid,
                           high.gone ? fmt::format(" (gone at {})", Seconds(high.gone->t)) : ""),
               {PodId(low), PodId(high)}, lines);
}

}  // namespace

CheckResult JudgeAscending(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-ORD-1");
  if (const auto excuse = Excused(context)) return judge.NotApplicable(*excuse);
  judge.Needs({"pods", "statefulsets"});
  judge.RestsOnOrder();
  for (const Member* member : Created(context, window)) {
    const PodLife& life = *member->life;
    if (LastLife(context, member->ordinal, life.first().line) != nullptr) continue;
    judge.Saw();
    const std::optional<int64_t> lowest = LowestOrdinal(context, life.first().t);
    if (!lowest) {
      judge.Undecided(fmt::format("the set's state is not known when {} is created", life.name));
      continue;
    }
    for (int64_t ordinal = *lowest; ordinal < member->ordinal; ++ordinal) {
      if (LastLife(context, ordinal, life.first().line) != nullptr) continue;
      judge.Broken(
          life.first().t,
          fmt::format("pod {} (uid {}) was created at {} before pod {}-{} ever was", life.name,
                      life.uid, Seconds(life.first().t), context.trace.target_name, ordinal),
          {PodId(life)},
          {context.trace.opened.contains("pods") ? context.trace.opened.at("pods").at.line : 1,
           life.first().line});
      break;
    }
  }
  return judge.Conclude(
      fmt::format("{} pods were first created in ascending order", judge.judged()),
      "no ordinal was created for the first time in this scenario");
}

CheckResult JudgeReadyGate(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-ORD-2");
  if (const auto excuse = Excused(context)) return judge.NotApplicable(*excuse);
  judge.Needs({"pods", "statefulsets"});
  judge.RestsOnOrder();
  for (const Member* member : Created(context, window)) {
    if (!context.trace.opened.contains("pods")) break;
    judge.Saw();
    const std::optional<int64_t> lowest = LowestOrdinal(context, member->life->first().t);
    if (!lowest) {
      judge.Undecided(
          fmt::format("the set's state is not known when {} is created", member->life->name));
      continue;
    }
    for (int64_t ordinal = *lowest; ordinal < member->ordinal; ++ordinal)
      JudgeGate(judge, *member, ordinal);
  }
  return judge.Conclude(
      fmt::format("{} pods were created after all lower ones were Ready", judge.judged()),
      "no pod was created in this scenario");
}

CheckResult JudgeScaleDown(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-ORD-7");
  if (const auto excuse = Excused(context)) return judge.NotApplicable(*excuse);
  judge.Needs({"pods", "statefulsets"});
  judge.RestsOnOrder();
  for (const Member& lower : context.members) {
    if (!ScaledDown(context, lower) || !window.Has(*lower.life->term)) continue;
    judge.Saw();
    for (const Member& higher : context.members)
      if (higher.ordinal > lower.ordinal) JudgePair(judge, lower, higher);
  }
  return judge.Conclude(
      fmt::format("{} pods were scaled down, each after all higher ones were gone", judge.judged()),
      "the set was not scaled down in this scenario");
}

}  // namespace holdfast::check
