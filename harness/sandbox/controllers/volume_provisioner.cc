// Provisioning and removal after sig-storage-lib-external-provisioner.
#include "harness/sandbox/controllers/volume_provisioner.h"

#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/storage.h"

namespace holdfast::sandbox {
namespace {

constexpr char kClaims[] = "persistentvolumeclaims";
constexpr char kVolumes[] = "persistentvolumes";
constexpr std::string_view kClaimKey = "claim ";
constexpr std::string_view kVolumeKey = "volume ";

bool WantsVolume(const Json& claim) {
  return IsOurProvisioner(AnnotationOf(claim, kProvisioner)) && !IsTerminating(claim) &&
         GetString(claim, {"spec", "volumeName"}).empty();
}

bool WantsRemoval(const Json& volume) {
  return IsOurProvisioner(AnnotationOf(volume, kProvisionedBy)) &&
         GetString(volume, {"status", "phase"}) == "Released" &&
         GetString(volume, {"spec", "persistentVolumeReclaimPolicy"}) == "Delete" &&
         (!IsTerminating(volume) || HasFinalizer(volume, kProvisionerFinalizer));
}

// Bound to the node that the scheduler chose, and nothing that could be attached. When the class
// binds at once nobody has chosen a node: then it is a path that every node sees, as a network file
// system is.
void MakeLocal(Json& volume, const std::string& node) {
  volume["metadata"]["annotations"][kProvisionedBy] = kLocalProvisioner;
  Json& spec = volume["spec"];
  spec.erase("csi");
  if (node.empty()) {
    spec["hostPath"] = {{"path", "/volumes/" + NameOf(volume)}, {"type", ""}};
    return;
  }
  spec["local"] = {{"path", "/volumes/" + NameOf(volume)}};
  spec["nodeAffinity"]["required"]["nodeSelectorTerms"] =
      Json::array({{{"matchExpressions", Json::array({{{"key", "kubernetes.io/hostname"},
                                                       {"operator", "In"},
                                                       {"values", Json::array({node})}}})}}});
}

Json MakeVolume(const Json& claim, const Json& storage_class, const std::string& name) {
  const std::string reclaim = GetString(storage_class, {"reclaimPolicy"}, "Delete");
  Json volume = {
      {"apiVersion", "v1"},
      {"kind", "PersistentVolume"},
      {"metadata", {{"name", name}, {"annotations", {{kProvisionedBy, kDriver}}}}},
      {"spec",
       {{"capacity",
         {{"storage", GetString(claim, {"spec", "resources", "requests", "storage"}, "1Gi")}}},
        {"accessModes", GetArray(claim, {"spec", "accessModes"})},
        {"claimRef",
         {{"apiVersion", "v1"},
          {"kind", "PersistentVolumeClaim"},
          {"namespace", NamespaceOf(claim)},
          {"name", NameOf(claim)},
          {"uid", UidOf(claim)}}},
        {"csi", {{"driver", kDriver}, {"volumeHandle", name}}},
        {"persistentVolumeReclaimPolicy", reclaim},
        {"storageClassName", NameOf(storage_class)},
        {"volumeMode", GetString(claim, {"spec", "volumeMode"}, "Filesystem")}}}};
  volume["metadata"]["finalizers"] = Json::array({kVolumeProtection});
  if (reclaim == "Delete") volume["metadata"]["finalizers"].push_back(kProvisionerFinalizer);
  if (GetString(storage_class, {"provisioner"}) == kLocalProvisioner)
    MakeLocal(volume, AnnotationOf(claim, kSelectedNode));
  return volume;
}

}  // namespace

VolumeProvisioner::VolumeProvisioner(Registry& registry, std::unique_ptr<VolumeBackend> backend)
    : registry_(registry),
      recorder_(registry, kDriver),
      backend_(std::move(backend)) {}

void VolumeProvisioner::Resync(WorkQueue& queue) {
  for (const ObjectPtr& claim : registry_.store().List(kClaims, "")) {
    if (WantsVolume(claim->json)) queue.Add(std::string(kClaimKey) + KeyOf(claim->json));
  }
  for (const ObjectPtr& volume : registry_.store().List(kVolumes, "")) {
    if (WantsRemoval(volume->json)) queue.Add(std::string(kVolumeKey) + NameOf(volume->json));
  }
}

void VolumeProvisioner::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == "volumeattachments") {
    if (event.type != StoreEvent::Type::kDeleted) return;
    // It may have been what kept its volume from being removed.
    queue.Add(std::string(kVolumeKey) +
              GetString(object, {"spec", "source", "persistentVolumeName"}));
    return;
  }
  if (event.type == StoreEvent::Type::kDeleted) return;
  if (event.resource == kClaims && WantsVolume(object)) {
    queue.Add(std::string(kClaimKey) + KeyOf(object));
  } else if (event.resource == kVolumes && WantsRemoval(object)) {
    queue.Add(std::string(kVolumeKey) + NameOf(object));
  }
}

Status VolumeProvisioner::Provision(const Json& claim) {
  const std::string name = "pvc-" + UidOf(claim);
  if (registry_.store().Get(kVolumes, "", name)) return {};
  const ObjectPtr storage_class = ClassOf(registry_.store(), claim);
  const EventSubject subject{"v1", "PersistentVolumeClaim", claim};
  if (storage_class == nullptr) {
    return Fail(ErrorCode::kNotFound, "storageclass.storage.k8s.io \"{}\" not found",
                GetString(claim, {"spec", "storageClassName"}));
  }
  recorder_.Normal(
      subject, "Provisioning",
      fmt::format("External provisioner is provisioning volume for claim \"{}\"", KeyOf(claim)));
  Status made = backend_->Create(name);
  if (made) {
    const auto created =
        registry_.Create(kVolumes, "", MakeVolume(claim, storage_class->json, name));
    if (!created && created.error().reason != "AlreadyExists") made = Fail(created.error());
  }
  if (!made) {
    recorder_.Warning(subject, "ProvisioningFailed",
                      fmt::format("failed to provision volume with StorageClass \"{}\": {}",
                                  NameOf(storage_class->json), made.error().message));
    return made;
  }
  recorder_.Normal(subject, "ProvisioningSucceeded",
                   fmt::format("Successfully provisioned volume {}", name));
  return {};
}

Status VolumeProvisioner::Remove(const Json& volume) {
  const std::string name = NameOf(volume);
  for (const ObjectPtr& attachment : registry_.store().List("volumeattachments", "")) {
    // The attachment's own end brings the key back.
    if (GetString(attachment->json, {"spec", "source", "persistentVolumeName"}) == name) return {};
  }
  if (const Status removed = backend_->Remove(GetString(volume, {"spec", "csi", "volumeHandle"}, name));
      !removed) {
    recorder_.Warning({"v1", "PersistentVolume", volume}, "VolumeFailedDelete",
                      removed.error().message);
    return removed;
  }
  DeleteParameters parameters;
  parameters.uid = UidOf(volume);
  const auto deleted = registry_.Delete(kVolumes, "", name, parameters);
  if (!deleted && deleted.error().code != ErrorCode::kNotFound) return Fail(deleted.error());
  const auto released =
      registry_.Edit(kVolumes, "", name, UidOf(volume), [](Json& object) -> Status {
        RemoveFinalizer(object, kProvisionerFinalizer);
        return {};
      });
  if (!released && released.error().code != ErrorCode::kNotFound) return Fail(released.error());
  return {};
}

Status VolumeProvisioner::Sync(const std::string& key, WorkQueue& /*queue*/) {
  if (key.starts_with(kVolumeKey)) {
    const auto volume = registry_.store().Get(kVolumes, "", key.substr(kVolumeKey.size()));
    return volume && WantsRemoval((*volume)->json) ? Remove((*volume)->json) : Status();
  }
  const auto [ns, name] = SplitKey(std::string_view(key).substr(kClaimKey.size()));
  const auto claim = registry_.store().Get(kClaims, ns, name);
  return claim && WantsVolume((*claim)->json) ? Provision((*claim)->json) : Status();
}

}  // namespace holdfast::sandbox
