// node-drain: the node takes no new pods and the set's pods on it are evicted within a time.
#include "faults/all_faults.h"
#include "faults/eviction.h"
#include "faults/node_fault.h"

namespace holdfast::faults {
namespace {

class NodeDrain : public NodeFault {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "node-drain",
        .summary = "Cordons a node and evicts the set's pods from it through the eviction API, "
                   "budget by budget and within a time; other pods, such as those of DaemonSets, "
                   "are left alone, and a replacement is never evicted.",
        .proof = "the node was seen unschedulable, the evictions were accepted, and the DELETED "
                 "event of every evicted uid was seen",
        .undo = "uncordon, if it was not cordoned before; when the scenario heals, or by "
                "node-return",
        .parameters = WithNodeChoice({{.name = "timeout",
                                       .type = ParameterType::kDuration,
                                       .fallback = "5m",
                                       .description = "for budgets and for the end of the pods"},
                                      {.name = "grace",
                                       .type = ParameterType::kDuration,
                                       .fallback = nullptr,
                                       .description = "grace period of the deletions",
                                       .optional = true}}),
        .permissions = {{"", "nodes", {"get", "list", "watch", "patch"}, true},
                        {"", "pods", {"list"}, true},
                        {"", "pods/eviction", {"create"}},
                        {"policy", "poddisruptionbudgets", {"list", "watch"}}},
        .touches_nodes = true,
        .evicts = true,
        .typical = std::chrono::seconds(40)};
    return kText;
  }

  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& targets,
                                                const Json& parameters) const override {
    const std::string node = NodeText(targets, parameters);
    return {"PATCH " + node + ": unschedulable true",
            targets.pods.empty() ? "POST eviction of each of the set's pods on it"
                                 : "POST eviction of " + Names(targets.pods)};
  }

  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override {
    const Node& node = targets.nodes.at(0);
    const Nanos timeout = Duration(parameters, "timeout", std::chrono::minutes(5));
    const Deadline deadline(SystemClock(), timeout);
    HOLDFAST_RETURN_IF_ERROR(cluster.MayLeave(node, targets.pods));
    HOLDFAST_ASSIGN(const Proof closed, CordonAndAwait(cluster, node, deadline.Left()));
    if (!closed.proven) return closed;
    const auto evicted = EvictAll(cluster, targets.pods, Grace(parameters), deadline);
    if (!evicted && evicted.error().code == ErrorCode::kTimedOut)
      return Proof{false, fmt::format("node {} is not drained after {}: {}", node.name,
                                      FormatDuration(timeout), evicted.error().message)};
    if (!evicted) return Fail(evicted.error());
    return Await(
        cluster, "the pods of node " + node.name + " to end",
        [&](const Snapshot& now) { return AllGone(now, targets.pods); }, deadline.Left(),
        fmt::format("node {} was seen unschedulable, {} evictions were accepted after {} refusals, "
                    "and the watch showed {} DELETED",
                    node.name, evicted->evicted, evicted->refused, Names(targets.pods)),
        fmt::format("the evicted pods of node {} did not end", node.name));
  }

 private:
  [[nodiscard]] Status CheckTargets(const FaultTargets& targets) const override {
    if (!targets.pods.empty()) return {};
    return Fail(ErrorCode::kNotFound, "node-drain: node {} runs no pod of the set",
                targets.nodes.at(0).name);
  }
};

}  // namespace

const Fault& NodeDrainFault() {
  static const NodeDrain kFault;
  return kFault;
}

}  // namespace holdfast::faults
