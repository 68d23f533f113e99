#include "harness/check/node_facts.h"

#include <algorithm>

namespace holdfast::check {
namespace {

using trace::NodeLife;
using trace::NodeState;

const std::vector<const NodeLife*>& LivesOf(const Context& context, std::string_view node) {
  static const std::vector<const NodeLife*> kNone;
  const auto found = context.nodes.find(node);
  return found == context.nodes.end() ? kNone : found->second;
}

template <typename Predicate>
bool All(const std::vector<const NodeState*>& states, Predicate holds) {
  return !states.empty() && std::all_of(states.begin(), states.end(), holds);
}

}  // namespace

std::vector<const NodeState*> NodeStates(const Context& context,
                                         std::string_view node,
                                         double from,
                                         double to) {
  std::vector<const NodeState*> states;
  for (const NodeLife* life : LivesOf(context, node)) {
    for (const NodeState& state : life->states) {
      ++context.steps;
      if (state.at.t > to) break;
      if (state.at.t <= from) states.clear();
      states.push_back(&state);
    }
  }
  return states;
}

bool NodeWasUnreachable(const Context& context, std::string_view node, double from, double to) {
  const auto states = NodeStates(context, node, from, to);
  return All(states, [](const NodeState* state) { return state->ready == "Unknown"; }) &&
         states.front()->at.t <= from;
}

bool NodeWasUnwell(const Context& context, const trace::PodLife& life, double from, double to) {
  const std::string_view node = life.states.back().node;
  const bool hit = std::any_of(
      context.trace.faults.begin(), context.trace.faults.end(), [&](const trace::Fault& fault) {
        return fault.begin.t <= to && (!fault.end || fault.end->t >= from) &&
               std::any_of(
                   fault.targets.begin(), fault.targets.end(),
                   [&](const trace::FaultTarget& target) { return target.name == node; });
      });
  if (hit) return true;
  if (!context.trace.opened.contains("nodes")) return false;
  return !All(NodeStates(context, node, from, to),
              [](const NodeState* state) { return state->ready == "True"; });
}

bool NodeWasReleased(const Context& context, std::string_view node, double t) {
  for (const NodeLife* life : LivesOf(context, node)) {
    if (life->term && life->term->t <= t + kDelta) return true;
    for (const NodeState& state : life->states)
      if (state.out_of_service && state.at.t <= t + kDelta) return true;
  }
  return false;
}

int64_t ShorterTolerance(int64_t a, int64_t b) {
  if (a < 0 || b < 0) return std::max(a, b);
  return std::min(a, b);
}

bool NodeWasCordoned(const Context& context, std::string_view node, const trace::At& at) {
  const auto states = NodeStates(context, node, at.t - kDelta, at.t + kDelta);
  if (!All(states, [](const NodeState* state) { return state->unschedulable; }) ||
      states.front()->at.t > at.t - kDelta)
    return false;
  // Either watch may be late.
  const NodeState* newest = nullptr;
  for (const NodeLife* life : LivesOf(context, node))
    for (const NodeState& state : life->states)
      if (IsBefore(context, state.at, at)) newest = &state;
  return newest != nullptr && newest->unschedulable;
}

}  // namespace holdfast::check
