// claim-delete: a claim and its pod go, so that the pod comes back with an empty volume.
#include <algorithm>

#include "faults/all_faults.h"
#include "faults/pod_fault.h"

namespace holdfast::faults {
namespace {

class ClaimDelete : public PodFault {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "claim-delete",
        .summary = "Deletes the claims of a pod and then the pod: what the volume held is gone, "
                   "and the replacement must be rebuilt from the others.",
        .proof = "each claim was seen under its name with another uid, bound to a volume",
        .undo = "none: the data of that volume is given up",
        .parameters =
            WithPodChoice({WithinParameter("3m", "how long the exchange of the claim may take")}),
        .permissions = {{"", "persistentvolumeclaims", {"delete"}}, {"", "pods", {"delete"}}}};
    return kText;
  }

  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& targets,
                                                const Json& parameters) const override {
    std::vector<std::string> writes;
    for (const Claim& claim : targets.claims)
      writes.push_back("DELETE claim " + claim.name + " (with its data)");
    if (writes.empty()) writes.push_back("DELETE the claims of " + Whom(parameters));
    writes.push_back("DELETE " + PodText(targets, parameters));
    return writes;
  }

  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override {
    // In this order: a claim in use waits for its pod, and the controller cannot slip a new pod
    // onto the old claim in between.
    for (const Claim& claim : targets.claims)
      HOLDFAST_RETURN_IF_ERROR(cluster.DeleteClaim(claim));
    for (const Pod& pod : targets.pods)
      HOLDFAST_RETURN_IF_ERROR(cluster.DeletePod(pod, std::nullopt));
    const auto exchanged = [&](const Snapshot& now) {
      return std::all_of(targets.claims.begin(), targets.claims.end(), [&](const Claim& old) {
        const Claim* claim = now.FindClaim(old.name);
        return claim != nullptr && claim->uid != old.uid && !claim->volume.empty();
      });
    };
    std::vector<std::string> names;
    for (const Claim& claim : targets.claims)
      names.push_back(claim.name);
    return Await(cluster, "new claims " + Join(names, ", "), exchanged,
                 Duration(parameters, "within", std::chrono::minutes(3)),
                 fmt::format("{} came back under another uid with another volume",
                             Join(names, ", ")),
                 fmt::format("{} did not come back under another uid", Join(names, ", ")));
  }

 private:
  [[nodiscard]] Status Complete(const Snapshot& now,
                                const Json& /*parameters*/,
                                FaultTargets& targets) const override {
    for (const Pod& pod : targets.pods) {
      std::copy_if(now.claims.begin(), now.claims.end(), std::back_inserter(targets.claims),
                   [&](const Claim& claim) {
                     return !claim.terminating && claim.name.ends_with("-" + pod.name);
                   });
    }
    if (targets.claims.empty())
      return Fail(ErrorCode::kNotFound, "claim-delete: {} has no claims", Names(targets.pods));
    targets.gives_up = {"SS-PVC-2", "SS-PVC-4", "SS-ID-5P", "SS-DATA-1", "SS-DATA-2",
                        "SS-DATA-3", "SS-DATA-4", "HX-LOST"};
    return {};
  }
};

}  // namespace

const Fault& ClaimDeleteFault() {
  static const ClaimDelete kFault;
  return kFault;
}

}  // namespace holdfast::faults
