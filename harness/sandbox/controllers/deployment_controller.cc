// Rolling over, and starting anew.
#include "harness/sandbox/controllers/deployment_controller.h"

#include <algorithm>

#include "harness/sandbox/controllers/deployment_status.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kResource[] = "deployments";

int64_t Available(const Json& set) { return GetInt(set, {"status", "availableReplicas"}); }

bool IsSynced(const Json& set) {
  return GetInt(set, {"status", "observedGeneration"}) >= GetInt(set, {"metadata", "generation"});
}

void AddOwnerOf(const Json& object, WorkQueue& queue) {
  const Json* owner = ControllerRef(object);
  if (owner != nullptr && GetString(*owner, {"kind"}) == "Deployment")
    queue.Add(MakeKey(NamespaceOf(object), GetString(*owner, {"name"})));
}

}  // namespace

DeploymentController::DeploymentController(Registry& registry, const ClusterIndex& index)
    : registry_(registry),
      index_(index),
      recorder_(registry, "deployment-controller") {}

void DeploymentController::Resync(WorkQueue& queue) {
  for (const ObjectPtr& deployment : registry_.store().List(kResource, ""))
    queue.Add(KeyOf(deployment->json));
}

void DeploymentController::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == kResource) {
    queue.Add(KeyOf(object));
  } else if (event.resource == "replicasets") {
    AddOwnerOf(object, queue);
    if (event.previous != nullptr) AddOwnerOf(event.previous->json, queue);
    if (ControllerRef(object) == nullptr) {
      for (const ObjectPtr& deployment : registry_.store().List(kResource, NamespaceOf(object)))
        queue.Add(KeyOf(deployment->json));
    }
  } else if (event.resource == "pods" && event.type == StoreEvent::Type::kDeleted) {
    // Recreate waits for the last old pod.
    const Json* owner = ControllerRef(object);
    if (owner == nullptr || GetString(*owner, {"kind"}) != "ReplicaSet") return;
    const auto set =
        registry_.store().Get("replicasets", NamespaceOf(object), GetString(*owner, {"name"}));
    if (set) AddOwnerOf((*set)->json, queue);
  }
}

Status DeploymentController::Scale(const Json& deployment, ObjectPtr& set, int64_t replicas) {
  return ScaleSet(registry_, recorder_, deployment, set, replicas);
}

Result<bool> DeploymentController::GrowCurrent(const Json& deployment, DeploymentSets& sets) {
  const int64_t wanted = DeploymentReplicas(deployment);
  const int64_t have = SetReplicas(sets.current->json);
  if (have == wanted) {
    HOLDFAST_RETURN_IF_ERROR(Scale(deployment, sets.current, wanted));  // The annotations.
    return false;
  }
  int64_t next = wanted;
  if (have < wanted) {
    const int64_t room = wanted + LimitsOf(deployment).max_surge - sets.SpecReplicas();
    if (room <= 0) return false;
    next = std::min(wanted, have + room);
  }
  HOLDFAST_RETURN_IF_ERROR(Scale(deployment, sets.current, next));
  return true;
}

Status DeploymentController::ShrinkOld(const Json& deployment, DeploymentSets& sets) {
  const int64_t least = DeploymentReplicas(deployment) - LimitsOf(deployment).max_unavailable;
  const int64_t unready_new = SetReplicas(sets.current->json) - Available(sets.current->json);
  int64_t may_go = sets.SpecReplicas() - least - unready_new;
  if (may_go <= 0) return {};
  // First what does not serve anyway.
  for (ObjectPtr& set : sets.old) {
    const int64_t have = SetReplicas(set->json);
    const int64_t sick = std::min(may_go, have - Available(set->json));
    if (have == 0 || sick <= 0) continue;
    if (!IsSynced(set->json)) return {};
    HOLDFAST_RETURN_IF_ERROR(Scale(deployment, set, have - sick));
    may_go -= sick;
  }
  int64_t serving = 0;
  for (const ObjectPtr& set : sets.All())
    serving += Available(set->json);
  int64_t spare = serving - least;
  for (ObjectPtr& set : sets.old) {
    const int64_t have = SetReplicas(set->json);
    const int64_t away = std::min(spare, have);
    if (away <= 0) continue;
    HOLDFAST_RETURN_IF_ERROR(Scale(deployment, set, have - away));
    spare -= away;
  }
  return {};
}

Status DeploymentController::RollOver(const Json& deployment, DeploymentSets& sets) {
  HOLDFAST_RETURN_IF_ERROR(EnsureCurrentSet(registry_, recorder_, deployment, sets));
  if (sets.created) return {};
  HOLDFAST_ASSIGN(const bool grown, GrowCurrent(deployment, sets));
  return grown ? Status() : ShrinkOld(deployment, sets);
}

Status DeploymentController::Recreate(const Json& deployment, DeploymentSets& sets) {
  for (ObjectPtr& set : sets.old) {
    if (SetReplicas(set->json) > 0) HOLDFAST_RETURN_IF_ERROR(Scale(deployment, set, 0));
  }
  for (const ObjectPtr& set : sets.old) {
    for (const auto& [key, pod] : index_.PodsOwnedBy(UidOf(set->json)))
      if (!pod->terminal) return {};
  }
  HOLDFAST_RETURN_IF_ERROR(EnsureCurrentSet(registry_, recorder_, deployment, sets));
  return Scale(deployment, sets.current, DeploymentReplicas(deployment));
}

Status DeploymentController::ScaleOnly(const Json& deployment, DeploymentSets& sets) {
  std::vector<ObjectPtr*> active;
  if (sets.current != nullptr && SetReplicas(sets.current->json) > 0)
    active.push_back(&sets.current);
  for (ObjectPtr& set : sets.old)
    if (SetReplicas(set->json) > 0) active.push_back(&set);
  return active.size() == 1 ? Scale(deployment, *active.front(), DeploymentReplicas(deployment))
                            : Status();
}

// Empty old sets beyond spec.revisionHistoryLimit go, oldest first.
Status DeploymentController::CleanUp(const Json& deployment, const DeploymentSets& sets) {
  const int64_t limit = GetInt(deployment, {"spec", "revisionHistoryLimit"}, 10);
  int64_t surplus = static_cast<int64_t>(sets.old.size()) - limit;
  for (const ObjectPtr& set : sets.old) {
    if (surplus-- <= 0) break;
    const Json& json = set->json;
    if (SetReplicas(json) != 0 || GetInt(json, {"status", "replicas"}) != 0 || !IsSynced(json) ||
        IsTerminating(json)) {
      continue;
    }
    DeleteParameters parameters;
    parameters.uid = UidOf(json);
    const auto deleted =
        registry_.Delete("replicasets", NamespaceOf(json), NameOf(json), parameters);
    if (!deleted && deleted.error().code != ErrorCode::kNotFound) return Fail(deleted.error());
  }
  return {};
}

Status DeploymentController::WriteStatus(const std::string& key,
                                         const Json& deployment,
                                         const DeploymentSets& sets,
                                         WorkQueue& queue) {
  const Nanos now = registry_.clock().Wall();
  Json status = DeploymentStatus(deployment, sets, now);
  if (const auto left = UntilDeadline(deployment, status, now))
    queue.AddAfter(key, std::max<Nanos>(*left, std::chrono::seconds(1)));
  if (GetObject(deployment, {"status"}) == status) return {};
  const auto written =
      registry_.Edit(kResource, NamespaceOf(deployment), NameOf(deployment), UidOf(deployment),
                     [&](Json& object) -> Status {
                       object["status"] = std::move(status);
                       return {};
                     });
  if (!written && written.error().code != ErrorCode::kNotFound) return Fail(written.error());
  return {};
}

Status DeploymentController::Sync(const std::string& key, WorkQueue& queue) {
  const auto [ns, name] = SplitKey(key);
  const auto found = registry_.store().Get(kResource, ns, name);
  if (!found) return {};
  const Json& deployment = (*found)->json;
  HOLDFAST_ASSIGN(DeploymentSets sets, FindSets(registry_, deployment));
  if (IsTerminating(deployment)) return WriteStatus(key, deployment, sets, queue);
  Status outcome;
  if (GetBool(deployment, {"spec", "paused"})) {
    outcome = ScaleOnly(deployment, sets);
  } else if (GetString(deployment, {"spec", "strategy", "type"}) == "Recreate") {
    outcome = Recreate(deployment, sets);
  } else {
    outcome = RollOver(deployment, sets);
  }
  const Status written = WriteStatus(key, deployment, sets, queue);
  HOLDFAST_RETURN_IF_ERROR(outcome);
  HOLDFAST_RETURN_IF_ERROR(written);
  return DeploymentIsComplete(deployment, GetObject(deployment, {"status"}))
             ? CleanUp(deployment, sets)
             : Status();
}

}  // namespace holdfast::sandbox
