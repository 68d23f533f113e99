// A Deployment's ReplicaSets: which of them is the new one, what revision each is, and the sums over
// them.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_DEPLOYMENT_SETS_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_DEPLOYMENT_SETS_H_

#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/event_recorder.h"

namespace holdfast::sandbox {

inline constexpr char kRevision[] = "deployment.kubernetes.io/revision";
inline constexpr char kDesiredReplicas[] = "deployment.kubernetes.io/desired-replicas";
inline constexpr char kTemplateHash[] = "pod-template-hash";

struct DeploymentSets {
  ObjectPtr current;           // With the template of the Deployment; nullptr when there is none.
  std::vector<ObjectPtr> old;  // By age.
  bool created = false;        // `current` was made in this sync.

  [[nodiscard]] std::vector<ObjectPtr> All() const;
  // Sums of a field over all.
  [[nodiscard]] int64_t SpecReplicas() const;
  [[nodiscard]] int64_t StatusSum(const char* counter) const;
};

// How far a rolling update may go beyond and below spec.replicas, resolved to pods. Both are zero
// for Recreate.
struct DeploymentLimits {
  int64_t max_surge = 0;
  int64_t max_unavailable = 0;
};
DeploymentLimits LimitsOf(const Json& deployment);
int64_t DeploymentReplicas(const Json& deployment);
int64_t SetReplicas(const Json& set);

// Finds the Deployment's ReplicaSets, adopting orphans that match its selector.
Result<DeploymentSets> FindSets(Registry& registry, const Json& deployment);
// Makes the new ReplicaSet, with no replicas yet beyond what the limits allow, if it is missing, and
// keeps the revision annotations of both in step.
Status EnsureCurrentSet(Registry& registry,
                        EventRecorder& recorder,
                        const Json& deployment,
                        DeploymentSets& sets);
// Sets spec.replicas (and the annotations that tell what for), with an event when it changes;
// `set` becomes the written object.
Status ScaleSet(Registry& registry,
                EventRecorder& recorder,
                const Json& deployment,
                ObjectPtr& set,
                int64_t replicas);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_DEPLOYMENT_SETS_H_
