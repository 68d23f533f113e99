// The StatefulSet controller: wires events to sets, and one sync to its parts.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_SET_CONTROLLER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_SET_CONTROLLER_H_

#include <map>
#include <string>
#include <vector>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"
#include "harness/sandbox/controllers/stateful_pods.h"
#include "harness/sandbox/controllers/stateful_reconcile.h"
#include "harness/sandbox/controllers/stateful_revisions.h"

namespace holdfast::sandbox {

// Keys are "namespace/name" of StatefulSets. A sync never sees a state older than what earlier syncs
// wrote (the guard against stale caches of Kubernetes 1.36): the index has caught up by then.
class StatefulSetController : public Controller {
 public:
  StatefulSetController(Registry& registry, const ClusterIndex& index, const Defects& defects);
  [[nodiscard]] std::string_view name() const override { return "statefulset-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  void AddSetsOf(const std::string& ns, WorkQueue& queue) const;
  void ObserveClaim(const StoreEvent& event, WorkQueue& queue);
  Status WriteStatus(const Json& set, const Json& status);
  Status Reconcile(const std::string& key,
                   const Json& set,
                   const std::vector<StatefulPod>& pods,
                   const StatefulRevisions& revisions,
                   WorkQueue& queue);
  Status RestartUnprovoked(const std::string& key,
                           const Json& set,
                           const StatefulReconcile& reconcile,
                           WorkQueue& queue);

  Registry& registry_;
  EventRecorder recorder_;
  StatefulRules rules_;
  StatefulContext context_;
  std::map<std::string, StatefulMemory> memories_;  // By uid of the set.
  uint64_t claims_changed_ = 0;  // Counts claims that came, went or changed owners.
  std::map<std::string, Nanos> restart_at_;  // By uid of the set; only by defect.
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_SET_CONTROLLER_H_
