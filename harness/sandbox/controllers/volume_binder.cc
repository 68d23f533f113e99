// Claim and volume phases after pv_controller.go.
#include "harness/sandbox/controllers/volume_binder.h"

#include <algorithm>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/placement.h"
#include "harness/sandbox/controllers/storage.h"

namespace holdfast::sandbox {
namespace {

constexpr char kClaims[] = "persistentvolumeclaims";
constexpr char kVolumes[] = "persistentvolumes";
constexpr std::string_view kClaimKey = "claim ";
constexpr std::string_view kVolumeKey = "volume ";

std::string ClaimKey(std::string_view ns, std::string_view name) {
  return std::string(kClaimKey) + MakeKey(ns, name);
}
std::string VolumeKey(const std::string& name) { return std::string(kVolumeKey) + name; }

void Annotate(Json& object, const std::string& key, const std::string& value) {
  Json& annotations = object["metadata"]["annotations"];
  if (!annotations.is_object()) annotations = Json::object();
  annotations[key] = value;
}

Status IgnoreGone(const Result<ObjectPtr>& result) {
  if (result || result.error().code == ErrorCode::kNotFound) return {};
  return Fail(result.error());
}

}  // namespace

VolumeBinder::VolumeBinder(Registry& registry, const ClusterIndex& index)
    : registry_(registry),
      index_(index),
      recorder_(registry, "persistentvolume-controller") {}

void VolumeBinder::Resync(WorkQueue& queue) {
  for (const ObjectPtr& claim : registry_.store().List(kClaims, "")) {
    queue.Add(ClaimKey(NamespaceOf(claim->json), NameOf(claim->json)));
  }
  for (const ObjectPtr& volume : registry_.store().List(kVolumes, "")) {
    queue.Add(VolumeKey(NameOf(volume->json)));
  }
}

void VolumeBinder::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == kClaims) {
    queue.Add(ClaimKey(NamespaceOf(object), NameOf(object)));
    const std::string volume = GetString(object, {"spec", "volumeName"});
    if (event.type == StoreEvent::Type::kDeleted && !volume.empty()) queue.Add(VolumeKey(volume));
  } else if (event.resource == kVolumes) {
    queue.Add(VolumeKey(NameOf(object)));
    const std::string claim = GetString(object, {"spec", "claimRef", "name"});
    if (!claim.empty()) {
      queue.Add(ClaimKey(GetString(object, {"spec", "claimRef", "namespace"}), claim));
    }
  } else if (event.resource == "storageclasses") {
    Resync(queue);
  }
}

Status VolumeBinder::Sync(const std::string& key, WorkQueue& queue) {
  if (key.starts_with(kVolumeKey)) return SyncVolume(key.substr(kVolumeKey.size()), queue);
  const auto [ns, name] = SplitKey(std::string_view(key).substr(kClaimKey.size()));
  return SyncClaim(ns, name);
}

ObjectPtr VolumeBinder::VolumeFor(const Json& claim) const {
  for (const auto& [name, indexed] : index_.VolumesFor(NamespaceOf(claim), NameOf(claim))) {
    const auto volume = registry_.store().Get(kVolumes, "", name);
    if (!volume || IsTerminating((*volume)->json)) continue;
    const std::string uid = GetString((*volume)->json, {"spec", "claimRef", "uid"});
    if (uid.empty() || uid == UidOf(claim)) return *volume;
  }
  return nullptr;
}

bool VolumeBinder::Suits(const Json& volume, const Json& claim) const {
  if (IsTerminating(volume) || !GetString(volume, {"spec", "claimRef", "name"}).empty() ||
      GetString(volume, {"spec", "storageClassName"}) !=
          GetString(claim, {"spec", "storageClassName"}) ||
      GetString(volume, {"spec", "volumeMode"}, "Filesystem") !=
          GetString(claim, {"spec", "volumeMode"}, "Filesystem") ||
      CapacityOf(volume) < RequestedStorage(claim)) {
    return false;
  }
  const Json& offered = GetArray(volume, {"spec", "accessModes"});
  for (const Json& mode : GetArray(claim, {"spec", "accessModes"}))
    if (std::ranges::find(offered, mode) == offered.end()) return false;
  const Json* selector = FindPath(claim, {"spec", "selector"});
  if (selector != nullptr &&
      !MatchesSelector(*selector, GetObject(volume, {"metadata", "labels"}))) {
    return false;
  }
  const auto node = registry_.store().Get("nodes", "", AnnotationOf(claim, kSelectedNode));
  return !node ||
         MatchesNodeSelector(FindPath(volume, {"spec", "nodeAffinity", "required"}), (*node)->json);
}

ObjectPtr VolumeBinder::UnclaimedFor(const Json& claim) const {
  const std::string named = GetString(claim, {"spec", "volumeName"});
  // The scheduler has not said yet where the volume must be reachable.
  if (named.empty() && WaitsForConsumer(registry_.store(), claim) &&
      AnnotationOf(claim, kSelectedNode).empty()) {
    return nullptr;
  }
  ObjectPtr best;
  for (const auto& [name, indexed] : index_.UnclaimedVolumes()) {
    if (!named.empty() && name != named) continue;
    const auto volume = registry_.store().Get(kVolumes, "", name);
    if (!volume || !Suits((*volume)->json, claim)) continue;
    if (best == nullptr || CapacityOf((*volume)->json) < CapacityOf(best->json)) best = *volume;
  }
  return best;
}

Status VolumeBinder::AssignDefaultClass(const Json& claim) {
  for (const ObjectPtr& storage_class : registry_.store().List("storageclasses", "")) {
    if (AnnotationOf(storage_class->json, kDefaultClass) != "true") continue;
    return IgnoreGone(registry_.Edit(
        kClaims, NamespaceOf(claim), NameOf(claim), UidOf(claim), [&](Json& object) -> Status {
          object["spec"]["storageClassName"] = NameOf(storage_class->json);
          return {};
        }));
  }
  return {};
}

Status VolumeBinder::AskForVolume(const Json& claim) {
  const EventSubject subject{"v1", "PersistentVolumeClaim", claim};
  const std::string class_name = GetString(claim, {"spec", "storageClassName"});
  const ObjectPtr storage_class = ClassOf(registry_.store(), claim);
  if (storage_class == nullptr) {
    if (class_name.empty()) return {};
    recorder_.Warning(subject, "ProvisioningFailed",
                      fmt::format("storageclass.storage.k8s.io \"{}\" not found", class_name));
    return {};
  }
  if (WaitsForConsumer(registry_.store(), claim) && AnnotationOf(claim, kSelectedNode).empty()) {
    recorder_.Normal(subject, "WaitForFirstConsumer",
                     "waiting for first consumer to be created before binding");
    return {};
  }
  if (!AnnotationOf(claim, kProvisioner).empty()) return {};
  const std::string provisioner = GetString(storage_class->json, {"provisioner"});
  HOLDFAST_RETURN_IF_ERROR(IgnoreGone(registry_.Edit(
      kClaims, NamespaceOf(claim), NameOf(claim), UidOf(claim), [&](Json& object) -> Status {
        Annotate(object, kProvisioner, provisioner);
        Annotate(object, kProvisionerBeta, provisioner);
        return {};
      })));
  recorder_.Normal(
      subject, "ExternalProvisioning",
      fmt::format("Waiting for a volume to be created either by the external provisioner '{}' or "
                  "manually by the system administrator. If volume creation is delayed, please "
                  "verify that the provisioner is running and correctly registered.",
                  provisioner));
  return {};
}

Status VolumeBinder::SetVolumePhase(const Json& volume, const std::string& phase) {
  if (GetString(volume, {"status", "phase"}) == phase) return {};
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  return IgnoreGone(
      registry_.Edit(kVolumes, "", NameOf(volume), UidOf(volume), [&](Json& object) -> Status {
        object["status"]["phase"] = phase;
        object["status"]["lastPhaseTransitionTime"] = now;
        return {};
      }));
}

Status VolumeBinder::Bind(const Json& claim, const Json& volume) {
  if (GetString(volume, {"spec", "claimRef", "uid"}).empty()) {
    HOLDFAST_RETURN_IF_ERROR(
        registry_.Edit(kVolumes, "", NameOf(volume), UidOf(volume), [&](Json& object) -> Status {
          object["spec"]["claimRef"] = {{"apiVersion", "v1"},
                                        {"kind", "PersistentVolumeClaim"},
                                        {"namespace", NamespaceOf(claim)},
                                        {"name", NameOf(claim)},
                                        {"uid", UidOf(claim)}};
          Annotate(object, kBoundByController, "yes");
          return {};
        }));
  }
  HOLDFAST_RETURN_IF_ERROR(SetVolumePhase(volume, "Bound"));
  HOLDFAST_RETURN_IF_ERROR(registry_.Edit(kClaims, NamespaceOf(claim), NameOf(claim), UidOf(claim),
                                          [&](Json& object) -> Status {
                                            object["spec"]["volumeName"] = NameOf(volume);
                                            Annotate(object, kBindCompleted, "yes");
                                            Annotate(object, kBoundByController, "yes");
                                            return {};
                                          }));
  return IgnoreGone(registry_.Edit(
      kClaims, NamespaceOf(claim), NameOf(claim), UidOf(claim), [&](Json& object) -> Status {
        object["status"]["phase"] = "Bound";
        object["status"]["accessModes"] = GetArray(volume, {"spec", "accessModes"});
        object["status"]["capacity"] = GetObject(volume, {"spec", "capacity"});
        return {};
      }));
}

// A bound claim whose volume has vanished is lost for good.
Status VolumeBinder::FinishBound(const Json& claim) {
  const std::string volume_name = GetString(claim, {"spec", "volumeName"});
  const auto volume = registry_.store().Get(kVolumes, "", volume_name);
  const std::string phase = GetString(claim, {"status", "phase"});
  if (volume && GetString((*volume)->json, {"spec", "claimRef", "uid"}) == UidOf(claim)) {
    return phase == "Bound" || phase == "Lost" ? Status() : Bind(claim, (*volume)->json);
  }
  if (phase == "Lost") return {};
  recorder_.Warning({"v1", "PersistentVolumeClaim", claim}, "ClaimLost",
                    "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
  return IgnoreGone(registry_.Edit(kClaims, NamespaceOf(claim), NameOf(claim), UidOf(claim),
                                   [](Json& object) -> Status {
                                     object["status"] = {{"phase", "Lost"}};
                                     return {};
                                   }));
}

Status VolumeBinder::SyncClaim(const std::string& ns, const std::string& name) {
  const Result<ObjectPtr> found = registry_.store().Get(kClaims, ns, name);
  if (!found) return {};
  const Json& claim = (*found)->json;
  if (!AnnotationOf(claim, kBindCompleted).empty()) return FinishBound(claim);
  if (const ObjectPtr volume = VolumeFor(claim)) return Bind(claim, volume->json);
  if (IsTerminating(claim)) return {};
  if (const ObjectPtr volume = UnclaimedFor(claim)) return Bind(claim, volume->json);
  if (!GetString(claim, {"spec", "volumeName"}).empty()) return {};
  if (FindPath(claim, {"spec", "storageClassName"}) == nullptr) return AssignDefaultClass(claim);
  return AskForVolume(claim);
}

Status VolumeBinder::SyncVolume(const std::string& name, WorkQueue& queue) {
  const Result<ObjectPtr> found = registry_.store().Get(kVolumes, "", name);
  if (!found) return {};
  const Json& volume = (*found)->json;
  const std::string claim_name = GetString(volume, {"spec", "claimRef", "name"});
  if (claim_name.empty()) {
    // Somebody may be waiting for one like it.
    if (GetString(volume, {"status", "phase"}) != "Available") {
      for (const ObjectPtr& claim : registry_.store().List(kClaims, "")) {
        if (AnnotationOf(claim->json, kBindCompleted).empty())
          queue.Add(ClaimKey(NamespaceOf(claim->json), NameOf(claim->json)));
      }
    }
    return SetVolumePhase(volume, "Available");
  }
  const std::string ns = GetString(volume, {"spec", "claimRef", "namespace"});
  const std::string uid = GetString(volume, {"spec", "claimRef", "uid"});
  if (uid.empty()) {
    // Reserved by hand for a claim that may not exist yet.
    queue.Add(ClaimKey(ns, claim_name));
    return GetString(volume, {"status", "phase"}).empty() ? SetVolumePhase(volume, "Available")
                                                          : Status();
  }
  const auto claim = registry_.store().Get(kClaims, ns, claim_name);
  if (!claim || UidOf((*claim)->json) != uid) return SetVolumePhase(volume, "Released");
  return {};
}

}  // namespace holdfast::sandbox
