#include "faults/scale.h"

#include <algorithm>

#include "harness/base/strings.h"

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

}  // namespace

const FaultText& Scale::Text() const {
  static const FaultText kText{
      .name = "scale",
      .summary =
          "Sets the number of replicas of the StatefulSet; down and up again is a scale cycle.",
      .proof =
          "spec.replicas is the new number, the controller has observed it, every pod above it was "
          "seen DELETED and every one below it exists",
      .undo = "none by itself: the next scale step, or the end of the run, which removes the set",
      .parameters =
          {
              {.name = "to",
               .type = ParameterType::kInteger,
               .fallback = nullptr,
               .description = "number of replicas",
               .min = 0,
               .max = 1000},
              {.name = "within",
               .type = ParameterType::kDuration,
               .fallback = "2m",
               .description = "how long the pods may take to come or go"},
          },
      .permissions = {{"apps", "statefulsets/scale", {"get", "patch"}}},
  };
  return kText;
}

std::vector<std::string> Scale::Writes(const Json& parameters) const {
  return {fmt::format("PATCH scale of the StatefulSet to {} replicas", To(parameters))};
}

Status Scale::Validate(const Json& /*parameters*/) const { return {}; }

Result<FaultTargets> Scale::Choose(const Snapshot& now,
                                   const std::string& /*primary*/,
                                   const Json& parameters,
                                   Random& /*random*/) const {
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

Result<Proof> Scale::Inject(Cluster& cluster,
                            const FaultTargets& targets,
                            const Json& parameters) const {
  const int to = To(parameters);
  HOLDFAST_RETURN_IF_ERROR(cluster.Scale(to));
  const Nanos within =
      ParseDuration(GetString(parameters, {"within"}, "2m")).value_or(std::chrono::minutes(2));
  const auto done = [&](const Snapshot& now) {
    const bool condemned_gone =
        std::all_of(targets.pods.begin(), targets.pods.end(),
                    [&](const Pod& pod) { return now.FindUid(pod.uid) == nullptr; });
    return condemned_gone && Reached(now, to);
  };
  const Status seen = cluster.WaitUntil(fmt::format("scale to {}", to), done, within);
  if (!seen && seen.error().code == ErrorCode::kCancelled) return Fail(seen.error());
  if (!seen)
    return Proof{false, fmt::format("the set did not reach {} replicas within {}: {}", to,
                                    FormatDuration(within), seen.error().message)};
  return Proof{true, fmt::format("the set has {} replicas; {} pods were seen DELETED for it", to,
                                 targets.pods.size())};
}

}  // namespace holdfast::faults
