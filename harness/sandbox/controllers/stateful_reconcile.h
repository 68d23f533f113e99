// One reconciliation of a StatefulSet: the decision procedure that gives its pods their order.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_RECONCILE_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_RECONCILE_H_

#include <optional>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/result.h"
#include "harness/sandbox/controllers/stateful_context.h"
#include "harness/sandbox/controllers/stateful_pods.h"
#include "harness/sandbox/controllers/stateful_revisions.h"

namespace holdfast::sandbox {

// Lives for one sync. Source: updateStatefulSet of stateful_set_control.go, Kubernetes 1.36, with
// the feature gate MaxUnavailableStatefulSet off (its default there).
class StatefulReconcile {
 public:
  // All references must outlive the object. `now` is wall time.
  StatefulReconcile(const StatefulContext& context,
                    const Json& set,
                    const StatefulRevisions& revisions,
                    StatefulMemory& memory,
                    Nanos now);
  // Takes the steps that are allowed now for `pods` (all that the set owns). An error means that it
  // has to be tried again; status() is valid all the same.
  Status Run(const std::vector<StatefulPod>& pods);
  // The status to write, in the shape that the API serialises.
  [[nodiscard]] Json status() const;
  // When the next pod becomes available by the passing of time alone.
  [[nodiscard]] std::optional<Nanos> next_available() const { return next_available_; }
  // Every replica is there, ready and not on its way out.
  [[nodiscard]] bool AllReady() const;
  // The replica with the highest ordinal; nullptr when there is none.
  [[nodiscard]] const StatefulPod* Highest() const;

 private:
  enum class Next { kContinue, kStop };
  struct Counters {
    int64_t replicas = 0;
    int64_t ready = 0;
    int64_t available = 0;
    int64_t current = 0;
    int64_t updated = 0;
  };

  void Divide(const std::vector<StatefulPod>& pods);
  void Count(const StatefulPod& pod);
  void CountAll();
  [[nodiscard]] bool GetsCurrentRevision(int64_t ordinal) const;
  [[nodiscard]] bool Unavailable(const StatefulPod& pod) const;
  [[nodiscard]] bool RunningAndAvailable(const StatefulPod& pod) const;
  [[nodiscard]] bool MayBeUnready(const StatefulPod& pod) const;
  void FindFirstUnavailable();
  Status Create(const StatefulPod& pod);
  Result<Next> CreateAllMissing();
  Result<Next> ProcessInOrder();
  Result<Next> ProcessInBatches();
  Result<Next> ProcessReplica(const StatefulPod& pod);
  Result<Next> ProcessCondemned(const StatefulPod& pod);
  Result<Next> ProcessAllCondemned();
  Status RollOut();
  void Complete();

  const StatefulContext& context_;
  const Json& set_;
  StatefulMemory& memory_;
  Nanos now_;
  bool ordered_;
  int64_t start_;
  int64_t wanted_;
  int64_t min_ready_seconds_;
  std::string current_revision_;
  std::string update_revision_;
  std::string status_current_;
  int64_t collision_count_;
  Json current_set_;
  Json update_set_;
  std::vector<StatefulPod> replicas_;   // By ordinal, all of the range.
  std::vector<StatefulPod> condemned_;  // In the order in which they go: descending.
  const StatefulPod* first_unavailable_ = nullptr;
  Counters counters_;
  std::optional<Nanos> next_available_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_RECONCILE_H_
