// Deployments and ReplicaSets: rolling updates within their limits, Recreate, revisions, conditions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sandbox/controllers/deployment_sets.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/storage.h"

#include "tests/unit/sandbox_controllers/cluster.h"

namespace holdfast::sandbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Json WebDeployment(int64_t replicas) {
  return {{"metadata", {{"name", "web"}, {"annotations", {{"team", "a"}}}}},
          {"spec",
           {{"replicas", replicas},
            {"selector", {{"matchLabels", {{"app", "web"}}}}},
            {"template",
             {{"metadata", {{"labels", {{"app", "web"}}}}},
              {"spec",
               {{"containers",
                 Json::array({{{"name", "main"}, {"image", "registry.test/base:1"}}})}}}}}}}};
}

struct Deployed : Cluster {
  explicit Deployed(int64_t replicas, const std::function<void(Json&)>& change = [](Json&) {}) {
    Json deployment = WebDeployment(replicas);
    change(deployment);
    Create("deployments", deployment);
    RunAll();
  }
  void Update(const std::string& tag) {
    Edit("deployments", "web", [&](Json& object) {
      object["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.test/base:" + tag;
    });
    Settle();
  }
  [[nodiscard]] Json Status() const { return Get("deployments", "web")["status"]; }
  // "Reason: status" of a condition.
  [[nodiscard]] std::string Condition(const char* type) const {
    const Json deployment = Get("deployments", "web");
    const Json* condition = FindCondition(deployment, type);
    return condition == nullptr
               ? ""
               : GetString(*condition, {"reason"}) + ": " + GetString(*condition, {"status"});
  }
  // Images of the pods that are not on their way out, sorted.
  [[nodiscard]] std::vector<std::string> Images() const {
    std::vector<std::string> images;
    for (const ObjectPtr& pod : store.List("pods", "default")) {
      if (IsTerminating(pod->json)) continue;
      const std::string image = GetString(pod->json, {"spec", "containers", "0", "image"});
      images.push_back(image.substr(image.rfind(':') + 1));
    }
    std::ranges::sort(images);
    return images;
  }
  // Image tag -> spec.replicas.
  [[nodiscard]] std::map<std::string, int64_t> Sets() const {
    std::map<std::string, int64_t> sets;
    for (const ObjectPtr& set : store.List("replicasets", "default")) {
      const std::string image =
          GetString(set->json, {"spec", "template", "spec", "containers", "0", "image"});
      sets[image.substr(image.rfind(':') + 1)] = GetInt(set->json, {"spec", "replicas"});
    }
    return sets;
  }
};

TEST(Deployment, MakesAReplicaSetAndItsPods) {
  Deployed cluster(3);
  const auto sets = cluster.Names("replicasets");
  ASSERT_EQ(sets.size(), 1U);
  const Json set = cluster.Get("replicasets", sets[0]);
  const std::string hash = GetString(set, {"metadata", "labels", "pod-template-hash"});
  EXPECT_EQ(sets[0], "web-" + hash);
  EXPECT_EQ(GetString(set, {"spec", "selector", "matchLabels", "pod-template-hash"}), hash);
  EXPECT_EQ(AnnotationOf(set, kRevision), "1");
  EXPECT_EQ(AnnotationOf(set, "team"), "a");
  EXPECT_EQ(AnnotationOf(set, kDesiredReplicas), "3");
  EXPECT_EQ(AnnotationOf(set, "deployment.kubernetes.io/max-replicas"), "4");
  EXPECT_EQ(AnnotationOf(cluster.Get("deployments", "web"), kRevision), "1");
  for (const std::string& pod : cluster.Names("pods")) {
    EXPECT_TRUE(pod.starts_with(sets[0] + "-")) << pod;
    EXPECT_TRUE(HasOwner(cluster.Get("pods", pod), UidOf(set)));
  }
  const Json status = cluster.Status();
  for (const char* counter : {"replicas", "updatedReplicas", "readyReplicas", "availableReplicas"})
    EXPECT_EQ(GetInt(status, {counter}), 3) << counter;
  EXPECT_FALSE(status.contains("unavailableReplicas"));
  EXPECT_EQ(GetInt(status, {"terminatingReplicas"}, -1), 0);
  EXPECT_EQ(cluster.Condition("Available"), "MinimumReplicasAvailable: True");
  EXPECT_EQ(cluster.Condition("Progressing"), "NewReplicaSetAvailable: True");
  EXPECT_EQ(cluster.EventCount("web", "ScalingReplicaSet"), 1U);
  EXPECT_EQ(cluster.EventCount(sets[0], "SuccessfulCreate"), 3U);
}

TEST(Deployment, StepsOfARollingUpdateAreThoseOfTheRecording) {
  // maxSurge and maxUnavailable of 25 % of three: one more, none less.
  Deployed cluster(3);
  cluster.Update("2");
  EXPECT_EQ(cluster.Sets(), (std::map<std::string, int64_t>{{"1", 3}, {"2", 1}}));
  EXPECT_THAT(cluster.Images(), ElementsAre("1", "1", "1", "2"));
  cluster.Settle();
  // Nothing more until the new pod is ready.
  EXPECT_EQ(cluster.Sets(), (std::map<std::string, int64_t>{{"1", 3}, {"2", 1}}));
  for (const std::string& pod : cluster.Names("pods"))
    if (!IsPodReady(cluster.Get("pods", pod))) cluster.MakeReady(pod);
  cluster.Settle();
  EXPECT_EQ(cluster.Sets(), (std::map<std::string, int64_t>{{"1", 2}, {"2", 2}}));
  cluster.Converge();
  EXPECT_EQ(cluster.Sets(), (std::map<std::string, int64_t>{{"1", 0}, {"2", 3}}));
  EXPECT_THAT(cluster.Images(), ElementsAre("2", "2", "2"));
  EXPECT_EQ(AnnotationOf(cluster.Get("deployments", "web"), kRevision), "2");
  EXPECT_EQ(cluster.Condition("Progressing"), "NewReplicaSetAvailable: True");
  EXPECT_EQ(GetInt(cluster.Status(), {"observedGeneration"}), 2);
}

struct LimitRow {
  int64_t replicas;
  Json surge;
  Json unavailable;
  int64_t max_surge;
  int64_t max_unavailable;
};
class DeploymentLimit : public testing::TestWithParam<LimitRow> {};

TEST_P(DeploymentLimit, IsNeverExceeded) {
  const LimitRow& row = GetParam();
  Deployed cluster(row.replicas, [&](Json& object) {
    object["spec"]["strategy"] = {
        {"type", "RollingUpdate"},
        {"rollingUpdate", {{"maxSurge", row.surge}, {"maxUnavailable", row.unavailable}}}};
  });
  const DeploymentLimits limits = LimitsOf(cluster.Get("deployments", "web"));
  EXPECT_EQ(limits.max_surge, row.max_surge);
  EXPECT_EQ(limits.max_unavailable, row.max_unavailable);
  cluster.Update("2");
  for (int step = 0; step < 200; ++step) {
    int64_t there = 0;
    int64_t ready = 0;
    std::string unready;
    std::string leaving;
    for (const ObjectPtr& pod : cluster.store.List("pods", "default")) {
      if (IsTerminating(pod->json)) {
        leaving = NameOf(pod->json);
        continue;
      }
      ++there;
      if (IsPodReady(pod->json)) {
        ++ready;
      } else {
        unready = NameOf(pod->json);
      }
    }
    ASSERT_LE(there, row.replicas + row.max_surge);
    ASSERT_GE(ready, row.replicas - row.max_unavailable);
    if (!leaving.empty()) {
      cluster.FinishDeletion(leaving);
    } else if (!unready.empty()) {
      cluster.MakeReady(unready);
    } else {
      break;
    }
    cluster.Settle();
  }
  EXPECT_EQ(cluster.Images(), std::vector<std::string>(static_cast<size_t>(row.replicas), "2"));
}

INSTANTIATE_TEST_SUITE_P(Rows,
                         DeploymentLimit,
                         testing::Values(LimitRow{3, "25%", "25%", 1, 0},
                                         LimitRow{10, "25%", "25%", 3, 2},
                                         LimitRow{4, 0, 1, 0, 1},
                                         LimitRow{4, 0, "10%", 0, 1},
                                         LimitRow{5, 2, 2, 2, 2}));

TEST(Deployment, RecreateLetsNoTwoVersionsMeet) {
  Deployed cluster(2, [](Json& object) { object["spec"]["strategy"] = {{"type", "Recreate"}}; });
  cluster.Update("2");
  EXPECT_THAT(cluster.Images(), IsEmpty());
  EXPECT_EQ(cluster.Names("pods").size(), 2U);  // Terminating.
  cluster.FinishDeletion(cluster.Names("pods")[0]);
  cluster.Settle();
  EXPECT_EQ(cluster.Names("pods").size(), 1U);
  cluster.Converge();
  EXPECT_THAT(cluster.Images(), ElementsAre("2", "2"));
}

TEST(Deployment, RollbackReusesTheSetUnderANewRevision) {
  Deployed cluster(2);
  cluster.Update("2");
  cluster.Converge();
  cluster.Update("1");
  cluster.Converge();
  EXPECT_EQ(cluster.Names("replicasets").size(), 2U);
  EXPECT_EQ(AnnotationOf(cluster.Get("deployments", "web"), kRevision), "3");
  for (const ObjectPtr& set : cluster.store.List("replicasets", "default")) {
    const bool first = GetInt(set->json, {"spec", "replicas"}) == 2;
    EXPECT_EQ(AnnotationOf(set->json, kRevision), first ? "3" : "2");
    EXPECT_EQ(AnnotationOf(set->json, "deployment.kubernetes.io/revision-history"),
              first ? "1" : "");
  }
}

TEST(Deployment, ScalesAndKeepsItsPods) {
  Deployed cluster(2);
  const std::vector<std::string> before = cluster.Names("pods");
  cluster.Edit("deployments", "web", [](Json& object) { object["spec"]["replicas"] = 4; });
  cluster.Converge();
  EXPECT_EQ(cluster.Names("pods").size(), 4U);
  for (const std::string& pod : before)
    EXPECT_TRUE(cluster.Exists("pods", pod));
  cluster.Edit("deployments", "web", [](Json& object) { object["spec"]["replicas"] = 1; });
  cluster.Converge();
  EXPECT_EQ(cluster.Names("pods").size(), 1U);
}

TEST(Deployment, PausedIsOnlyScaled) {
  Deployed cluster(1);
  cluster.Edit("deployments", "web", [](Json& object) { object["spec"]["paused"] = true; });
  cluster.Update("2");
  EXPECT_THAT(cluster.Images(), ElementsAre("1"));
  cluster.Edit("deployments", "web", [](Json& object) { object["spec"]["replicas"] = 2; });
  cluster.Converge();
  EXPECT_THAT(cluster.Images(), ElementsAre("1", "1"));
  EXPECT_THAT(cluster.Condition("Progressing"), testing::StartsWith("DeploymentPaused"));
  cluster.Edit("deployments", "web", [](Json& object) { object["spec"].erase("paused"); });
  cluster.Converge();
  EXPECT_THAT(cluster.Images(), ElementsAre("2", "2"));
}

TEST(Deployment, SaysWhenItIsStuck) {
  Deployed cluster(1, [](Json& object) { object["spec"]["progressDeadlineSeconds"] = 60; });
  cluster.Update("broken");
  cluster.Advance(std::chrono::seconds(50));
  EXPECT_EQ(cluster.Condition("Progressing"), "ReplicaSetUpdated: True");
  cluster.Advance(std::chrono::seconds(20));
  EXPECT_EQ(cluster.Condition("Progressing"), "ProgressDeadlineExceeded: False");
  EXPECT_EQ(cluster.Condition("Available"), "MinimumReplicasAvailable: True");
}

TEST(Deployment, HistoryIsKeptShort) {
  Deployed cluster(1, [](Json& object) { object["spec"]["revisionHistoryLimit"] = 1; });
  for (const char* tag : {"2", "3", "4"}) {
    cluster.Update(tag);
    cluster.Converge();
  }
  EXPECT_EQ(cluster.Sets(), (std::map<std::string, int64_t>{{"3", 0}, {"4", 1}}));
}

TEST(Deployment, LostPodComesBackUnderAnotherName) {
  Deployed cluster(1);
  const std::string pod = cluster.Names("pods")[0];
  cluster.Delete("pods", pod);
  cluster.Settle();
  // Its replacement does not wait for it to be gone.
  EXPECT_EQ(cluster.Names("pods").size(), 2U);
  cluster.Converge();
  EXPECT_FALSE(cluster.Exists("pods", pod));
  EXPECT_EQ(cluster.Names("pods").size(), 1U);
}

TEST(Deployment, TakesItsSetsAndPodsWithIt) {
  Deployed cluster(2);
  cluster.Delete("deployments", "web");
  cluster.Converge();
  EXPECT_THAT(cluster.Names("pods"), IsEmpty());
  EXPECT_THAT(cluster.Names("replicasets"), IsEmpty());
}

TEST(Deployment, AdoptsTheSetsThatAnOrphanDeletionLeft) {
  Deployed cluster(2);
  const std::vector<std::string> pods = cluster.Names("pods");
  cluster.Delete("deployments", "web", "Orphan");
  cluster.Converge();
  ASSERT_FALSE(cluster.Exists("deployments", "web"));
  cluster.Create("deployments", WebDeployment(2));
  cluster.Converge();
  EXPECT_EQ(cluster.Names("pods"), pods);
  EXPECT_EQ(cluster.Names("replicasets").size(), 1U);
}

TEST(Deployment, ABudgetCountsItsReplicas) {
  Deployed cluster(4);
  cluster.Create("poddisruptionbudgets",
                 {{"metadata", {{"name", "web"}}},
                  {"spec",
                   {{"selector", {{"matchLabels", {{"app", "web"}}}}}, {"maxUnavailable", 1}}}});
  cluster.Settle();
  const Json status = cluster.Get("poddisruptionbudgets", "web")["status"];
  EXPECT_EQ(GetInt(status, {"expectedPods"}), 4);
  EXPECT_EQ(GetInt(status, {"disruptionsAllowed"}), 1);
}

TEST(ReplicaSet, AdoptsAndReleases) {
  Cluster cluster;
  cluster.Create("pods", PlainPod("stray"));
  Json set = WebDeployment(2);
  set["spec"].erase("strategy");
  cluster.Create("replicasets", set);
  cluster.RunAll();
  EXPECT_EQ(cluster.Names("pods").size(), 2U);
  EXPECT_TRUE(HasOwner(cluster.Get("pods", "stray"), cluster.Uid("replicasets", "web")));
  cluster.Edit("pods", "stray", [](Json& pod) { pod["metadata"]["labels"]["app"] = "other"; });
  cluster.RunAll();
  EXPECT_EQ(cluster.Names("pods").size(), 3U);
  EXPECT_EQ(ControllerRef(cluster.Get("pods", "stray")), nullptr);
}

TEST(ReplicaSet, TheOneThatMattersLeastGoesFirst) {
  Cluster cluster;
  cluster.Create("replicasets", WebDeployment(3));
  cluster.RunAll();
  const std::string sick = cluster.Names("pods")[1];
  cluster.Run(sick, false);
  cluster.Edit("replicasets", "web", [](Json& set) { set["spec"]["replicas"] = 2; });
  cluster.Settle();
  EXPECT_TRUE(IsTerminating(cluster.Get("pods", sick)));
  EXPECT_EQ(GetInt(cluster.Get("replicasets", "web"), {"status", "terminatingReplicas"}), 1);
}

}  // namespace
}  // namespace holdfast::sandbox
