// Expansion after the external resizer and kubelet's volume manager.
#include "harness/sandbox/controllers/volume_expander.h"

#include <algorithm>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/amount.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/storage.h"

namespace holdfast::sandbox {
namespace {

constexpr char kClaims[] = "persistentvolumeclaims";
constexpr char kResizing[] = "Resizing";
constexpr char kPending[] = "FileSystemResizePending";

bool WantsMore(const Json& claim) {
  return GetString(claim, {"status", "phase"}) == "Bound" && !IsTerminating(claim) &&
         RequestedStorage(claim) > AmountOf(FindPath(claim, {"status", "capacity", "storage"}));
}

Status IgnoreGone(const Result<ObjectPtr>& result) {
  if (result || result.error().code == ErrorCode::kNotFound) return {};
  return Fail(result.error());
}

std::string RequestText(const Json& claim) {
  return GetString(claim, {"spec", "resources", "requests", "storage"});
}

}  // namespace

VolumeExpander::VolumeExpander(Registry& registry, const ClusterIndex& index)
    : registry_(registry),
      index_(index),
      recorder_(registry, std::string("external-resizer ") + kDriver) {}

void VolumeExpander::Resync(WorkQueue& queue) {
  for (const ObjectPtr& claim : registry_.store().List(kClaims, ""))
    if (WantsMore(claim->json)) queue.Add(KeyOf(claim->json));
}

void VolumeExpander::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.type == StoreEvent::Type::kDeleted) return;
  if (event.resource == kClaims) {
    if (WantsMore(object)) queue.Add(KeyOf(object));
  } else if (event.resource == "pods" && event.previous != nullptr &&
             GetString(object, {"status", "phase"}) == "Running" &&
             GetString(event.previous->json, {"status", "phase"}) != "Running") {
    for (const std::string& claim : ClaimsUsedBy(object))
      queue.Add(MakeKey(NamespaceOf(object), claim));
  }
}

Status VolumeExpander::SetResizeCondition(const Json& claim,
                                          const std::string& type,
                                          const std::string& message) {
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  return IgnoreGone(registry_.Edit(
      kClaims, NamespaceOf(claim), NameOf(claim), UidOf(claim), [&](Json& object) -> Status {
        Json kept = Json::array();
        for (const Json& condition : GetArray(object, {"status", "conditions"})) {
          const std::string other = GetString(condition, {"type"});
          if ((other != kResizing && other != kPending) || other == type) kept.push_back(condition);
        }
        object["status"]["conditions"] = std::move(kept);
        if (!type.empty()) {
          Json condition = {{"type", type}, {"status", "True"}, {"lastProbeTime", nullptr}};
          if (!message.empty()) condition["message"] = message;
          SetCondition(object, std::move(condition), now);
        }
        if (object["status"]["conditions"].empty()) object["status"].erase("conditions");
        return {};
      }));
}

Status VolumeExpander::GrowVolume(const Json& claim, const Json& volume) {
  const EventSubject subject{"v1", "PersistentVolumeClaim", claim};
  recorder_.Normal(subject, "Resizing",
                   fmt::format("External resizer is resizing volume {}", NameOf(volume)));
  HOLDFAST_RETURN_IF_ERROR(SetResizeCondition(claim, kResizing, ""));
  HOLDFAST_RETURN_IF_ERROR(IgnoreGone(registry_.Edit(
      "persistentvolumes", "", NameOf(volume), UidOf(volume), [&](Json& object) -> Status {
        object["spec"]["capacity"]["storage"] = RequestText(claim);
        return {};
      })));
  HOLDFAST_RETURN_IF_ERROR(SetResizeCondition(
      claim, kPending,
      "Waiting for user to (re-)start a pod to finish file system resize of volume on node."));
  recorder_.Normal(subject, "FileSystemResizeRequired",
                   "Require file system resize of volume on node");
  return {};
}

Status VolumeExpander::FinishOnNode(const Json& claim, const Json& volume) {
  const PodGroup& pods = index_.PodsUsing(NamespaceOf(claim), NameOf(claim));
  const auto running = std::ranges::find_if(pods, [](const auto& entry) {
    return entry.second->running && !entry.second->terminating;
  });
  // The next pod that runs brings the key back.
  if (running == pods.end()) return {};
  HOLDFAST_RETURN_IF_ERROR(IgnoreGone(registry_.Edit(
      kClaims, NamespaceOf(claim), NameOf(claim), UidOf(claim), [&](Json& object) -> Status {
        object["status"]["capacity"]["storage"] =
            GetString(volume, {"spec", "capacity", "storage"});
        return {};
      })));
  recorder_.Normal({"v1", "PersistentVolumeClaim", claim}, "FileSystemResizeSuccessful",
                   fmt::format("MountVolume.NodeExpandVolume succeeded for volume \"{}\" {}",
                               NameOf(volume), running->second->node));
  return SetResizeCondition(claim, "", "");
}

Status VolumeExpander::Sync(const std::string& key, WorkQueue& queue) {
  const auto [ns, name] = SplitKey(key);
  const auto claim = registry_.store().Get(kClaims, ns, name);
  if (!claim || !WantsMore((*claim)->json)) return {};
  const ObjectPtr storage_class = ClassOf(registry_.store(), (*claim)->json);
  if (storage_class == nullptr || !GetBool(storage_class->json, {"allowVolumeExpansion"})) {
    return {};
  }
  const auto volume = registry_.store().Get("persistentvolumes", "",
                                            GetString((*claim)->json, {"spec", "volumeName"}));
  if (!volume) return {};
  if (CapacityOf((*volume)->json) >= RequestedStorage((*claim)->json))
    return FinishOnNode((*claim)->json, (*volume)->json);
  queue.Add(key);
  return GrowVolume((*claim)->json, (*volume)->json);
}

}  // namespace holdfast::sandbox
