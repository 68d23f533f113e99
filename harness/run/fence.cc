#include "harness/run/fence.h"

#include <algorithm>
#include <cmath>

#include "harness/base/strings.h"

namespace holdfast::run {
namespace {

// "2" or "50%", of `total`, rounded up as the disruption controller does.
std::optional<int> Scaled(const Json& value, int total) {
  if (value.is_number_integer()) return value.get<int>();
  if (!value.is_string()) return std::nullopt;
  const std::string text = value.get<std::string>();
  if (!text.ends_with('%')) {
    const auto number = ParseInt(text);
    return number ? std::optional<int>(static_cast<int>(*number)) : std::nullopt;
  }
  const auto percent = ParseInt(std::string_view(text).substr(0, text.size() - 1));
  if (!percent) return std::nullopt;
  return static_cast<int>(std::ceil(static_cast<double>(*percent) * total / 100.0));
}

bool ExpressionMatches(const Json& expression, const Json& labels) {
  const std::string key = GetString(expression, {"key"});
  const std::string op = GetString(expression, {"operator"});
  const Json* value = FindPath(labels, {key});
  const Json& values = GetArray(expression, {"values"});
  const bool listed =
      value != nullptr && std::find(values.begin(), values.end(), *value) != values.end();
  if (op == "In") return listed;
  if (op == "NotIn") return !listed;
  if (op == "Exists") return value != nullptr;
  return op == "DoesNotExist" && value == nullptr;
}

bool Names(const std::string& name, const Json& fingerprint) {
  return !name.empty() && (name == GetString(fingerprint, {"context"}) ||
                           name == GetString(fingerprint, {"uid"}));
}

}  // namespace

bool IsFence(const Error& error) { return error.reason == "Fence"; }

bool IsControlPlane(const Json& node) {
  const Json& labels = GetObject(node, {"metadata", "labels"});
  return labels.contains("node-role.kubernetes.io/control-plane") ||
         labels.contains("node-role.kubernetes.io/master");
}

bool IsReadyNode(const Json& node) {
  const Json& conditions = GetArray(node, {"status", "conditions"});
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& c) {
    return GetString(c, {"type"}) == "Ready" && GetString(c, {"status"}) == "True";
  });
}

bool SelectorMatches(const Json& selector, const Json& labels) {
  if (!selector.is_object()) return false;
  for (const auto& [key, value] : GetObject(selector, {"matchLabels"}).items()) {
    const Json* found = FindPath(labels, {key});
    if (found == nullptr || *found != value) return false;
  }
  const Json& expressions = GetArray(selector, {"matchExpressions"});
  return std::all_of(expressions.begin(), expressions.end(), [&](const Json& expression) {
    return ExpressionMatches(expression, labels);
  });
}

Status CheckCluster(const FenceRules& rules, const Json& fingerprint, bool touches_nodes) {
  if (rules.own_sandbox) return {};
  const std::string context = GetString(fingerprint, {"context"});
  const std::string uid = GetString(fingerprint, {"uid"});
  const suite::ClusterFence& cluster = rules.cluster;
  if (!cluster.context.empty() && cluster.context != context)
    return Refuse("the suite is for the context '{}', this is '{}'", cluster.context, context);
  if (!cluster.uid.empty() && cluster.uid != uid)
    return Refuse("the suite is for the cluster with kube-system uid {}, this is {}", cluster.uid,
                  uid.empty() ? "unknown (kube-system cannot be read)" : uid);
  if (!rules.named.empty() && !Names(rules.named, fingerprint))
    return Refuse("the command line names the cluster '{}', this is context '{}' with kube-system "
                  "uid {}",
                  rules.named, context, uid);
  const bool named = !cluster.context.empty() || !cluster.uid.empty() || !rules.named.empty();
  if (touches_nodes && !named)
    return Refuse("the suite injures nodes, and nobody named this cluster: add 'cluster: {{uid: "
                  "{}}}' to the suite, or --cluster {} to the command",
                  uid, context.empty() ? uid : context);
  const int64_t ready = GetInt(fingerprint, {"readyNodes"});
  if (cluster.ready_nodes > 0 && ready < cluster.ready_nodes)
    return Refuse("the suite wants {} ready nodes, the cluster has {}", cluster.ready_nodes, ready);
  return {};
}

Status CheckNode(const FenceRules& rules,
                 const Json& node,
                 const std::vector<Json>& nodes,
                 const Injured& injured) {
  const std::string name = GetString(node, {"metadata", "name"});
  if (std::find(injured.ours.begin(), injured.ours.end(), name) != injured.ours.end()) return {};
  if (IsControlPlane(node)) return Refuse("node {} belongs to the control plane", name);
  if (const auto held = injured.others.find(name); held != injured.others.end())
    return Refuse("node {} is held by run {}; wait for its end, or run `holdfast recover` if it is "
                  "dead",
                  name, held->second);
  if (GetBool(node, {"spec", "unschedulable"}))
    return Refuse("node {} was cordoned by somebody else; it may be under repair", name);
  return CheckNodesLeft(rules, name, nodes, injured);
}

Status CheckNodesLeft(const FenceRules& rules,
                      const std::string& name,
                      const std::vector<Json>& nodes,
                      const Injured& injured) {
  int left = 0;
  int hurt = 1;
  for (const Json& other : nodes) {
    const std::string other_name = GetString(other, {"metadata", "name"});
    if (other_name == name) continue;
    const bool ours = std::find(injured.ours.begin(), injured.ours.end(), other_name) !=
                      injured.ours.end();
    if (ours || injured.others.contains(other_name))
      ++hurt;
    else if (IsReadyNode(other) && !GetBool(other, {"spec", "unschedulable"}))
      ++left;
  }
  std::string held;
  for (const auto& [node, run] : injured.others)
    held += fmt::format("; node {} is held by run {}", node, run);
  if (!held.empty()) held += "; wait for its end, or run `holdfast recover` if it is dead";
  const int most = rules.cluster.nodes_injured;
  if (most > 0 && hurt > most)
    return Refuse("with node {} there would be {} injured nodes at once, the suite allows {}{}", name,
                  hurt, most, held);
  // The suite's number is how many must be ready before; one of them is what the fault takes.
  const int needed = std::max(1, rules.cluster.nodes_left);
  if (left < needed)
    return Refuse("without node {} only {} ready and schedulable nodes are left, {} are needed{}",
                  name, left, needed, held);
  return {};
}

Status CheckBudgets(const std::vector<Json>& budgets, const Json& pod_labels, int replicas) {
  std::vector<std::string> matching;
  for (const Json& budget : budgets) {
    if (!SelectorMatches(GetObject(budget, {"spec", "selector"}), pod_labels)) continue;
    const std::string name = GetString(budget, {"metadata", "name"});
    matching.push_back(name);
    const Json* most = FindPath(budget, {"spec", "maxUnavailable"});
    const Json* least = FindPath(budget, {"spec", "minAvailable"});
    const std::optional<int> allowed =
        most != nullptr ? Scaled(*most, replicas)
        : least != nullptr ? [&]() -> std::optional<int> {
            const auto needed = Scaled(*least, replicas);
            return needed ? std::optional<int>(replicas - *needed) : std::nullopt;
          }()
                           : std::nullopt;
    if (allowed && *allowed <= 0)
      return Refuse("the budget {} never lets one of {} pods go, so evicting them would wait for ever; "
                    "loosen it, add replicas, or say 'expect: refused' to see just that",
                    name, replicas);
  }
  if (matching.size() > 1)
    return Refuse("the budgets {} select the same pods; the eviction API refuses such pods for "
                  "ever",
                  Join(matching, " and "));
  return {};
}

}  // namespace holdfast::run
