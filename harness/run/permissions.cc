#include "harness/run/permissions.h"

#include <algorithm>

#include "harness/base/strings.h"
#include "harness/observe/recorder.h"
#include "harness/run/cluster_journal.h"
#include "harness/run/given_namespace.h"

namespace holdfast::run {
namespace {

constexpr const char* kRbac = "rbac.authorization.k8s.io";

std::string Object(const std::string& version,
                   const std::string& kind,
                   const std::string& name,
                   const std::string& ns) {
  return fmt::format("apiVersion: {}\nkind: {}\nmetadata: {{name: {}{}}}\n", version, kind, name,
                     ns.empty() ? "" : ", namespace: " + ns);
}

std::string RenderRules(const PolicyRules& rules) {
  std::string text = "rules:\n";
  for (const faults::PolicyRule& rule : rules) {
    text += fmt::format("- {{apiGroups: [\"{}\"], resources: [{}], verbs: [{}]}}\n", rule.api_group,
                        rule.resource, Join(rule.verbs, ", "));
  }
  return text;
}

// The role and its binding; without a namespace, those of the cluster.
std::string RenderRole(const std::string& ns, const PolicyRules& rules) {
  const std::string version = std::string(kRbac) + "/v1";
  const std::string kind = ns.empty() ? "ClusterRole" : "Role";
  return "---\n" + Object(version, kind, "holdfast", ns) + RenderRules(rules) + "---\n" +
         Object(version, kind + "Binding", "holdfast", ns) +
         fmt::format("roleRef: {{apiGroup: {}, kind: {}, name: holdfast}}\n"
                     "subjects:\n- {{kind: ServiceAccount, name: holdfast, namespace: {}}}\n",
                     kRbac, kind, kJournalNamespace);
}

}  // namespace

void AddRule(PolicyRules& rules, const faults::PolicyRule& more) {
  const auto same = std::find_if(rules.begin(), rules.end(), [&](const faults::PolicyRule& rule) {
    return rule.api_group == more.api_group && rule.resource == more.resource;
  });
  if (same == rules.end()) return rules.push_back(more);
  for (const std::string& verb : more.verbs) {
    if (std::find(same->verbs.begin(), same->verbs.end(), verb) == same->verbs.end())
      same->verbs.push_back(verb);
  }
}

void Permissions::Add(const faults::PolicyRule& rule) {
  AddRule(rule.cluster ? in_cluster : in_namespace, rule);
}

void Permissions::Add(const Permissions& other) {
  for (const faults::PolicyRule& rule : other.in_namespace)
    AddRule(in_namespace, rule);
  for (const faults::PolicyRule& rule : other.in_journal)
    AddRule(in_journal, rule);
  for (const faults::PolicyRule& rule : other.in_cluster)
    AddRule(in_cluster, rule);
}

Permissions BasePermissions(const std::string& given_namespace) {
  Permissions needed{.given_namespace = given_namespace,
                     .in_namespace = {{"", "services", {"create"}},
                                      {"", "configmaps", {"create"}},
                                      {"", "secrets", {"create"}},
                                      {"", "pods/portforward", {"get", "create"}},
                                      {"apps", "statefulsets", {"create"}}},
                     .in_journal = {{"", "configmaps",
                                     {"create", "get", "list", "watch", "patch", "delete"}},
                                    {"coordination.k8s.io", "leases",
                                     {"create", "get", "list", "patch", "delete"}}},
                     .in_cluster = {{"", "namespaces", {"get"}, true},
                                    {"storage.k8s.io", "storageclasses", {"list"}, true}}};
  // What is not recorded cannot be judged.
  for (const kube::Resource& resource : observe::DefaultResources())
    needed.Add({resource.group, resource.plural, {"list", "watch"}, !resource.namespaced});
  if (given_namespace.empty()) {
    needed.Add({"", "namespaces", {"create", "delete", "patch"}, true});
  } else {
    for (const faults::PolicyRule& rule : GivenNamespaceRules())
      needed.Add(rule);
  }
  return needed;
}

std::string RenderPermissions(const Permissions& permissions) {
  std::string text = Object("v1", "Namespace", kJournalNamespace, "") + "---\n" +
                     Object("v1", "ServiceAccount", "holdfast", kJournalNamespace);
  // The namespace that a run makes has a name of its own each time: then all is the cluster's.
  PolicyRules cluster = permissions.in_cluster;
  if (permissions.given_namespace.empty()) {
    for (const faults::PolicyRule& rule : permissions.in_namespace)
      AddRule(cluster, rule);
  }
  text += RenderRole("", cluster);
  if (!permissions.given_namespace.empty())
    text += RenderRole(permissions.given_namespace, permissions.in_namespace);
  return text + RenderRole(kJournalNamespace, permissions.in_journal);
}

}  // namespace holdfast::run
