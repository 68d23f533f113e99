// image-update: another image in the template: rolling, partitioned, OnDelete, broken and back.
#include <algorithm>

#include "faults/all_faults.h"
#include "faults/rollout.h"

namespace holdfast::faults {
namespace {

constexpr const char* kPrevious = "holdfast.dev/previous-image";
// No registry can have it: .invalid is reserved (RFC 2606).
constexpr const char* kBroken = "registry.invalid/holdfast/no-such-image:none";

std::string To(const Json& parameters) { return GetString(parameters, {"to"}); }

Json ImagePatch(Cluster& cluster, const std::string& image, const std::string& previous) {
  Json container{{"name", cluster.MainContainer()}, {"image", image}};
  Json patch{{"metadata", {{"annotations", {{kPrevious, previous}}}}},
             {"spec", {{"template", {{"spec", {{"containers", Json::array()}}}}}}}};
  patch["spec"]["template"]["spec"]["containers"].push_back(std::move(container));
  return patch;
}

Json StrategyPatch(const Json& parameters) {
  Json strategy = Json::object();
  if (const std::string type = GetString(parameters, {"strategy"}); !type.empty()) {
    strategy["type"] = type;
    // With OnDelete the API wants the block of the other strategy away.
    if (type == "OnDelete") strategy["rollingUpdate"] = nullptr;
  }
  if (parameters.contains("partition")) {
    strategy["type"] = "RollingUpdate";
    strategy["rollingUpdate"] = {{"partition", GetInt(parameters, {"partition"})}};
  }
  return strategy;
}

// The strategy as it is, for going back to it.
Json CurrentStrategy(const Snapshot& now) {
  Json strategy = now.set ? GetObject(*now.set, {"spec", "updateStrategy"}) : Json::object();
  if (!strategy.contains("type")) strategy["type"] = "RollingUpdate";
  if (strategy["type"] == "OnDelete")
    strategy["rollingUpdate"] = nullptr;
  else if (!strategy.contains("rollingUpdate"))
    strategy["rollingUpdate"] = {{"partition", 0}};
  return strategy;
}

class ImageUpdate : public Fault {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "image-update",
        .summary = "Gives the template another image: the workload's next one, the previous one, "
                   "any, or a broken one and then back; with a partition or OnDelete if wanted.",
        .proof = "the update revision changed, and every pod at or above the partition was "
                 "replaced by one of that revision; for a broken image, a pod of it was seen "
                 "waiting and then replaced by one of the old revision",
        .undo = "the former update strategy when the scenario heals; the image stays, because "
                "data formats seldom go back",
        .parameters =
            {{.name = "to",
              .type = ParameterType::kString,
              .fallback = nullptr,
              .description = "next, previous, broken, or the name of an image; nothing changes "
                             "only the partition or the strategy",
              .optional = true},
             {.name = "partition",
              .type = ParameterType::kInteger,
              .fallback = nullptr,
              .description = "only pods with this ordinal or a higher one",
              .min = 0,
              .optional = true},
             {.name = "strategy",
              .type = ParameterType::kString,
              .fallback = nullptr,
              .description = "update strategy from now on",
              .allowed = {"RollingUpdate", "OnDelete"},
              .optional = true},
             WithinParameter("5m", "how long the rollout may take")},
        .permissions = {{"apps", "statefulsets", {"patch"}}, {"", "pods", {"delete"}}},
        .typical = std::chrono::seconds(45)};
    return kText;
  }

  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& targets,
                                                const Json& parameters) const override {
    std::vector<std::string> writes;
    const Json strategy = StrategyPatch(parameters);
    if (!strategy.empty())
      writes.push_back("PATCH update strategy of the StatefulSet to " + DumpJson(strategy));
    if (To(parameters).empty()) return writes;
    writes.push_back(fmt::format("PATCH image of the StatefulSet's template to {}{}",
                                 To(parameters) == "broken" ? kBroken : To(parameters),
                                 targets.pods.empty() ? "" : " (replaces " +
                                                                 Names(targets.pods) + ")"));
    if (To(parameters) == "broken") {
      writes.emplace_back("PATCH image of the StatefulSet's template back");
      writes.emplace_back("DELETE the pod that waits for the broken image");
    }
    return writes;
  }

  [[nodiscard]] Status Validate(const Json& parameters) const override {
    if (To(parameters).empty() && !parameters.contains("partition") &&
        !parameters.contains("strategy"))
      return Fail(ErrorCode::kInvalidArgument,
                  "it changes nothing; give it to, partition or strategy");
    if (parameters.contains("partition") && GetString(parameters, {"strategy"}) == "OnDelete")
      return Fail(ErrorCode::kInvalidArgument, "OnDelete has no partition; keep one of the two");
    return {};
  }

  [[nodiscard]] Result<FaultTargets> Choose(const Snapshot& now,
                                            const std::string& /*primary*/,
                                            const Json& parameters,
                                            Random& /*random*/) const override {
    Snapshot then = now;
    if (parameters.contains("partition"))
      then.partition = static_cast<int>(GetInt(parameters, {"partition"}));
    if (const std::string type = GetString(parameters, {"strategy"}); !type.empty())
      then.on_delete = type == "OnDelete";
    return ChooseUpdated(Text().name, then);
  }

  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& /*targets*/,
                                     const Json& parameters) const override {
    const Snapshot before = cluster.Look();
    const Nanos within = Duration(parameters, "within", std::chrono::minutes(5));
    HOLDFAST_RETURN_IF_ERROR(SetStrategy(cluster, before, parameters));
    if (To(parameters).empty()) return StrategyOnly(cluster, before, within);
    HOLDFAST_ASSIGN(const std::string image, ImageOf(cluster, before, parameters));
    if (image == before.image)
      return Fail(ErrorCode::kInvalidArgument, "the template has image {} already", image);
    HOLDFAST_RETURN_IF_ERROR(
        cluster.PatchSet("image " + image, ImagePatch(cluster, image, before.image)));
    if (To(parameters) == "broken") return ThereAndBack(cluster, before, within);
    return AwaitRollout(cluster, before, within);
  }

 private:
  static Result<std::string> ImageOf(Cluster& cluster,
                                     const Snapshot& before,
                                     const Json& parameters) {
    const std::string to = To(parameters);
    if (to == "broken") return std::string(kBroken);
    if (to == "next") return cluster.NextImage();
    if (to != "previous") return to;
    std::string previous =
        before.set ? GetString(*before.set, {"metadata", "annotations", kPrevious}) : "";
    if (previous.empty())
      return Fail(ErrorCode::kNotFound, "there is no previous image: update to another one first");
    return previous;
  }

  static Status SetStrategy(Cluster& cluster, const Snapshot& before, const Json& parameters) {
    const Json strategy = StrategyPatch(parameters);
    if (strategy.empty()) return {};
    const Json back{{"spec", {{"updateStrategy", CurrentStrategy(before)}}}};
    cluster.AtHeal("the former update strategy", [back](Cluster& then) {
      return then.PatchSet("the former update strategy", back);
    });
    return cluster.PatchSet("update strategy " + DumpJson(strategy),
                            {{"spec", {{"updateStrategy", strategy}}}});
  }

  static Result<Proof> StrategyOnly(Cluster& cluster, const Snapshot& before, Nanos within) {
    const int64_t generation =
        before.set ? GetInt(*before.set, {"metadata", "generation"}) : 0;
    const auto done = [&](const Snapshot& now) {
      return now.set && GetInt(*now.set, {"metadata", "generation"}) > generation &&
             RolledOut(now);
    };
    return Await(cluster, "the rollout under the new strategy", done, within,
                 "the controller observed the new strategy, and every pod that it must update is "
                 "updated",
                 "the rollout under the new strategy was not over");
  }

  // A rolling update that waits for a broken pod does not go on when the template is mended: the
  // pod must be deleted by hand (kubernetes/kubernetes#67250).
  static Result<Proof> ThereAndBack(Cluster& cluster, const Snapshot& before, Nanos within) {
    const auto stuck = [](const Snapshot& now) -> const Pod* {
      for (const Pod& pod : now.pods) {
        if (pod.image == kBroken && !pod.terminating) return &pod;
      }
      return nullptr;
    };
    const Json back = ImagePatch(cluster, before.image, kBroken);
    cluster.AtHeal("the image before the broken one", [back, stuck](Cluster& then) -> Status {
      if (then.Look().image == kBroken)
        HOLDFAST_RETURN_IF_ERROR(then.PatchSet("the image before the broken one", back));
      const Snapshot now = then.Look();
      const Pod* pod = stuck(now);
      return pod == nullptr ? Status{} : then.DeletePod(*pod, std::nullopt);
    });
    HOLDFAST_ASSIGN(const Proof broken,
                    Await(
                        cluster, "a pod with the broken image",
                        [&](const Snapshot& now) {
                          const Pod* pod = stuck(now);
                          return pod != nullptr && !pod->node.empty() && !pod->ready;
                        },
                        within, "a pod with the broken image was seen waiting",
                        "no pod with the broken image came"));
    if (!broken.proven) return broken;
    HOLDFAST_RETURN_IF_ERROR(cluster.PatchSet("the image before the broken one", back));
    const auto mended = [&](const Snapshot& now) {
      return now.observed && now.image == before.image &&
             now.update_revision == before.update_revision;
    };
    HOLDFAST_ASSIGN(const Proof reverted,
                    Await(cluster, "the old revision", mended, within, "the template is mended",
                          "the mended template was not observed"));
    if (!reverted.proven) return reverted;
    const Snapshot now = cluster.Look();
    if (const Pod* pod = stuck(now)) {
      const Status deleted = cluster.DeletePod(*pod, std::nullopt);
      if (!deleted && deleted.error().code != ErrorCode::kNotFound &&
          deleted.error().code != ErrorCode::kConflict)
        return Fail(deleted.error());
    }
    HOLDFAST_ASSIGN(const Proof whole,
                    Await(cluster, "pods of the old revision", RolledOut, within,
                          "every pod is of the old revision again",
                          "the set did not get whole again"));
    return Proof{whole.proven, broken.sentence + "; " + whole.sentence};
  }
};

}  // namespace

const Fault& ImageUpdateFault() {
  static const ImageUpdate kFault;
  return kFault;
}

}  // namespace holdfast::faults
