// VolumeAttachments from the pods that are there.
#include "harness/sandbox/controllers/attach_controller.h"

#include <algorithm>

#include "harness/base/strings.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/storage.h"

namespace holdfast::sandbox {
namespace {

constexpr char kAttachments[] = "volumeattachments";
constexpr char kVolumes[] = "persistentvolumes";
constexpr char kClaims[] = "persistentvolumeclaims";

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

}  // namespace

std::string AttachmentName(const std::string& volume, const std::string& node) {
  return "csi-" + Sha256Hex(kDriver + volume + node);
}

AttachController::AttachController(Registry& registry, Nanos attach_delay)
    : registry_(registry),
      recorder_(registry, "attachdetach-controller"),
      attach_delay_(attach_delay) {}

void AttachController::Resync(WorkQueue& queue) {
  for (const ObjectPtr& volume : registry_.store().List(kVolumes, "")) {
    queue.Add(NameOf(volume->json));
  }
  for (const ObjectPtr& attachment : registry_.store().List(kAttachments, "")) {
    queue.Add(VolumeOf(attachment->json));
  }
}

void AttachController::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == kAttachments) {
    queue.Add(VolumeOf(object));
  } else if (event.resource == kVolumes) {
    queue.Add(NameOf(object));
  } else if (event.resource == kClaims) {
    const std::string volume = GetString(object, {"spec", "volumeName"});
    if (!volume.empty()) queue.Add(volume);
  } else if (event.resource == "pods" && !GetString(object, {"spec", "nodeName"}).empty()) {
    const bool moved = event.previous == nullptr ||
                       GetString(event.previous->json, {"spec", "nodeName"}).empty() ||
                       event.type == StoreEvent::Type::kDeleted;
    if (!moved) return;
    for (const std::string& name : ClaimsUsedBy(object)) {
      const auto claim = registry_.store().Get(kClaims, NamespaceOf(object), name);
      if (!claim) continue;
      const std::string volume = GetString((*claim)->json, {"spec", "volumeName"});
      if (!volume.empty()) queue.Add(volume);
    }
  }
}

std::map<std::string, ObjectPtr> AttachController::Users(const Json& volume) const {
  std::map<std::string, ObjectPtr> users;
  const std::string ns = GetString(volume, {"spec", "claimRef", "namespace"});
  const std::string claim = GetString(volume, {"spec", "claimRef", "name"});
  const auto bound = registry_.store().Get(kClaims, ns, claim);
  if (!bound || GetString((*bound)->json, {"spec", "volumeName"}) != NameOf(volume)) return users;
  for (ObjectPtr& pod : registry_.store().List("pods", ns)) {
    const std::string node = GetString(pod->json, {"spec", "nodeName"});
    if (!node.empty() && UsesClaim(pod->json, claim)) users.emplace(node, std::move(pod));
  }
  return users;
}

Status AttachController::Attach(const Json& volume, const std::string& node) {
  const std::string name = AttachmentName(NameOf(volume), node);
  Json attachment = {{"apiVersion", "storage.k8s.io/v1"},
                     {"kind", "VolumeAttachment"},
                     {"metadata", {{"name", name}}},
                     {"spec",
                      {{"attacher", kDriver},
                       {"nodeName", node},
                       {"source", {{"persistentVolumeName", NameOf(volume)}}}}},
                     {"status", {{"attached", false}}}};
  attach_begun_[name] = registry_.clock().Now();
  const auto created = registry_.Create(kAttachments, "", std::move(attachment));
  if (!created && created.error().reason != "AlreadyExists") return Fail(created.error());
  return {};
}

Status AttachController::FinishAttach(const std::string& key,
                                      const Json& attachment,
                                      WorkQueue& queue) {
  if (GetBool(attachment, {"status", "attached"})) return {};
  // One that another process began counts as begun now.
  const Nanos begun =
      attach_begun_.emplace(NameOf(attachment), registry_.clock().Now()).first->second;
  const Nanos left = begun + attach_delay_ - registry_.clock().Now();
  if (left > Nanos{0}) {
    queue.AddAfter(key, left);
    return {};
  }
  const auto attached = registry_.Edit(kAttachments, "", NameOf(attachment), UidOf(attachment),
                                       [](Json& object) -> Status {
                                         object["status"] = {{"attached", true}};
                                         return {};
                                       });
  if (!attached && attached.error().code != ErrorCode::kNotFound) return Fail(attached.error());
  return {};
}

Status AttachController::Detach(const Json& attachment) {
  attach_begun_.erase(NameOf(attachment));
  DeleteParameters parameters;
  parameters.uid = UidOf(attachment);
  const auto deleted = registry_.Delete(kAttachments, "", NameOf(attachment), parameters);
  if (!deleted && deleted.error().code != ErrorCode::kNotFound) return Fail(deleted.error());
  return {};
}

Status AttachController::Sync(const std::string& key, WorkQueue& queue) {
  const auto volume = registry_.store().Get(kVolumes, "", key);
  std::map<std::string, ObjectPtr> users;
  if (volume) users = Users((*volume)->json);
  std::set<std::string> attached;
  for (const ObjectPtr& attachment : registry_.store().List(kAttachments, "")) {
    if (VolumeOf(attachment->json) != key) continue;
    if (!users.contains(NodeOf(attachment->json))) {
      HOLDFAST_RETURN_IF_ERROR(Detach(attachment->json));
      continue;
    }
    attached.insert(NodeOf(attachment->json));
    HOLDFAST_RETURN_IF_ERROR(FinishAttach(key, attachment->json, queue));
  }
  for (const auto& [node, pod] : users) {
    if (attached.contains(node)) continue;
    if (!attached.empty() && !AllowsManyNodes((*volume)->json)) {
      recorder_.Warning({"v1", "Pod", pod->json}, "FailedAttachVolume",
                        fmt::format("Multi-Attach error for volume \"{}\" Volume is already used "
                                    "on node {} and can't be attached to another",
                                    key, *attached.begin()));
      continue;
    }
    HOLDFAST_RETURN_IF_ERROR(Attach((*volume)->json, node));
    attached.insert(node);
  }
  return {};
}

}  // namespace holdfast::sandbox
