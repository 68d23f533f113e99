// The StatefulSet controller: wires events to sets, and one sync to its parts.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_SET_CONTROLLER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_SET_CONTROLLER_H_

#include <string>
#include <vector>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"
#include "harness/sandbox/controllers/stateful_pods.h"
#include "harness/sandbox/controllers/stateful_revisions.h"

namespace holdfast::sandbox {

// Keys are "namespace/name" of StatefulSets.
class StatefulSetController : public Controller {
 public:
  explicit StatefulSetController(Registry& registry);
  [[nodiscard]] std::string_view name() const override { return "statefulset-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  void ObservePod(const Json& pod, WorkQueue& queue) const;
  void AddSetsOf(const std::string& ns, WorkQueue& queue) const;
  Status WriteStatus(const Json& set, const Json& status);
  Status Reconcile(const std::string& key,
                   const Json& set,
                   const std::vector<StatefulPod>& pods,
                   const StatefulRevisions& revisions,
                   WorkQueue& queue);

  Registry& registry_;
  EventRecorder recorder_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_SET_CONTROLLER_H_
