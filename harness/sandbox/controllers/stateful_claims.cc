// Claim creation and retention after stateful_pod_control.go and stateful_set_utils.go of
// Kubernetes 1.36.
#include "harness/sandbox/controllers/stateful_claims.h"

#include <algorithm>

#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/stateful_identity.h"

namespace holdfast::sandbox {
namespace {

constexpr char kResource[] = "persistentvolumeclaims";

bool DeletesWhen(const Json& set, std::string_view event) {
  return GetString(set, {"spec", "persistentVolumeClaimRetentionPolicy", event}) == "Delete";
}

// An owner of this kind and name that is not this object: an earlier life of it.
bool HasStaleOwner(const Json& claim, std::string_view kind, const Json& owner) {
  const Json& references = GetArray(claim, {"metadata", "ownerReferences"});
  return std::any_of(references.begin(), references.end(), [&](const Json& reference) {
    return GetString(reference, {"kind"}) == kind &&
           GetString(reference, {"name"}) == NameOf(owner) &&
           GetString(reference, {"uid"}) != UidOf(owner);
  });
}

bool HasForeignController(const Json& claim, const Json& set, const Json& pod) {
  const Json* controller = ControllerRef(claim);
  if (controller == nullptr) return false;
  const std::string uid = GetString(*controller, {"uid"});
  return uid != UidOf(set) && uid != UidOf(pod);
}

bool HasNonControllerOwner(const Json& claim, const Json& set, const Json& pod) {
  const Json& references = GetArray(claim, {"metadata", "ownerReferences"});
  return std::any_of(references.begin(), references.end(), [&](const Json& reference) {
    const std::string uid = GetString(reference, {"uid"});
    return (uid == UidOf(set) || uid == UidOf(pod)) && !GetBool(reference, {"controller"});
  });
}

struct WantedOwners {
  bool set = false;
  bool pod = false;
};

WantedOwners Wanted(const Json& set, int64_t ordinal) {
  const bool condemned = !InOrdinalRange(set, ordinal);
  const bool on_scale = DeletesWhen(set, "whenScaled");
  const bool on_delete = DeletesWhen(set, "whenDeleted");
  return {on_delete && !(on_scale && condemned), on_scale && condemned};
}

void RewriteOwners(Json& claim, const Json& set, const Json& pod, int64_t ordinal) {
  RemoveOwner(claim, UidOf(set));
  RemoveOwner(claim, UidOf(pod));
  if (HasForeignController(claim, set, pod)) return;
  const WantedOwners wanted = Wanted(set, ordinal);
  if (wanted.set) AddOwner(claim, MakeControllerRef(set, "apps/v1", "StatefulSet"));
  if (wanted.pod) AddOwner(claim, MakeControllerRef(pod, "v1", "Pod"));
}

}  // namespace

Status CreateMissingClaims(Registry& registry,
                           EventRecorder& recorder,
                           const Json& set,
                           int64_t ordinal) {
  const EventSubject subject{"apps/v1", "StatefulSet", set};
  Status outcome;
  for (Json& claim : ClaimsOf(set, ordinal)) {
    const std::string name = NameOf(claim);
    const auto existing = registry.store().Get(kResource, NamespaceOf(set), name);
    if (existing) {
      if (IsTerminating((*existing)->json)) {
        outcome = Fail(ErrorCode::kConflict, "pvc {} is being deleted", name);
      }
      continue;
    }
    const auto created = registry.Create(kResource, NamespaceOf(set), std::move(claim));
    const std::string who =
        fmt::format("{} Pod {} in StatefulSet {}", name, PodNameOf(set, ordinal), NameOf(set));
    if (created) {
      recorder.Normal(subject, "SuccessfulCreate", fmt::format("Create Claim {} success", who));
    } else if (created.error().reason != "AlreadyExists") {
      recorder.Warning(
          subject, "FailedCreate",
          fmt::format("Create Claim {} failed error: {}", who, created.error().message));
      outcome = Fail(created.error());
    }
  }
  return outcome;
}

bool HasStaleClaim(const Store& store, const Json& set, const Json& pod, int64_t ordinal) {
  if (!DeletesWhen(set, "whenScaled")) return false;
  for (const Json& claim : ClaimsOf(set, ordinal)) {
    const auto existing = store.Get(kResource, NamespaceOf(set), NameOf(claim));
    if (existing && HasStaleOwner((*existing)->json, "Pod", pod)) return true;
  }
  return false;
}

bool ClaimOwnersMatch(const Json& claim, const Json& set, const Json& pod, int64_t ordinal) {
  // Managed by an earlier life of the set or the pod, which the garbage collector will deal with.
  if (HasStaleOwner(claim, "StatefulSet", set) || HasStaleOwner(claim, "Pod", pod)) return true;
  const bool owned_by_set = HasOwner(claim, UidOf(set));
  const bool owned_by_pod = !UidOf(pod).empty() && HasOwner(claim, UidOf(pod));
  // Nothing is added beside somebody else's controller, only taken away.
  if (HasForeignController(claim, set, pod)) return !owned_by_set && !owned_by_pod;
  if (HasNonControllerOwner(claim, set, pod)) return false;
  const WantedOwners wanted = Wanted(set, ordinal);
  return owned_by_set == wanted.set && owned_by_pod == wanted.pod;
}

bool ClaimsMatchRetention(const Store& store, const Json& set, const Json& pod, int64_t ordinal) {
  for (const Json& claim : ClaimsOf(set, ordinal)) {
    const auto existing = store.Get(kResource, NamespaceOf(set), NameOf(claim));
    if (existing && !ClaimOwnersMatch((*existing)->json, set, pod, ordinal)) return false;
  }
  return true;
}

Status UpdateClaimRetention(Registry& registry,
                            EventRecorder& recorder,
                            const Json& set,
                            const Json& pod,
                            int64_t ordinal) {
  for (const Json& claim : ClaimsOf(set, ordinal)) {
    const auto existing = registry.store().Get(kResource, NamespaceOf(set), NameOf(claim));
    if (!existing) continue;
    if (HasForeignController((*existing)->json, set, pod)) {
      recorder.Warning({"v1", "PersistentVolumeClaim", (*existing)->json}, "ConflictingController",
                       "PersistentVolumeClaim has a conflicting controller, so the retention "
                       "policy is ignored");
    }
    if (ClaimOwnersMatch((*existing)->json, set, pod, ordinal)) continue;
    const auto edited = registry.Edit(kResource, NamespaceOf(set), NameOf(claim),
                                      UidOf((*existing)->json), [&](Json& object) -> Status {
                                        RewriteOwners(object, set, pod, ordinal);
                                        return {};
                                      });
    if (!edited && edited.error().code != ErrorCode::kNotFound) return Fail(edited.error());
  }
  return {};
}

}  // namespace holdfast::sandbox
