// SS-ORD-4, 5, 6, 11 to 15: what stops the controller, what does not, and in which order it repairs.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/order_facts.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::PodLife;
using trace::PodState;
using trace::SetState;

// A time in which an ordinal had no pod that was Ready and not terminating.
struct Interval {
  int64_t ordinal = 0;
  At begin;
  At end;             // Where it was well again, or the window's end.
  bool ended = false;
  const PodLife* life = nullptr;  // At its begin.
};

std::vector<Interval> UnwellIntervals(const Judgement& judge) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  std::map<int64_t, Interval> open;
  std::vector<Interval> intervals;
  for (const Member* member : judge.Pods()) {
    if (member->ordinal < 0) continue;
    for (const PodState& state : StatesIn(*member->life, window)) {
      ++context.steps;
      const bool well = state.RunningAndReady() && !state.terminating &&
                        !(member->life->gone && member->life->gone->line == state.at.line);
      const auto found = open.find(member->ordinal);
      if (!well && found == open.end()) {
        open[member->ordinal] = {.ordinal = member->ordinal,
                                 .begin = state.at,
                                 .end = state.at,
                                 .ended = false,
                                 .life = member->life};
      } else if (well && found != open.end()) {
        found->second.end = state.at;
        found->second.ended = true;
        intervals.push_back(found->second);
        open.erase(found);
      }
    }
  }
  for (auto& [ordinal, interval] : open) {
    interval.end = {.line = window.end_line, .t = window.t1};
    intervals.push_back(interval);
  }
  std::erase_if(intervals, [](const Interval& interval) {
    return interval.end.t - interval.begin.t <= kDelta;
  });
  return intervals;
}

void JudgeHalt(Judgement& judge) {
  const Context& context = judge.context();
  for (const Interval& interval : UnwellIntervals(judge)) {
    const double from = interval.begin.t + kDelta;
    const Range range = CertainRange(context.SetAround(from));
    if (interval.ordinal < range.first) continue;
    for (int64_t ordinal = interval.ordinal + 1; ordinal < range.last; ++ordinal) {
      const Member* higher = context.LastOf(ordinal, interval.end.line);
      const bool missing = higher == nullptr || !higher->life->Spans(interval.end.line - 1);
      const bool made = higher != nullptr && higher->life->first().t > from;
      if (made) {
        // The range may have moved past the unwell one in the meantime.
        const Range now = CertainRange(context.SetAround(higher->life->first()));
        if (interval.ordinal < now.first || interval.ordinal >= now.last) continue;
      }
      if (missing || made) judge.Saw();
      if (!made || higher->life->listed) continue;
      judge.Broken(
          higher->life->first().t,
          fmt::format("{} was created at {} although {}-{} had been not Ready, terminating or gone "
                      "since {}",
                      Describe(*higher->life), Seconds(higher->life->first().t),
                      context.trace.target_name, interval.ordinal, Seconds(interval.begin.t)),
          {PodId(*higher->life), PodId(*interval.life)},
          {interval.begin.line, higher->life->first().line});
    }
  }
}

void JudgeRepairOrder(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Created()) {
    const At at = member->life->first();
    const Member* former = context.LastOf(member->ordinal, at.line);
    if (former == nullptr || !former->life->gone) continue;
    const bool one_sync = former->cause == Cause::kPhase;  // Deleted and created in one.
    const Range range = CertainRange(context.SetAround(at));
    bool several = false;
    for (int64_t ordinal = range.first; ordinal < range.last; ++ordinal) {
      const Member* other = context.LastOf(ordinal, at.line);
      if (ordinal == member->ordinal || other == nullptr || other->life->Spans(at.line)) continue;
      several = true;
      const At gone = *other->life->gone;
      const bool seen =
          (!one_sync && gone.line < former->life->gone->line) || at.t - gone.t > kDelta;
      if (ordinal > member->ordinal || !seen) continue;
      judge.Broken(at.t,
                   fmt::format("{} was created again at {} although the lower {} had been gone "
                               "since {}",
                               Describe(*member->life), Seconds(at.t), Describe(*other->life),
                               Seconds(gone.t)),
                   {PodId(*member->life), PodId(*other->life)}, {gone.line, at.line});
    }
    if (several) judge.Saw();
  }
}

// Whether a lower pod keeps the controller from reaching this one.
bool IsHeldUp(const Context& context, int64_t ordinal, const At& at, const Range& range) {
  if (context.Parallel()) return false;
  for (int64_t lower = range.first; lower < ordinal; ++lower)
    if (TroubleOf(context, lower, at)) return true;
  return false;
}

void JudgeTerminalPhase(Judgement& judge) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  for (const Member* member : judge.Pods()) {
    const PodLife& life = *member->life;
    const PodState* ended = nullptr;
    for (const PodState& state : StatesIn(life, window)) {
      const bool succeeded = state.phase == "Succeeded" && context.MinorVersion() >= 29;
      if (ended == nullptr && !state.terminating && (succeeded || state.phase == "Failed"))
        ended = &state;
    }
    if (ended == nullptr || (life.gone && life.gone->line == ended->at.line)) continue;
    const Range range = CertainRange(context.SetAround(ended->at));
    if (member->ordinal < range.first || member->ordinal >= range.last) continue;
    const At until = life.term.value_or(At{.line = window.end_line, .t = window.t1});
    if (!life.term && IsHeldUp(context, member->ordinal, until, range)) continue;
    double waited = until.t - ended->at.t;
    if (waited > window.Settle() && !context.Parallel()) {
      // Only time counts in which no lower pod kept the controller from reaching this one.
      waited = LongestClear(context, range.first, member->ordinal, ended->at.t, until,
                            MostMinReady(context.SetAround(until)));
    }
    judge.Saw();
    if (waited <= window.Settle()) {
      if (!life.term) {
        judge.Undecided(fmt::format("{} was {} at {} and not yet deleted {:.1f} s later",
                                    Describe(life), ended->phase, Seconds(ended->at.t), waited));
      }
      continue;
    }
    judge.Broken(ended->at.t,
                 fmt::format("{} was {} at {} and was not deleted for {:.1f} s", Describe(life),
                             ended->phase, Seconds(ended->at.t), waited),
                 {PodId(life)}, {ended->at.line});
  }
}

// Ordinals that the set wanted during the whole of the last `seconds` of the window, of which there
// was no pod in that time.
std::vector<int64_t> MissingAtEnd(const Judgement& judge, double seconds) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  const double since = window.t1 - seconds;
  std::vector<int64_t> missing;
  Around around;
  for (const SetState* set : window.sets) {
    if (set->at.t <= since) around.clear();
    around.push_back(set);
  }
  if (!window.complete || around.empty() || around.front()->at.t > since) return missing;
  const Range range = CertainRange(around);
  for (int64_t ordinal = range.first; ordinal < range.last; ++ordinal) {
    const Member* last = context.LastOf(ordinal, window.end_line);
    if (last == nullptr || (last->life->gone && last->life->gone->t < since))
      missing.push_back(ordinal);
  }
  return missing;
}

// A claim of the ordinal was on its way out, or still another pod's, in the last limits.settle: no pod
// is made for it.
bool HasStaleClaim(const Judgement& judge, int64_t ordinal) {
  const Context& context = judge.context();
  const double since = judge.window().t1 - judge.window().Settle();
  const auto is_stale = [&](const trace::ClaimLife* claim) {
    if (claim->first().line >= judge.window().end_line || (claim->gone && claim->gone->t < since))
      return false;
    const trace::ClaimState& state = StateAt(*claim, judge.window().end_line - 1);
    return claim->term.has_value() ||
           std::any_of(state.owners.begin(), state.owners.end(),
                       [](const trace::OwnerReference& owner) { return owner.kind == "Pod"; });
  };
  for (const std::string& name : ClaimNames(context, judge.window(), ordinal)) {
    const auto& lives = context.ClaimsOf(name);
    if (std::any_of(lives.begin(), lives.end(), is_stale)) return true;
  }
  return false;
}

// For how long, since the set wants the ordinal that is missing, all lower pods were available
// without interruption: seconds that the set had to create it.
double TimeToCreate(const Judgement& judge, int64_t ordinal) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  const Member* last = context.LastOf(ordinal, window.end_line);
  int64_t first = ordinal;
  double since = window.t1;
  for (size_t i = window.sets.size(); i-- > 0 && InRange(*window.sets[i], ordinal);) {
    since = std::max(window.t0, window.sets[i]->at.t);
    first = std::min(first, window.sets[i]->start);
  }
  if (last != nullptr && last->life->gone) since = std::max(since, last->life->gone->t);
  if (context.Parallel()) return window.t1 - since;
  return LongestClear(context, first, ordinal, since, {.line = window.end_line, .t = window.t1},
                      MostMinReady(window.sets));
}

// Where the record ends before limits.settle has passed, nobody knows what would have come.
void JudgeMissingLately(Judgement& judge) {
  const Window& window = judge.window();
  if (&window != &judge.context().windows.back()) return;
  const std::vector<int64_t> for_long = MissingAtEnd(judge, window.Settle());
  for (const int64_t ordinal : MissingAtEnd(judge, kDelta)) {
    const double seconds = TimeToCreate(judge, ordinal);
    if (std::count(for_long.begin(), for_long.end(), ordinal) > 0 || seconds <= kDelta ||
        HasStaleClaim(judge, ordinal))
      continue;
    judge.Undecided(fmt::format("pod {}-{} has been missing for {:.1f} s when the record ends, which is "
                                "less than limits.settle ({:.0f} s)",
                                judge.context().trace.target_name, ordinal, seconds, window.Settle()));
  }
}

// Nothing that the record shows explains why the ordinal is not created.
void JudgeMissing(Judgement& judge, const char* sentence) {
  const Context& context = judge.context();
  const At end{.line = judge.window().end_line, .t = judge.window().t1};
  for (const int64_t ordinal : MissingAtEnd(judge, judge.window().Settle())) {
    bool held = false;
    for (const int64_t other : context.ordinals) {
      const Member* last = context.LastOf(other, end.line);
      if (other >= ordinal || last == nullptr || context.Parallel()) continue;
      held = held || UnwellSince(*last->life, end.line).has_value();
    }
    if (held) continue;
    judge.Saw();
    const std::string name = fmt::format("{}-{}", context.trace.target_name, ordinal);
    if (TimeToCreate(judge, ordinal) < judge.window().Settle() && !context.Parallel()) {
      judge.Undecided(fmt::format("pod {} is missing, but the pods below it have not been available "
                                  "for {:.0f} s",
                                  name, judge.window().Settle()));
      continue;
    }
    if (HasStaleClaim(judge, ordinal)) {
      judge.Undecided(fmt::format("pod {} is missing, but a claim of its name was still to be removed",
                                  name));
      continue;
    }
    if (!context.trace.opened.contains("events")) {
      judge.Undecided(fmt::format("pod {} is missing, but events, which would tell that its creation "
                                  "was refused, were not watched",
                                  name));
      continue;
    }
    if (HasFailedCreate(judge)) {
      judge.Undecided(fmt::format("pod {} could not be created (event FailedCreate)", name));
      continue;
    }
    judge.Broken(end.t,
                 fmt::format("pod {} has been missing for more than {:.0f} s, {}", name,
                             judge.window().Settle(), sentence),
                 {{"Pod", name, ""}}, {judge.window().sets.back()->at.line});
  }
  JudgeMissingLately(judge);
}

void JudgeBurst(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Created()) {
    const At at = member->life->first();
    const Member* before = context.LastOf(member->ordinal - 1, at.line);
    if (before != nullptr && before->life->Spans(at.line) &&
        !WasReadyBefore(*before->life, at.line))
      judge.Saw();
  }
  JudgeMissing(judge, "although the policy Parallel does not wait for other pods");
}

bool WroteStatus(const SetState& before, const SetState& after) {
  return before.uid != after.uid || before.observed_generation != after.observed_generation ||
         before.status_replicas != after.status_replicas ||
         before.status_ready != after.status_ready ||
         before.status_current != after.status_current ||
         before.status_updated != after.status_updated ||
         before.status_available != after.status_available ||
         before.current_revision != after.current_revision ||
         before.update_revision != after.update_revision;
}

// The states that a sync may have begun with of which the line at `at` tells a write. It began after
// the status that the sync before wrote last; requests of it may have been held for a while.
Around SeenSinceStatus(const Context& context, const At& at) {
  constexpr double kLongestRequest = 60.0;
  const auto& states = context.trace.set;
  size_t next = 0;
  while (next < states.size() && IsBefore(context, states[next].at, at))
    ++next;
  Around seen;
  for (size_t i = next; i-- > 0;) {
    seen.push_back(&states[i]);
    const bool wrote = i > 0 && WroteStatus(states[i - 1], states[i]);
    if (states[i].at.t < at.t - kLongestRequest ||
        (wrote && states[i].at.t < at.t - kDelta))
      break;
  }
  context.steps += static_cast<int64_t>(seen.size());
  return seen;
}

void JudgeRangeOnly(Judgement& judge) {
  const Context& context = judge.context();
  const auto& sets = judge.window().sets;
  const bool changed = std::any_of(sets.begin(), sets.end(), [&](const SetState* set) {
    return set->replicas != sets.front()->replicas || set->start != sets.front()->start;
  });
  for (const Member* member : judge.Created()) {
    const At at = member->life->first();
    if (changed) judge.Saw();
    if (!CertainlyOut(context.SetAround(at), member->ordinal)) continue;
    if (!CertainlyOut(SeenSinceStatus(context, at), member->ordinal)) {
      judge.Undecided(fmt::format("{} was created at {} out of range, but by a sync that may have "
                                  "begun before the range changed",
                                  Describe(*member->life), Seconds(at.t)));
      continue;
    }
    judge.Broken(at.t,
                 fmt::format("{} was created at {} although its ordinal was out of range",
                             Describe(*member->life), Seconds(at.t)),
                 {PodId(*member->life)}, {at.line});
  }
}

// A pod of those alive that the set should have asked to stop, and since when; nullptr when there is
// none. An ordered set asks the next one when the one above is gone.
std::pair<const Member*, double> LeftAlone(const Context& context,
                                           const SetState& set,
                                           const std::vector<const Member*>& alive,
                                           const At& end) {
  const auto is_asked = [&](const Member* member) {
    return member->life->term && member->life->term->line < end.line;
  };
  if (context.Parallel()) {
    const auto left = std::find_if_not(alive.begin(), alive.end(), is_asked);
    return {left == alive.end() ? nullptr : *left, set.at.t};
  }
  if (std::any_of(alive.begin(), alive.end(), is_asked)) return {nullptr, 0};
  double owed = set.at.t;
  for (const Member& member : context.members)
    if (member.life->gone && member.life->gone->line < end.line)
      owed = std::max(owed, member.life->gone->t);
  return {alive.back(), owed};
}

void JudgeZero(Judgement& judge) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  for (size_t i = 0; i < window.sets.size(); ++i) {
    const SetState& set = *window.sets[i];
    if (set.replicas != 0 || set.gone || set.terminating) continue;
    if (i > 0 && window.sets[i - 1]->replicas == 0) continue;
    size_t last = i;
    while (last + 1 < window.sets.size() && window.sets[last + 1]->replicas == 0)
      ++last;
    const bool open = last + 1 == window.sets.size();
    const At end = open ? At{.line = window.end_line, .t = window.t1} : window.sets[last + 1]->at;
    const std::vector<const Member*> alive = AliveAt(context, end.line - 1);
    if (alive.empty()) {
      judge.Saw();
      continue;
    }
    if (end.t - set.at.t <= window.Settle()) continue;
    judge.Saw();
    const auto [left, owed] = LeftAlone(context, set, alive, end);
    if (left == nullptr || end.t - owed <= window.Settle()) {
      judge.Undecided(fmt::format("{} is still there {:.0f} s after the set was scaled to 0, but it or "
                                  "one above it has its time to stop",
                                  Describe(*alive.front()->life), end.t - set.at.t));
      continue;
    }
    judge.Broken(end.t,
                 fmt::format("{} is still there {:.0f} s after the set was scaled to 0",
                             Describe(*left->life), end.t - set.at.t),
                 {PodId(*left->life)}, {set.at.line});
  }
}

void JudgeInert(Judgement& judge) {
  std::map<std::string, At> ended;
  for (const SetState* set : judge.window().sets) {
    if (!set->terminating && !set->gone) continue;
    if (ended.try_emplace(set->uid, set->at).second) judge.Saw();
  }
  if (ended.empty()) return;
  for (const Member* member : judge.Created()) {
    const PodLife& life = *member->life;
    const auto found = ended.find(Controller(life.states.front().identity->owners)->uid);
    if (found == ended.end() ||
        !IsSurelyBefore(judge.context(), found->second, life.first()))
      continue;
    judge.Broken(life.first().t,
                 fmt::format("{} was created at {} by a set that had been deleted at {}",
                             Describe(life), Seconds(life.first().t), Seconds(found->second.t)),
                 {PodId(life)}, {found->second.line, life.first().line});
  }
}

void JudgeNoDeadlock(Judgement& judge) {
  const Context& context = judge.context();
  for (const Interval& interval : UnwellIntervals(judge)) {
    const Member* next = context.LastOf(interval.ordinal + 1, judge.window().end_line);
    if (interval.ended && next != nullptr && next->life->first().line > interval.end.line)
      judge.Saw();
  }
  JudgeMissing(judge, "although every pod below it is well");
}

}  // namespace

std::vector<Guarantee> HaltFamily() {
  return {
      {.id = "SS-ORD-4",
       .title = "creation halts on an unhealthy predecessor",
       .paragraph = "While a pod is not Ready, terminating or gone, no missing pod above it is "
                    "created. Pods above that exist are left alone.",
       .since = "Kubernetes 1.9",
       .exercised = "a pod is unwell for longer than 5 s while one above it is missing",
       .scope = Scope::kOrdered,
       .order = true,
       .seen = "{} missing pods were not created while a lower one was unwell",
       .judge = JudgeHalt},
      {.id = "SS-ORD-5",
       .title = "repair in ascending order",
       .paragraph = "When several pods are missing at once the lowest is created again first.",
       .since = "Kubernetes 1.9",
       .exercised = "several pods of the set are missing at one time",
       .scope = Scope::kOrdered,
       .order = true,
       .seen = "{} pods were created again while others were missing, the lowest first",
       .judge = JudgeRepairOrder},
      {.id = "SS-ORD-6",
       .title = "failed pods are replaced",
       .paragraph = "A pod in range whose phase is Failed or Succeeded is deleted by the set, "
                    "within limits.settle (default 2m).",
       .since = "Kubernetes 1.9; Succeeded 1.29",
       .exercised = "a pod of the set becomes Failed or Succeeded",
       .exceptions = "OrderedReady: pods above one that is unwell wait.",
       .seen = "{} Failed or Succeeded pods were deleted by the set",
       .judge = JudgeTerminalPhase},
      {.id = "SS-ORD-11",
       .title = "parallel creation",
       .paragraph = "With the policy Parallel missing pods are created without waiting for others "
                    "to be Ready.",
       .since = "Kubernetes 1.9",
       .exercised = "a pod is created before its predecessor was Ready, or stays missing",
       .exceptions = "An error on one ordinal (quota, name taken) stops the rest of the batch.",
       .scope = Scope::kParallel,
       .seen = "{} pods were created before their predecessors were Ready",
       .judge = JudgeBurst},
      {.id = "SS-ORD-12",
       .title = "nothing outside the range",
       .paragraph = "However often the target size changes, no pod is created whose ordinal is "
                    "out of range.",
       .since = "Kubernetes 1.9",
       .exercised = "the range of ordinals changes and pods are created",
       .exceptions = "The range of 5 s before, which the controller may still see.",
       .seen = "{} pods were created, all in range",
       .judge = JudgeRangeOnly},
      {.id = "SS-ORD-13",
       .title = "scaled to nothing",
       .paragraph = "With replicas 0 all pods go and the set stays.",
       .since = "Kubernetes 1.9",
       .exercised = "the set is scaled to 0",
       .seen = "{} times the set was scaled to 0 and all its pods went",
       .judge = JudgeZero},
      {.id = "SS-ORD-14",
       .title = "a deleted set is inert",
       .paragraph = "Once a set is being deleted it creates nothing.",
       .since = "Kubernetes 1.9",
       .exercised = "the set is deleted",
       .exceptions = "The first 5 s.",
       .seen = "{} deleted sets created nothing more",
       .judge = JudgeInert},
      {.id = "SS-ORD-15",
       .title = "no deadlock after a predecessor's failure",
       .paragraph = "When the pod that halted the set is repaired, the missing pods above it are "
                    "created.",
       .since = "Kubernetes 1.9",
       .exercised = "a pod is missing above one that was unwell, or stays missing",
       .exceptions = "Undecided where the record ends before limits.settle has passed.",
       .scope = Scope::kOrdered,
       .seen = "{} times creation went on after a predecessor was repaired",
       .judge = JudgeNoDeadlock},
  };
}

}  // namespace holdfast::check
