// Silence, and the end of silence.
#include "harness/sandbox/controllers/node_lifecycle.h"

#include <utility>
#include <vector>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/taints.h"

namespace holdfast::sandbox {
namespace {

constexpr char kLeaseNamespace[] = "kube-node-lease";
constexpr double kUnhealthyShare = 0.55;
constexpr int kSmallestPartial = 3;
constexpr char kConditionTypes[][16] = {"MemoryPressure", "DiskPressure", "PIDPressure", "Ready"};

Status IgnoreGone(const Result<ObjectPtr>& result) {
  if (result || result.error().code == ErrorCode::kNotFound) return {};
  return Fail(result.error());
}

std::string ReadyOf(const Json& node) {
  const Json* ready = FindCondition(node, "Ready");
  return ready == nullptr ? "" : GetString(*ready, {"status"});
}

std::string ZoneOf(const Json& node) {
  return GetString(node, {"metadata", "labels", "topology.kubernetes.io/region"}) + "/" +
         GetString(node, {"metadata", "labels", "topology.kubernetes.io/zone"});
}

const std::vector<std::string>& EvictionTaints() {
  static const std::vector<std::string> kTaints{kTaintNotReady, kTaintUnreachable};
  return kTaints;
}

// What the conditions of a node say about scheduling.
const std::vector<std::pair<std::string, std::string>>& PressureTaints() {
  static const std::vector<std::pair<std::string, std::string>> kTaints{
      {"MemoryPressure", "node.kubernetes.io/memory-pressure"},
      {"DiskPressure", "node.kubernetes.io/disk-pressure"},
      {"PIDPressure", "node.kubernetes.io/pid-pressure"},
      {"NetworkUnavailable", "node.kubernetes.io/network-unavailable"}};
  return kTaints;
}

}  // namespace

NodeLifecycleController::NodeLifecycleController(Registry& registry,
                                                 const ClusterIndex& index,
                                                 const NodeTimings& timings)
    : registry_(registry),
      index_(index),
      recorder_(registry, "node-controller"),
      timings_(timings) {}

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

Nanos NodeLifecycleController::UntilSilent(const std::string& name, const Json& node) {
  const Nanos now = registry_.clock().Now();
  const std::string mark = HeartbeatOf(node);
  const auto [entry, first] = heartbeats_.try_emplace(name, Heartbeat{mark, now});
  if (!first && entry->second.mark != mark) entry->second = {mark, now};
  return entry->second.seen + timings_.grace - now;
}

NodeLifecycleController::ZoneState NodeLifecycleController::StateOfZone(
    const std::string& zone) const {
  int ready = 0;
  int silent = 0;
  for (const ObjectPtr& node : registry_.store().List("nodes", "")) {
    if (ZoneOf(node->json) != zone) continue;
    ++(ReadyOf(node->json) == "True" ? ready : silent);
  }
  if (ready == 0 && silent > 0) return ZoneState::kFull;
  const bool most = silent >= kUnhealthyShare * (ready + silent);
  return silent >= kSmallestPartial && most ? ZoneState::kPartial : ZoneState::kNormal;
}

bool NodeLifecycleController::AllSilent() const {
  for (const ObjectPtr& node : registry_.store().List("nodes", "")) {
    if (ReadyOf(node->json) == "True") return false;
  }
  return true;
}

Status NodeLifecycleController::MarkSilent(const Json& node) {
  const std::string before = ReadyOf(node);
  if (before == "Unknown") return {};
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  HOLDFAST_RETURN_IF_ERROR(IgnoreGone(
      registry_.Edit("nodes", "", NameOf(node), UidOf(node), [&](Json& object) -> Status {
        for (const char* type : kConditionTypes) {
          const bool posted = FindCondition(object, type) != nullptr;
          SetCondition(object,
                       {{"type", type},
                        {"status", "Unknown"},
                        {"reason", posted ? "NodeStatusUnknown" : "NodeStatusNeverUpdated"},
                        {"message", posted ? "Kubelet stopped posting node status."
                                           : "Kubelet never posted node status."}},
                       now);
        }
        return {};
      })));
  if (before == "True") {
    recorder_.Normal({"v1", "Node", node}, "NodeNotReady",
                     fmt::format("Node {} status is now: NodeNotReady", NameOf(node)));
  }
  return {};
}

Status NodeLifecycleController::TaintByConditions(const Json& node) {
  std::vector<std::string> owned{kTaintNotReady, kTaintUnreachable, kTaintUnschedulable};
  std::vector<std::string> wanted;
  const std::string ready = ReadyOf(node);
  if (ready == "Unknown") wanted.emplace_back(kTaintUnreachable);
  if (ready == "False") wanted.emplace_back(kTaintNotReady);
  if (GetBool(node, {"spec", "unschedulable"})) wanted.emplace_back(kTaintUnschedulable);
  for (const auto& [condition, key] : PressureTaints()) {
    owned.push_back(key);
    if (ConditionIs(node, condition, "True")) wanted.push_back(key);
  }
  Json probe = node;
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  if (!SetTaints(probe, "NoSchedule", owned, wanted, now)) return {};
  return IgnoreGone(
      registry_.Edit("nodes", "", NameOf(node), UidOf(node), [&](Json& object) -> Status {
        SetTaints(object, "NoSchedule", owned, wanted, now);
        return {};
      }));
}

Status NodeLifecycleController::TaintForEviction(const Json& node, WorkQueue& queue) {
  const std::string ready = ReadyOf(node);
  std::vector<std::string> wanted;
  if (ready == "Unknown") wanted.emplace_back(kTaintUnreachable);
  if (ready == "False") wanted.emplace_back(kTaintNotReady);
  const bool has = !wanted.empty() && HasTaint(node, wanted.front(), "NoExecute");
  // When nobody answers it is more likely that we are the one who is cut off.
  if (AllSilent()) wanted.clear();
  if (!wanted.empty() && !has) {
    const std::string zone = ZoneOf(node);
    const Nanos now = registry_.clock().Now();
    Nanos& next = next_taint_[zone];
    const Nanos wait =
        StateOfZone(zone) != ZoneState::kNormal ? timings_.monitor_period : next - now;
    if (wait > Nanos{0}) {
      queue.AddAfter(NameOf(node), wait);
      return {};
    }
    next = now + timings_.taint_interval;
  }
  Json probe = node;
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  if (!SetTaints(probe, "NoExecute", EvictionTaints(), wanted, now)) return {};
  return IgnoreGone(
      registry_.Edit("nodes", "", NameOf(node), UidOf(node), [&](Json& object) -> Status {
        SetTaints(object, "NoExecute", EvictionTaints(), wanted, now);
        return {};
      }));
}

Status NodeLifecycleController::MarkPodsNotReady(const std::string& node) {
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  for (const auto& [key, pod] : index_.PodsOn(node)) {
    if (!pod->ready) continue;
    HOLDFAST_RETURN_IF_ERROR(IgnoreGone(
        registry_.Edit("pods", pod->ns, pod->name, pod->uid, [&](Json& object) -> Status {
          const Json* ready = FindCondition(object, "Ready");
          if (ready == nullptr || GetString(*ready, {"status"}) != "True") return {};
          Json condition = *ready;
          condition["status"] = "False";
          SetCondition(object, std::move(condition), now);
          return {};
        })));
    recorder_.Warning({"v1", "Pod", pod->json()}, "NodeNotReady", "Node is not ready");
  }
  return {};
}

Status NodeLifecycleController::Sync(const std::string& key, WorkQueue& queue) {
  const auto current = [&]() { return registry_.store().Get("nodes", "", key); };
  auto node = current();
  if (!node) {
    heartbeats_.erase(key);
    return {};
  }
  if (UntilSilent(key, (*node)->json) <= Nanos{0}) {
    HOLDFAST_RETURN_IF_ERROR(MarkSilent((*node)->json));
    if (node = current(); !node) return {};
  }
  HOLDFAST_RETURN_IF_ERROR(TaintByConditions((*node)->json));
  if (const std::string ready = ReadyOf((*node)->json); ready == "Unknown" || ready == "False") {
    HOLDFAST_RETURN_IF_ERROR(MarkPodsNotReady(key));
  }
  if (node = current(); !node) return {};
  HOLDFAST_RETURN_IF_ERROR(TaintForEviction((*node)->json, queue));
  queue.AddAfter(key, timings_.monitor_period);
  return {};
}

}  // namespace holdfast::sandbox
