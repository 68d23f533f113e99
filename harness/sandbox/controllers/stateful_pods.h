// Creating, deleting and repairing the pods of a StatefulSet, with the Events that tell of it.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_PODS_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_PODS_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "harness/base/result.h"
#include "harness/sandbox/controllers/stateful_context.h"

namespace holdfast::sandbox {

// One ordinal of a set within a sync.
struct StatefulPod {
  int64_t ordinal = 0;
  std::string revision;  // Its label, or that of the pod that would be created.
  PodPtr pod;            // nullptr: it is missing.
};

// What earlier syncs of one set found out about its pods, as long as neither set, pod nor claims have
// changed: a set of a thousand pods is looked at very often.
class StatefulMemory {
 public:
  // Forgets everything when `generation` (of the set) or `claims` (a counter of what happened to
  // claims) are others than last time.
  void Begin(int64_t generation, uint64_t claims);
  // The ordinal of a pod that was found to belong to the set; nullptr when it has to be looked at.
  [[nodiscard]] const int64_t* OrdinalOf(const PodPtr& pod) const;
  void Belongs(const PodPtr& pod, int64_t ordinal);
  // Was StatefulPodIsRight true of it?
  [[nodiscard]] bool IsRight(const PodPtr& pod) const;
  void SetRight(const PodPtr& pod);
  // Forgets pods that are none of `present` once they are the larger part.
  void Prune(const std::vector<StatefulPod>& present);

 private:
  struct Known {
    PodPtr pod;
    int64_t ordinal = 0;
    bool right = false;
  };
  int64_t generation_ = -1;
  uint64_t claims_ = 0;
  std::unordered_map<std::string, Known> known_;  // By uid.
};

// The pods that belong to the set: its own, after adopting orphans that match the selector and
// carry a name of the set, and after releasing its own that no longer do.
Result<std::vector<StatefulPod>> ClaimPods(const StatefulContext& context,
                                           const Json& set,
                                           StatefulMemory& memory);

// The claims that are missing, the pod from `versioned` (the set with the template of the pod's
// revision), and the owner references of the claims.
Status CreateStatefulPod(const StatefulContext& context,
                         const Json& versioned,
                         const StatefulPod& pod);
// A pod that is already gone is no error.
Status DeleteStatefulPod(const StatefulContext& context, const Json& set, const StatefulPod& pod);
// Are identity label, claim volumes and the owners of the claims as they should be?
bool StatefulPodIsRight(const StatefulContext& context, const Json& set, const StatefulPod& pod);
// Writes back what of these was changed.
Status RepairStatefulPod(const StatefulContext& context, const Json& set, const StatefulPod& pod);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_PODS_H_
