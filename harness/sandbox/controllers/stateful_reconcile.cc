// The decision procedure of a StatefulSet, step by step.
#include "harness/sandbox/controllers/stateful_reconcile.h"

#include <algorithm>

#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/stateful_claims.h"
#include "harness/sandbox/controllers/stateful_identity.h"

namespace holdfast::sandbox {

StatefulReconcile::StatefulReconcile(const StatefulContext& context,
                                     const Json& set,
                                     const StatefulRevisions& revisions,
                                     StatefulMemory& memory,
                                     Nanos now)
    : context_(context),
      set_(set),
      memory_(memory),
      now_(now),
      ordered_(!IsParallel(set)),
      start_(StartOrdinalOf(set)),
      wanted_(std::max<int64_t>(0, ReplicasOf(set))),
      min_ready_seconds_(GetInt(set, {"spec", "minReadySeconds"})),
      current_revision_(NameOf(revisions.current->json)),
      update_revision_(NameOf(revisions.update->json)),
      status_current_(current_revision_),
      collision_count_(revisions.collision_count),
      current_set_(ApplyRevision(set, revisions.current->json)),
      update_set_(ApplyRevision(set, revisions.update->json)) {}

bool StatefulReconcile::Unavailable(const StatefulPod& pod) const {
  return pod.pod == nullptr || pod.pod->terminating ||
         !pod.pod->Available(min_ready_seconds_, now_, nullptr);
}

bool StatefulReconcile::RunningAndAvailable(const StatefulPod& pod) const {
  return pod.pod->running && pod.pod->Available(min_ready_seconds_, now_, nullptr);
}

// Only by defect: a pod that the rollout has just replaced holds nothing up.
bool StatefulReconcile::MayBeUnready(const StatefulPod& pod) const {
  return context_.rules.update_ignores_readiness && current_revision_ != update_revision_ &&
         pod.revision == update_revision_;
}

bool StatefulReconcile::AllReady() const {
  return !replicas_.empty() && std::ranges::all_of(replicas_, [](const StatefulPod& pod) {
    return pod.pod != nullptr && pod.pod->running && pod.pod->ready && !pod.pod->terminating;
  });
}

const StatefulPod* StatefulReconcile::Highest() const {
  return replicas_.empty() ? nullptr : &replicas_.back();
}

// Which template a missing ordinal gets. Without a rollingUpdate block it goes by the number of
// pods that the last status counted at the current revision.
bool StatefulReconcile::GetsCurrentRevision(int64_t ordinal) const {
  if (IsOnDelete(set_)) return false;
  const bool block = FindPath(set_, {"spec", "updateStrategy", "rollingUpdate"}) != nullptr;
  if (block && context_.rules.newest_below_partition) return false;
  const int64_t kept = block ? PartitionOf(set_) : GetInt(set_, {"status", "currentReplicas"});
  return ordinal < start_ + kept;
}

void StatefulReconcile::Divide(const std::vector<StatefulPod>& pods) {
  replicas_.resize(static_cast<size_t>(wanted_));
  for (const StatefulPod& pod : pods) {
    if (pod.ordinal >= start_ && pod.ordinal < start_ + wanted_) {
      replicas_[static_cast<size_t>(pod.ordinal - start_)] = pod;
    } else {
      condemned_.push_back(pod);
    }
  }
  for (size_t i = 0; i < replicas_.size(); ++i) {
    StatefulPod& replica = replicas_[i];
    if (replica.pod != nullptr) continue;
    replica.ordinal = start_ + static_cast<int64_t>(i);
    replica.revision = GetsCurrentRevision(replica.ordinal) ? current_revision_ : update_revision_;
  }
  std::ranges::sort(condemned_, std::greater(), &StatefulPod::ordinal);
  if (context_.rules.condemn_ascending) std::ranges::reverse(condemned_);
}

void StatefulReconcile::Count(const StatefulPod& pod) {
  if (pod.pod == nullptr) return;
  ++counters_.replicas;
  if (pod.pod->running && pod.pod->ready) {
    ++counters_.ready;
    Nanos remaining{0};
    if (pod.pod->Available(min_ready_seconds_, now_, &remaining)) {
      ++counters_.available;
    } else if (remaining > Nanos{0}) {
      next_available_ = std::min(next_available_.value_or(remaining), remaining);
    }
  }
  if (pod.pod->terminating) return;
  if (pod.revision == current_revision_) ++counters_.current;
  if (pod.revision == update_revision_) ++counters_.updated;
}

void StatefulReconcile::CountAll() {
  counters_ = {};
  next_available_.reset();
  for (const StatefulPod& pod : replicas_)
    Count(pod);
  for (const StatefulPod& pod : condemned_)
    Count(pod);
}

// The lowest of the replicas, or else the lowest of the condemned.
void StatefulReconcile::FindFirstUnavailable() {
  for (const StatefulPod& pod : replicas_) {
    if (!Unavailable(pod)) continue;
    first_unavailable_ = &pod;
    return;
  }
  for (const StatefulPod& pod : condemned_) {
    if (!Unavailable(pod)) continue;
    if (first_unavailable_ == nullptr || pod.ordinal < first_unavailable_->ordinal)
      first_unavailable_ = &pod;
  }
}

Status StatefulReconcile::Create(const StatefulPod& pod) {
  return CreateStatefulPod(
      context_, pod.revision == current_revision_ ? current_set_ : update_set_, pod);
}

Result<StatefulReconcile::Next> StatefulReconcile::ProcessReplica(const StatefulPod& pod) {
  if (pod.pod == nullptr) {
    if (HasStaleClaim(context_.registry.store(), set_, pod.ordinal)) return Next::kStop;
    HOLDFAST_RETURN_IF_ERROR(Create(pod));
    // What was created is looked at in the next sync, which its event brings about.
    return ordered_ ? Next::kStop : Next::kContinue;
  }
  if (pod.pod->terminal) {
    if (!pod.pod->terminating) HOLDFAST_RETURN_IF_ERROR(DeleteStatefulPod(context_, set_, pod));
    return Next::kStop;
  }
  if (pod.pod->terminating && context_.rules.delete_claims_of_deleted)
    HOLDFAST_RETURN_IF_ERROR(DeleteClaims(context_, set_, pod.ordinal));
  if (pod.pod->pending) HOLDFAST_RETURN_IF_ERROR(CreateMissingClaims(context_, set_, pod.ordinal));
  if (ordered_ && pod.pod->terminating) return Next::kStop;
  if (ordered_ && !RunningAndAvailable(pod) && !MayBeUnready(pod)) return Next::kStop;
  if (memory_.IsRight(pod.pod)) return Next::kContinue;
  if (StatefulPodIsRight(context_, update_set_, pod)) {
    memory_.SetRight(pod.pod);
    return Next::kContinue;
  }
  HOLDFAST_RETURN_IF_ERROR(RepairStatefulPod(context_, update_set_, pod));
  return Next::kContinue;
}

// Only by defect.
Result<StatefulReconcile::Next> StatefulReconcile::CreateAllMissing() {
  Next next = Next::kContinue;
  for (const StatefulPod& pod : replicas_) {
    if (pod.pod != nullptr) continue;
    HOLDFAST_RETURN_IF_ERROR(Create(pod));
    next = Next::kStop;
  }
  return next;
}

// One after the other, up to the first that stops.
Result<StatefulReconcile::Next> StatefulReconcile::ProcessInOrder() {
  if (context_.rules.create_all_at_once) {
    HOLDFAST_ASSIGN(const Next next, CreateAllMissing());
    if (next == Next::kStop) return next;
  }
  bool unready = false;  // Only by defect: one runs without being ready; missing ones are made.
  for (size_t i = 0; i < replicas_.size(); ++i) {
    const size_t at = context_.rules.create_descending ? replicas_.size() - 1 - i : i;
    const StatefulPod& pod = replicas_[at];
    if (unready && pod.pod != nullptr) {
      if (!pod.pod->running) return Next::kStop;
      continue;
    }
    HOLDFAST_ASSIGN(const Next next, ProcessReplica(pod));
    if (next == Next::kContinue) continue;
    unready = context_.rules.create_before_ready && pod.pod != nullptr && pod.pod->running &&
              !pod.pod->terminating;
    if (!unready) return Next::kStop;
  }
  return unready ? Next::kStop : Next::kContinue;
}

// Parallel: batches of 1, 2, 4, ...; an error ends the sync after its batch, a stop means nothing.
Result<StatefulReconcile::Next> StatefulReconcile::ProcessInBatches() {
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
  if (pod.pod->terminating) {
    return ordered_ && !context_.rules.condemn_overlapping ? Next::kStop : Next::kContinue;
  }
  if (ordered_ && !RunningAndAvailable(pod) && &pod != first_unavailable_) return Next::kStop;
  HOLDFAST_RETURN_IF_ERROR(DeleteStatefulPod(context_, set_, pod));
  if (context_.rules.delete_claims_of_condemned)
    HOLDFAST_RETURN_IF_ERROR(DeleteClaims(context_, set_, pod.ordinal));
  return ordered_ ? Next::kStop : Next::kContinue;
}

Result<StatefulReconcile::Next> StatefulReconcile::ProcessAllCondemned() {
  for (const StatefulPod& pod : condemned_) {
    const Json& object = pod.pod->json();
    if (ClaimsMatchRetention(context_.registry.store(), update_set_, object, pod.ordinal)) continue;
    HOLDFAST_RETURN_IF_ERROR(UpdateClaimRetention(context_, update_set_, object, pod.ordinal));
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
  const StatefulRules& rules = context_.rules;
  if (IsOnDelete(set_) && !rules.update_under_on_delete) return {};
  const int64_t partition = rules.update_ignores_partition ? 0 : PartitionOf(set_);
  const auto lowest = static_cast<size_t>(std::max<int64_t>(0, partition));
  int deleted = 0;
  for (size_t i = lowest; i < replicas_.size(); ++i) {
    const size_t at = rules.update_ascending ? i : replicas_.size() - 1 - (i - lowest);
    const StatefulPod& pod = replicas_[at];
    const bool terminating = pod.pod != nullptr && pod.pod->terminating;
    if (pod.revision != update_revision_ && !terminating) {
      HOLDFAST_RETURN_IF_ERROR(DeleteStatefulPod(context_, set_, pod));
      --counters_.current;
      if (++deleted == rules.updates_at_once) return {};
      continue;
    }
    const bool replaced = pod.pod != nullptr && !terminating;
    if (Unavailable(pod) && !(replaced && MayBeUnready(pod))) return {};
  }
  return {};
}

Status StatefulReconcile::Run(const std::vector<StatefulPod>& pods) {
  Divide(pods);
  CountAll();
  if (IsTerminating(set_)) {
    Complete();
    return {};
  }
  FindFirstUnavailable();
  Result<Next> next = ordered_ ? ProcessInOrder() : ProcessInBatches();
  if (next && *next == Next::kContinue) next = ProcessAllCondemned();
  Status outcome = next ? Status() : Status(Fail(next.error()));
  if (next && *next == Next::kContinue) outcome = RollOut();
  Complete();
  return outcome;
}

// The rollout is over when every replica is updated and ready; availability does not count.
void StatefulReconcile::Complete() {
  if (IsOnDelete(set_) || counters_.updated != wanted_ || counters_.ready != wanted_ ||
      counters_.replicas != wanted_) {
    return;
  }
  counters_.current = counters_.updated;
  status_current_ = update_revision_;
}

Json StatefulReconcile::status() const {
  const int64_t ready = std::max<int64_t>(0, counters_.ready - context_.rules.hidden_ready);
  Json status = {{"observedGeneration", GetInt(set_, {"metadata", "generation"})},
                 {"replicas", counters_.replicas},
                 {"availableReplicas", std::min(counters_.available, ready)},
                 {"currentRevision", status_current_},
                 {"updateRevision", update_revision_},
                 {"collisionCount", collision_count_}};
  // Zero is left out of these, as in the API's Go types (omitempty).
  if (ready != 0) status["readyReplicas"] = ready;
  if (counters_.current != 0) status["currentReplicas"] = counters_.current;
  if (counters_.updated != 0) status["updatedReplicas"] = counters_.updated;
  return status;
}

}  // namespace holdfast::sandbox
