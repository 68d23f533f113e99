// Waiting for a change of the template to reach the pods that it must reach.
#ifndef HOLDFAST_FAULTS_ROLLOUT_H_
#define HOLDFAST_FAULTS_ROLLOUT_H_

#include "faults/common.h"

namespace holdfast::faults {

// The pods that an update would replace: all at or above the partition, none with OnDelete.
Result<FaultTargets> ChooseUpdated(const std::string& fault, const Snapshot& now);
// Whether every live pod at or above the partition runs the update revision and is ready, and
// nobody is terminating.
bool RolledOut(const Snapshot& now);
// The proof of a change of the template made after `before`. With OnDelete the new revision alone
// is the proof: pods change when they are deleted.
Result<Proof> AwaitRollout(Cluster& cluster, const Snapshot& before, Nanos within);

}  // namespace holdfast::faults

#endif  // HOLDFAST_FAULTS_ROLLOUT_H_
