// Questions about Kubernetes objects that every controller asks: keys, owners, selectors,
// finalizers, conditions, pod health.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_OBJECT_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_OBJECT_H_

#include <string>
#include <string_view>
#include <utility>

#include "harness/base/clock.h"
#include "harness/base/json.h"

namespace holdfast::sandbox {

std::string NameOf(const Json& object);
std::string NamespaceOf(const Json& object);  // Empty for cluster-scoped objects.
std::string UidOf(const Json& object);
bool IsTerminating(const Json& object);

// "namespace/name", or "name" for a cluster-scoped object; the inverse of SplitKey.
std::string KeyOf(const Json& object);
std::string MakeKey(std::string_view ns, std::string_view name);
std::pair<std::string, std::string> SplitKey(std::string_view key);

// The owner reference with controller: true, or nullptr; lives as long as `object`.
const Json* ControllerRef(const Json& object);
// True when an owner reference carries `uid`.
bool HasOwner(const Json& object, std::string_view uid);
// A reference with controller and blockOwnerDeletion set.
Json MakeControllerRef(const Json& owner, std::string_view api_version, std::string_view kind);
// Removes every owner reference that carries `uid`; metadata.ownerReferences goes when it is empty.
// Returns whether there was one.
bool RemoveOwner(Json& object, std::string_view uid);
void AddOwner(Json& object, Json reference);

// Every key of `wanted` (a map of strings) is in `labels` with the same value.
bool MatchesLabels(const Json& wanted, const Json& labels);
// A LabelSelector with matchLabels and matchExpressions; an empty selector matches everything, null
// nothing.
bool MatchesSelector(const Json& selector, const Json& labels);

bool HasFinalizer(const Json& object, std::string_view finalizer);
// Both return whether they changed something.
bool AddFinalizer(Json& object, std::string_view finalizer);
bool RemoveFinalizer(Json& object, std::string_view finalizer);

// The entry of status.conditions with this type, or nullptr.
const Json* FindCondition(const Json& object, std::string_view type);
bool ConditionIs(const Json& object, std::string_view type, std::string_view status);
// Sets or adds the condition (an object with type and status); lastTransitionTime is `now` when the
// status is new, else kept. Returns whether anything but the times changed.
bool SetCondition(Json& object, Json condition, const std::string& now);

// Pod health as the workload controllers see it (podutils of Kubernetes).
bool IsPodReady(const Json& pod);
bool IsPodRunningAndReady(const Json& pod);
bool IsPodTerminal(const Json& pod);  // Phase Failed or Succeeded.
// Ready for at least `min_ready_seconds` at the wall time `now`. When it is only too young,
// `remaining` (may be nullptr) receives the time to wait.
bool IsPodAvailable(const Json& pod, int64_t min_ready_seconds, Nanos now, Nanos* remaining);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_OBJECT_H_
