// Which workloads a change of a pod concerns: the same question for every kind that owns pods.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_POD_OBSERVER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_POD_OBSERVER_H_

#include <string_view>

#include "harness/sandbox/controllers/work_queue.h"
#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {

// A kind that owns pods and knows them by spec.selector.
struct PodOwners {
  const char* resource;  // "statefulsets"
  std::string_view kind;  // "StatefulSet"
};

// Adds the keys of those that an event of the resource pods concerns: the pod's controller; for an
// orphan all whose selector matches it, since they may adopt it; and the same for the pod as it was
// before, because a pod that was released still concerns the set that it left.
void QueueOwnersOf(const Store& store,
                   const PodOwners& owners,
                   const StoreEvent& event,
                   WorkQueue& queue);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_POD_OBSERVER_H_
