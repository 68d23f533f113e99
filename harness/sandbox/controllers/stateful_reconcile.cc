// The decision procedure of a StatefulSet, step by step.
#include "harness/sandbox/controllers/stateful_reconcile.h"

#include <algorithm>

#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/stateful_claims.h"
#include "harness/sandbox/controllers/stateful_identity.h"

namespace holdfast::sandbox {
namespace {

bool IsPending(const Json& pod) { return GetString(pod, {"status", "phase"}) == "Pending"; }

}  // namespace

StatefulReconcile::StatefulReconcile(Registry& registry,
                                     EventRecorder& recorder,
                                     const Json& set,
                                     const StatefulRevisions& revisions,
                                     Nanos now)
    : registry_(registry),
      recorder_(recorder),
      set_(set),
      now_(now),
      ordered_(!IsParallel(set)),
      min_ready_seconds_(GetInt(set, {"spec", "minReadySeconds"})),
      current_revision_(NameOf(revisions.current->json)),
      update_revision_(NameOf(revisions.update->json)),
      status_current_(current_revision_),
      collision_count_(revisions.collision_count),
      current_set_(ApplyRevision(set, revisions.current->json)),
      update_set_(ApplyRevision(set, revisions.update->json)) {}

bool StatefulReconcile::Unavailable(const Json& pod) const {
  return IsTerminating(pod) || !IsPodAvailable(pod, min_ready_seconds_, now_, nullptr);
}

bool StatefulReconcile::RunningAndAvailable(const Json& pod) const {
  return IsPodRunningAndReady(pod) && IsPodAvailable(pod, min_ready_seconds_, now_, nullptr);
}

// Which template a missing ordinal gets. Without a rollingUpdate block it goes by the number of
// pods that the last status counted at the current revision.
StatefulPod StatefulReconcile::NewPod(int64_t ordinal) const {
  bool current = false;
  if (!IsOnDelete(set_)) {
    const bool block = FindPath(set_, {"spec", "updateStrategy", "rollingUpdate"}) != nullptr;
    const int64_t kept = block ? PartitionOf(set_) : GetInt(set_, {"status", "currentReplicas"});
    current = ordinal < StartOrdinalOf(set_) + kept;
  }
  return {ordinal, current ? MakeStatefulPod(current_set_, ordinal, current_revision_)
                           : MakeStatefulPod(update_set_, ordinal, update_revision_)};
}

void StatefulReconcile::Divide(const std::vector<StatefulPod>& pods) {
  const int64_t start = StartOrdinalOf(set_);
  const int64_t count = ReplicasOf(set_);
  std::vector<const StatefulPod*> slots(static_cast<size_t>(std::max<int64_t>(0, count)));
  for (const StatefulPod& pod : pods) {
    if (InOrdinalRange(set_, pod.ordinal)) {
      slots[static_cast<size_t>(pod.ordinal - start)] = &pod;
    } else {
      condemned_.push_back(pod);
    }
  }
  for (int64_t i = 0; i < count; ++i) {
    const StatefulPod* there = slots[static_cast<size_t>(i)];
    replicas_.push_back(there != nullptr ? *there : NewPod(start + i));
  }
  std::sort(condemned_.begin(), condemned_.end(),
            [](const auto& a, const auto& b) { return a.ordinal > b.ordinal; });
}

void StatefulReconcile::Count(const std::vector<const StatefulPod*>& pods) {
  counters_ = {};
  next_available_.reset();
  for (const StatefulPod* pod : pods) {
    const Json& object = pod->object;
    if (!IsCreated(object)) continue;
    ++counters_.replicas;
    if (IsPodRunningAndReady(object)) {
      ++counters_.ready;
      Nanos remaining{0};
      if (IsPodAvailable(object, min_ready_seconds_, now_, &remaining)) {
        ++counters_.available;
      } else if (remaining > Nanos{0}) {
        next_available_ = std::min(next_available_.value_or(remaining), remaining);
      }
    }
    if (IsTerminating(object)) continue;
    if (RevisionLabelOf(object) == current_revision_) ++counters_.current;
    if (RevisionLabelOf(object) == update_revision_) ++counters_.updated;
  }
}

void StatefulReconcile::CountAll() {
  std::vector<const StatefulPod*> all;
  for (const StatefulPod& pod : replicas_)
    all.push_back(&pod);
  for (const StatefulPod& pod : condemned_)
    all.push_back(&pod);
  Count(all);
}

void StatefulReconcile::FindFirstUnavailable() {
  for (const StatefulPod& pod : replicas_) {
    if (first_unavailable_ == nullptr && Unavailable(pod.object)) first_unavailable_ = &pod;
  }
  for (auto pod = condemned_.rbegin(); pod != condemned_.rend(); ++pod) {
    if (first_unavailable_ == nullptr && Unavailable(pod->object)) first_unavailable_ = &*pod;
  }
}

Result<StatefulReconcile::Next> StatefulReconcile::RepairReplica(const StatefulPod& pod) {
  const bool fine = IdentityMatches(set_, pod.object) && StorageMatches(set_, pod.object) &&
                    ClaimsMatchRetention(registry_.store(), update_set_, pod.object, pod.ordinal);
  if (!fine) {
    HOLDFAST_RETURN_IF_ERROR(RepairStatefulPod(registry_, recorder_, update_set_, pod));
  }
  return Next::kContinue;
}

Result<StatefulReconcile::Next> StatefulReconcile::ProcessReplica(const StatefulPod& pod) {
  if (IsPodTerminal(pod.object)) {
    if (!IsTerminating(pod.object)) {
      HOLDFAST_RETURN_IF_ERROR(DeleteStatefulPod(registry_, recorder_, set_, pod));
    }
    return Next::kStop;
  }
  if (!IsCreated(pod.object)) {
    if (HasStaleClaim(registry_.store(), set_, pod.object, pod.ordinal)) return Next::kStop;
    HOLDFAST_RETURN_IF_ERROR(CreateStatefulPod(registry_, recorder_, set_, pod));
    // What was created is looked at in the next sync, which its event brings about.
    return ordered_ ? Next::kStop : Next::kContinue;
  }
  if (IsPending(pod.object)) {
    HOLDFAST_RETURN_IF_ERROR(CreateMissingClaims(registry_, recorder_, set_, pod.ordinal));
  }
  if (ordered_ && (IsTerminating(pod.object) || !RunningAndAvailable(pod.object))) {
    return Next::kStop;
  }
  return RepairReplica(pod);
}

// Ordered: one after the other, up to the first that stops. Parallel: batches of 1, 2, 4, ...; an
// error ends the sync after its batch, a stop means nothing.
Result<StatefulReconcile::Next> StatefulReconcile::ProcessReplicas() {
  if (ordered_) {
    for (const StatefulPod& pod : replicas_) {
      HOLDFAST_ASSIGN(const Next next, ProcessReplica(pod));
      if (next == Next::kStop) return Next::kStop;
    }
    return Next::kContinue;
  }
  size_t batch = 1;
  for (size_t begin = 0; begin < replicas_.size(); begin += batch, batch *= 2) {
    batch = std::min({batch, replicas_.size() - begin, size_t{500}});
    Status outcome;
    for (size_t i = begin; i < begin + batch; ++i) {
      const Result<Next> next = ProcessReplica(replicas_[i]);
      if (!next && outcome) outcome = Fail(next.error());
    }
    HOLDFAST_RETURN_IF_ERROR(outcome);
  }
  return Next::kContinue;
}

Result<StatefulReconcile::Next> StatefulReconcile::ProcessCondemned(const StatefulPod& pod) {
  if (IsTerminating(pod.object)) return ordered_ ? Next::kStop : Next::kContinue;
  if (ordered_ && !RunningAndAvailable(pod.object) && &pod != first_unavailable_) {
    return Next::kStop;
  }
  HOLDFAST_RETURN_IF_ERROR(DeleteStatefulPod(registry_, recorder_, set_, pod));
  return ordered_ ? Next::kStop : Next::kContinue;
}

Result<StatefulReconcile::Next> StatefulReconcile::ProcessAllCondemned() {
  for (const StatefulPod& pod : condemned_) {
    if (ClaimsMatchRetention(registry_.store(), update_set_, pod.object, pod.ordinal)) continue;
    HOLDFAST_RETURN_IF_ERROR(
        UpdateClaimRetention(registry_, recorder_, update_set_, pod.object, pod.ordinal));
  }
  for (const StatefulPod& pod : condemned_) {
    HOLDFAST_ASSIGN(const Next next, ProcessCondemned(pod));
    if (next == Next::kStop) return Next::kStop;
  }
  return Next::kContinue;
}

// From the highest ordinal down to the partition: the first outdated pod is deleted, the first
// unavailable one waited for.
Status StatefulReconcile::RollOut() {
  if (IsOnDelete(set_)) return {};
  const auto lowest = static_cast<size_t>(std::max<int64_t>(0, PartitionOf(set_)));
  for (size_t i = replicas_.size(); i > lowest; --i) {
    const StatefulPod& pod = replicas_[i - 1];
    if (RevisionLabelOf(pod.object) != update_revision_ && !IsTerminating(pod.object)) {
      const Status deleted = DeleteStatefulPod(registry_, recorder_, set_, pod);
      if (deleted) --counters_.current;
      return deleted;
    }
    if (Unavailable(pod.object)) return {};
  }
  return {};
}

Status StatefulReconcile::Run(const std::vector<StatefulPod>& pods) {
  std::vector<const StatefulPod*> all;
  for (const StatefulPod& pod : pods)
    all.push_back(&pod);
  Count(all);
  if (IsTerminating(set_)) {
    Complete();
    return {};
  }
  Divide(pods);
  FindFirstUnavailable();
  Result<Next> next = ProcessReplicas();
  if (next && *next == Next::kContinue) next = ProcessAllCondemned();
  CountAll();
  Status outcome = next ? Status() : Status(Fail(next.error()));
  if (next && *next == Next::kContinue) outcome = RollOut();
  Complete();
  return outcome;
}

// The rollout is over when every replica is updated and ready; availability does not count.
void StatefulReconcile::Complete() {
  const int64_t wanted = ReplicasOf(set_);
  if (IsOnDelete(set_) || counters_.updated != wanted || counters_.ready != wanted ||
      counters_.replicas != wanted) {
    return;
  }
  counters_.current = counters_.updated;
  status_current_ = update_revision_;
}

Json StatefulReconcile::status() const {
  Json status = {{"observedGeneration", GetInt(set_, {"metadata", "generation"})},
                 {"replicas", counters_.replicas},
                 {"availableReplicas", counters_.available},
                 {"currentRevision", status_current_},
                 {"updateRevision", update_revision_},
                 {"collisionCount", collision_count_}};
  // Zero is left out of these, as in the API's Go types (omitempty).
  if (counters_.ready != 0) status["readyReplicas"] = counters_.ready;
  if (counters_.current != 0) status["currentReplicas"] = counters_.current;
  if (counters_.updated != 0) status["updatedReplicas"] = counters_.updated;
  return status;
}

}  // namespace holdfast::sandbox
