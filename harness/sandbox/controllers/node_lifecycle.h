// Watches the heartbeats of nodes: one that falls silent becomes unreachable, and its pods not
// ready.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NODE_LIFECYCLE_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NODE_LIFECYCLE_H_

#include <map>
#include <string>

#include "harness/base/clock.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"

namespace holdfast::sandbox {

// Keys are names of nodes. A heartbeat is a renewed lease in kube-node-lease or a posted node
// status; its age is counted on our clock from when it was seen, so that clocks need not agree.
// After `grace` without one: Ready Unknown, taints node.kubernetes.io/unreachable (NoSchedule and
// NoExecute), pods Ready False. A later heartbeat makes the node Ready again.
class NodeLifecycleController : public Controller {
 public:
  NodeLifecycleController(Registry& registry, Nanos grace);
  [[nodiscard]] std::string_view name() const override { return "node-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  struct Heartbeat {
    std::string mark;  // What it said; changes with each one.
    Nanos seen{0};
  };
  [[nodiscard]] std::string HeartbeatOf(const Json& node) const;
  Status MarkUnreachable(const Json& node);
  Status MarkReachable(const Json& node);
  Status MarkPodsNotReady(const std::string& node);

  Registry& registry_;
  EventRecorder recorder_;
  Nanos grace_;
  std::map<std::string, Heartbeat> heartbeats_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NODE_LIFECYCLE_H_
