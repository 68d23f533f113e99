// InterPodAffinity and PodTopologySpread.
#include "harness/sandbox/controllers/pod_topology.h"

#include <algorithm>

#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kRequired[] = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr char kPreferred[] = "preferredDuringSchedulingIgnoredDuringExecution";

std::vector<std::string> NamespacesOf(const Json& term, const std::string& own) {
  std::vector<std::string> namespaces;
  for (const Json& ns : GetArray(term, {"namespaces"}))
    if (ns.is_string()) namespaces.push_back(ns.get<std::string>());
  if (namespaces.empty()) namespaces.push_back(own);
  return namespaces;
}

bool Selects(const Json& term, const Json& pod) {
  const Json* selector = FindPath(term, {"labelSelector"});
  return selector != nullptr &&
         MatchesSelector(*selector, GetObject(pod, {"metadata", "labels"}));
}

bool Covers(const Json& term, const std::string& owner_ns, const Json& pod) {
  const auto namespaces = NamespacesOf(term, owner_ns);
  return std::ranges::find(namespaces, NamespaceOf(pod)) != namespaces.end() && Selects(term, pod);
}

}  // namespace

PodTopology::PodTopology(const Json& pod,
                         const std::vector<ObjectPtr>& nodes,
                         const ClusterIndex& index,
                         const NodeUsage& usage)
    : pod_(pod),
      index_(index) {
  const bool wishes = FindPath(pod, {"spec", "affinity"}) != nullptr ||
                      !GetArray(pod, {"spec", "topologySpreadConstraints"}).empty();
  if (!wishes && usage.Repelling().empty()) return;
  for (const ObjectPtr& node : nodes)
    nodes_[NameOf(node->json)] = &node->json;
  ReadTerms(pod);
  ReadSpreads(pod, nodes);
  ReadRepelling(pod, usage);
}

std::string PodTopology::DomainOf(const std::string& node, const std::string& key) const {
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? "" : GetString(*found->second, {"metadata", "labels", key});
}

PodTopology::Term PodTopology::Read(const Json& term, int64_t weight) const {
  Term read{.topology_key = GetString(term, {"topologyKey"}), .matching = {}, .weight = weight};
  read.self = Covers(term, NamespaceOf(pod_), pod_);
  for (const std::string& ns : NamespacesOf(term, NamespaceOf(pod_))) {
    for (const auto& [key, other] : index_.PodsIn(ns)) {
      if (other->node.empty() || other->terminal || !Selects(term, other->json())) continue;
      const std::string domain = DomainOf(other->node, read.topology_key);
      if (domain.empty()) continue;
      ++read.matching[domain];
      read.any = true;
    }
  }
  return read;
}

void PodTopology::ReadTerms(const Json& pod) {
  for (const bool apart : {false, true}) {
    const Json& affinity =
        GetObject(pod, {"spec", "affinity", apart ? "podAntiAffinity" : "podAffinity"});
    for (const Json& term : GetArray(affinity, {kRequired}))
      (apart ? apart_ : together_).push_back(Read(term, 0));
    for (const Json& preferred : GetArray(affinity, {kPreferred})) {
      const int64_t weight = GetInt(preferred, {"weight"});
      preferred_.push_back(
          Read(GetObject(preferred, {"podAffinityTerm"}), apart ? -weight : weight));
    }
  }
}

// Domains of nodes that the pod's own node affinity rules out do not count.
void PodTopology::ReadSpreads(const Json& pod, const std::vector<ObjectPtr>& nodes) {
  const Json* affinity = FindPath(pod, {"spec", "affinity", "nodeAffinity", kRequired});
  for (const Json& constraint : GetArray(pod, {"spec", "topologySpreadConstraints"})) {
    Spread spread{.topology_key = GetString(constraint, {"topologyKey"}), .matching = {}};
    spread.max_skew = GetInt(constraint, {"maxSkew"}, 1);
    spread.required = GetString(constraint, {"whenUnsatisfiable"}) != "ScheduleAnyway";
    spread.self = Selects(constraint, pod);
    for (const ObjectPtr& node : nodes) {
      const std::string domain =
          GetString(node->json, {"metadata", "labels", spread.topology_key});
      if (domain.empty() || !MatchesNodeSelector(affinity, node->json) ||
          !MatchesLabels(GetObject(pod, {"spec", "nodeSelector"}),
                         GetObject(node->json, {"metadata", "labels"}))) {
        continue;
      }
      int64_t& count = spread.matching[domain];
      for (const auto& [key, other] : index_.PodsOn(NameOf(node->json))) {
        if (other->ns == NamespaceOf(pod) && !other->terminating && !other->terminal &&
            Selects(constraint, other->json())) {
          ++count;
        }
      }
    }
    spreads_.push_back(std::move(spread));
  }
}

void PodTopology::ReadRepelling(const Json& pod, const NodeUsage& usage) {
  for (const std::string& key : usage.Repelling()) {
    const PodPtr other = index_.FindPod(key);
    if (other == nullptr || other->node.empty() || other->terminal || other->uid == UidOf(pod))
      continue;
    for (const Json& term :
         GetArray(other->json(), {"spec", "affinity", "podAntiAffinity", kRequired})) {
      if (!Covers(term, other->ns, pod)) continue;
      const std::string topology_key = GetString(term, {"topologyKey"});
      const std::string domain = DomainOf(other->node, topology_key);
      if (!domain.empty()) repelled_.emplace_back(topology_key, domain);
    }
  }
}

void PodTopology::Check(const Json& node, Refusal& refusal) const {
  const auto domain_of = [&](const std::string& key) {
    return GetString(node, {"metadata", "labels", key});
  };
  for (const Spread& spread : spreads_) {
    if (!spread.required) continue;
    const auto here = spread.matching.find(domain_of(spread.topology_key));
    if (here == spread.matching.end()) {
      refusal.reasons.emplace_back(
          "node(s) didn't match pod topology spread constraints (missing required label)");
      refusal.for_good = true;
      return;
    }
    int64_t least = here->second;
    for (const auto& [domain, count] : spread.matching)
      least = std::min(least, count);
    if (here->second + (spread.self ? 1 : 0) - least > spread.max_skew) {
      refusal.reasons.emplace_back("node(s) didn't match pod topology spread constraints");
      return;
    }
  }
  for (const Term& term : together_) {
    const std::string domain = domain_of(term.topology_key);
    // The first of a group that wants to be together has nobody to join.
    const bool first = !term.any && term.self;
    if (!domain.empty() && (first || term.matching.contains(domain))) continue;
    refusal.reasons.emplace_back("node(s) didn't match pod affinity rules");
    refusal.for_good = true;
    return;
  }
  for (const Term& term : apart_) {
    if (!term.matching.contains(domain_of(term.topology_key))) continue;
    refusal.reasons.emplace_back("node(s) didn't match pod anti-affinity rules");
    return;
  }
  for (const auto& [key, domain] : repelled_) {
    if (domain_of(key) != domain) continue;
    refusal.reasons.emplace_back("node(s) didn't satisfy existing pods anti-affinity rules");
    return;
  }
}

int64_t PodTopology::Preference(const Json& node) const {
  int64_t sum = 0;
  for (const Term& term : preferred_) {
    const auto found = term.matching.find(GetString(node, {"metadata", "labels", term.topology_key}));
    if (found != term.matching.end()) sum += term.weight * found->second;
  }
  for (const Spread& spread : spreads_) {
    if (spread.required) continue;
    const auto found =
        spread.matching.find(GetString(node, {"metadata", "labels", spread.topology_key}));
    if (found != spread.matching.end()) sum -= found->second;
  }
  return sum;
}

}  // namespace holdfast::sandbox
