// Deletes pods that nobody else will: on nodes that are gone or out of service, unscheduled ones
// that terminate, and the oldest of too many finished ones.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_POD_GC_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_POD_GC_H_

#include <map>
#include <string>
#include <vector>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/node_timings.h"

namespace holdfast::sandbox {

// One key, "all", that comes back every gc_period. A pod's node must have been missing for
// gc_quarantine. Source: pkg/controller/podgc of Kubernetes 1.36.
class PodGarbageCollector : public Controller {
 public:
  // `finished_pods_kept`: how many pods in phase Succeeded or Failed may be there.
  PodGarbageCollector(Registry& registry,
                      const ClusterIndex& index,
                      const NodeTimings& timings,
                      size_t finished_pods_kept = 12500);
  [[nodiscard]] std::string_view name() const override { return "pod-garbage-collector"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  Status CollectOutOfService(const IndexedPod& pod);
  Status CollectOrphan(const IndexedPod& pod);
  Status CollectFinished(std::vector<PodPtr> finished);
  // Phase Failed first (with a DisruptionTarget condition when `why` is not empty), then away at
  // once.
  Status FailAndDelete(const IndexedPod& pod, const std::string& why);

  Registry& registry_;
  const ClusterIndex& index_;
  NodeTimings timings_;
  size_t finished_pods_kept_;
  std::map<std::string, Nanos> missing_since_;  // By name of the node.
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_POD_GC_H_
