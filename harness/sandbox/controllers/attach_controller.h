// Attaches volumes to the nodes that need them and detaches them again, one node at a time unless
// the volume allows several (the attach-detach controller and a CSI attacher in one).
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ATTACH_CONTROLLER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ATTACH_CONTROLLER_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"

namespace holdfast::sandbox {

// The name of the VolumeAttachment of a persistent volume and a node: "csi-" and the hexadecimal
// SHA-256 of driver, volume and node put together. Node agents look it up by this name.
std::string AttachmentName(const std::string& volume, const std::string& node);

// Keys are names of persistent volumes. A VolumeAttachment is there as long as a pod object on its
// node uses the volume; status.attached turns true `attach_delay` after its creation.
class AttachController : public Controller {
 public:
  AttachController(Registry& registry, Nanos attach_delay);
  [[nodiscard]] std::string_view name() const override { return "attachdetach-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  // The pods that use the volume, by node.
  [[nodiscard]] std::map<std::string, ObjectPtr> Users(const Json& volume) const;
  Status Attach(const Json& volume, const std::string& node);
  Status FinishAttach(const std::string& key, const Json& attachment, WorkQueue& queue);
  Status Detach(const Json& attachment);

  Registry& registry_;
  EventRecorder recorder_;
  Nanos attach_delay_;
  std::map<std::string, Nanos> attach_begun_;  // By name of the attachment, on Clock::Now().
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ATTACH_CONTROLLER_H_
