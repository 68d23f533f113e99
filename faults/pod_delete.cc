// pod-delete: pods of the set are deleted through the API, gracefully or with grace 0.
#include "faults/all_faults.h"
#include "faults/pod_fault.h"

namespace holdfast::faults {
namespace {

std::string GraceText(const Json& parameters) {
  const auto grace = Grace(parameters);
  return grace ? fmt::format("grace {} s",
                             std::chrono::duration_cast<std::chrono::seconds>(*grace).count())
               : "the pod's own grace";
}

class PodDelete : public PodFault {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "pod-delete",
        .summary = "Deletes pods of the set through the API, with their own grace period, a given "
                   "one, or none.",
        .proof = "the DELETED event of each chosen uid was seen on the watch",
        .undo = "nothing to take back: the StatefulSet controller makes the replacement",
        .parameters =
            WithPodChoice({{.name = "grace",
                            .type = ParameterType::kDuration,
                            .fallback = nullptr,
                            .description = "grace period; 0s forces the deletion",
                            .optional = true},
                           WithinParameter("2m", "how long the deletion may take to be seen")}),
        .permissions = {{"", "pods", {"delete"}}}};
    return kText;
  }

  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& targets,
                                                const Json& parameters) const override {
    return {fmt::format("DELETE {} ({}, only if its uid is still the chosen one)",
                        PodText(targets, parameters), GraceText(parameters))};
  }

  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override {
    std::vector<std::string> uids;
    for (const Pod& victim : targets.pods) {
      HOLDFAST_RETURN_IF_ERROR(cluster.DeletePod(victim, Grace(parameters)));
      uids.push_back(fmt::format("{} (uid {})", victim.name, victim.uid));
    }
    const std::string who = Join(uids, ", ");
    return Await(
        cluster, "the deletion of " + who,
        [&](const Snapshot& now) { return AllGone(now, targets.pods); },
        Duration(parameters, "within", std::chrono::minutes(2)),
        fmt::format("the watch showed pod {} DELETED", who),
        fmt::format("no DELETED event of pod {} came", who));
  }

 private:
  [[nodiscard]] Status Complete(const Snapshot& /*now*/,
                                const Json& parameters,
                                FaultTargets& targets) const override {
    if (Grace(parameters) == Nanos{0}) targets.gives_up.emplace_back(kForcedDeletionGivesUp);
    return {};
  }
};

}  // namespace

const Fault& PodDeleteFault() {
  static const PodDelete kFault;
  return kFault;
}

}  // namespace holdfast::faults
