// What a run asks an administrator for.
#include <algorithm>

#include <gtest/gtest.h>

#include "harness/observe/recorder.h"
#include "harness/run/permissions.h"

namespace holdfast::run {
namespace {

std::vector<std::string> VerbsFor(const PolicyRules& rules, const std::string& resource) {
  for (const faults::PolicyRule& rule : rules)
    if (rule.resource == resource) return rule.verbs;
  return {};
}

using Verbs = std::vector<std::string>;

TEST(Permissions, OneRuleForEachResource) {
  PolicyRules rules;
  AddRule(rules, {"", "pods", {"list"}});
  AddRule(rules, {"", "pods", {"watch", "list"}});
  AddRule(rules, {"apps", "pods", {"get"}});
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].verbs, (Verbs{"list", "watch"}));
}

TEST(Permissions, EverythingThatIsRecordedMayBeWatched) {
  for (const char* given : {"", "team-a"}) {
    const Permissions needed = BasePermissions(given);
    for (const kube::Resource& resource : observe::DefaultResources()) {
      const Verbs verbs = VerbsFor(
          resource.namespaced ? needed.in_namespace : needed.in_cluster, resource.plural);
      for (const char* verb : {"list", "watch"})
        EXPECT_EQ(std::count(verbs.begin(), verbs.end(), verb), 1) << resource.plural;
    }
  }
}

TEST(Permissions, WhoIsGivenANamespaceNeedMakeNone) {
  EXPECT_EQ(VerbsFor(BasePermissions("team-a").in_cluster, "namespaces"), Verbs{"get"});
  EXPECT_EQ(VerbsFor(BasePermissions("").in_cluster, "namespaces"),
            (Verbs{"get", "create", "delete", "patch"}));
}

// Golden: what `plan --rbac` prints for one suite with one fault.
TEST(Permissions, AreObjectsForKubectl) {
  Permissions needed{.given_namespace = "team-a",
                     .in_namespace = {{"", "pods", {"delete"}}},
                     .in_journal = {{"", "configmaps", {"get"}}},
                     .in_cluster = {{"", "nodes", {"list"}, true}}};
  const std::string subject =
      "subjects:\n- {kind: ServiceAccount, name: holdfast, namespace: holdfast-journal}\n";
  const std::string version = "apiVersion: rbac.authorization.k8s.io/v1\n";
  const std::string of_role =
      "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: holdfast}\n" + subject;
  EXPECT_EQ(RenderPermissions(needed),
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: holdfast-journal}\n---\n"
            "apiVersion: v1\nkind: ServiceAccount\n"
            "metadata: {name: holdfast, namespace: holdfast-journal}\n---\n" +
                version +
                "kind: ClusterRole\nmetadata: {name: holdfast}\n"
                "rules:\n- {apiGroups: [\"\"], resources: [nodes], verbs: [list]}\n---\n" +
                version +
                "kind: ClusterRoleBinding\nmetadata: {name: holdfast}\n"
                "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: holdfast}\n" +
                subject + "---\n" + version +
                "kind: Role\nmetadata: {name: holdfast, namespace: team-a}\n"
                "rules:\n- {apiGroups: [\"\"], resources: [pods], verbs: [delete]}\n---\n" +
                version + "kind: RoleBinding\nmetadata: {name: holdfast, namespace: team-a}\n" +
                of_role + "---\n" + version +
                "kind: Role\nmetadata: {name: holdfast, namespace: holdfast-journal}\n"
                "rules:\n- {apiGroups: [\"\"], resources: [configmaps], verbs: [get]}\n---\n" +
                version +
                "kind: RoleBinding\nmetadata: {name: holdfast, namespace: holdfast-journal}\n" +
                of_role);
  needed.given_namespace.clear();
  const std::string own = RenderPermissions(needed);
  EXPECT_NE(own.find("resources: [nodes], verbs: [list]}\n- {apiGroups: [\"\"], resources: [pods]"),
            std::string::npos)
      << own;
}

}  // namespace
}  // namespace holdfast::run
