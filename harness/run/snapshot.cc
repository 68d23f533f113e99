#include "harness/run/snapshot.h"

#include <algorithm>

#include "harness/base/strings.h"
#include "harness/run/fence.h"

namespace holdfast::run {
namespace {

bool IsReadyPod(const Json& pod) {
  const Json* ready = FindCondition(pod, "Ready");
  return GetString(pod, {"status", "phase"}) == "Running" && ready != nullptr &&
         GetString(*ready, {"status"}) == "True";
}

// The element with that name, the first one when no name is given, or an empty object.
const Json& Named(const Json& list, const std::string& name) {
  static const Json kNone = Json::object();
  for (const Json& item : list) {
    if (name.empty() || GetString(item, {"name"}) == name) return item;
  }
  return kNone;
}

}  // namespace

const Json* FindCondition(const Json& object, std::string_view type) {
  for (const Json& condition : GetArray(object, {"status", "conditions"})) {
    if (GetString(condition, {"type"}) == type) return &condition;
  }
  return nullptr;
}

std::string PodState(const Json& pod) {
  if (FindPath(pod, {"metadata", "deletionTimestamp"}) != nullptr) return "Terminating";
  return IsReadyPod(pod) ? "Ready" : GetString(pod, {"status", "phase"}, "Pending");
}

faults::Node ReadNode(const Json& node) {
  return {.name = GetString(node, {"metadata", "name"}),
          .uid = GetString(node, {"metadata", "uid"}),
          .ready = IsReadyNode(node),
          .unschedulable = GetBool(node, {"spec", "unschedulable"}),
          .control_plane = IsControlPlane(node),
          .taints = GetArray(node, {"spec", "taints"}),
          .boot_id = GetString(node, {"status", "nodeInfo", "bootID"})};
}

bool SnapshotReader::Owns(const Json& pod) const {
  for (const Json& owner : GetArray(pod, {"metadata", "ownerReferences"})) {
    if (!GetBool(owner, {"controller"})) continue;
    const std::string kind = GetString(owner, {"kind"});
    const std::string name = GetString(owner, {"name"});
    if (subject_.kind == "Deployment")
      return kind == "ReplicaSet" && name.starts_with(subject_.name + "-");
    return kind == "StatefulSet" && name == subject_.name;
  }
  return false;
}

faults::Pod SnapshotReader::ReadPod(const std::string& name, const Json& pod) const {
  const auto ordinal = ParseInt(std::string_view(name).substr(name.rfind('-') + 1));
  const Json& container = Named(GetArray(pod, {"spec", "containers"}), subject_.container);
  const Json& status = Named(GetArray(pod, {"status", "containerStatuses"}), subject_.container);
  return {.name = name,
          .uid = GetString(pod, {"metadata", "uid"}),
          .node = GetString(pod, {"spec", "nodeName"}),
          .ordinal = static_cast<int>(ordinal.value_or(-1)),
          .ready = IsReadyPod(pod),
          .terminating = FindPath(pod, {"metadata", "deletionTimestamp"}) != nullptr,
          .phase = GetString(pod, {"status", "phase"}, "Pending"),
          .revision = GetString(pod, {"metadata", "labels", "controller-revision-hash"}),
          .image = GetString(container, {"image"}),
          .restarts = GetInt(status, {"restartCount"}),
          .container_id = GetString(status, {"containerID"})};
}

void SnapshotReader::ReadSet(const observe::ClusterView& view, faults::Snapshot& now) const {
  const bool deployment = subject_.kind == "Deployment";
  now.set = view.Find(deployment ? "deployments" : "statefulsets", subject_.name);
  now.exists = now.set != nullptr;
  if (!now.set) return;
  const Json& set = *now.set;
  now.set_uid = GetString(set, {"metadata", "uid"});
  now.replicas = static_cast<int>(GetInt(set, {"spec", "replicas"}, 1));
  now.start = static_cast<int>(GetInt(set, {"spec", "ordinals", "start"}));
  now.observed =
      GetInt(set, {"status", "observedGeneration"}) >= GetInt(set, {"metadata", "generation"});
  now.partition =
      static_cast<int>(GetInt(set, {"spec", "updateStrategy", "rollingUpdate", "partition"}));
  now.on_delete = deployment || GetString(set, {"spec", "updateStrategy", "type"}) == "OnDelete";
  now.image = GetString(
      Named(GetArray(set, {"spec", "template", "spec", "containers"}), subject_.container),
      {"image"});
  now.update_revision = GetString(set, {"status", "updateRevision"});
  now.current_revision = GetString(set, {"status", "currentRevision"});
}

faults::Snapshot SnapshotReader::Read(const observe::ClusterView& view) {
  faults::Snapshot now;
  ReadSet(view, now);
  const auto& pods = view.All("pods");
  for (const auto& [name, object] : pods) {
    Known& known = pods_[name];
    if (known.object != object) {
      known.object = object;
      known.ours = Owns(*object);
      known.pod = ReadPod(name, *object);
    }
    if (known.ours) now.pods.push_back(known.pod);
  }
  if (pods_.size() > 2 * pods.size() + 64)
    std::erase_if(pods_, [&](const auto& known) { return !pods.contains(known.first); });
  std::sort(now.pods.begin(), now.pods.end(),
            [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; });
  for (const auto& [name, node] : view.All("nodes"))
    now.nodes.push_back(ReadNode(*node));
  for (const auto& [name, claim] : view.All("persistentvolumeclaims"))
    now.claims.push_back(
        {.name = name,
         .uid = GetString(*claim, {"metadata", "uid"}),
         .volume = GetString(*claim, {"spec", "volumeName"}),
         .terminating = FindPath(*claim, {"metadata", "deletionTimestamp"}) != nullptr});
  return now;
}

bool Settled(const faults::Snapshot& now) {
  if (!now.exists || !now.observed || now.pods.size() != static_cast<size_t>(now.replicas))
    return false;
  return std::all_of(now.pods.begin(), now.pods.end(), [&](const faults::Pod& pod) {
    if (!pod.ready || pod.terminating) return false;
    return now.on_delete || now.update_revision.empty() || pod.ordinal < now.partition ||
           pod.revision == now.update_revision;
  });
}

}  // namespace holdfast::run
