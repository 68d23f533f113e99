// Makes volumes for claims, and takes released ones away (the external provisioner of a CSI
// driver).
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_VOLUME_PROVISIONER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_VOLUME_PROVISIONER_H_

#include <memory>
#include <string>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"
#include "harness/sandbox/controllers/volume_backend.h"

namespace holdfast::sandbox {

// Keys are "claim namespace/name" and "volume name". A volume is called pvc-<uid of the claim>,
// here and in the backend. One that is still attached to a node is not removed.
class VolumeProvisioner : public Controller {
 public:
  VolumeProvisioner(Registry& registry, std::unique_ptr<VolumeBackend> backend);
  [[nodiscard]] std::string_view name() const override { return "provisioner"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  Status Provision(const Json& claim);
  Status Remove(const Json& volume);

  Registry& registry_;
  EventRecorder recorder_;
  std::unique_ptr<VolumeBackend> backend_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_VOLUME_PROVISIONER_H_
