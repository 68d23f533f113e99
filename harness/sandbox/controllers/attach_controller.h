// Attaches volumes to the nodes that need them and detaches them again, one node at a time unless
// the volume allows several (the attach-detach controller and a CSI attacher in one).
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ATTACH_CONTROLLER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ATTACH_CONTROLLER_H_

#include <map>
#include <set>
#include <string>

#include "harness/base/clock.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"

namespace holdfast::sandbox {

// The name of the VolumeAttachment of a persistent volume and a node: "csi-" and the hexadecimal
// SHA-256 of driver, volume and node put together. Node agents look it up by this name.
std::string AttachmentName(const std::string& volume, const std::string& node);
// How node.status names a volume of our driver in volumesInUse and volumesAttached.
std::string AttachedName(const Json& volume);

struct AttachTimings {
  Nanos attach{0};  // From a VolumeAttachment's creation to status.attached.
  Nanos detach{0};  // From its deletionTimestamp to its end.
  // How long a volume counts as mounted on a node that is silent or gone.
  Nanos force_detach = std::chrono::minutes(6);
};

// Keys are "volume <name>" and "node <name>". A VolumeAttachment is there as long as a pod on its
// node uses the volume, and then until the node's agent no longer names the volume in
// node.status.volumesInUse. A node that is not ready keeps its volumes for `force_detach`, unless it
// is tainted out-of-service. node.status.volumesAttached follows. Local volumes (without CSI) are
// not attached. Source: pkg/controller/volume/attachdetach of Kubernetes 1.36.
class AttachController : public Controller {
 public:
  // `attach_twice` is a defect: a volume is attached elsewhere before it was let go.
  AttachController(Registry& registry,
                   const ClusterIndex& index,
                   const AttachTimings& timings,
                   bool attach_twice);
  [[nodiscard]] std::string_view name() const override { return "attachdetach-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  using Users = std::map<std::string, PodGroup>;  // By node.
  void ObservePod(const StoreEvent& event, WorkQueue& queue) const;
  void AddVolumeOf(const std::string& ns, const std::string& claim, WorkQueue& queue) const;
  [[nodiscard]] Users UsersOf(const Json& volume) const;
  [[nodiscard]] bool StillMounted(const Json& volume, const Json& attachment, Nanos unused_for) const;
  Status SyncVolume(const std::string& name, WorkQueue& queue);
  Status SyncNode(const std::string& name);
  Status Attach(const Json& volume, const std::string& node);
  Status FinishAttach(const std::string& key,
                      const Json& attachment,
                      const PodGroup& pods,
                      WorkQueue& queue);
  Status Detach(const std::string& key,
                const Json* volume,
                const Json& attachment,
                bool attached_elsewhere,
                WorkQueue& queue);
  void ReportMultiAttach(const Json& volume, const Users& users, const PodGroup& waiting);

  Registry& registry_;
  const ClusterIndex& index_;
  EventRecorder recorder_;
  AttachTimings timings_;
  bool attach_twice_;
  // By name of the attachment, on Clock::Now(): when it began to be made, to be unused, to be taken
  // away.
  std::map<std::string, Nanos> attaching_;
  std::map<std::string, Nanos> unused_;
  std::map<std::string, Nanos> detaching_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ATTACH_CONTROLLER_H_
