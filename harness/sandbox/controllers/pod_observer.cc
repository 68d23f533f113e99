#include "harness/sandbox/controllers/pod_observer.h"

#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

void QueueOwners(const Store& store, const PodOwners& owners, const Json& pod, WorkQueue& queue) {
  if (const Json* owner = ControllerRef(pod)) {
    if (GetString(*owner, {"kind"}) == owners.kind)
      queue.Add(MakeKey(NamespaceOf(pod), GetString(*owner, {"name"})));
    return;
  }
  for (const ObjectPtr& set : store.List(owners.resource, NamespaceOf(pod))) {
    if (MatchesSelector(GetObject(set->json, {"spec", "selector"}),
                        GetObject(pod, {"metadata", "labels"})))
      queue.Add(KeyOf(set->json));
  }
}

}  // namespace

void QueueOwnersOf(const Store& store,
                   const PodOwners& owners,
                   const StoreEvent& event,
                   WorkQueue& queue) {
  QueueOwners(store, owners, event.object->json, queue);
  if (event.previous != nullptr) QueueOwners(store, owners, event.previous->json, queue);
}

}  // namespace holdfast::sandbox
