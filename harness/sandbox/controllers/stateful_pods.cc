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

bool IsCreated(const Json& pod) { return !GetString(pod, {"status", "phase"}).empty(); }

Result<std::vector<StatefulPod>> ClaimPods(Registry& registry, const Json& set) {
  std::vector<StatefulPod> claimed;
  for (ObjectPtr pod : registry.store().List("pods", NamespaceOf(set))) {
    const Json* owner = ControllerRef(pod->json);
    const bool owned = owner != nullptr && GetString(*owner, {"uid"}) == UidOf(set);
    if (owner != nullptr && !owned) continue;
    const std::optional<int64_t> ordinal = OrdinalOf(NameOf(set), NameOf(pod->json));
    const bool match = ordinal && MatchesSelector(GetObject(set, {"spec", "selector"}),
                                                  GetObject(pod->json, {"metadata", "labels"}));
    if (owned != match) {
      if (IsTerminating(set) || (match && IsTerminating(pod->json))) continue;
      Result<ObjectPtr> changed = ChangeOwner(registry, set, pod->json, match);
      if (!changed && changed.error().code == ErrorCode::kNotFound) continue;
      if (!changed) return Fail(changed.error());
      pod = *std::move(changed);
    }
    if (match) claimed.push_back({*ordinal, pod->json});
  }
  return claimed;
}

Status CreateStatefulPod(Registry& registry,
                         EventRecorder& recorder,
                         const Json& set,
                         const StatefulPod& pod) {
  const std::string name = NameOf(pod.object);
  if (const Status claims = CreateMissingClaims(registry, recorder, set, pod.ordinal); !claims) {
    RecordPodEvent(recorder, set, "Create", name, claims);
    return claims;
  }
  const Result<ObjectPtr> created = registry.Create("pods", NamespaceOf(set), pod.object);
  // A foreign pod sits on the name: tried again without a word.
  if (!created && created.error().reason == "AlreadyExists") return Fail(created.error());
  const Status outcome = created ? Status() : Status(Fail(created.error()));
  RecordPodEvent(recorder, set, "Create", name, outcome);
  HOLDFAST_RETURN_IF_ERROR(outcome);
  return UpdateClaimRetention(registry, recorder, set, (*created)->json, pod.ordinal);
}

Status DeleteStatefulPod(Registry& registry,
                         EventRecorder& recorder,
                         const Json& set,
                         const StatefulPod& pod) {
  DeleteParameters parameters;
  parameters.uid = UidOf(pod.object);
  const Result<ObjectPtr> deleted =
      registry.Delete("pods", NamespaceOf(set), NameOf(pod.object), parameters);
  if (!deleted && deleted.error().code == ErrorCode::kNotFound) return {};
  const Status outcome = deleted ? Status() : Status(Fail(deleted.error()));
  RecordPodEvent(recorder, set, "Delete", NameOf(pod.object), outcome);
  return outcome;
}

Status RepairStatefulPod(Registry& registry,
                         EventRecorder& recorder,
                         const Json& set,
                         const StatefulPod& pod) {
  HOLDFAST_RETURN_IF_ERROR(UpdateClaimRetention(registry, recorder, set, pod.object, pod.ordinal));
  const bool storage = StorageMatches(set, pod.object);
  if (IdentityMatches(set, pod.object) && storage) return {};
  if (!storage) {
    HOLDFAST_RETURN_IF_ERROR(CreateMissingClaims(registry, recorder, set, pod.ordinal));
  }
  const Result<ObjectPtr> edited = registry.Edit("pods", NamespaceOf(set), NameOf(pod.object),
                                                 UidOf(pod.object), [&](Json& object) -> Status {
                                                   RepairIdentity(object, pod.ordinal);
                                                   if (!storage) {
                                                     RepairStorage(set, object, pod.ordinal);
                                                   }
                                                   return {};
                                                 });
  const Status outcome = edited ? Status() : Status(Fail(edited.error()));
  RecordPodEvent(recorder, set, "Update", NameOf(pod.object), outcome);
  return outcome;
}

}  // namespace holdfast::sandbox
