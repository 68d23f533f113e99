// Everything that makes the sandbox's API objects come alive: all controllers, the scheduler and
// the volume provisioner, inside the control plane's process.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_CONTROLLER_MANAGER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_CONTROLLER_MANAGER_H_

#include <filesystem>
#include <memory>
#include <string>

#include "harness/base/clock.h"
#include "harness/base/result.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/controller_loop.h"
#include "harness/sandbox/controllers/node_timings.h"
#include "harness/sandbox/defects/defects.h"

namespace holdfast::sandbox {

struct ControllerOptions {
  std::filesystem::path volume_root;  // Volumes are <volume_root>/<name of the persistent volume>.
  std::string ca_pem;                 // Goes into kube-root-ca.crt of every namespace.
  NodeTimings nodes;      // NodeTimings::RealTime() for those of Kubernetes.
  Nanos attach_delay{0};  // From a VolumeAttachment to status.attached.
  Nanos detach_delay{0};  // From the end of its last user to the end of a VolumeAttachment.
  Defects defects;
};

// Creates the namespaces default, kube-system, kube-node-lease and kube-public with their standard
// content, and the StorageClasses "standard" (default, Immediate), "standard-wait"
// (WaitForFirstConsumer), "local" (WaitForFirstConsumer, one node, never attached), all with reclaim
// policy Delete, and "retain" (Immediate, Retain). All but "local" can be expanded. Repeatable.
Status Bootstrap(Registry& registry, const ControllerOptions& options);

// The two loops: `control` decides, `storage` makes and removes volumes, which may take its time.
// Not started; for ControllerManager, and for tests that step them by hand.
struct ControllerLoops {
  std::unique_ptr<ControllerLoop> control;
  std::unique_ptr<ControllerLoop> storage;
};
ControllerLoops MakeControllerLoops(Registry& registry, const ControllerOptions& options);

class ControllerManager {
 public:
  // Bootstraps and starts; `registry` and its store must outlive the manager. Everything that
  // Bootstrap creates is there when this returns.
  static Result<std::unique_ptr<ControllerManager>> Start(Registry& registry,
                                                          const ControllerOptions& options);
  ~ControllerManager() { Stop(); }
  ControllerManager(const ControllerManager&) = delete;
  ControllerManager& operator=(const ControllerManager&) = delete;
  // Waits for the syncs that are under way. A second call does nothing.
  void Stop();

 private:
  explicit ControllerManager(ControllerLoops loops) : loops_(std::move(loops)) {}
  ControllerLoops loops_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_CONTROLLER_MANAGER_H_
