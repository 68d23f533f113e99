// statefulset-delete: the set goes, in each cascade mode, and is created again as it was.
#include <algorithm>

#include "faults/all_faults.h"
#include "faults/common.h"

namespace holdfast::faults {
namespace {

// What a user would have in a file: no status, nothing that the server filled in.
Json ManifestOf(const Json& set) {
  Json manifest = set;
  manifest.erase("status");
  manifest["apiVersion"] = "apps/v1";
  manifest["kind"] = "StatefulSet";
  for (const char* field : {"uid", "resourceVersion", "generation", "creationTimestamp",
                            "managedFields", "selfLink", "deletionTimestamp",
                            "deletionGracePeriodSeconds", "finalizers"})
    manifest["metadata"].erase(field);
  if (manifest["spec"].contains("volumeClaimTemplates")) {
    for (Json& claim : manifest["spec"]["volumeClaimTemplates"])
      claim.erase("status");
  }
  return manifest;
}

std::string Cascade(const Json& parameters) {
  const std::string mode = GetString(parameters, {"cascade"}, "background");
  return mode == "orphan" ? "Orphan" : mode == "foreground" ? "Foreground" : "Background";
}

class StatefulSetDelete : public Fault {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "statefulset-delete",
        .summary = "Deletes the StatefulSet with background, foreground or orphan cascade, and "
                   "creates it again as it was.",
        .proof = "the set's uid was seen to go and a new one to come; with orphan every pod kept "
                 "its uid and was adopted, else every pod was replaced",
        .undo = "the set is created again, by the fault itself or when the scenario heals",
        .parameters =
            {{.name = "cascade",
              .type = ParameterType::kString,
              .fallback = "background",
              .description = "what happens to the pods",
              .allowed = {"background", "foreground", "orphan"}},
             WithinParameter("3m", "how long the going and the coming back may each take")},
        .permissions = {{"apps", "statefulsets", {"create", "delete", "get"}}},
        .typical = std::chrono::seconds(40)};
    return kText;
  }

  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& /*targets*/,
                                                const Json& parameters) const override {
    return {fmt::format("DELETE the StatefulSet (propagation {})", Cascade(parameters)),
            "POST the StatefulSet again as it was"};
  }

  [[nodiscard]] Result<FaultTargets> Choose(const Snapshot& now,
                                            const std::string& /*primary*/,
                                            const Json& /*parameters*/,
                                            Random& /*random*/) const override {
    if (!now.exists || !now.set)
      return Fail(ErrorCode::kNotFound, "statefulset-delete: the StatefulSet is not there");
    FaultTargets targets;
    targets.pods = now.pods;
    return targets;
  }

  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override {
    const Snapshot before = cluster.Look();
    if (!before.set) return Fail(ErrorCode::kNotFound, "the StatefulSet is not there");
    const Json manifest = ManifestOf(*before.set);
    const Nanos within = Duration(parameters, "within", std::chrono::minutes(3));
    const bool orphan = Cascade(parameters) == "Orphan";
    cluster.AtHeal("the deleted StatefulSet", [manifest](Cluster& then) -> Status {
      return then.Look().exists ? Status{} : then.CreateSet(manifest);
    });
    HOLDFAST_RETURN_IF_ERROR(cluster.DeleteSet(before.set_uid, Cascade(parameters)));
    HOLDFAST_ASSIGN(
        const Proof gone,
        Await(
            cluster, "the end of the StatefulSet",
            [&](const Snapshot& now) {
              return !now.exists && (orphan || AllGone(now, targets.pods));
            },
            within, "", "the StatefulSet did not go"));
    if (!gone.proven) return gone;
    HOLDFAST_RETURN_IF_ERROR(cluster.CreateSet(manifest));
    const auto back = [&](const Snapshot& now) {
      if (!now.exists || now.set_uid == before.set_uid || !now.observed ||
          now.pods.size() != static_cast<size_t>(now.replicas))
        return false;
      return std::all_of(now.pods.begin(), now.pods.end(), [&](const Pod& pod) {
        const bool known = std::any_of(targets.pods.begin(), targets.pods.end(),
                                       [&](const Pod& old) { return old.uid == pod.uid; });
        return pod.ready && known == orphan;
      });
    };
    return Await(cluster, "the new StatefulSet", back, within,
                 fmt::format("the set of uid {} went and another came; its {} pods {}",
                             before.set_uid, targets.pods.size(),
                             orphan ? "kept their uids and were adopted" : "were replaced"),
                 orphan ? "the new set did not adopt every pod" : "the new set did not get whole");
  }
};

}  // namespace

const Fault& StatefulSetDeleteFault() {
  static const StatefulSetDelete kFault;
  return kFault;
}

}  // namespace holdfast::faults
