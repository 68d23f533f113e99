// NodeUnschedulable, TaintToleration, NodeAffinity, NodePorts, NodeResourcesFit.
#include "harness/sandbox/controllers/placement.h"

#include <algorithm>

#include "harness/base/strings.h"
#include "harness/sandbox/controllers/amount.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/taints.h"

namespace holdfast::sandbox {
namespace {

constexpr char kUntolerated[] = "node(s) had untolerated taint(s)";

bool Schedules(const Json& taint) {
  const std::string effect = GetString(taint, {"effect"});
  return effect != "NoSchedule" && effect != "NoExecute";
}

bool Compares(const Json& expression, const Json& values, const std::string& op) {
  const auto have = ParseInt(GetString(values, {GetString(expression, {"key"})}));
  const auto than = ParseInt(GetString(expression, {"values", "0"}));
  if (!have || !than) return false;
  return op == "Gt" ? *have > *than : *have < *than;
}

bool MatchesExpressions(const Json& expressions, const Json& values) {
  return std::ranges::all_of(expressions, [&](const Json& expression) {
    const std::string op = GetString(expression, {"operator"});
    if (op == "Gt" || op == "Lt") return Compares(expression, values, op);
    return MatchesSelector({{"matchExpressions", Json::array({expression})}}, values);
  });
}

bool MatchesTerm(const Json& term, const Json& node) {
  const Json& expressions = GetArray(term, {"matchExpressions"});
  const Json& fields = GetArray(term, {"matchFields"});
  if (expressions.empty() && fields.empty()) return false;
  return MatchesExpressions(expressions, GetObject(node, {"metadata", "labels"})) &&
         MatchesExpressions(fields, {{"metadata.name", NameOf(node)}});
}

bool MatchesAffinity(const Json& pod, const Json& node) {
  return MatchesLabels(GetObject(pod, {"spec", "nodeSelector"}),
                       GetObject(node, {"metadata", "labels"})) &&
         MatchesNodeSelector(FindPath(pod, {"spec", "affinity", "nodeAffinity",
                                            "requiredDuringSchedulingIgnoredDuringExecution"}),
                             node);
}

// A node whose agent has not reported yet has no taint that says so.
bool UntoleratedSilence(const Json& node, const Json& tolerations) {
  const Json* ready = FindCondition(node, "Ready");
  const std::string status = ready == nullptr ? "" : GetString(*ready, {"status"});
  if (status == "True") return false;
  const Json taint = {{"key", status == "Unknown" ? kTaintUnreachable : kTaintNotReady},
                      {"effect", "NoSchedule"}};
  return !Tolerates(tolerations, taint);
}

void CheckResources(const Json& pod, const Json& node, const NodeLoad& load, Refusal& refusal) {
  const Json* allocatable = FindPath(node, {"status", "allocatable"});
  if (allocatable == nullptr) return;
  const int64_t most = AmountOf(FindPath(*allocatable, {"pods"}), INT64_MAX);
  if ((load.pods + 1) > most / 1000) refusal.reasons.emplace_back("Too many pods");
  for (const auto& [name, amount] : RequestsOf(pod)) {
    if (amount == 0) continue;
    const int64_t there = AmountOf(FindPath(*allocatable, {name}));
    const auto taken = load.requested.find(name);
    const int64_t used = taken == load.requested.end() ? 0 : taken->second;
    if (used + amount <= there) continue;
    refusal.reasons.push_back("Insufficient " + name);
    refusal.for_good = refusal.for_good || amount > there;
  }
}

}  // namespace

bool MatchesNodeSelector(const Json* selector, const Json& node) {
  if (selector == nullptr) return true;
  return std::ranges::any_of(GetArray(*selector, {"nodeSelectorTerms"}),
                             [&](const Json& term) { return MatchesTerm(term, node); });
}

int64_t NodePreference(const Json& pod, const Json& node) {
  int64_t sum = 0;
  for (const Json& preferred : GetArray(pod, {"spec", "affinity", "nodeAffinity",
                                              "preferredDuringSchedulingIgnoredDuringExecution"})) {
    if (MatchesTerm(GetObject(preferred, {"preference"}), node))
      sum += GetInt(preferred, {"weight"});
  }
  return sum;
}

bool TolerationMatches(const Json& toleration, const Json& taint) {
  const std::string effect = GetString(toleration, {"effect"});
  if (!effect.empty() && effect != GetString(taint, {"effect"})) return false;
  const std::string wanted = GetString(toleration, {"key"});
  const bool exists = GetString(toleration, {"operator"}) == "Exists";
  if (wanted.empty()) return exists;
  if (wanted != GetString(taint, {"key"})) return false;
  return exists || GetString(toleration, {"value"}) == GetString(taint, {"value"});
}

bool Tolerates(const Json& tolerations, const Json& taint) {
  return std::ranges::any_of(
      tolerations, [&](const Json& toleration) { return TolerationMatches(toleration, taint); });
}

Refusal WhyNotOn(const Json& pod, const Json& node, const NodeLoad& load) {
  const Json& tolerations = GetArray(pod, {"spec", "tolerations"});
  if (GetBool(node, {"spec", "unschedulable"})) {
    const Json taint = {{"key", kTaintUnschedulable}, {"effect", "NoSchedule"}};
    if (!Tolerates(tolerations, taint)) return {{"node(s) were unschedulable"}, true};
  }
  const bool tainted =
      std::ranges::any_of(GetArray(node, {"spec", "taints"}), [&](const Json& taint) {
        return !Schedules(taint) && !Tolerates(tolerations, taint);
      });
  if (tainted || UntoleratedSilence(node, tolerations)) return {{kUntolerated}, true};
  if (!MatchesAffinity(pod, node))
    return {{"node(s) didn't match Pod's node affinity/selector"}, true};
  if (HostPortsCollide(HostPortsOf(pod), load.host_ports))
    return {{"node(s) didn't have free ports for the requested pod ports"}, false};
  Refusal refusal;
  CheckResources(pod, node, load, refusal);
  return refusal;
}

}  // namespace holdfast::sandbox
