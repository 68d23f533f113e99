// The choices of the StatefulSet controller that a defect turns. The default of each is what
// Kubernetes does.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_RULES_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_RULES_H_

#include <cstdint>

#include "harness/sandbox/defects/defects.h"

namespace holdfast::sandbox {

struct StatefulRules {
  // Creation (OrderedReady).
  bool create_all_at_once = false;
  bool create_descending = false;
  bool create_before_ready = false;  // A predecessor that runs is enough.
  // Scale-down (OrderedReady).
  bool condemn_ascending = false;
  bool condemn_overlapping = false;  // Does not wait for one that still terminates.
  // Rolling update.
  bool update_ascending = false;
  int updates_at_once = 1;
  bool update_ignores_partition = false;
  bool update_ignores_readiness = false;
  bool update_under_on_delete = false;
  bool newest_below_partition = false;  // What is re-created there gets the update revision.
  // Claims.
  bool delete_claims_of_condemned = false;
  bool delete_claims_of_deleted = false;
  bool fresh_claims = false;  // A pod that comes back gets a new claim of the same name.
  // Identity and status.
  bool label_pods = true;
  int64_t hidden_ready = 0;  // Ready replicas that the status leaves out.
  // Deletes the highest healthy pod once, a few seconds after the set became ready.
  bool restart_unprovoked = false;

  static StatefulRules With(const Defects& defects);
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_RULES_H_
