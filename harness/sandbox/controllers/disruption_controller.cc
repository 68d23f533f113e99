// The arithmetic of budgets.
#include "harness/sandbox/controllers/disruption_controller.h"

#include <algorithm>
#include <set>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/int_or_string.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kResource[] = "poddisruptionbudgets";
// How long an eviction may take to show in the pod.
constexpr Nanos kDeletionTimeout = std::chrono::minutes(2);

bool Selects(const Json& budget, const Json& labels) {
  const Json* selector = FindPath(budget, {"spec", "selector"});
  return selector != nullptr && MatchesSelector(*selector, labels);
}

EventSubject Subject(const Json& budget) {
  return {"policy/v1", "PodDisruptionBudget", budget};
}

}  // namespace

DisruptionController::DisruptionController(Registry& registry, const ClusterIndex& index)
    : registry_(registry),
      index_(index),
      recorder_(registry, "controllermanager") {}

void DisruptionController::Resync(WorkQueue& queue) {
  for (const ObjectPtr& budget : registry_.store().List(kResource, ""))
    queue.Add(KeyOf(budget->json));
}

void DisruptionController::AddBudgetsOf(const Json& pod, WorkQueue& queue) const {
  for (const ObjectPtr& budget : registry_.store().List(kResource, NamespaceOf(pod))) {
    if (Selects(budget->json, GetObject(pod, {"metadata", "labels"})))
      queue.Add(KeyOf(budget->json));
  }
}

void DisruptionController::Observe(const StoreEvent& event, WorkQueue& queue) {
  if (event.resource == kResource) {
    if (event.type != StoreEvent::Type::kDeleted) queue.Add(KeyOf(event.object->json));
  } else if (event.resource == "pods") {
    AddBudgetsOf(event.object->json, queue);
    if (event.previous != nullptr) AddBudgetsOf(event.previous->json, queue);
  }
}

std::vector<PodPtr> DisruptionController::PodsOf(const Json& budget) const {
  std::vector<PodPtr> pods;
  for (const auto& [key, pod] : index_.PodsIn(NamespaceOf(budget))) {
    if (Selects(budget, GetObject(pod->json(), {"metadata", "labels"}))) pods.push_back(pod);
  }
  return pods;
}

// A ReplicaSet that belongs to a Deployment counts as the Deployment.
Result<int64_t> DisruptionController::ReplicasOfController(const IndexedPod& pod,
                                                           std::string* uid) const {
  const Store& store = registry_.store();
  const Json& reference = *ControllerRef(pod.json());
  const std::string kind = GetString(reference, {"kind"});
  const std::string resource = kind == "StatefulSet"  ? "statefulsets"
                               : kind == "ReplicaSet" ? "replicasets"
                                                      : "";
  const auto nobody =
      Fail(ErrorCode::kNotFound, "found no controllers for pod \"{}\"", pod.name);
  if (resource.empty()) return nobody;
  const auto owner = store.Get(resource, pod.ns, GetString(reference, {"name"}));
  if (!owner || UidOf((*owner)->json) != pod.owner) return nobody;
  *uid = pod.owner;
  if (const Json* above = ControllerRef((*owner)->json); above != nullptr && kind == "ReplicaSet") {
    const auto deployment = store.Get("deployments", pod.ns, GetString(*above, {"name"}));
    if (deployment && UidOf((*deployment)->json) == GetString(*above, {"uid"})) {
      *uid = UidOf((*deployment)->json);
      return GetInt((*deployment)->json, {"spec", "replicas"}, 1);
    }
  }
  return GetInt((*owner)->json, {"spec", "replicas"}, 1);
}

Result<int64_t> DisruptionController::ScaleOf(const Json& budget, const std::vector<PodPtr>& pods) {
  std::set<std::string> owners;    // Of the pods.
  std::set<std::string> counted;  // What scales them.
  int64_t scale = 0;
  bool unmanaged = false;
  for (const PodPtr& pod : pods) {
    unmanaged = unmanaged || pod->owner.empty();
    if (pod->owner.empty() || !owners.insert(pod->owner).second) continue;
    std::string uid;
    HOLDFAST_ASSIGN(const int64_t replicas, ReplicasOfController(*pod, &uid));
    if (counted.insert(uid).second) scale += replicas;
  }
  if (unmanaged) {
    recorder_.Warning(Subject(budget), "UnmanagedPods",
                      "Pods selected by this PodDisruptionBudget were found to be unmanaged. As a "
                      "result, the status of the PDB cannot be calculated correctly, which may "
                      "result in undefined behavior. To account for these pods please set "
                      "\".spec.minAvailable\" field of the PDB to an integer value.");
  }
  return scale;
}

Result<DisruptionController::Expected> DisruptionController::ExpectedOf(
    const Json& budget, const std::vector<PodPtr>& pods) {
  Expected expected;
  if (const Json* most = FindPath(budget, {"spec", "maxUnavailable"})) {
    HOLDFAST_ASSIGN(expected.pods, ScaleOf(budget, pods));
    HOLDFAST_ASSIGN(const int64_t away, ScaledValue(*most, expected.pods, Rounding::kUp));
    expected.healthy = std::max<int64_t>(0, expected.pods - away);
    return expected;
  }
  const Json* least = FindPath(budget, {"spec", "minAvailable"});
  if (least == nullptr) return expected;
  if (least->is_number_integer()) {
    expected.pods = static_cast<int64_t>(pods.size());
    expected.healthy = least->get<int64_t>();
    return expected;
  }
  HOLDFAST_ASSIGN(expected.pods, ScaleOf(budget, pods));
  HOLDFAST_ASSIGN(expected.healthy, ScaledValue(*least, expected.pods, Rounding::kUp));
  return expected;
}

Json DisruptionController::StillDisrupted(const std::string& key,
                                          const Json& budget,
                                          const std::vector<PodPtr>& pods,
                                          WorkQueue& queue) {
  Json still = Json::object();
  const Json& entered = GetObject(budget, {"status", "disruptedPods"});
  if (entered.empty()) return still;
  const Nanos now = registry_.clock().Wall();
  for (const PodPtr& pod : pods) {
    const auto at = ParseRfc3339(GetString(entered, {pod->name}));
    if (!at || pod->terminating) continue;
    const Nanos left = *at + kDeletionTimeout - now;
    if (left < Nanos{0}) {
      recorder_.Warning({"v1", "Pod", pod->json()}, "NotDeleted",
                        fmt::format("Pod was expected by PDB {} to be deleted but it wasn't", key));
      continue;
    }
    still[pod->name] = entered[pod->name];
    queue.AddAfter(key, left + std::chrono::milliseconds(1));
  }
  return still;
}

Status DisruptionController::WriteStatus(const Json& budget,
                                         Json status,
                                         const std::string& failure) {
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  const bool sufficient = GetInt(status, {"disruptionsAllowed"}) > 0;
  status["observedGeneration"] = GetInt(budget, {"metadata", "generation"}, 1);
  const Json condition = {
      {"type", "DisruptionAllowed"},
      {"status", sufficient ? "True" : "False"},
      {"observedGeneration", status["observedGeneration"]},
      {"reason", !failure.empty() ? "SyncFailed" : sufficient ? "SufficientPods"
                                                              : "InsufficientPods"},
      {"message", failure}};
  const std::string version = GetString(budget, {"metadata", "resourceVersion"});
  const auto written = registry_.Edit(
      kResource, NamespaceOf(budget), NameOf(budget), UidOf(budget), [&](Json& object) -> Status {
        // An eviction that came in between must not be overwritten; its event brings the key back.
        if (GetString(object, {"metadata", "resourceVersion"}) != version) return {};
        const Json& conditions = GetArray(object, {"status", "conditions"});
        if (!conditions.empty()) status["conditions"] = conditions;
        object["status"] = std::move(status);
        SetCondition(object, condition, now);
        return {};
      });
  if (!written && written.error().code != ErrorCode::kNotFound) return Fail(written.error());
  return {};
}

Status DisruptionController::Sync(const std::string& key, WorkQueue& queue) {
  const auto [ns, name] = SplitKey(key);
  const auto found = registry_.store().Get(kResource, ns, name);
  if (!found) return {};
  const Json& budget = (*found)->json;
  const std::vector<PodPtr> pods = PodsOf(budget);
  if (pods.empty()) recorder_.Normal(Subject(budget), "NoPods", "No matching pods found");
  const Result<Expected> expected = ExpectedOf(budget, pods);
  if (!expected) {
    const std::string& why = expected.error().message;
    recorder_.Warning(Subject(budget), "CalculateExpectedPodCountFailed",
                      fmt::format("Failed to calculate the number of expected pods: {}", why));
    Json status = GetObject(budget, {"status"});
    status["disruptionsAllowed"] = 0;
    HOLDFAST_RETURN_IF_ERROR(WriteStatus(budget, std::move(status), why));
    return Fail(expected.error());
  }
  Json disrupted = StillDisrupted(key, budget, pods, queue);
  const int64_t healthy = std::ranges::count_if(pods, [&](const PodPtr& pod) {
    return pod->ready && !pod->terminating && !disrupted.contains(pod->name);
  });
  const int64_t spare = expected->pods > 0 ? std::max<int64_t>(0, healthy - expected->healthy) : 0;
  Json status = {{"disruptionsAllowed", spare},
                 {"currentHealthy", healthy},
                 {"desiredHealthy", expected->healthy},
                 {"expectedPods", expected->pods}};
  if (!disrupted.empty()) status["disruptedPods"] = std::move(disrupted);
  return WriteStatus(budget, std::move(status), "");
}

}  // namespace holdfast::sandbox
