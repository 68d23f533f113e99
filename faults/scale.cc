// scale: another number of replicas; and back, when all is done or in the middle of it.
#include <algorithm>

#include "faults/all_faults.h"
#include "faults/common.h"

namespace holdfast::faults {
namespace {

int To(const Json& parameters) { return static_cast<int>(GetInt(parameters, {"to"})); }

bool InRange(const Snapshot& now, int ordinal, int replicas) {
  return ordinal >= now.start && ordinal < now.start + replicas;
}

// Every ordinal of the new range has a live pod, and no pod is left outside of it.
bool Reached(const Snapshot& now, int replicas) {
  if (now.replicas != replicas || !now.observed) return false;
  int inside = 0;
  for (const Pod& pod : now.pods) {
    if (!InRange(now, pod.ordinal, replicas)) return false;
    inside += pod.terminating ? 0 : 1;
  }
  return inside == replicas;
}

class Scale : public Fault {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "scale",
        .summary = "Sets the number of replicas of the StatefulSet; back again with then: return, "
                   "in the middle of it with then: reverse.",
        .proof = "spec.replicas is the new number, the controller has observed it, every pod above "
                 "it was seen DELETED and every one below it exists; for reverse, the first pod "
                 "was seen to come or go",
        .undo = "the first number of replicas, when the scenario heals",
        .parameters = {{.name = "to",
                        .type = ParameterType::kInteger,
                        .fallback = nullptr,
                        .description = "number of replicas",
                        .min = 0,
                        .max = 10000},
                       {.name = "then",
                        .type = ParameterType::kString,
                        .fallback = "stay",
                        .description = "stay there, return when it is reached, or reverse as soon "
                                       "as the first pod comes or goes",
                        .allowed = {"stay", "return", "reverse"}},
                       WithinParameter("2m", "how long the pods may take to come or go")},
        .permissions = {{"apps", "statefulsets/scale", {"get", "patch"}}}};
    return kText;
  }

  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& /*targets*/,
                                                const Json& parameters) const override {
    std::vector<std::string> writes{
        fmt::format("PATCH scale of the StatefulSet to {} replicas", To(parameters))};
    const std::string then = GetString(parameters, {"then"}, "stay");
    if (then != "stay")
      writes.push_back(fmt::format("PATCH scale of the StatefulSet to its former number {}",
                                   then == "return" ? "when that is reached"
                                                    : "when the first pod comes or goes"));
    return writes;
  }

  [[nodiscard]] Result<FaultTargets> Choose(const Snapshot& now,
                                            const std::string& /*primary*/,
                                            const Json& parameters,
                                            Random& /*random*/) const override {
    if (now.replicas == To(parameters)) {
      return Fail(ErrorCode::kInvalidArgument,
                  "scale to {} changes nothing: the set has {} replicas already", To(parameters),
                  now.replicas);
    }
    FaultTargets targets;
    std::copy_if(now.pods.begin(), now.pods.end(), std::back_inserter(targets.pods),
                 [&](const Pod& pod) { return !InRange(now, pod.ordinal, To(parameters)); });
    return targets;
  }

  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override {
    const int to = To(parameters);
    const Snapshot before = cluster.Look();
    const Nanos within = Duration(parameters, "within", std::chrono::minutes(2));
    const std::string then = GetString(parameters, {"then"}, "stay");
    HOLDFAST_RETURN_IF_ERROR(cluster.Scale(to));
    if (then == "reverse") return Reverse(cluster, before, within);
    HOLDFAST_ASSIGN(const Proof there, Arrive(cluster, targets.pods, to, within));
    if (!there.proven || then == "stay") return there;
    HOLDFAST_RETURN_IF_ERROR(cluster.Scale(before.replicas));
    HOLDFAST_ASSIGN(const Proof back, Arrive(cluster, {}, before.replicas, within));
    return Proof{back.proven, there.sentence + "; then " + back.sentence};
  }

 private:
  static Result<Proof> Arrive(Cluster& cluster,
                              const std::vector<Pod>& condemned,
                              int to,
                              Nanos within) {
    return Await(
        cluster, fmt::format("scale to {}", to),
        [&](const Snapshot& now) { return AllGone(now, condemned) && Reached(now, to); }, within,
        fmt::format("the set has {} replicas; {} pods were seen DELETED for it", to,
                    condemned.size()),
        fmt::format("the set did not reach {} replicas", to));
  }

  static Result<Proof> Reverse(Cluster& cluster, const Snapshot& before, Nanos within) {
    const auto begun = [&](const Snapshot& now) {
      if (now.pods.size() > before.pods.size()) return true;
      return std::any_of(before.pods.begin(), before.pods.end(), [&](const Pod& pod) {
        const Pod* same = now.FindUid(pod.uid);
        return same == nullptr || same->terminating;
      });
    };
    HOLDFAST_ASSIGN(const Proof proof,
                    Await(cluster, "the first pod to come or go", begun, within,
                          "the first pod was seen to come or go", "no pod came or went"));
    HOLDFAST_RETURN_IF_ERROR(cluster.Scale(before.replicas));
    if (!proof.proven) return proof;
    HOLDFAST_ASSIGN(const Proof back, Arrive(cluster, {}, before.replicas, within));
    return Proof{back.proven, proof.sentence + "; then " + back.sentence};
  }
};

}  // namespace

const Fault& ScaleFault() {
  static const Scale kFault;
  return kFault;
}

}  // namespace holdfast::faults
