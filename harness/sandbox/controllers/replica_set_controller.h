// The ReplicaSet controller: as many interchangeable pods as asked for.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_REPLICA_SET_CONTROLLER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_REPLICA_SET_CONTROLLER_H_

#include <string>
#include <vector>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"

namespace holdfast::sandbox {

// Keys are "namespace/name" of ReplicaSets. Source: pkg/controller/replicaset of Kubernetes 1.36.
class ReplicaSetController : public Controller {
 public:
  ReplicaSetController(Registry& registry, const ClusterIndex& index);
  [[nodiscard]] std::string_view name() const override { return "replicaset-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  Result<std::vector<PodPtr>> ClaimPods(const Json& set);
  Status Create(const Json& set, int64_t count);
  Status Delete(const Json& set, std::vector<PodPtr> active, size_t count);
  Status WriteStatus(const std::string& key,
                     const Json& set,
                     const std::vector<PodPtr>& pods,
                     WorkQueue& queue);

  Registry& registry_;
  const ClusterIndex& index_;
  EventRecorder recorder_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_REPLICA_SET_CONTROLLER_H_
