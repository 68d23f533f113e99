// What the fence lets through and what it refuses.
#include "harness/run/fence.h"

#include <gtest/gtest.h>

namespace holdfast::run {
namespace {

Json Cluster(int ready = 3) {
  return {{"context", "prod"}, {"uid", "u-1"}, {"readyNodes", ready}, {"nodes", ready}};
}

TEST(CheckCluster, NodesAreOnlyTouchedInAClusterThatSomebodyNamed) {
  struct Row {
    suite::ClusterFence suite;
    std::string named;
    bool touches;
    bool allowed;
  };
  const std::vector<Row> rows{{{}, "", false, true},
                              {{}, "", true, false},
                              {{}, "prod", true, true},
                              {{}, "u-1", true, true},
                              {{}, "test", true, false},
                              {{}, "test", false, false},
                              {{"prod", "", 0, 1}, "", true, true},
                              {{"test", "", 0, 1}, "", false, false},
                              {{"", "u-1", 0, 1}, "", true, true},
                              {{"", "u-2", 0, 1}, "prod", true, false},
                              {{"", "u-1", 4, 1}, "", true, false},
                              {{"", "u-1", 3, 1}, "", true, true}};
  for (size_t i = 0; i < rows.size(); ++i) {
    const Status status =
        CheckCluster({rows[i].suite, rows[i].named, false}, Cluster(), rows[i].touches);
    EXPECT_EQ(status.has_value(), rows[i].allowed) << i;
    if (!status) {
      EXPECT_TRUE(IsFence(status.error())) << i;
    }
  }
  EXPECT_TRUE(CheckCluster({{"other", "", 9, 1}, "", true}, Cluster(), true));
}

Json Node(const std::string& name, bool ready = true, bool cordoned = false) {
  Json node{{"metadata", {{"name", name}, {"labels", Json::object()}}},
            {"spec", Json::object()},
            {"status", {{"conditions", Json::array()}}}};
  node["status"]["conditions"].push_back({{"type", "Ready"}, {"status", ready ? "True" : "False"}});
  if (cordoned) node["spec"]["unschedulable"] = true;
  return node;
}

TEST(CheckNode, RefusesWhatIsNotOursToTouch) {
  const FenceRules rules;
  const std::vector<Json> all{Node("a"), Node("b"), Node("c", true, true)};
  EXPECT_TRUE(CheckNode(rules, all[0], all, {{}, {}}));
  EXPECT_FALSE(CheckNode(rules, all[2], all, {{}, {}}));  // Cordoned by others.
  EXPECT_TRUE(CheckNode(rules, all[2], all, {{"c"}, {}}));
  EXPECT_FALSE(CheckNode(rules, all[0], all, {{"b"}, {}}));  // Nothing would be left.
  EXPECT_FALSE(CheckNode(rules, all[0], {Node("a")}, {{}, {}}));
  EXPECT_FALSE(CheckNode(rules, all[0], {Node("a"), Node("b", false)}, {{}, {}}));
  Json master = Node("m");
  master["metadata"]["labels"]["node-role.kubernetes.io/control-plane"] = "";
  EXPECT_FALSE(CheckNode(rules, master, {master, Node("a")}, {{}, {}}));
  FenceRules strict;
  strict.cluster.nodes_left = 2;
  EXPECT_FALSE(CheckNode(strict, all[0], {Node("a"), Node("b")}, {{}, {}}));
  EXPECT_TRUE(CheckNode(strict, all[0], {Node("a"), Node("b"), Node("d")}, {{}, {}}));
}

// Over all runs: what another run holds by a lease is injured, whatever the node looks like yet.
TEST(CheckNode, CountsTheNodesOfOtherRuns) {
  const std::vector<Json> all{Node("a"), Node("b"), Node("c"), Node("d")};
  struct Row {
    const char* what;
    int left;
    int injured;
    std::vector<std::string> ours;
    std::map<std::string, std::string> others;
    const char* refused;  // Part of the sentence; empty: allowed.
  };
  const std::vector<Row> rows{
      {"one of four", 1, 0, {}, {}, ""},
      {"another run has one", 2, 0, {}, {{"b", "r2"}}, ""},
      {"other runs leave too few", 2, 0, {}, {{"b", "r2"}, {"c", "r3"}}, "node b is held by run r2"},
      {"held itself", 1, 0, {}, {{"a", "r2"}}, "node a is held by run r2"},
      {"ours and theirs", 1, 0, {"b"}, {{"c", "r2"}}, ""},
      {"one at once", 1, 1, {}, {}, ""},
      {"one at once, over all runs", 1, 1, {}, {{"d", "r2"}}, "2 injured nodes at once"},
      {"two at once with ours", 1, 2, {"b"}, {}, ""},
      {"two at once with ours and theirs", 1, 2, {"b"}, {{"c", "r2"}}, "3 injured nodes at once"},
      {"of a node that is gone", 1, 1, {}, {{"elsewhere", "r2"}}, ""}};
  for (const Row& row : rows) {
    FenceRules rules;
    rules.cluster.nodes_left = row.left;
    rules.cluster.nodes_injured = row.injured;
    const Status status = CheckNode(rules, all[0], all, {row.ours, row.others});
    EXPECT_EQ(status.has_value(), *row.refused == '\0') << row.what;
    if (!status) {
      EXPECT_NE(status.error().message.find(row.refused), std::string::npos)
          << row.what << ": " << status.error().message;
    }
  }
}

Json Budget(const char* field, Json value) {
  return {{"metadata", {{"name", "b"}}},
          {"spec", {{"selector", {{"matchLabels", {{"app", "x"}}}}}, {field, std::move(value)}}}};
}

TEST(CheckBudgets, RefusesBudgetsThatCanNeverYield) {
  const Json labels{{"app", "x"}};
  struct Row {
    Json budget;
    bool allowed;
  };
  const std::vector<Row> rows{
      {Budget("maxUnavailable", 1), true},      {Budget("maxUnavailable", 0), false},
      {Budget("maxUnavailable", "0%"), false},  {Budget("maxUnavailable", "10%"), true},
      {Budget("minAvailable", 2), true},        {Budget("minAvailable", 3), false},
      {Budget("minAvailable", "100%"), false},  {Budget("minAvailable", "67%"), false},
      {Budget("minAvailable", "66%"), true}};
  for (const Row& row : rows)
    EXPECT_EQ(CheckBudgets({row.budget}, labels, 3).has_value(), row.allowed) << row.budget;
  // Another application's budget does not matter; two on the same pods do.
  EXPECT_TRUE(CheckBudgets({Budget("maxUnavailable", 0)}, {{"app", "y"}}, 3));
  EXPECT_FALSE(
      CheckBudgets({Budget("maxUnavailable", 1), Budget("maxUnavailable", 1)}, labels, 3));
}

TEST(SelectorMatches, LabelsAndExpressions) {
  const Json labels{{"app", "x"}, {"tier", "db"}};
  const auto expression = [](const char* key, const char* op, Json values) {
    Json selector{{"matchExpressions", Json::array()}};
    selector["matchExpressions"].push_back(
        {{"key", key}, {"operator", op}, {"values", std::move(values)}});
    return selector;
  };
  EXPECT_TRUE(SelectorMatches(Json::object(), labels));
  EXPECT_FALSE(SelectorMatches(Json(), labels));
  EXPECT_TRUE(SelectorMatches({{"matchLabels", {{"app", "x"}}}}, labels));
  EXPECT_FALSE(SelectorMatches({{"matchLabels", {{"app", "y"}}}}, labels));
  EXPECT_TRUE(SelectorMatches(expression("tier", "In", {"db", "web"}), labels));
  EXPECT_FALSE(SelectorMatches(expression("tier", "NotIn", {"db"}), labels));
  EXPECT_TRUE(SelectorMatches(expression("zone", "NotIn", {"a"}), labels));
  EXPECT_TRUE(SelectorMatches(expression("app", "Exists", Json::array()), labels));
  EXPECT_TRUE(SelectorMatches(expression("zone", "DoesNotExist", Json::array()), labels));
}

}  // namespace
}  // namespace holdfast::run
