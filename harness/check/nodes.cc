// SS-NODE: what the cluster does when a node is lost, tainted or cordoned.
#include <algorithm>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/node_facts.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::NodeLife;
using trace::NodeState;
using trace::PodLife;
using trace::PodState;

// How long the node lifecycle controller may take to mark the pods of a lost node.
constexpr double kMarking = 30.0;

// The state of the pod in force at the time.
const PodState* StateAtTime(const PodLife& life, double t) {
  const PodState* found = nullptr;
  for (const PodState& state : life.states)
    if (state.at.t <= t) found = &state;
  return found;
}

void JudgeLostNode(Judgement& judge) {
  const Context& context = judge.context();
  for (const NodeLife& node : context.trace.nodes) {
    for (size_t i = 0; i < node.states.size(); ++i) {
      const NodeState& state = node.states[i];
      const bool was = i > 0 && node.states[i - 1].ready == "Unknown";
      if (state.ready != "Unknown" || was || !judge.window().Has(state.at)) continue;
      double end = judge.window().t1;
      for (size_t j = i + 1; j < node.states.size(); ++j) {
        if (node.states[j].ready == "Unknown") continue;
        end = std::min(end, node.states[j].at.t);
        break;
      }
      if (end - state.at.t <= kMarking + kDelta) continue;
      for (const Member* member : judge.Pods()) {
        const PodLife& life = *member->life;
        const double t = state.at.t + kMarking;
        const PodState* pod = StateAtTime(life, t);
        if (pod == nullptr || pod->node != node.name || life.first().t > state.at.t ||
            (life.gone && life.gone->t <= t))
          continue;
        judge.Saw();
        if (!pod->ready || pod->phase != "Running") continue;
        judge.Broken(t,
                     fmt::format("{} is still Ready {:.0f} s after its node {} became unreachable",
                                 Describe(life), kMarking, node.name),
                     {PodId(life), {"Node", node.name, node.uid}}, {state.at.line, pod->at.line});
      }
    }
  }
}

// Whether the run itself put a taint of its own on the node before that line: it drives pods away at
// once, whatever they tolerate of a lost node.
bool TaintedByFault(const Context& context, std::string_view node, int64_t line) {
  return std::any_of(
      context.trace.faults.begin(), context.trace.faults.end(), [&](const trace::Fault& fault) {
        if (fault.begin.line > line || (fault.fault != "out-of-service" && fault.fault != "taint"))
          return false;
        return std::any_of(fault.targets.begin(), fault.targets.end(), [&](const auto& target) {
          return target.kind == "Node" && target.name == node;
        });
      });
}

// How a node had been lost at the line: since when without interruption, and what the pods on it were
// asked to tolerate.
struct Loss {
  const NodeState* since = nullptr;
  bool is_beginning = false;  // The record shows that it was Ready before.
  bool unreachable = false;
  bool not_ready = false;
};

Loss LossOf(const Context& context, std::string_view node, double t) {
  Loss loss;
  bool was_ready = false;
  for (const NodeState* state : NodeStates(context, node, 0, t)) {
    if (state->ready == "True") {
      loss = {};
      was_ready = true;
      continue;
    }
    if (loss.since == nullptr) {
      loss.since = state;
      loss.is_beginning = was_ready;
    }
    loss.unreachable = loss.unreachable || state->ready == "Unknown";
    loss.not_ready = loss.not_ready || state->ready != "Unknown";
  }
  return loss;
}

// Somebody else's taint NoExecute drives pods away at once, whatever they tolerate of a lost node.
bool EvictsOtherwise(const Context& context, std::string_view node, double t) {
  const auto states = NodeStates(context, node, t - kDelta, t + kDelta);
  return std::any_of(states.begin(), states.end(), [](const NodeState* state) {
    return state->out_of_service || state->evicts;
  });
}

void JudgeToleration(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Deleted()) {
    const PodLife& life = *member->life;
    const PodState& last = life.states.back();
    const trace::Stamp asked = StateAt(life, life.term->line).asked_to_stop;
    if (last.disruption != "DeletionByTaintManager" || asked == trace::kNoStamp) continue;
    if (TaintedByFault(context, last.node, life.term->line) ||
        EvictsOtherwise(context, last.node, life.term->t))
      continue;
    const Loss loss = LossOf(context, last.node, life.term->t);
    if (loss.since == nullptr || loss.since->ready_since == trace::kNoStamp) continue;
    judge.Saw();
    int64_t tolerance = -1;
    if (loss.unreachable) tolerance = last.identity->unreachable_tolerance;
    if (loss.not_ready)
      tolerance = ShorterTolerance(tolerance, last.identity->not_ready_tolerance);
    const trace::Stamp waited = asked - loss.since->ready_since;
    if (tolerance >= 0 && waited >= tolerance - kStampTolerance) continue;
    const std::string sentence =
        fmt::format("{} was evicted {} s after its node {} was lost, although it tolerates {}",
                    Describe(life), waited, last.node,
                    tolerance < 0 ? "that for ever" : fmt::format("{} s", tolerance));
    if (!loss.is_beginning && tolerance >= 0) {
      judge.Undecided(sentence + "; but the node was lost before the record began");
      continue;
    }
    judge.Broken(life.term->t, sentence, {PodId(life)}, {loss.since->at.line, life.term->line});
  }
}

// Every node that was watched was not Ready during all of [from, to].
bool AllLost(const Context& context, double from, double to) {
  bool any = false;
  for (const auto& [name, lives] : context.nodes) {
    const auto states = NodeStates(context, name, from, to);
    if (states.empty()) continue;
    any = true;
    if (std::any_of(states.begin(), states.end(),
                    [](const NodeState* state) { return state->ready == "True"; }))
      return false;
  }
  return any;
}

void JudgeFullDisruption(Judgement& judge) {
  const Context& context = judge.context();
  for (const NodeLife& node : context.trace.nodes) {
    for (const NodeState& state : node.states) {
      if (state.ready == "True" || !judge.window().Has(state.at)) continue;
      if (AllLost(context, state.at.t, state.at.t + kDelta)) judge.Saw();
    }
  }
  for (const Member* member : judge.Deleted()) {
    const At term = *member->life->term;
    if (member->life->states.back().disruption != "DeletionByTaintManager" ||
        !AllLost(context, term.t - 2 * kDelta, term.t + kDelta))
      continue;
    judge.Saw();
    judge.Broken(term.t,
                 fmt::format("{} was evicted at {} although no node at all was Ready",
                             Describe(*member->life), Seconds(term.t)),
                 {PodId(*member->life)}, {term.line});
  }
}

// The scheduler chose the node before the cordon, and then waited for a claim of the pod to be bound.
bool WaitedForVolume(const Context& context, const PodLife& life, const PodState& placed) {
  const NodeState* cordon = nullptr;
  bool before = false;
  for (const NodeState* state : NodeStates(context, placed.node, 0, placed.at.t)) {
    if (state->unschedulable && !before) cordon = state;
    before = state->unschedulable;
  }
  if (cordon == nullptr || !IsBefore(context, life.first(), cordon->at)) return false;
  const auto& claims = placed.identity->claims;
  return std::any_of(claims.begin(), claims.end(), [&](const auto& use) {
    const auto& lives = context.ClaimsOf(use.second.claim);
    return std::any_of(lives.begin(), lives.end(), [&](const trace::ClaimLife* claim) {
      const auto bound =
          std::find_if(claim->states.begin(), claim->states.end(),
                       [](const trace::ClaimState& state) { return !state.volume.empty(); });
      return bound != claim->states.end() && IsBefore(context, cordon->at, bound->at) &&
             IsBefore(context, bound->at, placed.at);
    });
  });
}

void JudgeCordon(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Pods()) {
    const PodLife& life = *member->life;
    std::string_view before;
    for (const PodState& state : life.states) {
      const bool placed = before.empty() && !state.node.empty();
      before = state.node;
      if (!placed || !judge.window().Has(state.at) || life.listed) continue;
      if (state.identity->tolerates_cordon || !NodeWasCordoned(context, state.node, state.at))
        continue;
      judge.Saw();
      if (WaitedForVolume(context, life, state)) {
        judge.Undecided(fmt::format("{} was placed on {} at {}, which was cordoned meanwhile: its claim "
                                    "was not bound before",
                                    Describe(life), state.node, Seconds(state.at.t)));
        continue;
      }
      judge.Broken(state.at.t,
                   fmt::format("{} was placed on {} at {} although the node was cordoned",
                               Describe(life), state.node, Seconds(state.at.t)),
                   {PodId(life), {"Node", std::string(state.node), ""}}, {state.at.line});
    }
  }
  for (const NodeLife& node : context.trace.nodes) {
    for (size_t i = 1; i < node.states.size(); ++i) {
      const NodeState& state = node.states[i];
      if (!state.unschedulable || node.states[i - 1].unschedulable ||
          !judge.window().Has(state.at))
        continue;
      for (const Member* member : judge.Pods()) {
        const PodLife& life = *member->life;
        const PodState* pod = StateAtTime(life, state.at.t);
        if (pod == nullptr || pod->node != node.name ||
            (life.term && life.term->t <= state.at.t))
          continue;
        judge.Saw();
        if (!life.term || life.term->t > state.at.t + kDelta || member->cause != Cause::kUnknown)
          continue;
        judge.Broken(life.term->t,
                     fmt::format("{} was deleted at {}, right after its node {} was cordoned",
                                 Describe(life), Seconds(life.term->t), node.name),
                     {PodId(life), {"Node", node.name, node.uid}},
                     {state.at.line, life.term->line});
      }
    }
  }
}

}  // namespace

std::vector<Guarantee> NodeFamily() {
  return {
      {.id = "SS-NODE-1",
       .title = "pods of a lost node are not Ready",
       .paragraph = "When a node is unreachable its pods are marked not Ready within 30 s.",
       .since = "Kubernetes 1.5",
       .exercised = "a node with a pod of the set is unreachable for longer than 35 s",
       .needs = {"pods"},
       .wants = {"nodes"},
       .seen = "{} pods of lost nodes were marked not Ready",
       .judge = JudgeLostNode},
      {.id = "SS-NODE-2",
       .title = "tolerations are kept",
       .paragraph = "A pod on a lost node is evicted only after the time that it tolerates "
                    "(300 s by default).",
       .since = "Kubernetes 1.18",
       .exercised = "the taint manager deletes a pod of the set",
       .exceptions = "Timestamps have whole seconds: 2 s early are tolerated. A taint that the run "
                     "put on the node, such as out-of-service, drives pods away at once.",
       .needs = {"pods"},
       .wants = {"nodes"},
       .seen = "{} evicted pods had been given their time",
       .judge = JudgeToleration},
      {.id = "SS-NODE-3",
       .title = "nobody is evicted when all nodes are lost",
       .paragraph = "When no node at all is Ready the fault is taken to be elsewhere, and no pod is "
                    "evicted.",
       .since = "Kubernetes 1.5",
       .exercised = "no node is Ready",
       .needs = {"pods"},
       .wants = {"nodes"},
       .seen = "{} times all nodes were lost and no pod was evicted",
       .judge = JudgeFullDisruption},
      {.id = "SS-NODE-4",
       .title = "a cordon only stops scheduling",
       .paragraph = "Pods on a cordoned node go on; no new pod is placed there.",
       .since = "Kubernetes 1.9",
       .exercised = "a node with a pod of the set is cordoned",
       .needs = {"pods"},
       .wants = {"nodes"},
       .seen = "{} pods went on when their nodes were cordoned",
       .judge = JudgeCordon},
  };
}

}  // namespace holdfast::check
