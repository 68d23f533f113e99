// Pod control of the StatefulSet controller.
#include "harness/sandbox/controllers/stateful_pods.h"

#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/stateful_claims.h"
#include "harness/sandbox/controllers/stateful_identity.h"

namespace holdfast::sandbox {
namespace {

void RecordPodEvent(EventRecorder& recorder,
                    const Json& set,
                    std::string_view verb,
                    const std::string& pod,
                    const Status& outcome) {
  const EventSubject subject{"apps/v1", "StatefulSet", set};
  if (outcome) {
    recorder.Normal(subject, fmt::format("Successful{}", verb),
                    fmt::format("{} Pod {} in StatefulSet {} successful", verb, pod, NameOf(set)));
  } else {
    recorder.Warning(subject, fmt::format("Failed{}", verb),
                     fmt::format("{} Pod {} in StatefulSet {} failed error: {}", verb, pod,
                                 NameOf(set), outcome.error().message));
  }
}

// Adoption must not give pods to a set that was deleted, or replaced under the same name.
Status MayAdopt(const Store& store, const Json& set) {
  HOLDFAST_ASSIGN(ObjectPtr fresh, store.Get("statefulsets", NamespaceOf(set), NameOf(set)));
  if (UidOf(fresh->json) != UidOf(set)) {
    return Fail(ErrorCode::kConflict, "StatefulSet {} has uid {} now, not {}", KeyOf(set),
                UidOf(fresh->json), UidOf(set));
  }
  if (IsTerminating(fresh->json)) {
    return Fail(ErrorCode::kConflict, "StatefulSet {} is being deleted", KeyOf(set));
  }
  return {};
}

Result<ObjectPtr> ChangeOwner(Registry& registry, const Json& set, const Json& pod, bool adopt) {
  if (adopt) HOLDFAST_RETURN_IF_ERROR(MayAdopt(registry.store(), set));
  return registry.Edit("pods", NamespaceOf(pod), NameOf(pod), UidOf(pod),
                       [&](Json& object) -> Status {
                         if (adopt) {
                           AddOwner(object, MakeControllerRef(set, "apps/v1", "StatefulSet"));
                         } else {
                           RemoveOwner(object, UidOf(set));
                         }
                         return {};
                       });
}

}  // namespace

void StatefulMemory::Begin(int64_t generation, uint64_t claims) {
  if (generation != generation_ || claims != claims_) known_.clear();
  generation_ = generation;
  claims_ = claims;
}

const int64_t* StatefulMemory::OrdinalOf(const PodPtr& pod) const {
  const auto found = known_.find(pod->uid);
  return found != known_.end() && found->second.pod == pod ? &found->second.ordinal : nullptr;
}

void StatefulMemory::Belongs(const PodPtr& pod, int64_t ordinal) {
  known_[pod->uid] = {pod, ordinal, false};
}

bool StatefulMemory::IsRight(const PodPtr& pod) const {
  const auto found = known_.find(pod->uid);
  return found != known_.end() && found->second.pod == pod && found->second.right;
}

void StatefulMemory::SetRight(const PodPtr& pod) {
  const auto found = known_.find(pod->uid);
  if (found != known_.end() && found->second.pod == pod) found->second.right = true;
}

void StatefulMemory::Prune(const std::vector<StatefulPod>& present) {
  if (known_.size() <= 2 * present.size() + 16) return;
  std::unordered_map<std::string, Known> kept;
  for (const StatefulPod& pod : present)
    if (const auto found = known_.find(pod.pod->uid); found != known_.end()) kept.insert(*found);
  known_ = std::move(kept);
}

Result<std::vector<StatefulPod>> ClaimPods(const StatefulContext& context,
                                           const Json& set,
                                           StatefulMemory& memory) {
  std::vector<StatefulPod> claimed;
  const std::string set_name = NameOf(set);
  const Json& selector = GetObject(set, {"spec", "selector"});
  const auto look = [&](const PodPtr& indexed, bool owned) -> Status {
    PodPtr pod = indexed;
    if (const int64_t* known = memory.OrdinalOf(pod); known != nullptr && owned) {
      claimed.push_back({*known, pod->revision, std::move(pod)});
      return {};
    }
    const std::optional<int64_t> ordinal = OrdinalOf(set_name, pod->name);
    const bool match =
        ordinal && MatchesSelector(selector, GetObject(pod->json(), {"metadata", "labels"}));
    if (owned != match) {
      if (IsTerminating(set) || (match && pod->terminating)) return {};
      Result<ObjectPtr> changed = ChangeOwner(context.registry, set, pod->json(), match);
      if (!changed && changed.error().code == ErrorCode::kNotFound) return {};
      if (!changed) return Fail(changed.error());
      pod = IndexPod(*std::move(changed));
    }
    if (!match) return {};
    memory.Belongs(pod, *ordinal);
    claimed.push_back({*ordinal, pod->revision, std::move(pod)});
    return {};
  };
  for (const auto& [key, pod] : context.index.PodsOwnedBy(UidOf(set)))
    HOLDFAST_RETURN_IF_ERROR(look(pod, true));
  for (const auto& [key, pod] : context.index.OrphansIn(NamespaceOf(set)))
    HOLDFAST_RETURN_IF_ERROR(look(pod, false));
  memory.Prune(claimed);
  return claimed;
}

Status CreateStatefulPod(const StatefulContext& context,
                         const Json& versioned,
                         const StatefulPod& pod) {
  const std::string name = PodNameOf(versioned, pod.ordinal);
  if (context.rules.fresh_claims)
    HOLDFAST_RETURN_IF_ERROR(DiscardUsedClaims(context, versioned, pod.ordinal));
  if (const Status claims = CreateMissingClaims(context, versioned, pod.ordinal); !claims) {
    RecordPodEvent(context.recorder, versioned, "Create", name, claims);
    return claims;
  }
  Json object = MakeStatefulPod(versioned, pod.ordinal, pod.revision);
  if (!context.rules.label_pods) DropIdentity(object);
  const Result<ObjectPtr> created =
      context.registry.Create("pods", NamespaceOf(versioned), std::move(object));
  // A foreign pod sits on the name: tried again without a word.
  if (!created && created.error().reason == "AlreadyExists") return Fail(created.error());
  const Status outcome = created ? Status() : Status(Fail(created.error()));
  RecordPodEvent(context.recorder, versioned, "Create", name, outcome);
  HOLDFAST_RETURN_IF_ERROR(outcome);
  return UpdateClaimRetention(context, versioned, (*created)->json, pod.ordinal);
}

Status DeleteStatefulPod(const StatefulContext& context, const Json& set, const StatefulPod& pod) {
  const std::string name = pod.pod ? pod.pod->name : PodNameOf(set, pod.ordinal);
  DeleteParameters parameters;
  if (pod.pod) parameters.uid = pod.pod->uid;
  const Result<ObjectPtr> deleted =
      context.registry.Delete("pods", NamespaceOf(set), name, parameters);
  if (!deleted && deleted.error().code == ErrorCode::kNotFound) return {};
  const Status outcome = deleted ? Status() : Status(Fail(deleted.error()));
  RecordPodEvent(context.recorder, set, "Delete", name, outcome);
  return outcome;
}

bool StatefulPodIsRight(const StatefulContext& context, const Json& set, const StatefulPod& pod) {
  const Json& object = pod.pod->json();
  return (IdentityMatches(set, object) || !context.rules.label_pods) &&
         StorageMatches(set, object) &&
         ClaimsMatchRetention(context.registry.store(), set, object, pod.ordinal);
}

Status RepairStatefulPod(const StatefulContext& context, const Json& set, const StatefulPod& pod) {
  const Json& object = pod.pod->json();
  if (const Status claims = UpdateClaimRetention(context, set, object, pod.ordinal); !claims) {
    RecordPodEvent(context.recorder, set, "Update", pod.pod->name, claims);
    return claims;
  }
  const bool storage = StorageMatches(set, object);
  if (IdentityMatches(set, object) && storage) return {};
  if (!storage) HOLDFAST_RETURN_IF_ERROR(CreateMissingClaims(context, set, pod.ordinal));
  const Result<ObjectPtr> edited = context.registry.Edit(
      "pods", NamespaceOf(set), pod.pod->name, pod.pod->uid, [&](Json& stored) -> Status {
        RepairIdentity(stored, pod.ordinal);
        if (!storage) RepairStorage(set, stored, pod.ordinal);
        return {};
      });
  const Status outcome = edited ? Status() : Status(Fail(edited.error()));
  RecordPodEvent(context.recorder, set, "Update", pod.pod->name, outcome);
  return outcome;
}

}  // namespace holdfast::sandbox
