// Keeps claims that scheduled pods use, and volumes that are bound, from vanishing: the finalizers
// pvc-protection and pv-protection.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STORAGE_PROTECTION_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STORAGE_PROTECTION_H_

#include <string>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"

namespace holdfast::sandbox {

// Keys are "claim namespace/name" and "volume name".
class StorageProtection : public Controller {
 public:
  StorageProtection(Registry& registry, const ClusterIndex& index)
      : registry_(registry),
        index_(index) {}
  [[nodiscard]] std::string_view name() const override { return "storage-protection"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  [[nodiscard]] bool InUse(const Json& claim) const;
  Status Apply(const std::string& resource,
               const Json& object,
               const std::string& finalizer,
               bool in_use);

  Registry& registry_;
  const ClusterIndex& index_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STORAGE_PROTECTION_H_
