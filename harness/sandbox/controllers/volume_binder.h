// Binds claims and volumes, and tells the provisioner which claims need one (the persistent-volume
// controller of Kubernetes).
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_VOLUME_BINDER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_VOLUME_BINDER_H_

#include <string>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"

namespace holdfast::sandbox {

// Keys are "claim namespace/name" and "volume name". The order that can be seen: volume with
// claimRef, volume Bound, claim with volumeName and bind-completed, claim Bound.
class VolumeBinder : public Controller {
 public:
  VolumeBinder(Registry& registry, const ClusterIndex& index);
  [[nodiscard]] std::string_view name() const override { return "persistentvolume-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  Status SyncClaim(const std::string& ns, const std::string& name);
  Status SyncVolume(const std::string& name, WorkQueue& queue);
  // The volume whose claimRef is this claim, by uid or, without uid, by name; or nullptr.
  [[nodiscard]] ObjectPtr VolumeFor(const Json& claim) const;
  // The smallest unclaimed volume that would do, or the one that the claim names; or nullptr.
  [[nodiscard]] ObjectPtr UnclaimedFor(const Json& claim) const;
  [[nodiscard]] bool Suits(const Json& volume, const Json& claim) const;
  Status AssignDefaultClass(const Json& claim);
  Status AskForVolume(const Json& claim);
  Status Bind(const Json& claim, const Json& volume);
  Status FinishBound(const Json& claim);
  Status SetVolumePhase(const Json& volume, const std::string& phase);

  Registry& registry_;
  const ClusterIndex& index_;
  EventRecorder recorder_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_VOLUME_BINDER_H_
