// Grows the volumes of claims that ask for more: the resizer of a CSI driver and the agent's part in
// one.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_VOLUME_EXPANDER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_VOLUME_EXPANDER_H_

#include <string>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"

namespace holdfast::sandbox {

// Keys are "namespace/name" of claims. The order that can be seen: condition Resizing, the volume's
// capacity, condition FileSystemResizePending, and, once a running pod uses the claim, the claim's
// capacity without conditions. Classes without allowVolumeExpansion are left alone. What a volume
// may hold is not enforced, so nothing but numbers grows.
class VolumeExpander : public Controller {
 public:
  VolumeExpander(Registry& registry, const ClusterIndex& index);
  [[nodiscard]] std::string_view name() const override { return "volume-expander"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  // The condition `type` takes the place of those of an expansion; empty: none is left.
  Status SetResizeCondition(const Json& claim, const std::string& type, const std::string& message);
  Status GrowVolume(const Json& claim, const Json& volume);
  Status FinishOnNode(const Json& claim, const Json& volume);

  Registry& registry_;
  const ClusterIndex& index_;
  EventRecorder recorder_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_VOLUME_EXPANDER_H_
