// Rarer situations of a StatefulSet: condemned pods that are ill, strategies without a block, claims
// on their way out, a target that changes midway, ordinals that move, history and conditions.
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sandbox/controllers/object.h"

#include "tests/unit/sandbox_controllers/cluster.h"

namespace holdfast::sandbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSubsetOf;

struct Web : Cluster {
  explicit Web(int64_t replicas, const std::function<void(Json&)>& change = [](Json&) {}) {
    Json set = WebSet(replicas);
    change(set);
    Create("statefulsets", set);
    RunAll();
  }
  void Change(const std::function<void(Json&)>& change) {
    Edit("statefulsets", "web", change);
    Settle();
  }
  void Scale(int64_t replicas) {
    Change([&](Json& set) { set["spec"]["replicas"] = replicas; });
  }
  void Update(const std::string& tag = "2") {
    Change([&](Json& set) {
      set["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.test/base:" + tag;
    });
  }
  [[nodiscard]] std::string Image(const std::string& pod) const {
    const std::string image = GetString(Get("pods", pod), {"spec", "containers", "0", "image"});
    return image.substr(image.rfind(':') + 1);
  }
  [[nodiscard]] std::vector<std::string> Terminating() const {
    std::vector<std::string> names;
    for (const std::string& name : Names("pods"))
      if (IsTerminating(Get("pods", name))) names.push_back(name);
    return names;
  }
  [[nodiscard]] Json SetStatus() const { return Get("statefulsets", "web")["status"]; }
};

TEST(StatefulRows, HealthyHighestGoesAlthoughALowerCondemnedIsIll) {
  Web cluster(4);
  cluster.Run("web-2", false);
  cluster.Scale(1);
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-3"));
  cluster.Converge();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0"));
}

TEST(StatefulRows, MissingSurvivorComesBackBeforeAnythingIsCondemned) {
  Web cluster(3);
  cluster.Delete("pods", "web-0");
  cluster.Scale(1);
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-0"));
  cluster.FinishDeletion("web-0");
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), IsEmpty());
  cluster.RunAll();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-2"));
}

TEST(StatefulRows, TargetThatChangesMidwayReusesTheClaim) {
  Web cluster(3);
  const std::string claim = cluster.Uid("persistentvolumeclaims", "data-web-2");
  const std::string pod = cluster.Uid("pods", "web-2");
  cluster.Scale(1);
  cluster.Scale(3);
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-2"));
  cluster.Converge();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0", "web-1", "web-2"));
  EXPECT_NE(cluster.Uid("pods", "web-2"), pod);
  EXPECT_EQ(cluster.Uid("persistentvolumeclaims", "data-web-2"), claim);
}

TEST(StatefulRows, ScaleToZeroEndsARolloutBelowThePartition) {
  Web cluster(2, [](Json& set) {
    set["spec"]["updateStrategy"] = {{"type", "RollingUpdate"},
                                     {"rollingUpdate", {{"partition", 2}}}};
  });
  cluster.Update();
  EXPECT_NE(cluster.SetStatus()["currentRevision"], cluster.SetStatus()["updateRevision"]);
  cluster.Scale(0);
  cluster.Converge();
  EXPECT_THAT(cluster.Names("pods"), IsEmpty());
  EXPECT_EQ(cluster.SetStatus()["currentRevision"], cluster.SetStatus()["updateRevision"]);
}

TEST(StatefulRows, KilledMidRolloutWithDefaultedStrategyComesBackNew) {
  Web cluster(3);
  cluster.Update();
  ASSERT_THAT(cluster.Terminating(), ElementsAre("web-2"));
  cluster.Delete("pods", "web-0");
  cluster.FinishDeletion("web-0");
  cluster.Settle();
  EXPECT_EQ(cluster.Image("web-0"), "2");
  EXPECT_EQ(cluster.Image("web-1"), "1");
}

TEST(StatefulRows, KilledMidRolloutWithoutABlockComesBackOld) {
  Web cluster(3, [](Json& set) { set["spec"]["updateStrategy"] = {{"type", "RollingUpdate"}}; });
  ASSERT_EQ(FindPath(cluster.Get("statefulsets", "web"),
                     {"spec", "updateStrategy", "rollingUpdate"}),
            nullptr);
  cluster.Update();
  ASSERT_THAT(cluster.Terminating(), ElementsAre("web-2"));
  cluster.Delete("pods", "web-0");
  cluster.FinishDeletion("web-0");
  cluster.Settle();
  EXPECT_EQ(cluster.Image("web-0"), "1");
  cluster.Converge();
  for (const char* pod : {"web-0", "web-1", "web-2"})
    EXPECT_EQ(cluster.Image(pod), "2") << pod;
}

TEST(StatefulRows, RaisedPartitionBringsKilledPodsBackOld) {
  Web cluster(3, [](Json& set) {
    set["spec"]["updateStrategy"] = {{"type", "RollingUpdate"},
                                     {"rollingUpdate", {{"partition", 1}}}};
  });
  cluster.Update();
  cluster.Converge();
  ASSERT_EQ(cluster.Image("web-1"), "2");
  cluster.Change([](Json& set) {
    set["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 3;
  });
  cluster.Converge();
  EXPECT_EQ(cluster.Image("web-1"), "2");
  cluster.Delete("pods", "web-1");
  cluster.Converge();
  EXPECT_EQ(cluster.Image("web-1"), "1");
}

TEST(StatefulRows, UnhealthyPodBelowThePartitionHaltsTheRollout) {
  Web cluster(3, [](Json& set) {
    set["spec"]["updateStrategy"] = {{"type", "RollingUpdate"},
                                     {"rollingUpdate", {{"partition", 1}}}};
  });
  cluster.Run("web-0", false);
  cluster.Update();
  EXPECT_THAT(cluster.Terminating(), IsEmpty());
  cluster.MakeReady("web-0");
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-2"));
}

TEST(StatefulRows, ParallelRolloutIsOneAtATimeAndDescending) {
  Web cluster(4, [](Json& set) { set["spec"]["podManagementPolicy"] = "Parallel"; });
  cluster.Run("web-0", false);  // Below the target: does not halt it.
  cluster.Update();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-3"));
  cluster.FinishDeletion("web-3");
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), IsEmpty());
  cluster.MakeReady("web-3");
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-2"));
}

TEST(StatefulRows, ErrorOfTheFirstOrdinalStopsAParallelBurst) {
  Cluster cluster;
  Json squatter = PlainPod("web-0");
  squatter["metadata"]["labels"] = {{"app", "stranger"}};
  cluster.Create("pods", squatter);
  Json set = WebSet(4);
  set["spec"]["podManagementPolicy"] = "Parallel";
  cluster.Create("statefulsets", set);
  cluster.Settle();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0"));
}

TEST(StatefulRows, SucceededPodIsReplacedToo) {
  Web cluster(1);
  const std::string uid = cluster.Uid("pods", "web-0");
  cluster.Edit("pods", "web-0", [](Json& pod) { pod["status"]["phase"] = "Succeeded"; });
  cluster.Converge();
  EXPECT_NE(cluster.Uid("pods", "web-0"), uid);
  EXPECT_TRUE(IsPodRunningAndReady(cluster.Get("pods", "web-0")));
}

TEST(StatefulRows, ClaimOnItsWayOutHoldsTheNewPodBack) {
  Web cluster(1);
  cluster.Edit("persistentvolumeclaims", "data-web-0",
               [](Json& claim) { AddFinalizer(claim, "test/hold"); });
  cluster.Delete("persistentvolumeclaims", "data-web-0");
  cluster.Delete("pods", "web-0");
  cluster.FinishDeletion("web-0");
  cluster.Settle();
  EXPECT_FALSE(cluster.Exists("pods", "web-0"));
  ASSERT_GE(cluster.EventCount("web", "FailedCreate"), 1U);
  bool worded = false;
  for (const ObjectPtr& event : cluster.store.List("events", "default")) {
    worded = worded || GetString(event->json, {"message"}) ==
                           "Create Pod web-0 in StatefulSet web failed error: pvc data-web-0 is "
                           "being deleted";
  }
  EXPECT_TRUE(worded);
  cluster.Edit("persistentvolumeclaims", "data-web-0",
               [](Json& claim) { RemoveFinalizer(claim, "test/hold"); });
  cluster.Advance(std::chrono::seconds(10));
  cluster.RunAll();
  EXPECT_TRUE(IsPodReady(cluster.Get("pods", "web-0")));
}

TEST(StatefulRows, PendingPodGetsItsMissingClaimBack) {
  Cluster cluster;
  for (const char* node : {"node-a", "node-b", "node-c"}) {
    cluster.Edit(
        "nodes", node, [](Json& object) { object["spec"]["unschedulable"] = true; }, "");
  }
  cluster.Create("statefulsets", WebSet(1));
  cluster.Settle();
  const std::string claim = cluster.Uid("persistentvolumeclaims", "data-web-0");
  cluster.Delete("persistentvolumeclaims", "data-web-0");
  cluster.Settle();
  EXPECT_TRUE(cluster.Exists("persistentvolumeclaims", "data-web-0"));
  EXPECT_NE(cluster.Uid("persistentvolumeclaims", "data-web-0"), claim);
}

TEST(StatefulRows, ForeignConditionsAreDroppedWithTheNextStatus) {
  Web cluster(1);
  cluster.Edit("statefulsets", "web", [](Json& set) {
    set["status"]["conditions"] = Json::array({{{"type", "Mine"}, {"status", "True"}}});
  });
  // Nothing else has changed, so there is nothing to write.
  cluster.Advance(std::chrono::seconds(1));
  EXPECT_TRUE(cluster.SetStatus().contains("conditions"));
  cluster.Scale(2);
  EXPECT_FALSE(cluster.SetStatus().contains("conditions"));
}

TEST(StatefulRows, OrdinalsMoveDownAndUp) {
  Web cluster(2, [](Json& set) { set["spec"]["ordinals"] = {{"start", 3}}; });
  cluster.Change([](Json& set) { set["spec"]["ordinals"]["start"] = 2; });
  // The new one has to be ready before the highest goes.
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-2", "web-3", "web-4"));
  EXPECT_THAT(cluster.Terminating(), IsEmpty());
  cluster.MakeReady("web-2");
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-4"));
  cluster.Converge();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-2", "web-3"));
  EXPECT_EQ(GetString(cluster.Get("pods", "web-2"),
                      {"metadata", "labels", "apps.kubernetes.io/pod-index"}),
            "2");
}

TEST(StatefulRows, PartitionCountsFromTheStart) {
  Web cluster(3, [](Json& set) {
    set["spec"]["ordinals"] = {{"start", 5}};
    set["spec"]["updateStrategy"] = {{"type", "RollingUpdate"},
                                     {"rollingUpdate", {{"partition", 2}}}};
  });
  cluster.Update();
  cluster.Converge();
  EXPECT_EQ(cluster.Image("web-7"), "2");
  EXPECT_EQ(cluster.Image("web-6"), "1");
}

TEST(StatefulRows, RevisionLabelThatWasRemovedMeansOutdated) {
  Web cluster(2);
  cluster.Edit("pods", "web-0",
               [](Json& pod) { pod["metadata"]["labels"].erase("controller-revision-hash"); });
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-0"));
}

TEST(StatefulRows, ForeignControllerKeepsTheClaim) {
  Cluster cluster;
  cluster.Create("configmaps", {{"metadata", {{"name", "boss"}}}});
  Json set = WebSet(2);
  set["spec"]["persistentVolumeClaimRetentionPolicy"] = {{"whenScaled", "Delete"},
                                                         {"whenDeleted", "Delete"}};
  cluster.Create("statefulsets", set);
  cluster.RunAll();
  const std::string boss = cluster.Uid("configmaps", "boss");
  cluster.Edit("persistentvolumeclaims", "data-web-1", [&](Json& claim) {
    claim["metadata"]["ownerReferences"] = Json::array({{{"apiVersion", "v1"},
                                                         {"kind", "ConfigMap"},
                                                         {"name", "boss"},
                                                         {"uid", boss},
                                                         {"controller", true}}});
  });
  cluster.Edit("statefulsets", "web", [](Json& s) { s["spec"]["replicas"] = 1; });
  cluster.Converge();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0"));
  const Json claim = cluster.Get("persistentvolumeclaims", "data-web-1");
  ASSERT_EQ(GetArray(claim, {"metadata", "ownerReferences"}).size(), 1U);
  EXPECT_TRUE(HasOwner(claim, boss));
}

TEST(StatefulRows, PolicyThatChangesIsAppliedToTheClaims) {
  Web cluster(2);
  cluster.Change([](Json& set) {
    set["spec"]["persistentVolumeClaimRetentionPolicy"] = {{"whenScaled", "Retain"},
                                                           {"whenDeleted", "Delete"}};
  });
  const std::string set = cluster.Uid("statefulsets", "web");
  EXPECT_TRUE(HasOwner(cluster.Get("persistentvolumeclaims", "data-web-1"), set));
  cluster.Change([](Json& s) {
    s["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] = "Retain";
  });
  EXPECT_FALSE(HasOwner(cluster.Get("persistentvolumeclaims", "data-web-1"), set));
}

TEST(StatefulRows, OrphanDeletionAlsoFreesTheClaims) {
  Web cluster(1, [](Json& set) {
    set["spec"]["persistentVolumeClaimRetentionPolicy"] = {{"whenScaled", "Retain"},
                                                           {"whenDeleted", "Delete"}};
  });
  ASSERT_NE(ControllerRef(cluster.Get("persistentvolumeclaims", "data-web-0")), nullptr);
  cluster.Delete("statefulsets", "web", "Orphan");
  cluster.Converge();
  EXPECT_FALSE(cluster.Exists("statefulsets", "web"));
  EXPECT_TRUE(cluster.Exists("pods", "web-0"));
  EXPECT_EQ(ControllerRef(cluster.Get("persistentvolumeclaims", "data-web-0")), nullptr);
  EXPECT_EQ(ControllerRef(cluster.Get("pods", "web-0")), nullptr);
}

TEST(StatefulRows, HistoryIsAsLongAsToldAndMayBeNone) {
  const std::map<int, size_t> kept{{0, 1}, {2, 3}};  // By limit.
  for (const int limit : {0, 2}) {
    Web cluster(1, [&](Json& set) { set["spec"]["revisionHistoryLimit"] = limit; });
    for (const char* tag : {"2", "3", "4", "5"}) {
      cluster.Update(tag);
      cluster.Converge();
    }
    EXPECT_EQ(cluster.Names("controllerrevisions").size(), kept.at(limit)) << limit;
  }
}

TEST(StatefulRows, NameThatIsTakenCountsAsCollision) {
  Web cluster(0);
  const std::string name = GetString(cluster.SetStatus(), {"currentRevision"});
  const Json revision = cluster.Get("controllerrevisions", name);
  cluster.Delete("statefulsets", "web", "Orphan");
  cluster.Settle();
  // Other data under the name, of somebody else.
  cluster.Edit("controllerrevisions", name, [](Json& object) {
    object["data"] = {{"spec", {{"template", "other"}}}};
    object["metadata"]["labels"] = {{"app", "stranger"}};
  });
  cluster.Create("statefulsets", WebSet(1));
  cluster.Converge();
  EXPECT_TRUE(IsPodReady(cluster.Get("pods", "web-0")));
  EXPECT_EQ(GetInt(cluster.SetStatus(), {"collisionCount"}), 1);
  EXPECT_NE(GetString(cluster.SetStatus(), {"updateRevision"}), name);
}

TEST(StatefulRows, SetsWithTheSameSelectorDoNotTakeEachOthersPods) {
  Web cluster(2);
  Json other = WebSet(2);
  other["metadata"]["name"] = "shop";
  cluster.Create("statefulsets", other);
  cluster.Converge();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("shop-0", "shop-1", "web-0", "web-1"));
  EXPECT_THAT((std::vector<std::string>{"web-0", "web-1"}), IsSubsetOf(cluster.Names("pods")));
  EXPECT_TRUE(HasOwner(cluster.Get("pods", "web-0"), cluster.Uid("statefulsets", "web")));
  EXPECT_TRUE(HasOwner(cluster.Get("pods", "shop-0"), cluster.Uid("statefulsets", "shop")));
}

TEST(StatefulRows, MaxUnavailableIsDropped) {
  Web cluster(3, [](Json& set) {
    set["spec"]["updateStrategy"] = {{"type", "RollingUpdate"},
                                     {"rollingUpdate", {{"maxUnavailable", 2}}}};
  });
  const Json stored = cluster.Get("statefulsets", "web");
  EXPECT_EQ(
      FindPath(stored, {"spec", "updateStrategy", "rollingUpdate", "maxUnavailable"}), nullptr);
  cluster.Update();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-2"));
}

TEST(StatefulRows, MinReadySecondsHoldTheRollout) {
  Web cluster(2, [](Json& set) { set["spec"]["minReadySeconds"] = 10; });
  cluster.Advance(std::chrono::seconds(11));
  cluster.RunAll();
  cluster.Advance(std::chrono::seconds(11));
  cluster.Update();
  ASSERT_THAT(cluster.Terminating(), ElementsAre("web-1"));
  cluster.FinishDeletion("web-1");
  cluster.RunAll();
  EXPECT_THAT(cluster.Terminating(), IsEmpty());
  cluster.Advance(std::chrono::seconds(11));
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-0"));
}

}  // namespace
}  // namespace holdfast::sandbox
