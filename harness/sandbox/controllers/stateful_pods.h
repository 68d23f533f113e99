// Creating, deleting and repairing the pods of a StatefulSet, with the Events that tell of it.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_PODS_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_PODS_H_

#include <vector>

#include "harness/base/result.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/event_recorder.h"

namespace holdfast::sandbox {

// One ordinal of a set within a sync: the pod that is there, or the one that would be created.
struct StatefulPod {
  int64_t ordinal = 0;
  Json object;
};

// Has the pod been created? One that exists only in memory has no phase.
bool IsCreated(const Json& pod);

// The pods that belong to the set: its own, after adopting orphans that match the selector and
// carry a name of the set, and after releasing its own that no longer do.
Result<std::vector<StatefulPod>> ClaimPods(Registry& registry, const Json& set);

// The claims that are missing, the pod, and the owner references of the claims.
Status CreateStatefulPod(Registry& registry,
                         EventRecorder& recorder,
                         const Json& set,
                         const StatefulPod& pod);
// A pod that is already gone is no error.
Status DeleteStatefulPod(Registry& registry,
                         EventRecorder& recorder,
                         const Json& set,
                         const StatefulPod& pod);
// Writes back identity label, claim volumes and retention owners where they were changed.
Status RepairStatefulPod(Registry& registry,
                         EventRecorder& recorder,
                         const Json& set,
                         const StatefulPod& pod);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_PODS_H_
