#include "faults/rollout.h"

#include <algorithm>

namespace holdfast::faults {

Result<FaultTargets> ChooseUpdated(const std::string& fault, const Snapshot& now) {
  if (!now.exists) return Fail(ErrorCode::kNotFound, "{}: the StatefulSet is not there", fault);
  FaultTargets targets;
  if (now.on_delete) return targets;
  std::copy_if(now.pods.begin(), now.pods.end(), std::back_inserter(targets.pods),
               [&](const Pod& pod) { return pod.ordinal >= now.partition; });
  return targets;
}

bool RolledOut(const Snapshot& now) {
  if (!now.observed || now.update_revision.empty() ||
      now.pods.size() != static_cast<size_t>(now.replicas))
    return false;
  return std::all_of(now.pods.begin(), now.pods.end(), [&](const Pod& pod) {
    if (pod.terminating || !pod.ready) return false;
    return now.on_delete || pod.ordinal < now.partition || pod.revision == now.update_revision;
  });
}

Result<Proof> AwaitRollout(Cluster& cluster, const Snapshot& before, Nanos within) {
  const auto generation = [](const Snapshot& now) {
    return now.set ? GetInt(*now.set, {"metadata", "generation"}) : 0;
  };
  const auto done = [&](const Snapshot& now) {
    if (generation(now) <= generation(before) || !now.observed) return false;
    if (now.update_revision == before.update_revision) return false;
    return now.on_delete || RolledOut(now);
  };
  HOLDFAST_ASSIGN(const Proof proof,
                  Await(cluster, "the rollout", done, within, "", "the rollout was not over"));
  if (!proof.proven) return proof;
  const Snapshot now = cluster.Look();
  return Proof{true, fmt::format("the update revision went from {} to {}, and {} of {} pods run it",
                                 before.update_revision, now.update_revision, now.Updated(),
                                 now.pods.size())};
}

}  // namespace holdfast::faults
