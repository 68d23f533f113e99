#include "faults/pod_delete.h"

#include "harness/base/strings.h"

namespace holdfast::faults {
namespace {

std::optional<Nanos> Grace(const Json& parameters) {
  const std::string text = GetString(parameters, {"grace"});
  if (text.empty()) return std::nullopt;
  return ParseDuration(text).value_or(Nanos{0});
}

std::string GraceText(const Json& parameters) {
  const auto grace = Grace(parameters);
  return grace ? fmt::format("grace {} s",
                             std::chrono::duration_cast<std::chrono::seconds>(*grace).count())
               : "the pod's own grace";
}

std::string Whom(const Json& parameters) {
  if (const std::string pod = GetString(parameters, {"pod"}); !pod.empty()) return "pod " + pod;
  if (const std::string role = GetString(parameters, {"role"}); !role.empty())
    return role == "primary" ? "the primary's pod" : "one replica's pod, chosen by the seed";
  if (parameters.contains("ordinal"))
    return fmt::format("the pod with ordinal {}", GetInt(parameters, {"ordinal"}));
  return "one pod of the set, chosen by the seed";
}

}  // namespace

const FaultText& PodDelete::Text() const {
  static const FaultText kText{
      .name = "pod-delete",
      .summary =
          "Deletes one pod of the set through the API, with its own grace period, a given one, or "
          "none.",
      .proof = "the DELETED event of that very uid was seen on the watch",
      .undo = "nothing to take back: the StatefulSet controller makes the replacement",
      .parameters =
          {
              {.name = "pod",
               .type = ParameterType::kString,
               .fallback = nullptr,
               .description = "name of the pod",
               .optional = true},
              {.name = "role",
               .type = ParameterType::kString,
               .fallback = nullptr,
               .description = "which member",
               .allowed = {"primary", "replica"},
               .optional = true},
              {.name = "ordinal",
               .type = ParameterType::kInteger,
               .fallback = nullptr,
               .description = "ordinal of the pod",
               .min = 0,
               .optional = true},
              {.name = "grace",
               .type = ParameterType::kDuration,
               .fallback = nullptr,
               .description = "grace period; 0s forces the deletion",
               .optional = true},
              {.name = "within",
               .type = ParameterType::kDuration,
               .fallback = "2m",
               .description = "how long the deletion may take to be seen"},
          },
      .permissions = {{"", "pods", {"delete"}}},
  };
  return kText;
}

std::vector<std::string> PodDelete::Writes(const Json& parameters) const {
  return {fmt::format("DELETE {} ({}, only if its uid is still the chosen one)", Whom(parameters),
                      GraceText(parameters))};
}

Status PodDelete::Validate(const Json& parameters) const {
  const int given = static_cast<int>(parameters.contains("pod")) +
                    static_cast<int>(parameters.contains("role")) +
                    static_cast<int>(parameters.contains("ordinal"));
  if (given > 1)
    return Fail(ErrorCode::kInvalidArgument, "pod, role and ordinal exclude each other; keep one");
  const auto grace = Grace(parameters);
  if (grace && *grace % std::chrono::seconds(1) != Nanos{0}) {
    return Fail(ErrorCode::kInvalidArgument,
                "grace is counted in whole seconds by Kubernetes; write 0s, 1s, ...");
  }
  return {};
}

Result<FaultTargets> PodDelete::Choose(const Snapshot& now,
                                       const std::string& primary,
                                       const Json& parameters,
                                       Random& random) const {
  std::vector<Pod> candidates;
  const std::string name = GetString(parameters, {"pod"});
  const std::string role = GetString(parameters, {"role"});
  for (const Pod& pod : now.pods) {
    if (pod.terminating) continue;
    if (!name.empty() && pod.name != name) continue;
    if (role == "primary" && pod.name != primary) continue;
    if (role == "replica" && pod.name == primary) continue;
    if (parameters.contains("ordinal") && pod.ordinal != GetInt(parameters, {"ordinal"})) continue;
    candidates.push_back(pod);
  }
  if (candidates.empty()) {
    return Fail(ErrorCode::kNotFound,
                "pod-delete found no pod to delete: {} is not among the {} live pods of the set",
                Whom(parameters), now.pods.size());
  }
  FaultTargets targets;
  targets.pods.push_back(candidates[random.Below(candidates.size())]);
  if (Grace(parameters) == Nanos{0}) targets.gives_up.emplace_back("SS-AMO-2");
  return targets;
}

Result<Proof> PodDelete::Inject(Cluster& cluster,
                                const FaultTargets& targets,
                                const Json& parameters) const {
  const Pod& victim = targets.pods.at(0);
  HOLDFAST_RETURN_IF_ERROR(cluster.DeletePod(victim, Grace(parameters)));
  const Nanos within =
      ParseDuration(GetString(parameters, {"within"}, "2m")).value_or(std::chrono::minutes(2));
  const Status seen = cluster.WaitUntil(
      fmt::format("the deletion of {} (uid {})", victim.name, victim.uid),
      [&](const Snapshot& now) { return now.FindUid(victim.uid) == nullptr; }, within);
  if (!seen && seen.error().code == ErrorCode::kCancelled) return Fail(seen.error());
  if (!seen)
    return Proof{false,
                 fmt::format("no DELETED event of pod {} (uid {}) came within {}: {}", victim.name,
                             victim.uid, FormatDuration(within), seen.error().message)};
  return Proof{true,
               fmt::format("the watch showed pod {} (uid {}) DELETED", victim.name, victim.uid)};
}

}  // namespace holdfast::faults
