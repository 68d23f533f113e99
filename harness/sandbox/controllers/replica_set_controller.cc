// Counting pods up and down.
#include "harness/sandbox/controllers/replica_set_controller.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/pod_observer.h"

namespace holdfast::sandbox {
namespace {

constexpr char kResource[] = "replicasets";
// More are made in the next sync.
constexpr int64_t kBurst = 500;

int64_t ReplicasOf(const Json& set) { return GetInt(set, {"spec", "replicas"}, 1); }

Json MakePod(const Json& set) {
  const Json& pod_template = GetObject(set, {"spec", "template"});
  Json pod = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"spec", GetObject(pod_template, {"spec"})}};
  Json& metadata = pod["metadata"];
  metadata["generateName"] = NameOf(set) + "-";
  metadata["namespace"] = NamespaceOf(set);
  for (const char* field : {"labels", "annotations", "finalizers"}) {
    const Json* value = FindPath(pod_template, {"metadata", field});
    if (value != nullptr && !value->empty()) metadata[field] = *value;
  }
  metadata["ownerReferences"] = Json::array({MakeControllerRef(set, "apps/v1", "ReplicaSet")});
  return pod;
}

bool IsActive(const PodPtr& pod) { return !pod->terminal && !pod->terminating; }

}  // namespace

ReplicaSetController::ReplicaSetController(Registry& registry, const ClusterIndex& index)
    : registry_(registry),
      index_(index),
      recorder_(registry, "replicaset-controller") {}

void ReplicaSetController::Resync(WorkQueue& queue) {
  for (const ObjectPtr& set : registry_.store().List(kResource, ""))
    queue.Add(KeyOf(set->json));
}

void ReplicaSetController::Observe(const StoreEvent& event, WorkQueue& queue) {
  if (event.resource == kResource) {
    queue.Add(KeyOf(event.object->json));
  } else if (event.resource == "pods") {
    QueueOwnersOf(registry_.store(), {kResource, "ReplicaSet"}, event, queue);
  }
}

// Its own, and orphans that match the selector; what no longer matches is released.
Result<std::vector<PodPtr>> ReplicaSetController::ClaimPods(const Json& set) {
  std::vector<PodPtr> claimed;
  const Json& selector = GetObject(set, {"spec", "selector"});
  const auto look = [&](PodPtr pod, bool owned) -> Status {
    const bool match = MatchesSelector(selector, GetObject(pod->json(), {"metadata", "labels"}));
    if (owned != match) {
      if (IsTerminating(set) || (match && !IsActive(pod))) return {};
      auto changed =
          registry_.Edit("pods", pod->ns, pod->name, pod->uid, [&](Json& object) -> Status {
            if (match) {
              AddOwner(object, MakeControllerRef(set, "apps/v1", "ReplicaSet"));
            } else {
              RemoveOwner(object, UidOf(set));
            }
            return {};
          });
      if (!changed && changed.error().code == ErrorCode::kNotFound) return {};
      if (!changed) return Fail(changed.error());
      pod = IndexPod(*std::move(changed));
    }
    if (match) claimed.push_back(std::move(pod));
    return {};
  };
  for (const auto& [key, pod] : index_.PodsOwnedBy(UidOf(set)))
    HOLDFAST_RETURN_IF_ERROR(look(pod, true));
  for (const auto& [key, pod] : index_.OrphansIn(NamespaceOf(set)))
    HOLDFAST_RETURN_IF_ERROR(look(pod, false));
  return claimed;
}

Status ReplicaSetController::Create(const Json& set, int64_t count) {
  for (int64_t i = 0; i < std::min(count, kBurst); ++i) {
    const auto created = registry_.Create("pods", NamespaceOf(set), MakePod(set));
    if (!created) {
      recorder_.Warning({"apps/v1", "ReplicaSet", set}, "FailedCreate",
                        fmt::format("Error creating: {}", created.error().message));
      return Fail(created.error());
    }
    recorder_.Normal({"apps/v1", "ReplicaSet", set}, "SuccessfulCreate",
                     fmt::format("Created pod: {}", NameOf((*created)->json)));
  }
  return {};
}

// Those that matter least go first: without a node, pending, not ready, on a node with more of
// their kind, ready for the shortest time, youngest.
Status ReplicaSetController::Delete(const Json& set, std::vector<PodPtr> active, size_t count) {
  std::map<std::string, int> on_node;
  for (const PodPtr& pod : active)
    ++on_node[pod->node];
  const auto rank = [&](const PodPtr& pod) {
    return std::tuple(!pod->node.empty(), !pod->pending, pod->ready,
                      -(pod->node.empty() ? 0 : on_node[pod->node]), -pod->ready_since.count(),
                      -static_cast<int64_t>(pod->stored->version));
  };
  std::ranges::sort(active, {}, rank);
  active.resize(std::min(active.size(), count));
  for (const PodPtr& pod : active) {
    DeleteParameters parameters;
    parameters.uid = pod->uid;
    const auto deleted = registry_.Delete("pods", pod->ns, pod->name, parameters);
    if (!deleted && deleted.error().code == ErrorCode::kNotFound) continue;
    if (!deleted) {
      recorder_.Warning({"apps/v1", "ReplicaSet", set}, "FailedDelete",
                        fmt::format("Error deleting: {}", deleted.error().message));
      return Fail(deleted.error());
    }
    recorder_.Normal({"apps/v1", "ReplicaSet", set}, "SuccessfulDelete",
                     fmt::format("Deleted pod: {}", pod->name));
  }
  return {};
}

Status ReplicaSetController::WriteStatus(const std::string& key,
                                         const Json& set,
                                         const std::vector<PodPtr>& pods,
                                         WorkQueue& queue) {
  const int64_t min_ready = GetInt(set, {"spec", "minReadySeconds"});
  const Json& labels = GetObject(set, {"spec", "template", "metadata", "labels"});
  const Nanos now = registry_.clock().Wall();
  int64_t replicas = 0;
  int64_t labelled = 0;
  int64_t ready = 0;
  int64_t available = 0;
  int64_t terminating = 0;
  for (const PodPtr& pod : pods) {
    if (pod->terminating && !pod->terminal) ++terminating;
    if (!IsActive(pod)) continue;
    ++replicas;
    if (MatchesLabels(labels, GetObject(pod->json(), {"metadata", "labels"}))) ++labelled;
    if (!pod->ready) continue;
    ++ready;
    Nanos remaining{0};
    if (pod->Available(min_ready, now, &remaining)) {
      ++available;
    } else if (remaining > Nanos{0}) {
      queue.AddAfter(key, remaining);
    }
  }
  Json status = {{"replicas", replicas},
                 {"terminatingReplicas", terminating},
                 {"observedGeneration", GetInt(set, {"metadata", "generation"})}};
  if (labelled != 0) status["fullyLabeledReplicas"] = labelled;
  if (ready != 0) status["readyReplicas"] = ready;
  if (available != 0) status["availableReplicas"] = available;
  if (GetObject(set, {"status"}) == status) return {};
  const auto written = registry_.Edit(kResource, NamespaceOf(set), NameOf(set), UidOf(set),
                                      [&](Json& object) -> Status {
                                        object["status"] = std::move(status);
                                        return {};
                                      });
  if (!written && written.error().code != ErrorCode::kNotFound) return Fail(written.error());
  return {};
}

Status ReplicaSetController::Sync(const std::string& key, WorkQueue& queue) {
  const auto [ns, name] = SplitKey(key);
  const auto found = registry_.store().Get(kResource, ns, name);
  if (!found) return {};
  const Json& set = (*found)->json;
  HOLDFAST_ASSIGN(const std::vector<PodPtr> pods, ClaimPods(set));
  std::vector<PodPtr> active;
  std::ranges::copy_if(pods, std::back_inserter(active), IsActive);
  Status outcome;
  if (!IsTerminating(set)) {
    const int64_t missing = ReplicasOf(set) - static_cast<int64_t>(active.size());
    if (missing > 0) outcome = Create(set, missing);
    if (missing < 0) outcome = Delete(set, std::move(active), static_cast<size_t>(-missing));
  }
  const Status written = WriteStatus(key, set, pods, queue);
  HOLDFAST_RETURN_IF_ERROR(outcome);
  return written;
}

}  // namespace holdfast::sandbox
