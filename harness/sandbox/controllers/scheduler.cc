// Filter, score, bind.
#include "harness/sandbox/controllers/scheduler.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/placement.h"
#include "harness/sandbox/controllers/storage.h"

namespace holdfast::sandbox {
namespace {

bool NeedsNode(const Json& pod) {
  return GetString(pod, {"spec", "nodeName"}).empty() && !IsTerminating(pod) &&
         !IsPodTerminal(pod) &&
         GetString(pod, {"spec", "schedulerName"}, "default-scheduler") == "default-scheduler";
}

// What a change of a node can mean for a pod that waits; heartbeats are not among it.
bool SameForScheduling(const Json& a, const Json& b) {
  return GetObject(a, {"spec"}) == GetObject(b, {"spec"}) &&
         GetObject(a, {"metadata", "labels"}) == GetObject(b, {"metadata", "labels"}) &&
         ConditionIs(a, "Ready", "True") == ConditionIs(b, "Ready", "True");
}

}  // namespace

Scheduler::Scheduler(Registry& registry)
    : registry_(registry),
      recorder_(registry, "default-scheduler") {}

void Scheduler::Resync(WorkQueue& queue) {
  for (const ObjectPtr& pod : registry_.store().List("pods", "")) {
    if (NeedsNode(pod->json)) queue.Add(KeyOf(pod->json));
  }
}

void Scheduler::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == "pods") {
    if (event.type != StoreEvent::Type::kDeleted && NeedsNode(object)) queue.Add(KeyOf(object));
  } else if (event.resource == "nodes") {
    if (event.previous == nullptr || !SameForScheduling(object, event.previous->json)) {
      Resync(queue);
    }
  } else if (event.resource == "persistentvolumeclaims") {
    for (const ObjectPtr& pod : registry_.store().List("pods", NamespaceOf(object))) {
      if (NeedsNode(pod->json) && UsesClaim(pod->json, NameOf(object))) {
        queue.Add(KeyOf(pod->json));
      }
    }
  }
}

std::string Scheduler::WhyClaimsWait(const Json& pod, std::vector<std::string>* waiting) const {
  const Store& store = registry_.store();
  for (const std::string& name : ClaimsUsedBy(pod)) {
    const auto claim = store.Get("persistentvolumeclaims", NamespaceOf(pod), name);
    if (!claim) return fmt::format("persistentvolumeclaim \"{}\" not found", name);
    if (IsTerminating((*claim)->json)) {
      return fmt::format("persistentvolumeclaim \"{}\" is being deleted", name);
    }
    const std::string phase = GetString((*claim)->json, {"status", "phase"});
    if (phase == "Lost") {
      return fmt::format("persistentvolumeclaim \"{}\" bound to non-existent persistentvolume",
                         name);
    }
    if (phase == "Bound") continue;
    if (!WaitsForConsumer(store, (*claim)->json)) {
      return "pod has unbound immediate PersistentVolumeClaims";
    }
    waiting->push_back(name);
  }
  return "";
}

std::string Scheduler::ChooseNode(const Json& pod, std::string* why) {
  struct Load {
    int siblings = 0;
    int pods = 0;
  };
  std::map<std::string, Load> loads;
  const Json* owner = ControllerRef(pod);
  for (const ObjectPtr& other : registry_.store().List("pods", "")) {
    if (IsPodTerminal(other->json)) continue;
    Load& load = loads[GetString(other->json, {"spec", "nodeName"})];
    ++load.pods;
    if (owner != nullptr && HasOwner(other->json, GetString(*owner, {"uid"}))) ++load.siblings;
  }
  std::map<std::string, int> refusals;
  std::vector<std::tuple<int, int, bool, std::string>> fitting;
  const std::vector<ObjectPtr> nodes = registry_.store().List("nodes", "");
  for (const ObjectPtr& node : nodes) {
    const std::string name = NameOf(node->json);
    const std::string refusal = WhyNotOn(pod, node->json);
    if (refusal.empty()) {
      // After the last one used come those behind it, then the list from its start.
      fitting.emplace_back(loads[name].siblings, loads[name].pods, name <= last_node_, name);
    } else {
      ++refusals[refusal];
    }
  }
  if (!fitting.empty()) return std::get<3>(*std::min_element(fitting.begin(), fitting.end()));
  std::vector<std::string> parts;
  for (const auto& [refusal, count] : refusals)
    parts.push_back(fmt::format("{} {}", count, refusal));
  *why = Join(parts, ", ");
  if (nodes.empty()) *why = "no nodes available to schedule pods";
  return "";
}

Status Scheduler::MarkUnschedulable(const Json& pod, const std::string& why) {
  const std::string message =
      fmt::format("0/{} nodes are available: {}.", registry_.store().List("nodes", "").size(), why);
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  const auto marked = registry_.Edit(
      "pods", NamespaceOf(pod), NameOf(pod), UidOf(pod), [&](Json& object) -> Status {
        Json condition = {{"type", "PodScheduled"},
                          {"status", "False"},
                          {"lastProbeTime", nullptr},
                          {"reason", "Unschedulable"},
                          {"message", message},
                          {"observedGeneration", GetInt(object, {"metadata", "generation"}, 1)}};
        SetCondition(object, std::move(condition), now);
        return {};
      });
  if (!marked && marked.error().code != ErrorCode::kNotFound) return Fail(marked.error());
  const Json* before = FindCondition(pod, "PodScheduled");
  if (before == nullptr || GetString(*before, {"message"}) != message) {
    recorder_.Warning({"v1", "Pod", pod}, "FailedScheduling", message);
  }
  return {};
}

// Tells the provisioner where the volume will be used; binding follows when it is bound.
Status Scheduler::SelectNode(const Json& pod, const std::vector<std::string>& claims) {
  std::string why;
  const std::string node = ChooseNode(pod, &why);
  if (node.empty()) return MarkUnschedulable(pod, why);
  for (const std::string& claim : claims) {
    HOLDFAST_RETURN_IF_ERROR(registry_.Edit("persistentvolumeclaims", NamespaceOf(pod), claim, "",
                                            [&](Json& object) -> Status {
                                              Json& annotations = object["metadata"]["annotations"];
                                              if (!annotations.is_object())
                                                annotations = Json::object();
                                              if (!annotations.contains(kSelectedNode))
                                                annotations[kSelectedNode] = node;
                                              return {};
                                            }));
  }
  return {};
}

Status Scheduler::Bind(const Json& pod, const std::string& node) {
  WriteParameters parameters;
  parameters.subresource = "binding";
  Json binding = {{"metadata", {{"name", NameOf(pod)}, {"uid", UidOf(pod)}}},
                  {"target", {{"kind", "Node"}, {"name", node}}}};
  const auto bound = registry_.Create("pods", NamespaceOf(pod), std::move(binding), parameters);
  if (!bound) {
    // Gone, deleted or bound meanwhile: its own event brings it back if need be.
    const bool moved_on =
        bound.error().code == ErrorCode::kNotFound || bound.error().code == ErrorCode::kConflict;
    return moved_on ? Status() : Status(Fail(bound.error()));
  }
  last_node_ = node;
  recorder_.Normal({"v1", "Pod", pod}, "Scheduled",
                   fmt::format("Successfully assigned {} to {}", KeyOf(pod), node));
  return {};
}

Status Scheduler::Sync(const std::string& key, WorkQueue& /*queue*/) {
  const auto [ns, name] = SplitKey(key);
  const Result<ObjectPtr> found = registry_.store().Get("pods", ns, name);
  if (!found || !NeedsNode((*found)->json)) return {};
  const Json& pod = (*found)->json;
  std::vector<std::string> waiting;
  std::string why = WhyClaimsWait(pod, &waiting);
  if (!why.empty()) return MarkUnschedulable(pod, why);
  if (!waiting.empty()) return SelectNode(pod, waiting);
  const std::string node = ChooseNode(pod, &why);
  if (node.empty()) return MarkUnschedulable(pod, why);
  return Bind(pod, node);
}

}  // namespace holdfast::sandbox
