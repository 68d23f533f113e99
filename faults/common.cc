#include "faults/common.h"

#include <algorithm>

namespace holdfast::faults {
namespace {

std::vector<Parameter> PodChoice() {
  return {{.name = "pod",
           .type = ParameterType::kString,
           .fallback = nullptr,
           .description = "name of the pod",
           .optional = true},
          {.name = "role",
           .type = ParameterType::kString,
           .fallback = nullptr,
           .description = "which member; a leader is the primary, a follower a replica",
           .allowed = {"primary", "leader", "replica", "follower"},
           .optional = true},
          {.name = "ordinal",
           .type = ParameterType::kInteger,
           .fallback = nullptr,
           .description = "ordinal of the pod",
           .min = 0,
           .optional = true},
          {.name = "count",
           .type = ParameterType::kInteger,
           .fallback = 1,
           .description = "how many at once; 0 is all that the other parameters leave",
           .min = 0,
           .max = 10000}};
}

bool WantsPrimary(const std::string& role) { return role == "primary" || role == "leader"; }

}  // namespace

Parameter WithinParameter(const char* fallback, const char* description) {
  return {.name = "within",
          .type = ParameterType::kDuration,
          .fallback = fallback,
          .description = description};
}

ParameterSchema WithPodChoice(ParameterSchema schema) {
  ParameterSchema all = PodChoice();
  all.insert(all.end(), schema.begin(), schema.end());
  return all;
}

ParameterSchema WithNodeChoice(ParameterSchema schema) {
  ParameterSchema all{{.name = "node",
                       .type = ParameterType::kString,
                       .fallback = nullptr,
                       .description = "name of the node",
                       .optional = true},
                      {.name = "of",
                       .type = ParameterType::kString,
                       .fallback = nullptr,
                       .description = "the node where this member's pod runs; a member chosen by "
                                      "the seed when neither node nor of is given",
                       .allowed = {"primary", "leader", "replica", "follower"},
                       .optional = true}};
  all.insert(all.end(), schema.begin(), schema.end());
  return all;
}

Nanos Duration(const Json& parameters, const char* name, Nanos fallback) {
  const std::string text = GetString(parameters, {name});
  return text.empty() ? fallback : ParseDuration(text).value_or(fallback);
}

std::optional<Nanos> Grace(const Json& parameters) {
  if (GetString(parameters, {"grace"}).empty()) return std::nullopt;
  return Duration(parameters, "grace", Nanos{0});
}

Status ValidatePodChoice(const Json& parameters) {
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

Status ValidateNodeChoice(const Json& parameters) {
  if (parameters.contains("node") && parameters.contains("of"))
    return Fail(ErrorCode::kInvalidArgument, "node and of exclude each other; keep one");
  return {};
}

std::string Whom(const Json& parameters) {
  if (const std::string pod = GetString(parameters, {"pod"}); !pod.empty()) return "pod " + pod;
  if (parameters.contains("ordinal"))
    return fmt::format("the pod with ordinal {}", GetInt(parameters, {"ordinal"}));
  const std::string role = GetString(parameters, {"role"});
  if (WantsPrimary(role)) return "the primary's pod";
  const int64_t count = GetInt(parameters, {"count"}, 1);
  const std::string kind = role.empty() ? "pod" : "replica";
  if (count == 0) return fmt::format("every {} of the set", kind);
  if (count > 1) return fmt::format("{} {}s of the set, chosen by the seed", count, kind);
  return role.empty() ? "one pod of the set, chosen by the seed"
                      : "one replica's pod, chosen by the seed";
}

Result<std::vector<Pod>> ChoosePods(const std::string& fault,
                                    const Snapshot& now,
                                    const std::string& primary,
                                    const Json& parameters,
                                    Random& random) {
  std::vector<Pod> candidates;
  const std::string name = GetString(parameters, {"pod"});
  const std::string role = GetString(parameters, {"role"});
  for (const Pod& pod : now.pods) {
    if (pod.terminating) continue;
    if (!name.empty() && pod.name != name) continue;
    if (WantsPrimary(role) && pod.name != primary) continue;
    if (!role.empty() && !WantsPrimary(role) && pod.name == primary) continue;
    if (parameters.contains("ordinal") && pod.ordinal != GetInt(parameters, {"ordinal"})) continue;
    candidates.push_back(pod);
  }
  const auto count = static_cast<size_t>(GetInt(parameters, {"count"}, 1));
  if (candidates.empty() || candidates.size() < count) {
    return Fail(ErrorCode::kNotFound,
                "{} found too few pods: {} asked for, {} fit among the {} live pods of the set",
                fault, Whom(parameters), candidates.size(), now.pods.size());
  }
  if (count == 0) return candidates;
  std::vector<Pod> chosen;
  while (chosen.size() < count) {
    const auto at = static_cast<std::ptrdiff_t>(random.Below(candidates.size()));
    chosen.push_back(candidates[static_cast<size_t>(at)]);
    candidates.erase(candidates.begin() + at);
  }
  return chosen;
}

Result<Node> ChooseNode(const std::string& fault,
                        const Snapshot& now,
                        const std::string& primary,
                        const Json& parameters,
                        Random& random) {
  std::string name = GetString(parameters, {"node"});
  if (name.empty()) {
    Json pod = Json::object();
    if (parameters.contains("of")) pod["role"] = parameters["of"];
    HOLDFAST_ASSIGN(const std::vector<Pod> pods, ChoosePods(fault, now, primary, pod, random));
    name = pods.at(0).node;
    if (name.empty())
      return Fail(ErrorCode::kNotFound, "{}: pod {} is on no node yet", fault, pods.at(0).name);
  }
  const Node* node = now.FindNode(name);
  if (node == nullptr)
    return Fail(ErrorCode::kNotFound, "{}: the cluster has no node '{}'", fault, name);
  return *node;
}

std::vector<Pod> PodsOn(const Snapshot& now, const std::string& node) {
  std::vector<Pod> pods;
  std::copy_if(now.pods.begin(), now.pods.end(), std::back_inserter(pods),
               [&](const Pod& pod) { return pod.node == node && !pod.terminating; });
  return pods;
}

std::string Names(const std::vector<Pod>& pods) {
  std::vector<std::string> names;
  for (const Pod& pod : pods)
    names.push_back(pod.name);
  return names.size() > 8 ? fmt::format("{} and {} more", names[0], names.size() - 1)
                          : Join(names, ", ");
}

std::string PodText(const FaultTargets& targets, const Json& parameters) {
  if (targets.pods.empty()) return Whom(parameters);
  return (targets.pods.size() == 1 ? "pod " : "pods ") + Names(targets.pods);
}

std::string NodeText(const FaultTargets& targets, const Json& parameters) {
  if (!targets.nodes.empty()) return "node " + targets.nodes[0].name;
  if (const std::string node = GetString(parameters, {"node"}); !node.empty())
    return "node " + node;
  const std::string of = GetString(parameters, {"of"});
  return of.empty() ? "the node of one pod, chosen by the seed"
                    : fmt::format("the node where the {} runs then", of);
}

Result<Proof> Await(Cluster& cluster,
                    const std::string& what,
                    const Condition& condition,
                    Nanos within,
                    const std::string& proven,
                    const std::string& missing) {
  const Status seen = cluster.WaitUntil(what, condition, within);
  if (seen) return Proof{true, proven};
  if (seen.error().code == ErrorCode::kCancelled) return Fail(seen.error());
  return Proof{false,
               fmt::format("{} within {}: {}", missing, FormatDuration(within),
                           seen.error().message)};
}

bool AllGone(const Snapshot& now, const std::vector<Pod>& pods) {
  return std::all_of(pods.begin(), pods.end(),
                     [&](const Pod& pod) { return now.FindUid(pod.uid) == nullptr; });
}

}  // namespace holdfast::faults
