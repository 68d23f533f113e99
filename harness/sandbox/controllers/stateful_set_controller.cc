// Events to keys, and the outer frame of a sync: claim, revisions, reconcile, status, history.
#include "harness/sandbox/controllers/stateful_set_controller.h"

#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/pod_observer.h"
#include "harness/sandbox/controllers/stateful_identity.h"

namespace holdfast::sandbox {
namespace {

constexpr char kResource[] = "statefulsets";
// How long a set is ready before a defect restarts one of its pods, and what stands for "done".
constexpr Nanos kRestartAfter = std::chrono::seconds(3);
constexpr Nanos kRestarted = Nanos::max();

// What the API server's validation would refuse (a decrement below zero in a third revision's
// rollout); the sync is repeated then.
Status ValidateCounters(const Json& status) {
  for (const char* counter : {"currentReplicas", "updatedReplicas", "readyReplicas"}) {
    if (GetInt(status, {counter}) < 0) {
      return Fail(ErrorCode::kRefused, "status.{} must be greater than or equal to 0, not {}",
                  counter, GetInt(status, {counter}));
    }
  }
  return {};
}

// Whether there is nothing to write. Conditions are nobody's business here: what somebody else put
// there stays until a counter moves.
bool SameCounters(const Json& before, const Json& after) {
  for (const char* counter : {"observedGeneration", "replicas", "readyReplicas", "availableReplicas",
                              "currentReplicas", "updatedReplicas"})
    if (GetInt(before, {counter}) != GetInt(after, {counter})) return false;
  return GetString(before, {"currentRevision"}) == GetString(after, {"currentRevision"}) &&
         GetString(before, {"updateRevision"}) == GetString(after, {"updateRevision"});
}

}  // namespace

StatefulSetController::StatefulSetController(Registry& registry,
                                             const ClusterIndex& index,
                                             const Defects& defects)
    : registry_(registry),
      recorder_(registry, "statefulset-controller"),
      rules_(StatefulRules::With(defects)),
      context_{registry_, index, recorder_, rules_} {}

void StatefulSetController::AddSetsOf(const std::string& ns, WorkQueue& queue) const {
  for (const ObjectPtr& set : registry_.store().List(kResource, ns))
    queue.Add(KeyOf(set->json));
}

void StatefulSetController::Resync(WorkQueue& queue) { AddSetsOf("", queue); }

void StatefulSetController::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == kResource) {
    if (event.type == StoreEvent::Type::kDeleted) memories_.erase(UidOf(object));
    queue.Add(KeyOf(object));
  } else if (event.resource == "pods") {
    QueueOwnersOf(registry_.store(), {kResource, "StatefulSet"}, event, queue);
  } else if (event.resource == "persistentvolumeclaims") {
    ObserveClaim(event, queue);
  }
}

void StatefulSetController::ObserveClaim(const StoreEvent& event, WorkQueue& queue) {
  const Json& claim = event.object->json;
  const bool same_owners = event.previous != nullptr &&
                           GetArray(event.previous->json, {"metadata", "ownerReferences"}) ==
                               GetArray(claim, {"metadata", "ownerReferences"});
  if (event.type != StoreEvent::Type::kModified || !same_owners) ++claims_changed_;
  // Somebody may be waiting for the name to be free.
  if (event.type == StoreEvent::Type::kDeleted) AddSetsOf(NamespaceOf(claim), queue);
}

Status StatefulSetController::WriteStatus(const Json& set, const Json& status) {
  if (SameCounters(GetObject(set, {"status"}), status)) return {};
  HOLDFAST_RETURN_IF_ERROR(ValidateCounters(status));
  const auto written = registry_.Edit(kResource, NamespaceOf(set), NameOf(set), UidOf(set),
                                      [&](Json& object) -> Status {
                                        object["status"] = status;
                                        return {};
                                      });
  if (!written && written.error().code != ErrorCode::kNotFound) return Fail(written.error());
  return {};
}

Status StatefulSetController::Reconcile(const std::string& key,
                                        const Json& set,
                                        const std::vector<StatefulPod>& pods,
                                        const StatefulRevisions& revisions,
                                        WorkQueue& queue) {
  StatefulReconcile reconcile(context_, set, revisions, memories_[UidOf(set)],
                              registry_.clock().Wall());
  const Status outcome = reconcile.Run(pods);
  const Status written = WriteStatus(set, reconcile.status());
  if (reconcile.next_available()) queue.AddAfter(key, *reconcile.next_available());
  HOLDFAST_RETURN_IF_ERROR(outcome);
  if (rules_.restart_unprovoked)
    HOLDFAST_RETURN_IF_ERROR(RestartUnprovoked(key, set, reconcile, queue));
  return written;
}

Status StatefulSetController::RestartUnprovoked(const std::string& key,
                                                const Json& set,
                                                const StatefulReconcile& reconcile,
                                                WorkQueue& queue) {
  if (!reconcile.AllReady()) return {};
  const Nanos now = registry_.clock().Now();
  Nanos& at = restart_at_.try_emplace(UidOf(set), now + kRestartAfter).first->second;
  if (at == kRestarted) return {};
  if (at > now) {
    queue.AddAfter(key, at - now);
    return {};
  }
  at = kRestarted;
  return DeleteStatefulPod(context_, set, *reconcile.Highest());
}

Status StatefulSetController::Sync(const std::string& key, WorkQueue& queue) {
  const auto [ns, name] = SplitKey(key);
  const Result<ObjectPtr> found = registry_.store().Get(kResource, ns, name);
  if (!found) return {};
  const Json& set = (*found)->json;
  std::vector<ObjectPtr> history = ListRevisions(registry_.store(), set);
  HOLDFAST_RETURN_IF_ERROR(AdoptRevisions(registry_, set, history));
  StatefulMemory& memory = memories_[UidOf(set)];
  memory.Begin(GetInt(set, {"metadata", "generation"}), claims_changed_);
  HOLDFAST_ASSIGN(const std::vector<StatefulPod> pods, ClaimPods(context_, set, memory));
  HOLDFAST_ASSIGN(const StatefulRevisions revisions, ResolveRevisions(registry_, set, history));
  const Status outcome = Reconcile(key, set, pods, revisions, queue);
  std::set<std::string> live = {NameOf(revisions.current->json), NameOf(revisions.update->json)};
  for (const StatefulPod& pod : pods)
    if (!live.contains(pod.revision)) live.insert(pod.revision);
  // History is kept short even while pods cannot be brought in order.
  const Status truncated = TruncateHistory(registry_, set, live);
  HOLDFAST_RETURN_IF_ERROR(outcome);
  return truncated;
}

}  // namespace holdfast::sandbox
