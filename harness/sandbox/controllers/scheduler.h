// The scheduler: gives pending pods a node once their claims are bound.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_SCHEDULER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_SCHEDULER_H_

#include <string>
#include <vector>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"
#include "harness/sandbox/controllers/node_usage.h"
#include "harness/sandbox/controllers/placement.h"

namespace holdfast::sandbox {

// Keys are "namespace/name" of pods. Of the nodes that fit, the most preferred one wins, then the
// one with the fewest pods of the same owner, then the one with the fewest pods at all, then the one
// whose turn it is. Nothing is preempted. Refusals are told in the words of Kubernetes 1.36.
class Scheduler : public Controller {
 public:
  Scheduler(Registry& registry, const ClusterIndex& index);
  [[nodiscard]] std::string_view name() const override { return "default-scheduler"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  // What the claims of a pod ask of its node.
  struct Claims {
    std::string refusal;                // Not empty: they hold the pod back, wherever.
    std::vector<std::string> waiting;   // Need a node before they can be bound.
    std::vector<ObjectPtr> volumes;     // That they are bound to.
    std::vector<std::string> exclusive;  // Of mode ReadWriteOncePod.
    std::string selected;               // The node that was chosen for one of them before.
  };
  void AddWaiting(WorkQueue& queue) const;
  [[nodiscard]] Claims ClaimsOf(const Json& pod) const;
  void CheckClaims(const Json& pod, const Json& node, const Claims& claims, Refusal& refusal) const;
  // The chosen node's name, or empty with the reason in `why`.
  std::string ChooseNode(const Json& pod, const Claims& claims, std::string* why);
  Status MarkUnschedulable(const Json& pod, const std::string& message);
  Status SelectNode(const Json& pod, const Claims& claims);
  Status Bind(const Json& pod, const std::string& node);

  Registry& registry_;
  const ClusterIndex& index_;
  EventRecorder recorder_;
  NodeUsage usage_;
  std::string last_node_;  // For taking turns.
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_SCHEDULER_H_
