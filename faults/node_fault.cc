#include "faults/node_fault.h"

namespace holdfast::faults {

Status NodeFault::Validate(const Json& parameters) const { return ValidateNodeChoice(parameters); }

Result<FaultTargets> NodeFault::Choose(const Snapshot& now,
                                       const std::string& primary,
                                       const Json& parameters,
                                       Random& random) const {
  HOLDFAST_ASSIGN(const Node node, ChooseNode(Text().name, now, primary, parameters, random));
  FaultTargets targets;
  targets.pods = PodsOn(now, node.name);
  targets.nodes.push_back(node);
  HOLDFAST_RETURN_IF_ERROR(CheckTargets(targets));
  return targets;
}

Result<Proof> NodeFault::CordonAndAwait(Cluster& cluster, const Node& node, Nanos within) {
  HOLDFAST_RETURN_IF_ERROR(cluster.Cordon(node));
  return Await(
      cluster, "node " + node.name + " to be unschedulable",
      [&](const Snapshot& now) {
        const Node* seen = now.FindNode(node.name);
        return seen != nullptr && seen->unschedulable;
      },
      within, "node " + node.name + " was seen unschedulable",
      "node " + node.name + " was not seen unschedulable");
}

}  // namespace holdfast::faults
