// template-restart: what `kubectl rollout restart` does, an annotation of the template.
#include <algorithm>

#include "faults/all_faults.h"
#include "faults/rollout.h"

namespace holdfast::faults {
namespace {

class TemplateRestart : public Fault {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "template-restart",
        .summary = "Changes an annotation of the pod template, as kubectl rollout restart does.",
        .proof = "the update revision changed, and every pod at or above the partition was "
                 "replaced by one of that revision",
        .undo = "none: the annotation stays in the run's own set",
        .parameters = {WithinParameter("5m", "how long the rollout may take")},
        .permissions = {{"apps", "statefulsets", {"patch"}}},
        .typical = std::chrono::seconds(30)};
    return kText;
  }

  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& /*targets*/,
                                                const Json& /*parameters*/) const override {
    return {"PATCH template of the StatefulSet: another annotation holdfast.dev/restarted"};
  }

  [[nodiscard]] Result<FaultTargets> Choose(const Snapshot& now,
                                            const std::string& /*primary*/,
                                            const Json& /*parameters*/,
                                            Random& /*random*/) const override {
    return ChooseUpdated(Text().name, now);
  }

  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& /*targets*/,
                                     const Json& parameters) const override {
    const Snapshot before = cluster.Look();
    const std::string mark =
        fmt::format("after-generation-{}",
                    before.set ? GetInt(*before.set, {"metadata", "generation"}) : 0);
    const Json annotation{{"holdfast.dev/restarted", mark}};
    const Json patch{
        {"spec", {{"template", {{"metadata", {{"annotations", annotation}}}}}}}};
    HOLDFAST_RETURN_IF_ERROR(cluster.PatchSet("restart by annotation " + mark, patch));
    return AwaitRollout(cluster, before,
                        Duration(parameters, "within", std::chrono::minutes(5)));
  }
};

}  // namespace

const Fault& TemplateRestartFault() {
  static const TemplateRestart kFault;
  return kFault;
}

}  // namespace holdfast::faults
