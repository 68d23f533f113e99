// cordon, taint and out-of-service: what is written on a Node object, and taken off again.
#include <algorithm>

#include "faults/all_faults.h"
#include "faults/node_fault.h"

namespace holdfast::faults {
namespace {

const std::vector<PolicyRule>& NodeRules() {
  static const std::vector<PolicyRule> kRules{
      {"", "nodes", {"get", "list", "watch", "patch"}, true}};
  return kRules;
}

bool HasTaint(const Snapshot& now, const std::string& node, const Json& taint) {
  const Node* found = now.FindNode(node);
  return found != nullptr &&
         std::any_of(found->taints.begin(), found->taints.end(), [&](const Json& one) {
           return GetString(one, {"key"}) == GetString(taint, {"key"}) &&
                  GetString(one, {"effect"}) == GetString(taint, {"effect"});
         });
}

// What taint and out-of-service share.
class TaintFaultBase : public NodeFault {
 protected:
  // The taint is seen; with NoExecute, every pod of the set that was there is seen to go, too.
  static Result<Proof> TaintAndAwait(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& taint,
                                     Nanos within) {
    const Node& node = targets.nodes.at(0);
    const bool evicts = GetString(taint, {"effect"}) == "NoExecute";
    HOLDFAST_RETURN_IF_ERROR(cluster.Taint(node, taint));
    const auto done = [&](const Snapshot& now) {
      return HasTaint(now, node.name, taint) && (!evicts || AllGone(now, targets.pods));
    };
    const std::string key = GetString(taint, {"key"});
    return Await(cluster, fmt::format("the effect of taint {} on node {}", key, node.name), done,
                 within,
                 fmt::format("node {} was seen with taint {}{}", node.name, key,
                             evicts ? fmt::format(", and the watch showed its {} pods DELETED",
                                                  targets.pods.size())
                                    : ""),
                 fmt::format("the effect of taint {} on node {} was not seen", key, node.name));
  }
};

class Cordon : public NodeFault {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "cordon",
        .summary = "Makes a node unschedulable; its pods stay.",
        .proof = "the node was seen unschedulable",
        .undo = "uncordon, when the scenario heals or by node-return",
        .parameters = WithNodeChoice({WithinParameter("30s", "how long it may take to be seen")}),
        .permissions = NodeRules(),
        .touches_nodes = true,
        .typical = std::chrono::seconds(2)};
    return kText;
  }
  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& targets,
                                                const Json& parameters) const override {
    return {"PATCH " + NodeText(targets, parameters) + ": unschedulable true"};
  }
  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override {
    return CordonAndAwait(cluster, targets.nodes.at(0),
                          Duration(parameters, "within", std::chrono::seconds(30)));
  }
};

class Taint : public TaintFaultBase {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "taint",
        .summary = "Puts a taint on a node; NoExecute drives its pods away without asking any "
                   "budget.",
        .proof = "the taint was seen on the node and, for NoExecute, the DELETED event of every "
                 "pod of the set there",
        .undo = "this one taint is taken off, when the scenario heals or by node-return",
        .parameters = WithNodeChoice(
            {{.name = "key",
              .type = ParameterType::kString,
              .fallback = "holdfast.dev/fault",
              .description = "key of the taint"},
             {.name = "effect",
              .type = ParameterType::kString,
              .fallback = "NoExecute",
              .description = "effect of the taint",
              .allowed = {"NoSchedule", "PreferNoSchedule", "NoExecute"}},
             WithinParameter("2m", "how long the effect may take to be seen")}),
        .permissions = NodeRules(),
        .touches_nodes = true,
        .typical = std::chrono::seconds(20)};
    return kText;
  }
  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& targets,
                                                const Json& parameters) const override {
    return {fmt::format("PATCH {}: add taint {}:{}", NodeText(targets, parameters),
                        GetString(parameters, {"key"}), GetString(parameters, {"effect"}))};
  }
  [[nodiscard]] Status Validate(const Json& parameters) const override {
    HOLDFAST_RETURN_IF_ERROR(NodeFault::Validate(parameters));
    // The system writes and removes its own taints; ours among them could not be told apart.
    if (GetString(parameters, {"key"}).find("kubernetes.io/") != std::string::npos)
      return Fail(ErrorCode::kInvalidArgument,
                  "taints of kubernetes.io belong to the system; take a key of your own, or the "
                  "fault out-of-service");
    return {};
  }
  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override {
    const Json taint{{"key", GetString(parameters, {"key"})},
                     {"value", "true"},
                     {"effect", GetString(parameters, {"effect"}, "NoExecute")}};
    if (taint["effect"] == "NoExecute")
      HOLDFAST_RETURN_IF_ERROR(cluster.MayLeave(targets.nodes.at(0), targets.pods));
    return TaintAndAwait(cluster, targets, taint,
                         Duration(parameters, "within", std::chrono::minutes(2)));
  }
};

class OutOfService : public TaintFaultBase {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "out-of-service",
        .summary = "Declares a dead node out of service, so that its pods are removed by force "
                   "and its volumes detached at once; refused unless the node is proven off.",
        .proof = "the taint was seen on the node, and the DELETED event of every pod of the set "
                 "there",
        .undo = "the taint is taken off, when the scenario heals or by node-return",
        .parameters =
            WithNodeChoice({WithinParameter("3m", "how long the removal may take to be seen")}),
        .permissions = NodeRules(),
        .touches_nodes = true,
        .typical = std::chrono::seconds(30)};
    return kText;
  }
  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& targets,
                                                const Json& parameters) const override {
    return {"PATCH " + NodeText(targets, parameters) +
            ": add taint node.kubernetes.io/out-of-service:NoExecute (only if it is proven off)"};
  }
  [[nodiscard]] Result<FaultTargets> Choose(const Snapshot& now,
                                            const std::string& primary,
                                            const Json& parameters,
                                            Random& random) const override {
    HOLDFAST_ASSIGN(FaultTargets targets, NodeFault::Choose(now, primary, parameters, random));
    // Pods that were asked to end stay Terminating on a dead node: they are meant, too.
    targets.pods.clear();
    std::copy_if(now.pods.begin(), now.pods.end(), std::back_inserter(targets.pods),
                 [&](const Pod& pod) { return pod.node == targets.nodes[0].name; });
    return targets;
  }
  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override {
    const Node& node = targets.nodes.at(0);
    // On a node that still runs this taint lets two pods write one volume.
    HOLDFAST_ASSIGN(const std::string state, cluster.NodeState(node));
    const Snapshot now = cluster.Look();
    const Node* seen = now.FindNode(node.name);
    if (state != "crashed" || seen == nullptr || seen->ready) {
      Error refusal{ErrorCode::kRefused,
                    fmt::format("node {} is not proven off (its state is '{}', and Kubernetes "
                                "calls it {}): the out-of-service taint on a living node destroys "
                                "data; crash it first",
                                node.name, state.empty() ? "unknown" : state,
                                seen != nullptr && seen->ready ? "Ready" : "not ready"),
                    0, "Fence"};
      return Fail(std::move(refusal));
    }
    const Json taint{{"key", "node.kubernetes.io/out-of-service"},
                     {"value", "nodeshutdown"},
                     {"effect", "NoExecute"}};
    return TaintAndAwait(cluster, targets, taint,
                         Duration(parameters, "within", std::chrono::minutes(3)));
  }
};

}  // namespace

const Fault& CordonFault() {
  static const Cordon kFault;
  return kFault;
}

const Fault& TaintFault() {
  static const Taint kFault;
  return kFault;
}

const Fault& OutOfServiceFault() {
  static const OutOfService kFault;
  return kFault;
}

}  // namespace holdfast::faults
