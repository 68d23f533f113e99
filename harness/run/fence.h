// The safety fence: what a run must not do to a cluster. Every refusal is kRefused with reason
// "Fence", which ends in exit code 4.
#ifndef HOLDFAST_HARNESS_RUN_FENCE_H_
#define HOLDFAST_HARNESS_RUN_FENCE_H_

#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/suite/suite.h"

namespace holdfast::run {

template <typename... Args>
[[nodiscard]] tl::unexpected<Error> Refuse(fmt::format_string<Args...> format, Args&&... args) {
  return Fail(Error{ErrorCode::kRefused,
                    "refused by the safety fence: " +
                        fmt::format(format, std::forward<Args>(args)...),
                    0, "Fence"});
}
bool IsFence(const Error& error);

struct FenceRules {
  suite::ClusterFence cluster;  // What the suite says.
  std::string named;            // What the command line names: a context or kube-system's uid.
  bool own_sandbox = false;     // The cluster was made for this run.
};

// `fingerprint` is preflight's. Refused when the suite or the command line names another cluster,
// when nodes shall be touched in a cluster that nobody named, or when fewer nodes are ready than
// the suite wants.
Status CheckCluster(const FenceRules& rules, const Json& fingerprint, bool touches_nodes);

// Nodes that are injured, or about to be.
struct Injured {
  std::vector<std::string> ours;              // Changed by this run already.
  std::map<std::string, std::string> others;  // By a lease: node -> the run that holds it.
};

// Before a change of `node` (an object of the API) among `nodes`. Refused on a control-plane node,
// on one cordoned by others, and by CheckNodesLeft.
Status CheckNode(const FenceRules& rules,
                 const Json& node,
                 const std::vector<Json>& nodes,
                 const Injured& injured);

// Refused when, beside the node `name`, fewer ready, schedulable and unleased nodes would be left
// than the suite wants (at least one), or more would be injured over all runs than it allows. To be
// asked again once the node is leased: of two runs that ask at the same time, one sees the other.
Status CheckNodesLeft(const FenceRules& rules,
                      const std::string& name,
                      const std::vector<Json>& nodes,
                      const Injured& injured);

// Refused when one of the budgets can never let a pod of the set go: `budgets` are
// PodDisruptionBudgets that select the pods, `replicas` is what the set has.
Status CheckBudgets(const std::vector<Json>& budgets, const Json& pod_labels, int replicas);

bool IsControlPlane(const Json& node);
bool IsReadyNode(const Json& node);
// matchLabels and matchExpressions; an empty selector matches all, a missing one nothing.
bool SelectorMatches(const Json& selector, const Json& labels);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_FENCE_H_
