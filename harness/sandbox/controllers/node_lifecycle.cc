// Silence, and the end of silence.
#include "harness/sandbox/controllers/node_lifecycle.h"

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kUnreachable[] = "node.kubernetes.io/unreachable";
constexpr char kLeaseNamespace[] = "kube-node-lease";
constexpr char kSilentReason[] = "NodeStatusUnknown";
constexpr char kConditionTypes[][16] = {"MemoryPressure", "DiskPressure", "PIDPressure", "Ready"};

Status IgnoreGone(const Result<ObjectPtr>& result) {
  if (result || result.error().code == ErrorCode::kNotFound) return {};
  return Fail(result.error());
}

bool HasUnreachableTaint(const Json& node) {
  for (const Json& taint : GetArray(node, {"spec", "taints"})) {
    if (GetString(taint, {"key"}) == kUnreachable) return true;
  }
  return false;
}

void RemoveUnreachableTaints(Json& node) {
  if (!HasUnreachableTaint(node)) return;
  Json kept = Json::array();
  for (const Json& taint : GetArray(node, {"spec", "taints"})) {
    if (GetString(taint, {"key"}) != kUnreachable) kept.push_back(taint);
  }
  if (kept.empty()) {
    node["spec"].erase("taints");
  } else {
    node["spec"]["taints"] = std::move(kept);
  }
}

}  // namespace

NodeLifecycleController::NodeLifecycleController(Registry& registry, Nanos grace)
    : registry_(registry),
      recorder_(registry, "node-controller"),
      grace_(grace) {}

void NodeLifecycleController::Resync(WorkQueue& queue) {
  for (const ObjectPtr& node : registry_.store().List("nodes", ""))
    queue.Add(NameOf(node->json));
}

void NodeLifecycleController::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == "nodes") {
    if (event.type == StoreEvent::Type::kDeleted) {
      heartbeats_.erase(NameOf(object));
    } else {
      queue.Add(NameOf(object));
    }
  } else if (event.resource == "leases" && NamespaceOf(object) == kLeaseNamespace) {
    queue.Add(NameOf(object));
  }
}

std::string NodeLifecycleController::HeartbeatOf(const Json& node) const {
  std::string mark;
  if (const Json* ready = FindCondition(node, "Ready")) {
    mark = GetString(*ready, {"lastHeartbeatTime"});
  }
  const auto lease = registry_.store().Get("leases", kLeaseNamespace, NameOf(node));
  if (lease) mark += " " + GetString((*lease)->json, {"spec", "renewTime"});
  return mark;
}

Status NodeLifecycleController::MarkPodsNotReady(const std::string& node) {
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  for (const ObjectPtr& pod : registry_.store().List("pods", "")) {
    if (GetString(pod->json, {"spec", "nodeName"}) != node || !IsPodReady(pod->json)) continue;
    HOLDFAST_RETURN_IF_ERROR(
        IgnoreGone(registry_.Edit("pods", NamespaceOf(pod->json), NameOf(pod->json),
                                  UidOf(pod->json), [&](Json& object) -> Status {
                                    const Json* ready = FindCondition(object, "Ready");
                                    if (ready == nullptr) return {};
                                    Json condition = *ready;
                                    condition["status"] = "False";
                                    SetCondition(object, std::move(condition), now);
                                    return {};
                                  })));
    recorder_.Warning({"v1", "Pod", pod->json}, "NodeNotReady", "Node is not ready");
  }
  return {};
}

Status NodeLifecycleController::MarkUnreachable(const Json& node) {
  if (!ConditionIs(node, "Ready", "Unknown") || !HasUnreachableTaint(node)) {
    const std::string now = FormatRfc3339(registry_.clock().Wall());
    HOLDFAST_RETURN_IF_ERROR(IgnoreGone(
        registry_.Edit("nodes", "", NameOf(node), UidOf(node), [&](Json& object) -> Status {
          for (const char* type : kConditionTypes) {
            SetCondition(object,
                         {{"type", type},
                          {"status", "Unknown"},
                          {"reason", kSilentReason},
                          {"message", "Kubelet stopped posting node status."}},
                         now);
          }
          RemoveUnreachableTaints(object);
          Json& taints = object["spec"]["taints"];
          if (!taints.is_array()) taints = Json::array();
          for (const char* effect : {"NoSchedule", "NoExecute"}) {
            taints.push_back({{"key", kUnreachable}, {"effect", effect}, {"timeAdded", now}});
          }
          return {};
        })));
    recorder_.Normal({"v1", "Node", node}, "NodeNotReady",
                     fmt::format("Node {} status is now: NodeNotReady", NameOf(node)));
  }
  return MarkPodsNotReady(NameOf(node));
}

// An agent that renews its lease vouches for its node; if it posts conditions of its own they win,
// for only ours are replaced.
Status NodeLifecycleController::MarkReachable(const Json& node) {
  const Json* ready = FindCondition(node, "Ready");
  const bool silent = ready != nullptr && GetString(*ready, {"reason"}) == kSilentReason;
  const bool stale_taint = HasUnreachableTaint(node) && ready != nullptr;
  if (!silent && !stale_taint) return {};
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  return IgnoreGone(
      registry_.Edit("nodes", "", NameOf(node), UidOf(node), [&](Json& object) -> Status {
        for (const char* type : kConditionTypes) {
          const Json* condition = FindCondition(object, type);
          if (condition == nullptr || GetString(*condition, {"reason"}) != kSilentReason) continue;
          const bool is_ready = std::string_view(type) == "Ready";
          SetCondition(object,
                       {{"type", type},
                        {"status", is_ready ? "True" : "False"},
                        {"reason", is_ready ? "KubeletReady" : "KubeletHasSufficient"},
                        {"message", "the node's agent renews its lease again"}},
                       now);
        }
        RemoveUnreachableTaints(object);
        return {};
      }));
}

Status NodeLifecycleController::Sync(const std::string& key, WorkQueue& queue) {
  const auto found = registry_.store().Get("nodes", "", key);
  if (!found) {
    heartbeats_.erase(key);
    return {};
  }
  const Json& node = (*found)->json;
  const Nanos now = registry_.clock().Now();
  const std::string mark = HeartbeatOf(node);
  const auto [entry, first] = heartbeats_.try_emplace(key, Heartbeat{mark, now});
  const bool renewed = first || entry->second.mark != mark;
  if (renewed) entry->second = {mark, now};
  const Nanos left = entry->second.seen + grace_ - now;
  if (left <= Nanos{0}) return MarkUnreachable(node);
  queue.AddAfter(key, left);
  return MarkReachable(node);
}

}  // namespace holdfast::sandbox
