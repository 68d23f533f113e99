// May a pod run on a node? The filters of the scheduler.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_PLACEMENT_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_PLACEMENT_H_

#include <string>

#include "harness/base/json.h"

namespace holdfast::sandbox {

// Empty when `pod` may be placed on `node`; else the reason in the scheduler's words, such as
// "node(s) were unschedulable". Looks at readiness, cordon, taints with the effects NoSchedule and
// NoExecute, nodeSelector and required node affinity.
std::string WhyNotOn(const Json& pod, const Json& node);

// Does one of `tolerations` tolerate `taint`?
bool Tolerates(const Json& tolerations, const Json& taint);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_PLACEMENT_H_
