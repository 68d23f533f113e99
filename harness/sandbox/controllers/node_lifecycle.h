// Watches the heartbeats of nodes: one that falls silent becomes unreachable, its pods not ready,
// and it is tainted so that they can be evicted.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NODE_LIFECYCLE_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NODE_LIFECYCLE_H_

#include <map>
#include <string>

#include "harness/base/clock.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"
#include "harness/sandbox/controllers/node_timings.h"

namespace holdfast::sandbox {

// Keys are names of nodes. A heartbeat is a renewed lease in kube-node-lease or a posted node
// status; its age is counted on our clock from when it was seen, so that clocks need not agree.
// After the grace period without one: Ready Unknown, taint node.kubernetes.io/unreachable:NoSchedule,
// pods Ready False, then the NoExecute taint, one node after the other, and none at all while every
// node of its zone is silent, or three and more of them and at least 55 %. Only the agent makes its
// node Ready again. Source: pkg/controller/nodelifecycle of Kubernetes 1.36.
class NodeLifecycleController : public Controller {
 public:
  NodeLifecycleController(Registry& registry, const ClusterIndex& index, const NodeTimings& timings);
  [[nodiscard]] std::string_view name() const override { return "node-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  struct Heartbeat {
    std::string mark;  // What it said; changes with each one.
    Nanos seen{0};
  };
  enum class ZoneState { kNormal, kPartial, kFull };
  [[nodiscard]] std::string HeartbeatOf(const Json& node) const;
  // The time until the node counts as silent; not positive when it does.
  Nanos UntilSilent(const std::string& name, const Json& node);
  [[nodiscard]] ZoneState StateOfZone(const std::string& zone) const;
  // Is every zone without a ready node?
  [[nodiscard]] bool AllSilent() const;
  Status MarkSilent(const Json& node);
  Status TaintByConditions(const Json& node);
  Status TaintForEviction(const Json& node, WorkQueue& queue);
  Status MarkPodsNotReady(const std::string& node);

  Registry& registry_;
  const ClusterIndex& index_;
  EventRecorder recorder_;
  NodeTimings timings_;
  std::map<std::string, Heartbeat> heartbeats_;
  std::map<std::string, Nanos> next_taint_;  // By zone: when the next NoExecute taint may be set.
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NODE_LIFECYCLE_H_
