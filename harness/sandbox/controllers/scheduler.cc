// Filter, score, bind.
#include "harness/sandbox/controllers/scheduler.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/pod_topology.h"
#include "harness/sandbox/controllers/storage.h"

namespace holdfast::sandbox {
namespace {

constexpr char kClaims[] = "persistentvolumeclaims";

bool NeedsNode(const Json& pod) {
  return GetString(pod, {"spec", "nodeName"}).empty() && !IsTerminating(pod) &&
         !IsPodTerminal(pod) && GetArray(pod, {"spec", "schedulingGates"}).empty() &&
         GetString(pod, {"spec", "schedulerName"}, "default-scheduler") == "default-scheduler";
}

// What a change of a node can mean for a pod that waits; heartbeats are not among it.
bool SameForScheduling(const Json& a, const Json& b) {
  return GetObject(a, {"spec"}) == GetObject(b, {"spec"}) &&
         GetObject(a, {"metadata", "labels"}) == GetObject(b, {"metadata", "labels"}) &&
         GetObject(a, {"status", "allocatable"}) == GetObject(b, {"status", "allocatable"}) &&
         ConditionIs(a, "Ready", "True") == ConditionIs(b, "Ready", "True");
}

bool IsExclusive(const Json& claim) {
  return std::ranges::any_of(GetArray(claim, {"spec", "accessModes"}),
                             [](const Json& mode) { return mode == "ReadWriteOncePod"; });
}

// "1 this, 2 that", by the alphabet.
std::string Tally(const std::map<std::string, int>& counts) {
  std::vector<std::string> parts;
  for (const auto& [what, count] : counts)
    parts.push_back(fmt::format("{} {}", count, what));
  std::ranges::sort(parts);
  return Join(parts, ", ");
}

std::string Sentence(size_t nodes, const std::string& what) {
  return fmt::format("0/{} nodes are available: {}.", nodes, what);
}

}  // namespace

Scheduler::Scheduler(Registry& registry, const ClusterIndex& index)
    : registry_(registry),
      index_(index),
      recorder_(registry, "default-scheduler") {}

void Scheduler::AddWaiting(WorkQueue& queue) const {
  for (const auto& [key, pod] : index_.PodsOn(""))
    if (NeedsNode(pod->json())) queue.Add(key);
}

void Scheduler::Resync(WorkQueue& queue) {
  usage_.Rebuild(registry_.store());
  AddWaiting(queue);
}

void Scheduler::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == "pods") {
    usage_.Apply(event);
    const bool gone = event.type == StoreEvent::Type::kDeleted;
    if (!gone && NeedsNode(object)) queue.Add(KeyOf(object));
    // It leaves room on its node.
    if (gone && !GetString(object, {"spec", "nodeName"}).empty()) AddWaiting(queue);
  } else if (event.resource == "nodes") {
    if (event.previous == nullptr || !SameForScheduling(object, event.previous->json))
      AddWaiting(queue);
  } else if (event.resource == kClaims) {
    for (const auto& [key, pod] : index_.PodsUsing(NamespaceOf(object), NameOf(object)))
      if (NeedsNode(pod->json())) queue.Add(key);
  }
}

Scheduler::Claims Scheduler::ClaimsOf(const Json& pod) const {
  const Store& store = registry_.store();
  Claims claims;
  for (const std::string& name : ClaimsUsedBy(pod)) {
    const auto found = store.Get(kClaims, NamespaceOf(pod), name);
    if (!found) {
      claims.refusal = fmt::format("persistentvolumeclaim \"{}\" not found", name);
      return claims;
    }
    const Json& claim = (*found)->json;
    if (IsTerminating(claim)) {
      claims.refusal = fmt::format("persistentvolumeclaim \"{}\" is being deleted", name);
      return claims;
    }
    if (IsExclusive(claim)) claims.exclusive.push_back(name);
    const std::string phase = GetString(claim, {"status", "phase"});
    if (phase == "Lost") {
      claims.refusal = fmt::format(
          "persistentvolumeclaim \"{}\" bound to non-existent persistentvolume \"{}\"", name,
          GetString(claim, {"spec", "volumeName"}));
      return claims;
    }
    if (const std::string selected = AnnotationOf(claim, kSelectedNode); !selected.empty())
      claims.selected = selected;
    if (phase == "Bound") {
      const auto volume =
          store.Get("persistentvolumes", "", GetString(claim, {"spec", "volumeName"}));
      if (volume) claims.volumes.push_back(*volume);
    } else if (WaitsForConsumer(store, claim)) {
      claims.waiting.push_back(name);
    } else {
      claims.refusal = "pod has unbound immediate PersistentVolumeClaims";
      return claims;
    }
  }
  return claims;
}

void Scheduler::CheckClaims(const Json& pod,
                            const Json& node,
                            const Claims& claims,
                            Refusal& refusal) const {
  for (const std::string& claim : claims.exclusive) {
    for (const auto& [key, other] : index_.PodsUsing(NamespaceOf(pod), claim)) {
      if (other->node.empty() || other->terminal || other->uid == UidOf(pod)) continue;
      refusal.reasons.emplace_back("node has pod using PersistentVolumeClaim with the same name "
                                   "and ReadWriteOncePod access mode");
      return;
    }
  }
  for (const ObjectPtr& volume : claims.volumes) {
    if (MatchesNodeSelector(FindPath(volume->json, {"spec", "nodeAffinity", "required"}), node))
      continue;
    refusal.reasons.emplace_back("node(s) didn't match PersistentVolume's node affinity");
    refusal.for_good = true;
    return;
  }
}

std::string Scheduler::ChooseNode(const Json& pod, const Claims& claims, std::string* why) {
  const std::vector<ObjectPtr> nodes = registry_.store().List("nodes", "");
  if (nodes.empty()) {
    *why = "no nodes available to schedule pods";
    return "";
  }
  const PodTopology topology(pod, nodes, index_, usage_);
  const Json* owner = ControllerRef(pod);
  const std::string owner_uid = owner == nullptr ? "" : GetString(*owner, {"uid"});
  std::map<std::string, int> reasons;
  std::map<std::string, int> hopes;
  std::vector<std::tuple<bool, int64_t, int, int64_t, bool, std::string>> fitting;
  for (const ObjectPtr& node : nodes) {
    const std::string name = NameOf(node->json);
    const NodeLoad& load = usage_.Of(name);
    Refusal refusal = WhyNotOn(pod, node->json, load);
    if (refusal.Fits()) CheckClaims(pod, node->json, claims, refusal);
    if (refusal.Fits()) topology.Check(node->json, refusal);
    if (refusal.Fits()) {
      const auto siblings = load.by_owner.find(owner_uid);
      const int64_t preference =
          NodePreference(pod, node->json) + topology.Preference(node->json);
      // After the last one used come those behind it, then the list from its start.
      fitting.emplace_back(name != claims.selected, -preference,
                           siblings == load.by_owner.end() ? 0 : siblings->second, load.pods,
                           name <= last_node_, name);
      continue;
    }
    for (const std::string& reason : refusal.reasons)
      ++reasons[reason];
    ++hopes[refusal.for_good ? "Preemption is not helpful for scheduling"
                             : "No preemption victims found for incoming pod"];
  }
  if (!fitting.empty()) return std::get<std::string>(*std::ranges::min_element(fitting));
  *why = fmt::format("{} no new claims to deallocate, preemption: {}",
                     Sentence(nodes.size(), Tally(reasons)), Sentence(nodes.size(), Tally(hopes)));
  return "";
}

Status Scheduler::MarkUnschedulable(const Json& pod, const std::string& message) {
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
Status Scheduler::SelectNode(const Json& pod, const Claims& claims) {
  std::string why;
  const std::string node = ChooseNode(pod, claims, &why);
  if (node.empty()) return MarkUnschedulable(pod, why);
  for (const std::string& claim : claims.waiting) {
    const auto edited =
        registry_.Edit(kClaims, NamespaceOf(pod), claim, "", [&](Json& object) -> Status {
          Json& annotations = object["metadata"]["annotations"];
          if (!annotations.is_object()) annotations = Json::object();
          if (!annotations.contains(kSelectedNode)) annotations[kSelectedNode] = node;
          return {};
        });
    if (!edited && edited.error().code != ErrorCode::kNotFound) return Fail(edited.error());
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
  const Claims claims = ClaimsOf(pod);
  if (!claims.refusal.empty()) {
    // What stands behind the reason is what the preemption of Kubernetes 1.36 answers then.
    return MarkUnschedulable(pod, Sentence(registry_.store().List("nodes", "").size(),
                                           claims.refusal) +
                                      " not found");
  }
  if (!claims.waiting.empty()) return SelectNode(pod, claims);
  std::string why;
  const std::string node = ChooseNode(pod, claims, &why);
  if (node.empty()) return MarkUnschedulable(pod, why);
  return Bind(pod, node);
}

}  // namespace holdfast::sandbox
