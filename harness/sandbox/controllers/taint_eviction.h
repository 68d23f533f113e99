// Evicts pods from nodes with NoExecute taints: at once, or when their tolerationSeconds are over.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_TAINT_EVICTION_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_TAINT_EVICTION_H_

#include <map>
#include <optional>
#include <string>

#include "harness/base/clock.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"

namespace holdfast::sandbox {

// Keys are "namespace/name" of pods. The time of a toleration counts from when the taint was first
// seen together with the pod. Source: pkg/controller/tainteviction of Kubernetes 1.36.
class TaintEvictionController : public Controller {
 public:
  TaintEvictionController(Registry& registry, const ClusterIndex& index);
  [[nodiscard]] std::string_view name() const override { return "taint-eviction-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  struct Scheduled {
    std::string uid;
    Nanos since{0};
  };
  void AddPodsOn(const std::string& node, WorkQueue& queue) const;
  void Cancel(const std::string& key);
  Status Evict(const IndexedPod& pod);

  Registry& registry_;
  const ClusterIndex& index_;
  EventRecorder recorder_;
  std::map<std::string, Scheduled> scheduled_;
};

// How long a pod with `tolerations` may stay on a node with `taints` (those with the effect
// NoExecute count): nullopt for ever, zero not at all.
std::optional<Nanos> MayStay(const Json& tolerations, const Json& taints);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_TAINT_EVICTION_H_
