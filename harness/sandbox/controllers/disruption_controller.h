// Pod disruption budgets: how many pods may be evicted now.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_DISRUPTION_CONTROLLER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_DISRUPTION_CONTROLLER_H_

#include <string>
#include <vector>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"

namespace holdfast::sandbox {

// Keys are "namespace/name" of budgets. Writes their status; the eviction subresource takes from
// status.disruptionsAllowed and enters what it evicts in status.disruptedPods, which this controller
// clears as the pods go, or two minutes later. Source: pkg/controller/disruption of Kubernetes 1.36.
class DisruptionController : public Controller {
 public:
  DisruptionController(Registry& registry, const ClusterIndex& index);
  [[nodiscard]] std::string_view name() const override { return "disruption-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  struct Expected {
    int64_t pods = 0;
    int64_t healthy = 0;
  };
  void AddBudgetsOf(const Json& pod, WorkQueue& queue) const;
  [[nodiscard]] std::vector<PodPtr> PodsOf(const Json& budget) const;
  Result<Expected> ExpectedOf(const Json& budget, const std::vector<PodPtr>& pods);
  // The sum of spec.replicas over the controllers of the pods.
  Result<int64_t> ScaleOf(const Json& budget, const std::vector<PodPtr>& pods);
  [[nodiscard]] Result<int64_t> ReplicasOfController(const IndexedPod& pod, std::string* uid) const;
  // What of status.disruptedPods is still to be waited for.
  Json StillDisrupted(const std::string& key,
                      const Json& budget,
                      const std::vector<PodPtr>& pods,
                      WorkQueue& queue);
  Status WriteStatus(const Json& budget, Json status, const std::string& failure);

  Registry& registry_;
  const ClusterIndex& index_;
  EventRecorder recorder_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_DISRUPTION_CONTROLLER_H_
