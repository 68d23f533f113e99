// Shared storage helpers.
#include "harness/sandbox/controllers/storage.h"

#include <algorithm>

#include "harness/sandbox/controllers/amount.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {

std::vector<std::string> ClaimsUsedBy(const Json& pod) {
  std::vector<std::string> claims;
  for (const Json& volume : GetArray(pod, {"spec", "volumes"})) {
    std::string claim = GetString(volume, {"persistentVolumeClaim", "claimName"});
    if (!claim.empty()) claims.push_back(std::move(claim));
  }
  return claims;
}

bool UsesClaim(const Json& pod, const std::string& claim) {
  const std::vector<std::string> used = ClaimsUsedBy(pod);
  return std::find(used.begin(), used.end(), claim) != used.end();
}

bool IsOurProvisioner(const std::string& name) {
  return name == kDriver || name == kLocalProvisioner;
}

int64_t RequestedStorage(const Json& claim) {
  return AmountOf(FindPath(claim, {"spec", "resources", "requests", "storage"}));
}

int64_t CapacityOf(const Json& volume) {
  return AmountOf(FindPath(volume, {"spec", "capacity", "storage"}));
}

std::string AnnotationOf(const Json& object, const std::string& key) {
  return GetString(object, {"metadata", "annotations", key});
}

ObjectPtr ClassOf(const Store& store, const Json& claim) {
  const std::string name = GetString(claim, {"spec", "storageClassName"});
  if (name.empty()) return nullptr;
  Result<ObjectPtr> found = store.Get("storageclasses", "", name);
  return found ? *found : nullptr;
}

bool WaitsForConsumer(const Store& store, const Json& claim) {
  if (!GetString(claim, {"spec", "volumeName"}).empty()) return false;
  const ObjectPtr storage_class = ClassOf(store, claim);
  return storage_class != nullptr &&
         GetString(storage_class->json, {"volumeBindingMode"}) == "WaitForFirstConsumer";
}

}  // namespace holdfast::sandbox
