// VolumeAttachments from the pods that are there and the nodes that hold on to volumes.
#include "harness/sandbox/controllers/attach_controller.h"

#include <algorithm>
#include <vector>

#include "harness/base/strings.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/storage.h"
#include "harness/sandbox/controllers/taints.h"

namespace holdfast::sandbox {
namespace {

constexpr char kAttachments[] = "volumeattachments";
constexpr char kVolumes[] = "persistentvolumes";
constexpr char kClaims[] = "persistentvolumeclaims";
constexpr char kFinalizer[] = "external-attacher/sandbox-holdfast-dev";
constexpr std::string_view kVolumeKey = "volume ";
constexpr std::string_view kNodeKey = "node ";
// Changes of node.status.volumesAttached are written together.
constexpr Nanos kNodeBatch = std::chrono::milliseconds(50);
// How often a volume that is held back is looked at again.
constexpr Nanos kLookAgain = std::chrono::milliseconds(500);
// Only by defect: how long an attachment stays for the next one to overlap with it.
constexpr Nanos kOverlap = std::chrono::seconds(10);

std::string VolumeKey(const std::string& name) { return std::string(kVolumeKey) + name; }
std::string NodeKey(const std::string& name) { return std::string(kNodeKey) + name; }

bool AllowsManyNodes(const Json& volume) {
  const Json& modes = GetArray(volume, {"spec", "accessModes"});
  return std::any_of(modes.begin(), modes.end(), [](const Json& mode) {
    return mode == "ReadWriteMany" || mode == "ReadOnlyMany";
  });
}

std::string VolumeOf(const Json& attachment) {
  return GetString(attachment, {"spec", "source", "persistentVolumeName"});
}
std::string NodeOf(const Json& attachment) { return GetString(attachment, {"spec", "nodeName"}); }

bool Contains(const Json& list, const std::string& wanted) {
  return std::ranges::any_of(list, [&](const Json& entry) { return entry == wanted; });
}

Status IgnoreGone(const Result<ObjectPtr>& result) {
  if (result || result.error().code == ErrorCode::kNotFound) return {};
  return Fail(result.error());
}

}  // namespace

std::string AttachmentName(const std::string& volume, const std::string& node) {
  return "csi-" + Sha256Hex(kDriver + volume + node);
}

std::string AttachedName(const Json& volume) {
  return fmt::format("kubernetes.io/csi/{}^{}", GetString(volume, {"spec", "csi", "driver"}),
                     GetString(volume, {"spec", "csi", "volumeHandle"}));
}

AttachController::AttachController(Registry& registry,
                                   const ClusterIndex& index,
                                   const AttachTimings& timings,
                                   bool attach_twice)
    : registry_(registry),
      index_(index),
      recorder_(registry, "attachdetach-controller"),
      timings_(timings),
      attach_twice_(attach_twice) {}

void AttachController::Resync(WorkQueue& queue) {
  for (const ObjectPtr& volume : registry_.store().List(kVolumes, ""))
    queue.Add(VolumeKey(NameOf(volume->json)));
  for (const ObjectPtr& attachment : registry_.store().List(kAttachments, ""))
    queue.Add(VolumeKey(VolumeOf(attachment->json)));
  for (const ObjectPtr& node : registry_.store().List("nodes", ""))
    queue.Add(NodeKey(NameOf(node->json)));
}

void AttachController::AddVolumeOf(const std::string& ns,
                                   const std::string& claim,
                                   WorkQueue& queue) const {
  const auto found = registry_.store().Get(kClaims, ns, claim);
  if (found) {
    const std::string volume = GetString((*found)->json, {"spec", "volumeName"});
    if (!volume.empty()) queue.Add(VolumeKey(volume));
    return;
  }
  for (const auto& [name, volume] : index_.VolumesFor(ns, claim))
    queue.Add(VolumeKey(name));
}

void AttachController::ObservePod(const StoreEvent& event, WorkQueue& queue) const {
  const Json& pod = event.object->json;
  if (GetString(pod, {"spec", "nodeName"}).empty()) return;
  const bool moved = event.previous == nullptr ||
                     GetString(event.previous->json, {"spec", "nodeName"}).empty() ||
                     event.type == StoreEvent::Type::kDeleted ||
                     IsPodTerminal(pod) != IsPodTerminal(event.previous->json);
  if (!moved) return;
  for (const std::string& claim : ClaimsUsedBy(pod))
    AddVolumeOf(NamespaceOf(pod), claim, queue);
}

void AttachController::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == kAttachments) {
    queue.Add(VolumeKey(VolumeOf(object)));
    queue.AddAfter(NodeKey(NodeOf(object)), kNodeBatch);
  } else if (event.resource == kVolumes) {
    queue.Add(VolumeKey(NameOf(object)));
  } else if (event.resource == kClaims) {
    const std::string volume = GetString(object, {"spec", "volumeName"});
    const bool bound = event.previous == nullptr ||
                       GetString(event.previous->json, {"spec", "volumeName"}) != volume;
    if (bound && !volume.empty()) queue.Add(VolumeKey(volume));
  } else if (event.resource == "pods") {
    ObservePod(event, queue);
  } else if (event.resource == "nodes") {
    const Json* before = event.previous == nullptr ? nullptr : &event.previous->json;
    const bool same = before != nullptr && event.type == StoreEvent::Type::kModified &&
                      GetArray(*before, {"status", "volumesInUse"}) ==
                          GetArray(object, {"status", "volumesInUse"}) &&
                      GetArray(*before, {"spec", "taints"}) == GetArray(object, {"spec", "taints"}) &&
                      ConditionIs(*before, "Ready", "True") == ConditionIs(object, "Ready", "True");
    if (same) return;
    for (const auto& [name, attachment] : index_.AttachmentsOn(NameOf(object)))
      queue.Add(VolumeKey(VolumeOf(attachment->json)));
  }
}

// A pod that has finished needs its volumes no longer.
AttachController::Users AttachController::UsersOf(const Json& volume) const {
  Users users;
  const std::string ns = GetString(volume, {"spec", "claimRef", "namespace"});
  const std::string claim = GetString(volume, {"spec", "claimRef", "name"});
  const auto bound = registry_.store().Get(kClaims, ns, claim);
  if (!bound || GetString((*bound)->json, {"spec", "volumeName"}) != NameOf(volume)) return users;
  for (const auto& [key, pod] : index_.PodsUsing(ns, claim)) {
    if (!pod->node.empty() && !(pod->terminal && !pod->terminating)) users[pod->node][key] = pod;
  }
  return users;
}

// Until the agent says otherwise; of an agent that is silent, until `force_detach` has passed or
// somebody vouches that the node is down.
bool AttachController::StillMounted(const Json& volume,
                                    const Json& attachment,
                                    Nanos unused_for) const {
  const auto node = registry_.store().Get("nodes", "", NodeOf(attachment));
  const bool healthy = node && ConditionIs((*node)->json, "Ready", "True");
  if (!healthy && unused_for >= timings_.force_detach) return false;
  if (!node) return true;
  if (HasTaint((*node)->json, kTaintOutOfService)) return false;
  if (const Json* in_use = FindPath((*node)->json, {"status", "volumesInUse"}))
    return Contains(*in_use, AttachedName(volume));
  return !healthy;
}

Status AttachController::Attach(const Json& volume, const std::string& node) {
  const std::string name = AttachmentName(NameOf(volume), node);
  Json attachment = {{"apiVersion", "storage.k8s.io/v1"},
                     {"kind", "VolumeAttachment"},
                     {"metadata", {{"name", name}, {"finalizers", Json::array({kFinalizer})}}},
                     {"spec",
                      {{"attacher", kDriver},
                       {"nodeName", node},
                       {"source", {{"persistentVolumeName", NameOf(volume)}}}}},
                     {"status", {{"attached", false}}}};
  attaching_[name] = registry_.clock().Now();
  unused_.erase(name);
  detaching_.erase(name);
  const auto created = registry_.Create(kAttachments, "", std::move(attachment));
  if (!created && created.error().reason != "AlreadyExists") return Fail(created.error());
  return {};
}

Status AttachController::FinishAttach(const std::string& key,
                                      const Json& attachment,
                                      const PodGroup& pods,
                                      WorkQueue& queue) {
  if (GetBool(attachment, {"status", "attached"})) return {};
  const Nanos now = registry_.clock().Now();
  // One that another process began counts as begun now.
  const Nanos begun = attaching_.emplace(NameOf(attachment), now).first->second;
  if (const Nanos left = begun + timings_.attach - now; left > Nanos{0}) {
    queue.AddAfter(key, left);
    return {};
  }
  attaching_.erase(NameOf(attachment));
  HOLDFAST_RETURN_IF_ERROR(IgnoreGone(registry_.Edit(kAttachments, "", NameOf(attachment),
                                                     UidOf(attachment),
                                                     [](Json& object) -> Status {
                                                       object["status"] = {{"attached", true}};
                                                       return {};
                                                     })));
  for (const auto& [pod_key, pod] : pods) {
    recorder_.Normal({"v1", "Pod", pod->json()}, "SuccessfulAttachVolume",
                     fmt::format("AttachVolume.Attach succeeded for volume \"{}\" ",
                                 VolumeOf(attachment)));
  }
  return {};
}

// In two steps, as a CSI attacher does it: marked for deletion, and gone once its finalizer is.
Status AttachController::Detach(const std::string& key,
                                const Json* volume,
                                const Json& attachment,
                                bool attached_elsewhere,
                                WorkQueue& queue) {
  const std::string name = NameOf(attachment);
  const Nanos now = registry_.clock().Now();
  const Nanos unused_for = now - unused_.try_emplace(name, now).first->second;
  if (!IsTerminating(attachment)) {
    const bool overlap = attach_twice_ && !attached_elsewhere && unused_for < kOverlap;
    if (overlap || (volume != nullptr && StillMounted(*volume, attachment, unused_for))) {
      queue.AddAfter(key, kLookAgain);
      return {};
    }
    detaching_[name] = now;
    DeleteParameters parameters;
    parameters.uid = UidOf(attachment);
    HOLDFAST_RETURN_IF_ERROR(IgnoreGone(registry_.Delete(kAttachments, "", name, parameters)));
  }
  const Nanos left = detaching_.try_emplace(name, now).first->second + timings_.detach - now;
  if (left > Nanos{0}) {
    queue.AddAfter(key, left);
    return {};
  }
  attaching_.erase(name);
  unused_.erase(name);
  detaching_.erase(name);
  return IgnoreGone(
      registry_.Edit(kAttachments, "", name, UidOf(attachment), [](Json& object) -> Status {
        RemoveFinalizer(object, kFinalizer);
        return {};
      }));
}

void AttachController::ReportMultiAttach(const Json& volume,
                                         const Users& users,
                                         const PodGroup& waiting) {
  std::vector<std::string> names;
  for (const auto& [node, pods] : users) {
    for (const auto& [key, pod] : pods) {
      if (!waiting.contains(key)) names.push_back(pod->name);
    }
  }
  const std::string why =
      names.empty() ? "Volume is already exclusively attached to one node and can't be attached "
                      "to another"
                    : "Volume is already used by pod(s) " + Join(names, ", ");
  for (const auto& [key, pod] : waiting) {
    recorder_.Warning(
        {"v1", "Pod", pod->json()}, "FailedAttachVolume",
        fmt::format("Multi-Attach error for volume \"{}\" {}", NameOf(volume), why));
  }
}

Status AttachController::SyncVolume(const std::string& name, WorkQueue& queue) {
  const std::string key = VolumeKey(name);
  const auto found = registry_.store().Get(kVolumes, "", name);
  const Json* volume = found ? &(*found)->json : nullptr;
  if (volume != nullptr && FindPath(*volume, {"spec", "csi"}) == nullptr) return {};
  const Users users = volume == nullptr ? Users() : UsersOf(*volume);
  const ObjectGroup attachments = index_.AttachmentsOf(name);
  size_t attached = 0;
  std::set<std::string> holders;  // Nodes that have it, on their way out or not.
  for (const auto& [attachment_name, attachment] : attachments) {
    holders.insert(NodeOf(attachment->json));
    if (GetBool(attachment->json, {"status", "attached"})) ++attached;
  }
  for (const auto& [attachment_name, attachment] : attachments) {
    const auto used = users.find(NodeOf(attachment->json));
    const bool leaving = IsTerminating(attachment->json) || used == users.end();
    if (leaving) {
      HOLDFAST_RETURN_IF_ERROR(Detach(key, volume, attachment->json, attached > 1, queue));
    } else {
      unused_.erase(attachment_name);
      HOLDFAST_RETURN_IF_ERROR(FinishAttach(key, attachment->json, used->second, queue));
    }
  }
  for (const auto& [node, pods] : users) {
    if (holders.contains(node)) continue;
    if (!holders.empty() && !AllowsManyNodes(*volume) && !attach_twice_) {
      ReportMultiAttach(*volume, users, pods);
      continue;
    }
    HOLDFAST_RETURN_IF_ERROR(Attach(*volume, node));
    holders.insert(node);
  }
  return {};
}

Status AttachController::SyncNode(const std::string& name) {
  const auto node = registry_.store().Get("nodes", "", name);
  if (!node) return {};
  Json attached = Json::array();
  for (const auto& [attachment_name, attachment] : index_.AttachmentsOn(name)) {
    if (!GetBool(attachment->json, {"status", "attached"}) || IsTerminating(attachment->json)) continue;
    const auto volume = registry_.store().Get(kVolumes, "", VolumeOf(attachment->json));
    if (volume) attached.push_back({{"name", AttachedName((*volume)->json)}, {"devicePath", ""}});
  }
  if (GetArray((*node)->json, {"status", "volumesAttached"}) == attached) return {};
  return IgnoreGone(
      registry_.Edit("nodes", "", name, UidOf((*node)->json), [&](Json& object) -> Status {
        if (attached.empty()) {
          object["status"].erase("volumesAttached");
        } else {
          object["status"]["volumesAttached"] = std::move(attached);
        }
        return {};
      }));
}

Status AttachController::Sync(const std::string& key, WorkQueue& queue) {
  if (key.starts_with(kNodeKey)) return SyncNode(key.substr(kNodeKey.size()));
  return SyncVolume(key.substr(kVolumeKey.size()), queue);
}

}  // namespace holdfast::sandbox
