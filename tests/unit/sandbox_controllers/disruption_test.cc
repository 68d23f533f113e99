// Disruption budgets: the arithmetic, what counts as healthy, and what evictions leave behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/int_or_string.h"
#include "harness/sandbox/controllers/object.h"

#include "tests/unit/sandbox_controllers/cluster.h"

namespace holdfast::sandbox {
namespace {

constexpr char kBudgets[] = "poddisruptionbudgets";

Json Budget(const std::string& field, Json value) {
  return {{"metadata", {{"name", "web"}}},
          {"spec", {{"selector", {{"matchLabels", {{"app", "web"}}}}}, {field, std::move(value)}}}};
}

Json StatusOf(const Cluster& cluster) { return cluster.Get(kBudgets, "web")["status"]; }

struct BudgetRow {
  const char* field;
  Json value;
  int64_t replicas;
  int64_t expected;
  int64_t desired;
  int64_t allowed;  // With every replica healthy.
};

class Budgets : public testing::TestWithParam<BudgetRow> {};

TEST_P(Budgets, CountLikeKubernetes) {
  const BudgetRow& row = GetParam();
  Cluster cluster;
  cluster.Create(kBudgets, Budget(row.field, row.value));
  cluster.Create("statefulsets", WebSet(row.replicas));
  cluster.RunAll();
  const Json status = StatusOf(cluster);
  EXPECT_EQ(GetInt(status, {"expectedPods"}, -1), row.expected) << DumpJson(status);
  EXPECT_EQ(GetInt(status, {"desiredHealthy"}, -1), row.desired) << DumpJson(status);
  EXPECT_EQ(GetInt(status, {"currentHealthy"}, -1), row.replicas) << DumpJson(status);
  EXPECT_EQ(GetInt(status, {"disruptionsAllowed"}, -1), row.allowed) << DumpJson(status);
  EXPECT_EQ(GetInt(status, {"observedGeneration"}), 1);
  const Json budget = cluster.Get(kBudgets, "web");
  const Json* condition = FindCondition(budget, "DisruptionAllowed");
  ASSERT_NE(condition, nullptr);
  EXPECT_EQ(GetString(*condition, {"status"}), row.allowed > 0 ? "True" : "False");
  EXPECT_EQ(GetString(*condition, {"reason"}),
            row.allowed > 0 ? "SufficientPods" : "InsufficientPods");
}

INSTANTIATE_TEST_SUITE_P(Rows,
                         Budgets,
                         testing::Values(BudgetRow{"maxUnavailable", 1, 3, 3, 2, 1},
                                         BudgetRow{"maxUnavailable", 0, 3, 3, 3, 0},
                                         BudgetRow{"maxUnavailable", 5, 3, 3, 0, 3},
                                         BudgetRow{"maxUnavailable", "25%", 3, 3, 2, 1},
                                         BudgetRow{"maxUnavailable", "34%", 3, 3, 1, 2},
                                         BudgetRow{"minAvailable", 2, 3, 3, 2, 1},
                                         BudgetRow{"minAvailable", 3, 3, 3, 3, 0},
                                         BudgetRow{"minAvailable", "50%", 3, 3, 2, 1},
                                         BudgetRow{"minAvailable", "100%", 2, 2, 2, 0}));

TEST(IntOrString, RoundsAsTold) {
  EXPECT_EQ(ScaledValue(7, 3, Rounding::kUp), 7);
  EXPECT_EQ(ScaledValue("25%", 10, Rounding::kUp), 3);
  EXPECT_EQ(ScaledValue("25%", 10, Rounding::kDown), 2);
  EXPECT_EQ(ScaledValue("0%", 10, Rounding::kUp), 0);
  for (const Json& bad : {Json("25"), Json("x%"), Json("%"), Json(1.5), Json(nullptr)}) {
    EXPECT_FALSE(ScaledValue(bad, 10, Rounding::kUp)) << DumpJson(bad);
  }
}

TEST(Disruption, WithoutPodsNothingMayGo) {
  Cluster cluster;
  cluster.Create(kBudgets, Budget("maxUnavailable", 1));
  cluster.Settle();
  const Json status = StatusOf(cluster);
  EXPECT_EQ(GetInt(status, {"disruptionsAllowed"}, -1), 0);
  EXPECT_EQ(GetInt(status, {"expectedPods"}, -1), 0);
  EXPECT_GE(cluster.EventCount("web", "NoPods"), 1U);
}

TEST(Disruption, UnreadyAndTerminatingPodsAreNotHealthy) {
  Cluster cluster;
  cluster.Create(kBudgets, Budget("maxUnavailable", 1));
  cluster.Create("statefulsets", WebSet(3));
  cluster.RunAll();
  cluster.Run("web-1", false);
  cluster.Settle();
  EXPECT_EQ(GetInt(StatusOf(cluster), {"disruptionsAllowed"}, -1), 0);
  cluster.MakeReady("web-1");
  cluster.Settle();
  EXPECT_EQ(GetInt(StatusOf(cluster), {"disruptionsAllowed"}, -1), 1);
  cluster.Delete("pods", "web-2");
  cluster.Settle();
  EXPECT_EQ(GetInt(StatusOf(cluster), {"currentHealthy"}, -1), 2);
  EXPECT_EQ(GetInt(StatusOf(cluster), {"disruptionsAllowed"}, -1), 0);
}

// What the eviction subresource writes.
void EnterEviction(Cluster& cluster, const std::string& pod) {
  const std::string now = FormatRfc3339(cluster.clock.Wall());
  cluster.Edit(kBudgets, "web", [&](Json& budget) {
    budget["status"]["disruptionsAllowed"] = 0;
    budget["status"]["disruptedPods"][pod] = now;
  });
}

TEST(Disruption, AnEvictedPodCountsAsGoneAtOnce) {
  Cluster cluster;
  cluster.Create(kBudgets, Budget("maxUnavailable", 1));
  cluster.Create("statefulsets", WebSet(3));
  cluster.RunAll();
  EnterEviction(cluster, "web-1");
  cluster.Settle();
  Json status = StatusOf(cluster);
  EXPECT_EQ(GetInt(status, {"currentHealthy"}, -1), 2);
  EXPECT_EQ(GetInt(status, {"disruptionsAllowed"}, -1), 0);
  EXPECT_TRUE(GetObject(status, {"disruptedPods"}).contains("web-1"));
  cluster.Delete("pods", "web-1");
  cluster.Settle();
  status = StatusOf(cluster);
  EXPECT_FALSE(status.contains("disruptedPods")) << DumpJson(status);
  EXPECT_EQ(GetInt(status, {"disruptionsAllowed"}, -1), 0);
  cluster.Converge();
  EXPECT_EQ(GetInt(StatusOf(cluster), {"disruptionsAllowed"}, -1), 1);
}

TEST(Disruption, AnEvictionThatNeverHappensIsForgotten) {
  Cluster cluster;
  cluster.Create(kBudgets, Budget("maxUnavailable", 1));
  cluster.Create("statefulsets", WebSet(3));
  cluster.RunAll();
  EnterEviction(cluster, "web-1");
  cluster.Settle();
  cluster.Advance(std::chrono::seconds(110));
  EXPECT_EQ(GetInt(StatusOf(cluster), {"disruptionsAllowed"}, -1), 0);
  cluster.Advance(std::chrono::seconds(15));
  EXPECT_EQ(GetInt(StatusOf(cluster), {"disruptionsAllowed"}, -1), 1);
  EXPECT_FALSE(StatusOf(cluster).contains("disruptedPods"));
  EXPECT_EQ(cluster.EventCount("web-1", "NotDeleted"), 1U);
}

TEST(Disruption, AControllerThatCannotBeCountedFailsTheSync) {
  Cluster cluster;
  cluster.Create(kBudgets, Budget("maxUnavailable", 1));
  Json pod = PlainPod("p");
  AddOwner(pod, {{"apiVersion", "v1"},
                 {"kind", "ConfigMap"},
                 {"name", "kube-root-ca.crt"},
                 {"uid", cluster.Uid("configmaps", "kube-root-ca.crt")},
                 {"controller", true}});
  cluster.Create("pods", pod);
  cluster.Settle();
  const Json budget = cluster.Get(kBudgets, "web");
  const Json* condition = FindCondition(budget, "DisruptionAllowed");
  ASSERT_NE(condition, nullptr);
  EXPECT_EQ(GetString(*condition, {"reason"}), "SyncFailed");
  EXPECT_EQ(GetString(*condition, {"message"}), "found no controllers for pod \"p\"");
  EXPECT_EQ(GetInt(budget, {"status", "disruptionsAllowed"}, -1), 0);
}

TEST(Disruption, PodsWithoutControllerCountOnlyForNumbers) {
  Cluster cluster;
  cluster.Create("pods", PlainPod("p1"));
  cluster.Create("pods", PlainPod("p2"));
  cluster.Create(kBudgets, Budget("minAvailable", 1));
  cluster.RunAll();
  EXPECT_EQ(GetInt(StatusOf(cluster), {"disruptionsAllowed"}, -1), 1);
  cluster.Edit(kBudgets, "web", [](Json& budget) { budget["spec"]["minAvailable"] = "50%"; });
  cluster.Settle();
  EXPECT_EQ(GetInt(StatusOf(cluster), {"disruptionsAllowed"}, -1), 0);
  EXPECT_EQ(GetInt(StatusOf(cluster), {"observedGeneration"}), 2);
  EXPECT_GE(cluster.EventCount("web", "UnmanagedPods"), 1U);
}

}  // namespace
}  // namespace holdfast::sandbox
