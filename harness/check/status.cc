// SS-STAT and SS-VAL: what the status says, and which changes the API accepts.
#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/order_facts.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::Action;
using trace::SetState;

ObjectId SetId(const Judgement& judge, const SetState& set) {
  return {"StatefulSet", judge.context().trace.target_name, set.uid};
}

// Calls judge for each state of the window; `before` is the one before of the same uid or nullptr.
template <typename F>
void ForEachState(const Judgement& judge, F&& f) {
  const SetState* before = nullptr;
  for (const SetState* set : judge.window().sets) {
    ++judge.context().steps;
    const SetState* last = before != nullptr && before->uid == set->uid ? before : nullptr;
    if (judge.window().Has(set->at)) f(*set, last);
    before = set;
  }
}

void JudgeObserved(Judgement& judge) {
  ForEachState(judge, [&](const SetState& set, const SetState* before) {
    judge.Saw();
    if (set.observed_generation > set.generation) {
      judge.Broken(set.at.t,
                   fmt::format("the status claims to have observed generation {} of a set at "
                               "generation {}",
                               set.observed_generation, set.generation),
                   {SetId(judge, set)}, {set.at.line});
    }
    if (before != nullptr && set.observed_generation < before->observed_generation) {
      judge.Broken(set.at.t,
                   fmt::format("observedGeneration goes back from {} to {} at {}",
                               before->observed_generation, set.observed_generation,
                               Seconds(set.at.t)),
                   {SetId(judge, set)}, {before->at.line, set.at.line});
    }
  });
  const SetState* last = judge.context().SetAt(judge.window().end_line - 1);
  if (last == nullptr || last->gone || last->observed_generation >= last->generation) return;
  const double waited = judge.window().t1 - last->at.t;
  if (waited <= judge.window().Settle() || !judge.window().complete) return;
  judge.Saw();
  judge.Broken(judge.window().t1,
               fmt::format("generation {} has not been observed for {:.0f} s", last->generation,
                           waited),
               {SetId(judge, *last)}, {last->at.line});
}

void JudgeCounters(Judgement& judge) {
  ForEachState(judge, [&](const SetState& set, const SetState*) {
    judge.Saw();
    const std::array<std::pair<const char*, int64_t>, 4> counters = {{
        {"readyReplicas", set.status_ready},
        {"currentReplicas", set.status_current},
        {"updatedReplicas", set.status_updated},
        {"availableReplicas", std::max<int64_t>(0, set.status_available)},
    }};
    for (const auto& [name, value] : counters) {
      if (value >= 0 && value <= set.status_replicas) continue;
      judge.Broken(set.at.t,
                   fmt::format("the status has {} {} of {} replicas", name, value,
                               set.status_replicas),
                   {SetId(judge, set)}, {set.at.line});
    }
    if (set.status_available > set.status_ready) {
      judge.Broken(set.at.t,
                   fmt::format("the status has availableReplicas {} above readyReplicas {}",
                               set.status_available, set.status_ready),
                   {SetId(judge, set)}, {set.at.line});
    }
  });
  JudgeCounts(judge);
}

void JudgeAvailable(Judgement& judge) {
  ForEachState(judge, [&](const SetState& set, const SetState*) {
    if (set.status_available < 0 || set.observed_generation != set.generation || set.gone) return;
    judge.Saw();
    if (set.min_ready_seconds == 0 && set.status_available != set.status_ready) {
      judge.Broken(set.at.t,
                   fmt::format("without minReadySeconds the status has availableReplicas {} but "
                               "readyReplicas {}",
                               set.status_available, set.status_ready),
                   {SetId(judge, set)}, {set.at.line});
    }
  });
}

void JudgeNamedRevisions(Judgement& judge) {
  const Context& context = judge.context();
  std::set<std::string_view> known;
  for (const trace::RevisionLife& life : context.trace.revisions)
    known.insert(life.name);
  std::set<std::string> told;
  ForEachState(judge, [&](const SetState& set, const SetState*) {
    for (const std::string& name : {set.current_revision, set.update_revision}) {
      if (name.empty() || !told.insert(name).second) continue;
      judge.Saw();
      // The watch of the revisions may be behind.
      if (known.contains(name) || context.trace.last.t - set.at.t <= kDelta) continue;
      judge.Broken(set.at.t,
                   fmt::format("the status names the revision {}, of which there never was a "
                               "ControllerRevision",
                               name),
                   {SetId(judge, set), {"ControllerRevision", name, ""}}, {set.at.line});
    }
  });
}

void JudgeConditions(Judgement& judge) {
  if (judge.context().MinorVersion() > 36) return;
  for (const Action& action : judge.context().trace.actions)
    if (action.resource == "statefulsets/status") return;
  ForEachState(judge, [&](const SetState& set, const SetState*) {
    judge.Saw();
    if (!set.conditions) return;
    judge.Broken(set.at.t, fmt::format("at {} the status has conditions", Seconds(set.at.t)),
                 {SetId(judge, set)}, {set.at.line});
  });
}

void JudgeCollisions(Judgement& judge) {
  ForEachState(judge, [&](const SetState& set, const SetState* before) {
    if (before == nullptr) return;
    judge.Saw();
    if (set.collisions >= before->collisions) return;
    judge.Broken(set.at.t,
                 fmt::format("collisionCount goes back from {} to {}", before->collisions,
                             set.collisions),
                 {SetId(judge, set)}, {before->at.line, set.at.line});
  });
}

void JudgeRolloutStatus(Judgement& judge) {
  for (const Action& action : judge.context().trace.actions) {
    if (action.verb != "rollout-status" || !action.answered || !action.ok ||
        !judge.window().Has(*action.answered))
      continue;
    judge.Saw();
    const Around around = judge.context().SetAround(action.answered->t);
    const bool done = std::any_of(around.begin(), around.end(), [](const SetState* set) {
      return set->observed_generation >= set->generation && set->status_ready >= set->replicas &&
             set->status_updated >= set->replicas - set->partition;
    });
    if (done || around.empty()) continue;
    judge.Broken(action.answered->t,
                 fmt::format("kubectl rollout status reported the end at {}, but the status "
                             "counted {} ready and {} updated of {}",
                             Seconds(action.answered->t), around.back()->status_ready,
                             around.back()->status_updated, around.back()->replicas),
                 {SetId(judge, *around.back())}, {action.at.line, around.back()->at.line});
  }
}

// States of the set that may have been in force at `t`, also when their watch was late.
Around WrittenAround(const Context& context, double t) {
  Around around;
  for (const SetState& set : context.trace.set) {
    ++context.steps;
    const double written = context.trace.WrittenBy(set.at);
    if (written > t + kDelta) break;
    if (written <= t - kDelta) around.clear();
    around.push_back(&set);
  }
  return around;
}

void JudgeScaleResource(Judgement& judge) {
  const Context& context = judge.context();
  const auto& actions = context.trace.actions;
  for (size_t i = 0; i < actions.size(); ++i) {
    const Action& action = actions[i];
    const int64_t replicas = GetInt(action.fields, {"replicas"}, -1);
    if (action.verb != "scale" || action.name != context.trace.target_name || replicas < 0 ||
        !action.answered || !action.ok || !judge.window().Has(action.at))
      continue;
    double until = context.trace.last.t;
    for (size_t j = i + 1; j < actions.size(); ++j) {
      if (actions[j].name != action.name || actions[j].verb == "exec") continue;
      until = actions[j].at.t;
      break;
    }
    const Around around = WrittenAround(context, action.answered->t);
    const bool seen = std::any_of(around.begin(), around.end(), [&](const SetState* set) {
      return set->replicas == replicas;
    });
    if (!seen && until - action.answered->t <= kDelta) continue;
    judge.Saw();
    if (seen) continue;
    judge.Broken(action.answered->t,
                 fmt::format("the scale subresource accepted {} replicas at {}, but the set never "
                             "asked for them",
                             replicas, Seconds(action.answered->t)),
                 {{"StatefulSet", action.name, ""}}, {action.at.line, action.answered->line});
  }
}

bool IsMutable(const std::string& field) {
  static constexpr std::array<std::string_view, 7> kFields = {
      "spec.replicas",           "spec.ordinals",
      "spec.template",           "spec.updateStrategy",
      "spec.minReadySeconds",    "spec.revisionHistoryLimit",
      "spec.persistentVolumeClaimRetentionPolicy"};
  return std::any_of(kFields.begin(), kFields.end(), [&](std::string_view mutable_field) {
    return field == mutable_field || field.starts_with(std::string(mutable_field) + ".");
  });
}

// Actions on the set that say which field they touch, answered with a decision.
template <typename F>
void ForEachChange(const Judgement& judge, const char* resource, F&& f) {
  for (const Action& action : judge.context().trace.actions) {
    const std::string field = GetString(action.fields, {"field"});
    if (!judge.window().Has(action.at) || action.resource != resource || field.empty() ||
        !action.answered || action.status >= 500)
      continue;
    f(action, field, !action.ok && action.status == 422);
  }
}

// What of the spec no request can change, and is another in the later of two states; or nothing. What a
// new API server writes down as a default is no change.
std::string_view Exchanged(const SetState& before, const SetState& set) {
  if (*before.match_labels != *set.match_labels || before.expressions != set.expressions)
    return "selector";
  if (before.service != set.service) return "serviceName";
  if (before.policy != set.policy) return "podManagementPolicy";
  const bool classed = before.classes_print != 0 && set.classes_print != 0;
  if (before.claims_print != set.claims_print ||
      (classed && before.classes_print != set.classes_print))
    return "volumeClaimTemplates";
  return {};
}

void JudgeKept(Judgement& judge) {
  const auto& sets = judge.window().sets;
  if (judge.context().IsDeployment()) return;
  for (size_t i = 1; i < sets.size(); ++i) {
    const SetState& before = *sets[i - 1];
    const SetState& set = *sets[i];
    if (before.uid != set.uid) continue;
    const std::string_view field = Exchanged(before, set);
    if (field.empty()) continue;
    judge.Saw();
    judge.Broken(set.at.t,
                 fmt::format("spec.{} of the set changed at {}", field, Seconds(set.at.t)),
                 {{"StatefulSet", judge.context().trace.target_name, set.uid}},
                 {before.at.line, set.at.line});
  }
}

void JudgeImmutable(Judgement& judge) {
  JudgeKept(judge);
  ForEachChange(judge, "statefulsets", [&](const Action& action, const std::string& field,
                                          bool refused) {
    if (action.verb == "create" || !field.starts_with("spec.")) return;
    const bool allowed = IsMutable(field);
    if (allowed && !refused && !action.ok) return;  // Refused for another reason.
    judge.Saw();
    if (allowed != refused) return;
    judge.Broken(action.at.t,
                 fmt::format("a change of {} was {} ({})", field,
                             refused ? "refused" : "accepted or not refused as invalid",
                             action.text),
                 {{"StatefulSet", action.name, action.uid}},
                 {action.at.line, action.answered->line});
  });
}

void JudgeInvalid(Judgement& judge) {
  ForEachChange(judge, "statefulsets", [&](const Action& action, const std::string& field,
                                          bool refused) {
    if (action.verb != "create" || GetString(action.fields, {"expect"}) != "refused") return;
    judge.Saw();
    if (refused) return;
    judge.Broken(action.at.t,
                 fmt::format("a set with an invalid {} was not refused ({})", field, action.text),
                 {{"StatefulSet", action.name, action.uid}},
                 {action.at.line, action.answered->line});
  });
}

// What a spec says, with what is left out as its default: a new API server may write defaults down.
auto Asked(const SetState& set) {
  using Text = std::string_view;
  const Text unavailable = set.max_unavailable.empty() ? Text("1") : Text(set.max_unavailable);
  return std::tuple(set.replicas, set.start, set.partition, unavailable, set.min_ready_seconds,
                    set.history_limit, Text(set.policy), Text(set.strategy), Text(set.service),
                    Text(set.when_deleted), Text(set.when_scaled), set.pod_template);
}

void JudgeGenerations(Judgement& judge) {
  ForEachState(judge, [&](const SetState& set, const SetState* before) {
    if (before == nullptr || set.terminating || set.gone) return;
    judge.Saw();
    const bool same = set.spec == before->spec;
    const bool moved = Asked(set) != Asked(*before);
    if (same && set.generation != before->generation) {
      judge.Broken(set.at.t,
                   fmt::format("generation goes from {} to {} without a change of the spec",
                               before->generation, set.generation),
                   {SetId(judge, set)}, {before->at.line, set.at.line});
    } else if (moved && set.generation == before->generation) {
      judge.Broken(set.at.t,
                   fmt::format("the spec changes at {} but generation stays {}",
                               Seconds(set.at.t), set.generation),
                   {SetId(judge, set)}, {before->at.line, set.at.line});
    }
  });
}

void JudgeFreeLabels(Judgement& judge) {
  ForEachChange(judge, "pods", [&](const Action& action, const std::string& field, bool refused) {
    if (!field.starts_with("metadata.labels")) return;
    judge.Saw();
    if (!refused) return;
    judge.Broken(action.at.t,
                 fmt::format("a change of {} was refused ({})", field, action.text),
                 {{"Pod", action.name, action.uid}}, {action.at.line, action.answered->line});
  });
}

std::vector<Guarantee> Statuses() {
  const std::vector<std::string> sets = {"statefulsets"};
  return {
      {.id = "SS-STAT-1",
       .title = "observedGeneration",
       .paragraph = "observedGeneration never exceeds generation, never goes back, and catches up "
                    "within limits.settle (default 2m).",
       .since = "Kubernetes 1.9",
       .exercised = "the set changes",
       .needs = sets,
       .order = true,
       .seen = "{} states of the set with observedGeneration in order",
       .judge = JudgeObserved},
      {.id = "SS-STAT-2",
       .title = "counters are consistent",
       .paragraph = "Ready, current, updated and available replicas never exceed replicas; "
                    "available never exceeds ready. A new count includes every pod that was there all "
                    "the time since the status before, and none that was not there at any time.",
       .since = "Kubernetes 1.9; availableReplicas 1.25",
       .exercised = "the set changes",
       .exceptions = "The controller's view may be 5 s old.",
       .needs = {"statefulsets", "pods"},
       .seen = "{} states of the set with consistent counters",
       .judge = JudgeCounters},
      {.id = "SS-STAT-3",
       .title = "counters tell the truth at rest",
       .paragraph = "When nothing moves, the status counts the pods that there are: in all, Ready, and of "
                    "the current and the update revision.",
       .since = "Kubernetes 1.9",
       .exercised = "the set is at rest at the scenario's end, or for more than 60 s before",
       .exceptions = "Within 10 s of the last change, or of 60 s when no controller wrote after it. Before "
                     "1.24 a set whose pods are refused writes no status.",
       .seen = "{} times at rest the status counted the pods that there were",
       .judge = JudgeRest},
      {.id = "SS-STAT-4",
       .title = "availableReplicas",
       .paragraph = "Without minReadySeconds availableReplicas equals readyReplicas.",
       .since = "Kubernetes 1.25",
       .exercised = "a status carries availableReplicas",
       .needs = sets,
       .seen = "{} states of the set with availableReplicas as they should be",
       .judge = JudgeAvailable},
      {.id = "SS-STAT-5",
       .title = "revisions in the status exist",
       .paragraph = "currentRevision and updateRevision name ControllerRevisions.",
       .since = "Kubernetes 1.9",
       .exercised = "the status names a revision",
       .needs = {"statefulsets", "controllerrevisions"},
       .seen = "{} revisions named by the status exist",
       .judge = JudgeNamedRevisions},
      {.id = "SS-STAT-6",
       .title = "no conditions",
       .paragraph = "The controller writes no conditions; kubectl wait --for=condition cannot be "
                    "used on a set.",
       .since = "Kubernetes 1.9 to 1.36",
       .exercised = "the set changes",
       .exceptions = "Runs that write the status themselves.",
       .needs = sets,
       .seen = "{} states of the set without conditions",
       .judge = JudgeConditions},
      {.id = "SS-STAT-7",
       .title = "collisionCount",
       .paragraph = "collisionCount never goes back.",
       .since = "Kubernetes 1.9",
       .exercised = "the set changes",
       .needs = sets,
       .order = true,
       .seen = "{} changes of the set kept collisionCount",
       .judge = JudgeCollisions},
      {.id = "SS-STAT-8",
       .title = "kubectl rollout status",
       .paragraph = "When kubectl rollout status reports the end, the status counts all replicas "
                    "ready and all above the partition updated.",
       .since = "Kubernetes 1.9",
       .exercised = "the run records the end of kubectl rollout status",
       .exceptions = "It does not look at availability: minReadySeconds may still be running.",
       .needs = sets,
       .seen = "{} answers of kubectl rollout status agreed with the status",
       .judge = JudgeRolloutStatus},
      {.id = "SS-STAT-9",
       .title = "the scale subresource",
       .paragraph = "What the scale subresource accepts becomes spec.replicas.",
       .since = "Kubernetes 1.9",
       .exercised = "the run scales the set",
       .needs = sets,
       .seen = "{} accepted scalings changed spec.replicas",
       .judge = JudgeScaleResource},
  };
}

std::vector<Guarantee> Validations() {
  const std::vector<std::string> sets = {"statefulsets"};
  return {
      {.id = "SS-VAL-1",
       .title = "immutable fields",
       .paragraph = "Only replicas, ordinals, template, updateStrategy, minReadySeconds, "
                    "revisionHistoryLimit and the retention policy may be changed; anything else "
                    "is refused as invalid (422).",
       .since = "Kubernetes 1.9; ordinals 1.31; retention policy 1.32",
       .exercised = "the run changes a field of the set and records which, or a fixed one changes",
       .needs = sets,
       .seen = "{} changes of the set were accepted or refused as promised",
       .judge = JudgeImmutable},
      {.id = "SS-VAL-2",
       .title = "invalid sets are refused",
       .paragraph = "A set with an invalid name, selector, restart policy, count or strategy is "
                    "refused as invalid (422).",
       .since = "Kubernetes 1.9",
       .exercised = "the run tries to create an invalid set",
       .needs = sets,
       .seen = "{} invalid sets were refused",
       .judge = JudgeInvalid},
      {.id = "SS-VAL-3",
       .title = "generation counts changes of the spec",
       .paragraph = "generation moves when the spec changes, and only then.",
       .since = "Kubernetes 1.9",
       .exercised = "the set changes",
       .needs = sets,
       .order = true,
       .seen = "{} changes of the set moved generation as they should",
       .judge = JudgeGenerations},
      {.id = "SS-VAL-4",
       .title = "labels of pods are free",
       .paragraph = "The labels that the controller relies on can be changed by anyone who may "
                    "write pods.",
       .since = "Kubernetes 1.9",
       .exercised = "the run changes a label of a pod and records it",
       .needs = {"pods"},
       .seen = "{} changes of labels were accepted",
       .judge = JudgeFreeLabels},
  };
}

}  // namespace

std::vector<Guarantee> StatusFamily() {
  std::vector<Guarantee> all = Statuses();
  for (Guarantee& guarantee : Validations())
    all.push_back(std::move(guarantee));
  return all;
}

}  // namespace holdfast::check
