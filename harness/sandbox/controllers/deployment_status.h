// The status of a Deployment from its ReplicaSets, and the conditions that kubectl rollout reads.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_DEPLOYMENT_STATUS_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_DEPLOYMENT_STATUS_H_

#include <optional>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/sandbox/controllers/deployment_sets.h"

namespace holdfast::sandbox {

// `now` is wall time.
Json DeploymentStatus(const Json& deployment, const DeploymentSets& sets, Nanos now);
// All replicas are updated and available, and nothing of the old is left.
bool DeploymentIsComplete(const Json& deployment, const Json& status);
// When the progress deadline will be missed if nothing happens; nullopt when it cannot be.
std::optional<Nanos> UntilDeadline(const Json& deployment, const Json& status, Nanos now);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_DEPLOYMENT_STATUS_H_
