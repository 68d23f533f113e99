// The scheduler: gives pending pods a node once their claims are bound.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_SCHEDULER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_SCHEDULER_H_

#include <string>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/controllers/event_recorder.h"

namespace holdfast::sandbox {

// Keys are "namespace/name" of pods. Of the nodes that fit, the one with the fewest pods of the
// same owner wins, then the one with the fewest pods at all, then the one whose turn it is.
class Scheduler : public Controller {
 public:
  explicit Scheduler(Registry& registry);
  [[nodiscard]] std::string_view name() const override { return "default-scheduler"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  // Empty when nothing about claims holds the pod back; else the reason. `waiting` receives the
  // names of claims that need a node before they can be bound.
  std::string WhyClaimsWait(const Json& pod, std::vector<std::string>* waiting) const;
  // The chosen node's name, or empty with the reason in `why`.
  std::string ChooseNode(const Json& pod, std::string* why);
  Status MarkUnschedulable(const Json& pod, const std::string& why);
  Status SelectNode(const Json& pod, const std::vector<std::string>& claims);
  Status Bind(const Json& pod, const std::string& node);

  Registry& registry_;
  EventRecorder recorder_;
  std::string last_node_;  // For taking turns.
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_SCHEDULER_H_
