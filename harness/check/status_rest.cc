// SS-STAT-3: what the status counts when nothing moves. The controller counts in every sync, and each
// change of a pod brings one; so a status that is wrong while nothing moves was counted wrongly.
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/order_facts.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::SetState;

// At rest nothing has moved for this long, and without a sign that the controller is there for kFailOver.
constexpr double kRest = 10.0;

// What the pods say after a line.
struct Census {
  int64_t pods = 0;
  int64_t ready = 0;
  int64_t current = 0;
  int64_t updated = 0;
  bool terminating = false;
};

Census CountPods(const Judgement& judge, const SetState& set, int64_t line) {
  Census census;
  for (const Member* member : judge.Pods()) {
    ++judge.context().steps;
    const trace::PodLife& life = *member->life;
    if (!life.Spans(line)) continue;
    const trace::PodState& state = StateAt(life, line);
    const trace::OwnerReference* owner = Controller(state.identity->owners);
    if (owner == nullptr || owner->uid != set.uid) continue;
    ++census.pods;
    census.ready += state.RunningAndReady() ? 1 : 0;
    census.terminating = census.terminating || state.terminating;
    const auto label = state.identity->labels.find("controller-revision-hash");
    if (label == state.identity->labels.end()) continue;
    census.current += label->second == set.current_revision ? 1 : 0;
    census.updated += label->second == set.update_revision ? 1 : 0;
  }
  return census;
}

bool Agrees(const SetState& set, const Census& census) {
  return set.status_replicas == census.pods && set.status_ready == census.ready &&
         set.status_current == census.current && set.status_updated == census.updated;
}

// Nobody has to count for it now.
bool IsUndefined(const SetState* set) {
  return set == nullptr || set->gone || set->terminating || set->observed_generation != set->generation;
}

// Older controllers that may not create a pod end the sync without writing the status.
bool MayHaveGivenUp(const Judgement& judge) {
  return judge.context().MinorVersion() < 24 && HasFailedCreate(judge);
}

void Tell(Judgement& judge, const SetState& set, const Census& census, double t, double rest) {
  if (MayHaveGivenUp(judge)) {
    return judge.Undecided(fmt::format("the status is not right {:.0f} s after the last change, but pods "
                                       "could not be created (event FailedCreate)",
                                       rest));
  }
  judge.Saw();
  judge.Broken(t,
               fmt::format("nothing has moved for {:.0f} s, but the status counts {} replicas, {} ready, {} "
                           "current, {} updated where there are {}, {}, {} and {}",
                           rest, set.status_replicas, set.status_ready, set.status_current,
                           set.status_updated, census.pods, census.ready, census.current, census.updated),
               {{"StatefulSet", judge.context().trace.target_name, set.uid}}, {set.at.line});
}

// All changes of the set and its pods in the window, by lines.
std::vector<At> Changes(const Judgement& judge) {
  const Window& window = judge.window();
  std::vector<At> changes;
  for (const SetState* set : window.sets)
    if (window.Has(set->at)) changes.push_back(set->at);
  for (const Member* member : judge.Pods()) {
    for (const trace::PodState& state : StatesIn(*member->life, window))
      changes.push_back(state.at);
    if (member->life->gone && window.Has(*member->life->gone)) changes.push_back(*member->life->gone);
  }
  std::sort(changes.begin(), changes.end(), [](const At& a, const At& b) { return a.line < b.line; });
  return changes;
}

// With one revision a pod of currentRevision is one of updateRevision, too. The reverse need not hold
// in the count: a rolling update counts what it deletes off currentReplicas alone.
void JudgeOneRevision(Judgement& judge) {
  for (const SetState* set : judge.window().sets) {
    ++judge.context().steps;
    if (!judge.window().Has(set->at) || set->gone || set->current_revision.empty() ||
        set->current_revision != set->update_revision || set->status_current <= set->status_updated)
      continue;
    judge.Broken(set->at.t,
                 fmt::format("the status counts {} pods of currentRevision and {} of updateRevision, "
                             "which are both {}",
                             set->status_current, set->status_updated, set->update_revision),
                 {{"StatefulSet", judge.context().trace.target_name, set->uid}}, {set->at.line});
  }
}

// Long rests before the last one. Of a watch that was late only the lines come late: what was written
// before the rest may be told after it.
void JudgeLongRests(Judgement& judge) {
  const Context& context = judge.context();
  const std::vector<At> changes = Changes(judge);
  std::vector<double> next(changes.size() + 1, std::numeric_limits<double>::infinity());
  for (size_t i = changes.size(); i-- > 0;)
    next[i] = std::min(next[i + 1], context.trace.WrittenBy(changes[i]));
  for (size_t i = 0; i + 1 < changes.size(); ++i) {
    const double rest = next[i + 1] - changes[i].t;
    if (rest <= kFailOver) continue;
    const SetState* set = context.SetAt(changes[i].line);
    if (IsUndefined(set)) continue;
    const Census census = CountPods(judge, *set, changes[i].line);
    if (census.terminating) continue;
    if (Agrees(*set, census)) {
      judge.Saw();
    } else {
      Tell(judge, *set, census, next[i + 1], rest);
    }
  }
}

void JudgeLastRest(Judgement& judge) {
  const Window& window = judge.window();
  const int64_t line = window.end_line - 1;
  const SetState* set = judge.context().SetAt(line);
  if (IsUndefined(set)) return;
  const Census census = CountPods(judge, *set, line);
  if (census.terminating) return;
  if (Agrees(*set, census)) return judge.Saw();
  // What the window began with moved before it.
  At moved;
  double newest = set->at.t;
  for (const Member* member : judge.Pods()) {
    const trace::PodLife& life = *member->life;
    const At at = life.gone && life.gone->line <= line ? *life.gone : StateAt(life, line).at;
    newest = std::max(newest, at.t);
    if (at.line > moved.line) moved = at;
  }
  const double rest = window.t1 - newest;
  if (rest <= kRest) return;
  if (rest <= kFailOver && !ControllersWrote(judge.context(), window, moved)) {
    return judge.Undecided(fmt::format("the status is not right {:.0f} s after the last change of a pod, "
                                       "but nothing shows that the controller was there",
                                       rest));
  }
  Tell(judge, *set, census, window.t1, rest);
}

}  // namespace

void JudgeRest(Judgement& judge) {
  JudgeOneRevision(judge);
  JudgeLongRests(judge);
  JudgeLastRest(judge);
}

}  // namespace holdfast::check
