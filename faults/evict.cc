// evict: pods are evicted through the eviction API, which asks the budgets.
#include "faults/all_faults.h"
#include "faults/eviction.h"
#include "faults/pod_fault.h"

namespace holdfast::faults {
namespace {

bool WantsRefusal(const Json& parameters) {
  return GetString(parameters, {"expect"}) == "refused";
}

class Evict : public PodFault {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "evict",
        .summary = "Evicts pods through the eviction API, which respects disruption budgets.",
        .proof = "the API accepted the eviction and the DELETED event of each uid was seen; or, "
                 "with expect: refused, the answer 429 while the pod stayed",
        .undo = "nothing to take back: the StatefulSet controller makes the replacement",
        .parameters = WithPodChoice(
            {{.name = "grace",
              .type = ParameterType::kDuration,
              .fallback = nullptr,
              .description = "grace period of the deletion",
              .optional = true},
             {.name = "expect",
              .type = ParameterType::kString,
              .fallback = "evicted",
              .description = "evicted tries again while a budget refuses; refused wants exactly "
                             "that refusal",
              .allowed = {"evicted", "refused"}},
             WithinParameter("3m", "how long budgets and deletions may take")}),
        .permissions = {{"", "pods/eviction", {"create"}},
                        {"policy", "poddisruptionbudgets", {"list", "watch"}}},
        .evicts = true};
    return kText;
  }

  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& targets,
                                                const Json& parameters) const override {
    return {fmt::format("POST eviction of {} (only if its uid is still the chosen one)",
                        PodText(targets, parameters))};
  }

  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override {
    if (WantsRefusal(parameters)) return Refused(cluster, targets);
    const Nanos within = Duration(parameters, "within", std::chrono::minutes(3));
    const Deadline deadline(SystemClock(), within);
    const auto evicted = EvictAll(cluster, targets.pods, Grace(parameters), deadline);
    if (!evicted && evicted.error().code == ErrorCode::kTimedOut)
      return Proof{false, evicted.error().message};
    if (!evicted) return Fail(evicted.error());
    return Await(
        cluster, "the end of the evicted " + Names(targets.pods),
        [&](const Snapshot& now) { return AllGone(now, targets.pods); }, deadline.Left(),
        fmt::format("the API accepted the eviction of {} after {} refusals, and the watch showed "
                    "each of these uids DELETED",
                    Names(targets.pods), evicted->refused),
        fmt::format("the evicted {} did not end", Names(targets.pods)));
  }

 private:
  static Result<Proof> Refused(Cluster& cluster, const FaultTargets& targets) {
    for (const Pod& pod : targets.pods) {
      const Status evicted = cluster.EvictPod(pod, std::nullopt);
      if (evicted)
        return Proof{false, fmt::format("the eviction of {} was accepted; a refusal was wanted",
                                        pod.name)};
      if (!IsBudgetRefusal(evicted.error())) return Fail(evicted.error());
      const Snapshot now = cluster.Look();
      const Pod* still = now.FindUid(pod.uid);
      if (still == nullptr || still->terminating)
        return Proof{false,
                     fmt::format("{} was refused and went all the same", pod.name)};
    }
    return Proof{true, fmt::format("the API refused the eviction of {} with 429, and the pods "
                                   "stayed",
                                   Names(targets.pods))};
  }
};

}  // namespace

const Fault& EvictFault() {
  static const Evict kFault;
  return kFault;
}

}  // namespace holdfast::faults
