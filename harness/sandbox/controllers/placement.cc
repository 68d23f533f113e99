// Scheduler filters: NodeUnschedulable, TaintToleration, NodeAffinity.
#include "harness/sandbox/controllers/placement.h"

#include <algorithm>

#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

bool Tolerates(const Json& toleration, std::string_view key, const Json& taint) {
  const std::string effect = GetString(toleration, {"effect"});
  if (!effect.empty() && effect != GetString(taint, {"effect"})) return false;
  const std::string wanted = GetString(toleration, {"key"});
  const bool exists = GetString(toleration, {"operator"}) == "Exists";
  if (wanted.empty()) return exists;
  if (wanted != key) return false;
  return exists || GetString(toleration, {"value"}) == GetString(taint, {"value"});
}

bool Schedules(const Json& taint) {
  const std::string effect = GetString(taint, {"effect"});
  return effect != "NoSchedule" && effect != "NoExecute";
}

bool MatchesTerm(const Json& term, const Json& node) {
  const Json& expressions = GetArray(term, {"matchExpressions"});
  const Json& fields = GetArray(term, {"matchFields"});
  if (expressions.empty() && fields.empty()) return false;
  const Json by_label = {{"matchExpressions", expressions}};
  const Json by_field = {{"matchExpressions", fields}};
  return MatchesSelector(by_label, GetObject(node, {"metadata", "labels"})) &&
         MatchesSelector(by_field, {{"metadata.name", NameOf(node)}});
}

bool MatchesAffinity(const Json& pod, const Json& node) {
  if (!MatchesLabels(GetObject(pod, {"spec", "nodeSelector"}),
                     GetObject(node, {"metadata", "labels"}))) {
    return false;
  }
  const Json* required = FindPath(
      pod, {"spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"});
  if (required == nullptr) return true;
  const Json& terms = GetArray(*required, {"nodeSelectorTerms"});
  return std::any_of(terms.begin(), terms.end(),
                     [&](const Json& term) { return MatchesTerm(term, node); });
}

}  // namespace

bool Tolerates(const Json& tolerations, const Json& taint) {
  const std::string key = GetString(taint, {"key"});
  return std::any_of(tolerations.begin(), tolerations.end(),
                     [&](const Json& toleration) { return Tolerates(toleration, key, taint); });
}

std::string WhyNotOn(const Json& pod, const Json& node) {
  const Json& tolerations = GetArray(pod, {"spec", "tolerations"});
  if (!ConditionIs(node, "Ready", "True")) return "node(s) were not ready";
  if (GetBool(node, {"spec", "unschedulable"})) {
    const Json taint = {{"key", "node.kubernetes.io/unschedulable"}, {"effect", "NoSchedule"}};
    if (!Tolerates(tolerations, taint)) return "node(s) were unschedulable";
  }
  for (const Json& taint : GetArray(node, {"spec", "taints"})) {
    if (Schedules(taint) || Tolerates(tolerations, taint)) continue;
    return fmt::format("node(s) had untolerated taint {{{}: {}}}", GetString(taint, {"key"}),
                       GetString(taint, {"value"}));
  }
  if (!MatchesAffinity(pod, node)) return "node(s) didn't match Pod's node affinity/selector";
  return "";
}

}  // namespace holdfast::sandbox
