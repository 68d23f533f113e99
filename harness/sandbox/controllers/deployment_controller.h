// The Deployment controller: rolls from one ReplicaSet to the next.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_DEPLOYMENT_CONTROLLER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_DEPLOYMENT_CONTROLLER_H_

#include <string>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/deployment_sets.h"
#include "harness/sandbox/controllers/event_recorder.h"

namespace holdfast::sandbox {

// Keys are "namespace/name" of Deployments. Strategies RollingUpdate and Recreate, paused ones are
// only scaled. Differs from Kubernetes in one thing: a change of spec.replicas during a rollout goes
// to the new ReplicaSet instead of being shared out in proportion. Source: pkg/controller/deployment
// of Kubernetes 1.36.
class DeploymentController : public Controller {
 public:
  DeploymentController(Registry& registry, const ClusterIndex& index);
  [[nodiscard]] std::string_view name() const override { return "deployment-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  Status RollOver(const Json& deployment, DeploymentSets& sets);
  Status Recreate(const Json& deployment, DeploymentSets& sets);
  Status ScaleOnly(const Json& deployment, DeploymentSets& sets);
  // Of RollOver: the new set up; sick pods of old sets away; old sets down.
  Result<bool> GrowCurrent(const Json& deployment, DeploymentSets& sets);
  Status ShrinkOld(const Json& deployment, DeploymentSets& sets);
  Status Scale(const Json& deployment, ObjectPtr& set, int64_t replicas);
  Status CleanUp(const Json& deployment, const DeploymentSets& sets);
  Status WriteStatus(const std::string& key,
                     const Json& deployment,
                     const DeploymentSets& sets,
                     WorkQueue& queue);

  Registry& registry_;
  const ClusterIndex& index_;
  EventRecorder recorder_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_DEPLOYMENT_CONTROLLER_H_
