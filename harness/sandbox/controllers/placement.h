// May a pod run on a node, and how much would it like to? The filters and scores of the scheduler
// that look at one node alone.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_PLACEMENT_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_PLACEMENT_H_

#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/sandbox/controllers/node_usage.h"

namespace holdfast::sandbox {

// Why a node was refused, in the scheduler's words, such as "node(s) were unschedulable".
struct Refusal {
  std::vector<std::string> reasons;  // Empty: the node fits.
  bool for_good = false;             // No eviction of other pods would help.

  [[nodiscard]] bool Fits() const { return reasons.empty(); }
};
// Readiness, cordon, taints with the effects NoSchedule and NoExecute, nodeSelector, required node
// affinity, host ports, and requests against status.allocatable less `load` (a node that reports
// none takes everything).
Refusal WhyNotOn(const Json& pod, const Json& node, const NodeLoad& load);

// The sum of the weights of the preferred node affinity terms that match.
int64_t NodePreference(const Json& pod, const Json& node);
// Does a NodeSelector (of nodeAffinity.required of a pod or a volume) match? Absent: yes.
bool MatchesNodeSelector(const Json* selector, const Json& node);

// Does this one toleration tolerate `taint`?
bool TolerationMatches(const Json& toleration, const Json& taint);
// Does one of `tolerations`?
bool Tolerates(const Json& tolerations, const Json& taint);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_PLACEMENT_H_
