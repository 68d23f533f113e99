// NoExecute taints against tolerations, over time.
#include "harness/sandbox/controllers/taint_eviction.h"

#include <algorithm>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/placement.h"

namespace holdfast::sandbox {
namespace {

constexpr char kReason[] = "TaintManagerEviction";

bool IsNoExecute(const Json& taint) { return GetString(taint, {"effect"}) == "NoExecute"; }

bool HasNoExecute(const Json& node) {
  return std::ranges::any_of(GetArray(node, {"spec", "taints"}), IsNoExecute);
}

// For events about a pod that may be gone.
Json PodReference(const std::string& key, const std::string& uid) {
  const auto [ns, name] = SplitKey(key);
  return {{"metadata", {{"namespace", ns}, {"name", name}, {"uid", uid}}}};
}

}  // namespace

std::optional<Nanos> MayStay(const Json& tolerations, const Json& taints) {
  std::optional<Nanos> longest;
  for (const Json& taint : taints) {
    if (!IsNoExecute(taint)) continue;
    const auto tolerating = std::ranges::find_if(
        tolerations, [&](const Json& toleration) { return TolerationMatches(toleration, taint); });
    if (tolerating == tolerations.end()) return Nanos{0};
    const Json* seconds = FindPath(*tolerating, {"tolerationSeconds"});
    if (seconds == nullptr || !seconds->is_number_integer()) continue;
    const Nanos stay = std::chrono::seconds(std::max<int64_t>(0, seconds->get<int64_t>()));
    longest = std::min(longest.value_or(stay), stay);
  }
  return longest;
}

TaintEvictionController::TaintEvictionController(Registry& registry, const ClusterIndex& index)
    : registry_(registry),
      index_(index),
      recorder_(registry, "taint-eviction-controller") {}

void TaintEvictionController::AddPodsOn(const std::string& node, WorkQueue& queue) const {
  for (const auto& [key, pod] : index_.PodsOn(node))
    queue.Add(key);
}

void TaintEvictionController::Resync(WorkQueue& queue) {
  for (const ObjectPtr& node : registry_.store().List("nodes", "")) {
    if (HasNoExecute(node->json)) AddPodsOn(NameOf(node->json), queue);
  }
  for (const auto& [key, scheduled] : scheduled_)
    queue.Add(key);
}

void TaintEvictionController::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == "nodes") {
    const bool before = event.previous != nullptr && HasNoExecute(event.previous->json);
    if (!before && !HasNoExecute(object)) return;
    if (event.previous != nullptr && event.type == StoreEvent::Type::kModified &&
        GetArray(event.previous->json, {"spec", "taints"}) == GetArray(object, {"spec", "taints"})) {
      return;
    }
    AddPodsOn(NameOf(object), queue);
  } else if (event.resource == "pods") {
    const std::string key = KeyOf(object);
    if (scheduled_.contains(key)) {
      queue.Add(key);
      return;
    }
    const std::string node = GetString(object, {"spec", "nodeName"});
    const bool bound = event.previous == nullptr ||
                       GetString(event.previous->json, {"spec", "nodeName"}).empty();
    if (node.empty() || !bound) return;
    const auto found = registry_.store().Get("nodes", "", node);
    if (found && HasNoExecute((*found)->json)) queue.Add(key);
  }
}

void TaintEvictionController::Cancel(const std::string& key) {
  const auto scheduled = scheduled_.find(key);
  if (scheduled == scheduled_.end()) return;
  recorder_.Normal({"v1", "Pod", PodReference(key, scheduled->second.uid)}, kReason,
                   fmt::format("Cancelling deletion of Pod {}", key));
  scheduled_.erase(scheduled);
}

Status TaintEvictionController::Evict(const IndexedPod& pod) {
  recorder_.Normal({"v1", "Pod", pod.json()}, kReason,
                   fmt::format("Marking for deletion Pod {}", pod.key));
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  const auto marked =
      registry_.Edit("pods", pod.ns, pod.name, pod.uid, [&](Json& object) -> Status {
        SetCondition(object,
                     {{"type", "DisruptionTarget"},
                      {"status", "True"},
                      {"observedGeneration", GetInt(object, {"metadata", "generation"}, 1)},
                      {"reason", "DeletionByTaintManager"},
                      {"message", "Taint manager: deleting due to NoExecute taint"}},
                     now);
        return {};
      });
  if (!marked && marked.error().code == ErrorCode::kNotFound) return {};
  if (!marked) return Fail(marked.error());
  DeleteParameters parameters;
  parameters.uid = pod.uid;
  const auto deleted = registry_.Delete("pods", pod.ns, pod.name, parameters);
  if (!deleted && deleted.error().code != ErrorCode::kNotFound) return Fail(deleted.error());
  return {};
}

Status TaintEvictionController::Sync(const std::string& key, WorkQueue& queue) {
  const PodPtr pod = index_.FindPod(key);
  const auto node = pod == nullptr || pod->node.empty()
                        ? Result<ObjectPtr>(Fail(ErrorCode::kNotFound, "no node"))
                        : registry_.store().Get("nodes", "", pod->node);
  const auto known = scheduled_.find(key);
  const bool replaced = known != scheduled_.end() && pod && known->second.uid != pod->uid;
  if (!node || pod->terminating || replaced) Cancel(key);
  if (!node || pod->terminating || !HasNoExecute((*node)->json)) {
    Cancel(key);
    return {};
  }
  const std::optional<Nanos> stay = MayStay(GetArray(pod->json(), {"spec", "tolerations"}),
                                            GetArray((*node)->json, {"spec", "taints"}));
  if (!stay) {
    Cancel(key);
    return {};
  }
  const Nanos now = registry_.clock().Now();
  const Nanos since =
      *stay == Nanos{0} ? now : scheduled_.try_emplace(key, Scheduled{pod->uid, now}).first->second.since;
  if (since + *stay > now) {
    queue.AddAfter(key, since + *stay - now);
    return {};
  }
  scheduled_.erase(key);
  return Evict(*pod);
}

}  // namespace holdfast::sandbox
