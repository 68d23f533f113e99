// Protection finalizers after pvc_protection_controller.go and pv_protection_controller.go.
#include "harness/sandbox/controllers/storage_protection.h"

#include <algorithm>

#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/storage.h"

namespace holdfast::sandbox {
namespace {

constexpr char kClaims[] = "persistentvolumeclaims";
constexpr char kVolumes[] = "persistentvolumes";
constexpr std::string_view kClaimKey = "claim ";
constexpr std::string_view kVolumeKey = "volume ";

// Only a mark of deletion or a missing finalizer needs work.
bool Interesting(const Json& object, const char* finalizer) {
  return IsTerminating(object) == HasFinalizer(object, finalizer);
}

}  // namespace

void StorageProtection::Resync(WorkQueue& queue) {
  for (const ObjectPtr& claim : registry_.store().List(kClaims, "")) {
    queue.Add(std::string(kClaimKey) + KeyOf(claim->json));
  }
  for (const ObjectPtr& volume : registry_.store().List(kVolumes, "")) {
    queue.Add(std::string(kVolumeKey) + NameOf(volume->json));
  }
}

void StorageProtection::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  const bool gone = event.type == StoreEvent::Type::kDeleted;
  if (event.resource == kClaims && !gone && Interesting(object, kClaimProtection)) {
    queue.Add(std::string(kClaimKey) + KeyOf(object));
  } else if (event.resource == kVolumes && !gone && Interesting(object, kVolumeProtection)) {
    queue.Add(std::string(kVolumeKey) + NameOf(object));
  } else if (event.resource == "pods" && gone) {
    for (const std::string& claim : ClaimsUsedBy(object)) {
      queue.Add(std::string(kClaimKey) + MakeKey(NamespaceOf(object), claim));
    }
  }
}

// A pod that has no node yet will not start with a claim that is being deleted.
bool StorageProtection::InUse(const Json& claim) const {
  const PodGroup& pods = index_.PodsUsing(NamespaceOf(claim), NameOf(claim));
  return std::ranges::any_of(pods, [](const auto& entry) { return !entry.second->node.empty(); });
}

Status StorageProtection::Apply(const std::string& resource,
                                const Json& object,
                                const std::string& finalizer,
                                bool in_use) {
  const bool remove = IsTerminating(object) && HasFinalizer(object, finalizer) && !in_use;
  const bool add = !IsTerminating(object) && !HasFinalizer(object, finalizer);
  if (!remove && !add) return {};
  const auto edited = registry_.Edit(resource, NamespaceOf(object), NameOf(object), UidOf(object),
                                     [&](Json& stored) -> Status {
                                       if (remove) RemoveFinalizer(stored, finalizer);
                                       if (add && !IsTerminating(stored))
                                         AddFinalizer(stored, finalizer);
                                       return {};
                                     });
  if (!edited && edited.error().code != ErrorCode::kNotFound) return Fail(edited.error());
  return {};
}

Status StorageProtection::Sync(const std::string& key, WorkQueue& /*queue*/) {
  if (key.starts_with(kVolumeKey)) {
    const auto volume = registry_.store().Get(kVolumes, "", key.substr(kVolumeKey.size()));
    if (!volume) return {};
    const bool bound = GetString((*volume)->json, {"status", "phase"}) == "Bound";
    return Apply(kVolumes, (*volume)->json, kVolumeProtection, bound);
  }
  const auto [ns, name] = SplitKey(std::string_view(key).substr(kClaimKey.size()));
  const auto claim = registry_.store().Get(kClaims, ns, name);
  if (!claim) return {};
  return Apply(kClaims, (*claim)->json, kClaimProtection, InUse((*claim)->json));
}

}  // namespace holdfast::sandbox
