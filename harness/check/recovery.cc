// SS-REC-2 to 6: what comes back after which trouble.
#include <algorithm>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/node_facts.h"
#include "harness/check/order_facts.h"

namespace holdfast::check {
namespace {

using trace::Action;
using trace::At;
using trace::PodLife;
using trace::PodState;

void JudgeReplaced(Judgement& judge) {
  for (const Member* member : judge.Deleted()) {
    const PodLife& life = *member->life;
    const bool evicted = life.states.back().disruption == "EvictionByEvictionAPI";
    if (!evicted && member->cause != Cause::kPhase && member->cause != Cause::kDisruption) continue;
    if (!IsOwed(judge.context(), judge.window(), *member)) continue;
    judge.Saw();
    JudgeReplacement(judge, *member);
  }
}

// A crash that the run caused: same uid, one restart more.
void JudgeKilledContainer(Judgement& judge, const Action& action) {
  const Context& context = judge.context();
  const auto found = context.by_uid.find(action.uid);
  if (found == context.by_uid.end() || !action.answered || !action.ok) return;
  const PodLife& life = *found->second->life;
  const int64_t before = StateAt(life, action.at.line).restarts;
  for (const PodState& state : life.states) {
    if (state.at.line < action.at.line || !judge.window().Has(state.at)) continue;
    if (state.restarts > before) return judge.Saw();
  }
  if (life.term && life.term->line > action.at.line) return;  // Something else ended it.
  const double waited = judge.window().t1 - action.at.t;
  if (!judge.window().complete || waited <= judge.window().Settle()) {
    return judge.Undecided(fmt::format("no restart of {} was seen in the {:.1f} s after its "
                                       "container was killed",
                                       Describe(life), waited));
  }
  judge.Saw();
  judge.Broken(action.at.t,
               fmt::format("the container of {} was killed at {} and not restarted for {:.0f} s",
                           Describe(life), Seconds(action.at.t), waited),
               {PodId(life)}, {action.at.line});
}

void JudgeContainerCrash(Judgement& judge) {
  for (const Action& action : judge.context().trace.actions)
    if (judge.window().Has(action.at) &&
        GetString(action.fields, {"effect"}) == "kill-container")
      JudgeKilledContainer(judge, action);
  for (const Member* member : judge.Pods()) {
    const PodState* before = nullptr;
    for (const PodState& state : StatesIn(*member->life, judge.window())) {
      ++judge.context().steps;
      const PodState* last = before;
      before = &state;
      if (last != nullptr && state.restarts == last->restarts &&
          state.identity->containers.size() == 1 && !last->container.empty() &&
          !state.container.empty() && state.container != last->container) {
        judge.Undecided(fmt::format("{} has another container at {}, but its restart count stays {}",
                                    Describe(*member->life), Seconds(state.at.t), state.restarts));
      }
      if (last == nullptr || state.restarts == last->restarts) continue;
      judge.Saw();
      // A container that restarts keeps its pod: a deletion right after it needs a cause.
      if (state.restarts < last->restarts) {
        judge.Undecided(fmt::format("the restart count of {} goes back from {} to {}",
                                    Describe(*member->life), last->restarts, state.restarts));
      }
      const auto& term = member->life->term;
      if (!term || term->line < state.at.line || term->t > state.at.t + kDelta ||
          member->cause != Cause::kUnknown)
        continue;
      judge.Broken(term->t,
                   fmt::format("{} was deleted at {}, right after its container restarted",
                               Describe(*member->life), Seconds(term->t)),
                   {PodId(*member->life)}, {state.at.line, term->line});
    }
  }
}

bool IsControlPlaneFault(const std::string& name) {
  return name.find("controller") != std::string::npos || name.find("api-server") != std::string::npos ||
         name.find("control-plane") != std::string::npos || name.find("leader") != std::string::npos;
}

void JudgeControllerOutage(Judgement& judge) {
  const Context& context = judge.context();
  for (const trace::Fault& fault : context.trace.faults) {
    if (!judge.window().Has(fault.begin) || !IsControlPlaneFault(fault.fault)) continue;
    judge.Saw();
    const double end = fault.end ? fault.end->t : judge.window().t1;
    for (const Member* member : judge.Deleted()) {
      const At term = *member->life->term;
      if (term.t < fault.begin.t || term.t > end + kDelta || member->cause != Cause::kUnknown)
        continue;
      judge.Broken(term.t,
                   fmt::format("{} was deleted at {} without a cause while {} was under way",
                               Describe(*member->life), Seconds(term.t), fault.fault),
                   {PodId(*member->life)}, {fault.begin.line, term.line});
    }
  }
}

void JudgeDrained(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Deleted()) {
    const PodLife& life = *member->life;
    const std::string_view node = life.states.back().node;
    const At term = *life.term;
    const auto around = NodeStates(context, node, term.t - kDelta, term.t + kDelta);
    const bool cordoned = std::any_of(around.begin(), around.end(),
                                      [](const auto* state) { return state->unschedulable; });
    if (life.states.back().disruption != "EvictionByEvictionAPI" || !cordoned) continue;
    for (const Member* next : Later(context, life, judge.window().end_line)) {
      const auto& states = next->life->states;
      const auto placed = std::find_if(states.begin(), states.end(), [](const PodState& state) {
        return !state.node.empty();
      });
      if (placed == states.end() || placed->at.line >= judge.window().end_line) break;
      judge.Saw();
      if (placed->node == node &&
          !placed->identity->tolerates_cordon && NodeWasCordoned(context, node, placed->at)) {
        judge.Broken(placed->at.t,
                     fmt::format("{} was evicted from {} and its successor {} was placed there "
                                 "again at {} although the node was cordoned",
                                 Describe(life), node, Describe(*next->life),
                                 Seconds(placed->at.t)),
                     {PodId(life), PodId(*next->life)}, {term.line, placed->at.line});
      }
      break;
    }
  }
}

// Times in which the node was not Ready and then Ready again, within the window.
void JudgeNodeReturn(Judgement& judge) {
  const Context& context = judge.context();
  for (const trace::NodeLife& node : context.trace.nodes) {
    const trace::NodeState* lost = nullptr;
    for (const trace::NodeState& state : node.states) {
      if (state.ready != "True" && lost == nullptr) lost = &state;
      if (state.ready != "True" || lost == nullptr) continue;
      const trace::NodeState& since = *lost;
      lost = nullptr;
      if (!judge.window().Has(state.at) || !judge.window().Has(since.at)) continue;
      for (const Member* member : judge.Pods()) {
        const PodLife& life = *member->life;
        if (life.states.back().node != node.name || life.first().t > since.at.t) continue;
        if (life.gone && life.gone->t < since.at.t) continue;
        const trace::PodIdentity& identity = *life.states.back().identity;
        const int64_t tolerance =
            ShorterTolerance(identity.unreachable_tolerance, identity.not_ready_tolerance);
        const double away = state.at.t - since.at.t;
        if (tolerance >= 0 && away > static_cast<double>(tolerance) - kDelta) continue;
        judge.Saw();
        if (!life.term || life.term->t < since.at.t || life.term->t > state.at.t + kDelta ||
            member->cause != Cause::kUnknown)
          continue;
        judge.Broken(life.term->t,
                     fmt::format("{} was deleted at {} although its node {} was away for only "
                                 "{:.0f} s",
                                 Describe(life), Seconds(life.term->t), node.name, away),
                     {PodId(life), {"Node", node.name, node.uid}},
                     {since.at.line, life.term->line});
      }
    }
  }
}

}  // namespace

std::vector<Guarantee> RecoveryFamily() {
  return {
      {.id = "SS-REC-2",
       .title = "evicted and failed pods are replaced",
       .paragraph = "A pod that was evicted, preempted, collected or failed comes back under its "
                    "name and becomes Ready within limits.settle (default 2m).",
       .since = "Kubernetes 1.9; Succeeded 1.29",
       .exercised = "a pod that the set wants is evicted or fails",
       .seen = "{} evicted or failed pods came back Ready under their names",
       .judge = JudgeReplaced},
      {.id = "SS-REC-3",
       .title = "a container's crash keeps the pod",
       .paragraph = "When a container ends it is started again in the same pod: the uid stays and "
                    "the restart count goes up.",
       .since = "Kubernetes 1.5",
       .exercised = "a container of the set restarts or is killed by the run",
       .needs = {"pods"},
       .seen = "{} restarts of containers kept their pods",
       .judge = JudgeContainerCrash},
      {.id = "SS-REC-4",
       .title = "an outage of the control plane restarts nothing",
       .paragraph = "A restart or change of leader of the control plane deletes no pod.",
       .since = "Kubernetes 1.9",
       .exercised = "a fault hits the control plane",
       .exceptions = "Deletions that the record explains otherwise.",
       .seen = "{} outages of the control plane deleted no pod",
       .judge = JudgeControllerOutage},
      {.id = "SS-REC-5",
       .title = "a drained pod moves",
       .paragraph = "A pod that was evicted from a cordoned node is placed on another node.",
       .since = "Kubernetes 1.9",
       .exercised = "a pod is evicted from a cordoned node and placed again",
       .exceptions = "A node that was uncordoned before.",
       .wants = {"nodes"},
       .seen = "{} drained pods moved to other nodes",
       .judge = JudgeDrained},
      {.id = "SS-REC-6",
       .title = "a short absence of a node costs no pod",
       .paragraph = "Pods on a node that is back before its tolerance ends keep their uids.",
       .since = "Kubernetes 1.18",
       .exercised = "a node with a pod of the set is not Ready for a while and returns",
       .exceptions = "Deletions that the record explains otherwise.",
       .wants = {"nodes"},
       .seen = "{} pods survived the short absence of their nodes",
       .judge = JudgeNodeReturn},
  };
}

}  // namespace holdfast::check
