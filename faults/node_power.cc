// node-crash, node-freeze, node-partition and node-return: through the node control.
#include <algorithm>

#include "faults/all_faults.h"
#include "faults/node_fault.h"

namespace holdfast::faults {
namespace {

class NodePower : public NodeFault {
 public:
  NodePower(NodeAction action, FaultText text) : action_(action), text_(std::move(text)) {}
  [[nodiscard]] const FaultText& Text() const override { return text_; }

  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& targets,
                                                const Json& parameters) const override {
    const std::string from = GetString(parameters, {"from"});
    return {fmt::format("node control: {} {}{}", NodeActionName(action_),
                        NodeText(targets, parameters), from.empty() ? "" : " from " + from)};
  }
  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override {
    const Node& node = targets.nodes.at(0);
    const std::string from = GetString(parameters, {"from"});
    const Nanos within = Duration(parameters, "within", std::chrono::minutes(3));
    HOLDFAST_RETURN_IF_ERROR(cluster.Control(node, action_, from));
    // A node that is cut off from its peers alone still reports to the control plane.
    if (from == "peers") return ProvenByControl(cluster, node);
    return Await(
        cluster, "node " + node.name + " to be seen not ready",
        [&](const Snapshot& now) {
          const Node* seen = now.FindNode(node.name);
          return seen != nullptr && !seen->ready;
        },
        within, fmt::format("node {} was seen not ready after its {}", node.name,
                            NodeActionName(action_)),
        fmt::format("node {} was never seen not ready after its {}", node.name,
                    NodeActionName(action_)));
  }

 private:
  [[nodiscard]] static Result<Proof> ProvenByControl(Cluster& cluster, const Node& node) {
    HOLDFAST_ASSIGN(const std::string state, cluster.NodeState(node));
    return Proof{state == "partitioned",
                 fmt::format("the node control says that node {} is {}", node.name,
                             state.empty() ? "in a state that it cannot tell" : state)};
  }
  NodeAction action_;
  FaultText text_;
};

FaultText PowerText(const char* name, const char* summary, ParameterSchema more) {
  ParameterSchema parameters = std::move(more);
  parameters.push_back(WithinParameter("3m", "how long it may take until the node is seen not "
                                             "ready"));
  return {.name = name,
          .summary = summary,
          .proof = "the node was seen not ready; cut off from its peers alone, the node control "
                   "says that it is partitioned",
          .undo = "the node is brought back, when the scenario heals or by node-return",
          .parameters = WithNodeChoice(std::move(parameters)),
          .permissions = {{"", "nodes", {"get", "list", "watch"}, true}},
          .touches_nodes = true,
          .typical = std::chrono::seconds(60)};
}

class NodeReturn : public Fault {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "node-return",
        .summary = "Takes back whatever this run did to nodes: brings them back, uncordons them, "
                   "takes its taints off.",
        .proof = "every such node was seen ready and schedulable",
        .undo = "none: it is an undo",
        .parameters = {{.name = "node",
                        .type = ParameterType::kString,
                        .fallback = nullptr,
                        .description = "this node alone",
                        .optional = true},
                       WithinParameter("3m", "how long the nodes may take to be ready")},
        .permissions = {{"", "nodes", {"get", "list", "watch", "patch"}, true}},
        .touches_nodes = true,
        .typical = std::chrono::seconds(15)};
    return kText;
  }
  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& /*targets*/,
                                                const Json& parameters) const override {
    const std::string node = GetString(parameters, {"node"});
    return {"PATCH or return " +
            (node.empty() ? "each node that this run has changed" : "node " + node)};
  }
  [[nodiscard]] Result<FaultTargets> Choose(const Snapshot& now,
                                            const std::string& /*primary*/,
                                            const Json& parameters,
                                            Random& /*random*/) const override {
    FaultTargets targets;
    const std::string name = GetString(parameters, {"node"});
    if (name.empty()) return targets;
    const Node* node = now.FindNode(name);
    if (node == nullptr)
      return Fail(ErrorCode::kNotFound, "node-return: the cluster has no node '{}'", name);
    targets.nodes.push_back(*node);
    return targets;
  }
  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override {
    std::vector<std::string> names = cluster.ChangedNodes();
    if (!targets.nodes.empty())
      std::erase_if(names, [&](const std::string& name) { return name != targets.nodes[0].name; });
    if (names.empty()) return Proof{false, "no node had a change of this run to take back"};
    for (const std::string& name : names)
      HOLDFAST_RETURN_IF_ERROR(cluster.UndoNode(name));
    const auto back = [&](const Snapshot& now) {
      return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        const Node* node = now.FindNode(name);
        return node != nullptr && node->ready && !node->unschedulable;
      });
    };
    return Await(cluster, "nodes " + Join(names, ", ") + " to be ready", back,
                 Duration(parameters, "within", std::chrono::minutes(3)),
                 Join(names, ", ") + " were seen ready and schedulable",
                 Join(names, ", ") + " were not seen ready and schedulable");
  }
};

}  // namespace

const Fault& NodeCrashFault() {
  static const NodePower kFault(
      NodeAction::kCrash,
      PowerText("node-crash", "Kills a node with everything on it at once.", {}));
  return kFault;
}

const Fault& NodeFreezeFault() {
  static const NodePower kFault(
      NodeAction::kFreeze,
      PowerText("node-freeze", "Stops every process of a node without ending it.", {}));
  return kFault;
}

const Fault& NodePartitionFault() {
  static const NodePower kFault(
      NodeAction::kPartition,
      PowerText("node-partition",
                "Cuts a node off from the control plane, from the other nodes, or from both.",
                {{.name = "from",
                  .type = ParameterType::kString,
                  .fallback = "all",
                  .description = "what it is cut off from",
                  .allowed = {"control-plane", "peers", "all"}}}));
  return kFault;
}

const Fault& NodeReturnFault() {
  static const NodeReturn kFault;
  return kFault;
}

}  // namespace holdfast::faults
