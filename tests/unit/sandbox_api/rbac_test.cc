// Who may do what: roles, bindings, and the words of a refusal.
#include <gtest/gtest.h>

#include "harness/sandbox/api/rbac.h"

namespace holdfast::sandbox {
namespace {

const Identity kRunner{
    .user = "system:serviceaccount:ci:runner",
    .uid = "",
    .groups = Json::array({"system:serviceaccounts", "system:authenticated"})};

Attributes Wants(std::string verb, std::string resource, std::string ns, std::string name = "") {
  return {.verb = std::move(verb),
          .group = "",
          .resource = std::move(resource),
          .ns = std::move(ns),
          .name = std::move(name)};
}

class RbacTest : public testing::Test {
 protected:
  void Put(const std::string& resource, const std::string& ns, const std::string& name, Json object) {
    object["metadata"] = {{"name", name}};
    if (!ns.empty()) object["metadata"]["namespace"] = ns;
    ASSERT_TRUE(store_.Create(resource, std::move(object)));
  }
  void Role(const std::string& ns, const std::string& name, const Json& rule) {
    Put(ns.empty() ? "clusterroles" : "roles", ns, name, {{"rules", Json::array({rule})}});
  }
  void Bind(const std::string& ns, const std::string& kind, const std::string& role, Json subject) {
    Put(ns.empty() ? "clusterrolebindings" : "rolebindings", ns, "b" + std::to_string(++bindings_),
        {{"roleRef", {{"kind", kind}, {"name", role}}}, {"subjects", {std::move(subject)}}});
  }
  [[nodiscard]] bool May(const Attributes& wanted) const { return Allows(store_, kRunner, wanted); }

  Store store_{SystemClock()};
  int bindings_ = 0;
  const Json account_{{"kind", "ServiceAccount"}, {"name", "runner"}, {"namespace", "ci"}};
};

Json Rule(const Json& verbs, const Json& resources) {
  return {{"apiGroups", {""}}, {"verbs", verbs}, {"resources", resources}};
}

TEST_F(RbacTest, NobodyMayAnythingUnlessBound) {
  Role("a", "reader", Rule({"get"}, {"pods"}));
  EXPECT_FALSE(May(Wants("get", "pods", "a")));
  EXPECT_TRUE(Allows(store_, {.user = "x", .uid = "", .groups = {"system:masters"}},
                     Wants("delete", "nodes", "")));
}

TEST_F(RbacTest, ARoleHoldsInItsNamespaceAlone) {
  Role("a", "reader", Rule({"get"}, {"pods"}));
  Bind("a", "Role", "reader", account_);
  EXPECT_TRUE(May(Wants("get", "pods", "a", "web-0")));
  EXPECT_FALSE(May(Wants("get", "pods", "b")));
  EXPECT_FALSE(May(Wants("get", "pods", "")));
  EXPECT_FALSE(May(Wants("list", "pods", "a")));
  EXPECT_FALSE(May(Wants("get", "pods/log", "a"))) << "a subresource is another resource";
  Attributes other = Wants("get", "pods", "a");
  other.group = "apps";
  EXPECT_FALSE(May(other));
}

TEST_F(RbacTest, AClusterRoleHoldsWhereItIsBound) {
  Role("", "editor", Rule({"*"}, {"pods", "*/exec"}));
  Bind("a", "ClusterRole", "editor", account_);
  EXPECT_TRUE(May(Wants("patch", "pods", "a")));
  EXPECT_TRUE(May(Wants("create", "pods/exec", "a")));
  EXPECT_FALSE(May(Wants("patch", "pods", "b")));
  Bind("", "ClusterRole", "editor", {{"kind", "Group"}, {"name", "system:serviceaccounts"}});
  EXPECT_TRUE(May(Wants("patch", "pods", "b")));
  EXPECT_TRUE(May(Wants("list", "pods", "")));
}

TEST_F(RbacTest, NamesNarrowARule) {
  Json rule = Rule({"get", "list"}, {"secrets"});
  rule["resourceNames"] = {"mine"};
  Role("a", "one", rule);
  // Without a namespace, the account is of the binding's.
  Bind("a", "Role", "one", {{"kind", "ServiceAccount"}, {"name", "runner"}});
  EXPECT_FALSE(May(Wants("get", "secrets", "a", "mine"))) << "a:runner is somebody else";
  Bind("a", "Role", "one", {{"kind", "User"}, {"name", kRunner.user}});
  EXPECT_TRUE(May(Wants("get", "secrets", "a", "mine")));
  EXPECT_FALSE(May(Wants("get", "secrets", "a", "theirs")));
  EXPECT_FALSE(May(Wants("list", "secrets", "a")));
}

TEST_F(RbacTest, ClusterAdminIsThereFromTheBeginning) {
  Bind("", "ClusterRole", "cluster-admin", account_);
  EXPECT_TRUE(May(Wants("delete", "nodes", "", "n1")));
}

struct Named {
  const char* method;
  const char* path;
  std::vector<std::pair<std::string, std::string>> query;
  const char* verb;
  const char* resource;
  const char* name;
};
class RequestVerbs : public testing::TestWithParam<Named> {};
TEST_P(RequestVerbs, AreThoseOfTheApi) {
  const Named& row = GetParam();
  HttpRequest request;
  request.method = row.method;
  request.path = row.path;
  request.query = row.query;
  const Attributes wanted = AttributesOf(request, *ParseRoute(request.path));
  EXPECT_EQ(wanted.verb, row.verb);
  EXPECT_EQ(wanted.resource, row.resource);
  EXPECT_EQ(wanted.name, row.name);
  EXPECT_EQ(wanted.ns, "a");
}
INSTANTIATE_TEST_SUITE_P(
    Table,
    RequestVerbs,
    testing::Values(
        Named{"GET", "/api/v1/namespaces/a/pods", {}, "list", "pods", ""},
        Named{"GET", "/api/v1/namespaces/a/pods", {{"watch", "1"}}, "watch", "pods", ""},
        Named{"GET", "/api/v1/namespaces/a/pods", {{"fieldSelector", "metadata.name=p"}}, "list",
              "pods", "p"},
        Named{"GET", "/api/v1/namespaces/a/pods/p", {}, "get", "pods", "p"},
        Named{"POST", "/api/v1/namespaces/a/pods/p/eviction", {}, "create", "pods/eviction", "p"},
        Named{"PUT", "/api/v1/namespaces/a/pods/p/status", {}, "update", "pods/status", "p"},
        Named{"PATCH", "/apis/apps/v1/namespaces/a/statefulsets/s/scale", {}, "patch",
              "statefulsets/scale", "s"},
        Named{"DELETE", "/api/v1/namespaces/a/pods", {}, "deletecollection", "pods", ""},
        Named{"DELETE", "/api/v1/namespaces/a", {}, "delete", "namespaces", "a"}),
    [](const auto& info) { return "Row" + std::to_string(info.index); });

TEST(Refusal, SaysWhoWhatAndWhere) {
  EXPECT_EQ(Forbidden(kRunner, Wants("list", "pods", "a")).message,
            "pods is forbidden: User \"system:serviceaccount:ci:runner\" cannot list resource "
            "\"pods\" in API group \"\" in the namespace \"a\"");
  Attributes scale = Wants("patch", "statefulsets/scale", "", "s");
  scale.group = "apps";
  const Error refused = Forbidden(kRunner, scale);
  EXPECT_EQ(refused.message,
            "statefulsets.apps \"s\" is forbidden: User \"system:serviceaccount:ci:runner\" cannot "
            "patch resource \"statefulsets/scale\" in API group \"apps\" at the cluster scope");
  EXPECT_EQ(refused.http_status, 403);
  EXPECT_EQ(refused.reason, "Forbidden");
}

}  // namespace
}  // namespace holdfast::sandbox
