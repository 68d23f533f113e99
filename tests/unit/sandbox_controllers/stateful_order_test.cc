// The order in which a StatefulSet's pods come and go: OrderedReady, Parallel, scaling, repair.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sandbox/controllers/object.h"

#include "tests/unit/sandbox_controllers/cluster.h"

namespace holdfast::sandbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

void Scale(Cluster& cluster, int64_t replicas) {
  cluster.Edit("statefulsets", "web", [&](Json& set) { set["spec"]["replicas"] = replicas; });
  cluster.Settle();
}

TEST(StatefulOrder, CreatesAscendingAndWaitsForReady) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(3));
  cluster.Settle();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0"));
  cluster.Run("web-0", false);
  cluster.Settle();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0"));
  cluster.RunAll();
  EXPECT_THAT(cluster.PodHistory(), ElementsAre("add web-0", "ready web-0", "add web-1",
                                                "ready web-1", "add web-2", "ready web-2"));
}

TEST(StatefulOrder, PodsCarryTheirIdentity) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(1));
  cluster.RunAll();
  const Json pod = cluster.Get("pods", "web-0");
  const Json set = cluster.Get("statefulsets", "web");
  EXPECT_EQ(GetString(pod, {"metadata", "generateName"}), "web-");
  const Json labels = GetObject(pod, {"metadata", "labels"});
  EXPECT_EQ(GetString(labels, {"statefulset.kubernetes.io/pod-name"}), "web-0");
  EXPECT_EQ(GetString(labels, {"apps.kubernetes.io/pod-index"}), "0");
  EXPECT_EQ(GetString(labels, {"controller-revision-hash"}),
            GetString(set, {"status", "currentRevision"}));
  EXPECT_EQ(GetArray(pod, {"metadata", "ownerReferences"}),
            Json::array({MakeControllerRef(set, "apps/v1", "StatefulSet")}));
  EXPECT_EQ(GetString(pod, {"spec", "hostname"}), "web-0");
  EXPECT_EQ(GetString(pod, {"spec", "subdomain"}), "web");
  EXPECT_EQ(GetString(pod, {"spec", "volumes", "0", "persistentVolumeClaim", "claimName"}),
            "data-web-0");
  EXPECT_EQ(
      GetString(cluster.Get("persistentvolumeclaims", "data-web-0"), {"metadata", "labels", "app"}),
      "web");
  EXPECT_EQ(cluster.EventCount("web", "SuccessfulCreate"), 2U);
}

TEST(StatefulOrder, StatusHasTheShapeOfTheApi) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(1));
  cluster.Settle();
  Json status = cluster.Get("statefulsets", "web")["status"];
  EXPECT_EQ(GetInt(status, {"replicas"}, -1), 1);
  EXPECT_EQ(GetInt(status, {"availableReplicas"}, -1), 0);
  EXPECT_FALSE(status.contains("readyReplicas")) << DumpJson(status);
  cluster.RunAll();
  status = cluster.Get("statefulsets", "web")["status"];
  for (const char* counter :
       {"replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"}) {
    EXPECT_EQ(GetInt(status, {counter}), 1) << counter;
  }
  EXPECT_EQ(GetInt(status, {"observedGeneration"}), 1);
}

TEST(StatefulOrder, ScalesDownDescendingWithoutOverlap) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(3));
  cluster.RunAll();
  const size_t before = cluster.PodHistory().size();
  Scale(cluster, 1);
  cluster.Settle();
  EXPECT_TRUE(IsTerminating(cluster.Get("pods", "web-2")));
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "web-1")));
  cluster.Converge();
  std::vector<std::string> history = cluster.PodHistory();
  history.erase(history.begin(), history.begin() + static_cast<long>(before));
  EXPECT_THAT(history, ElementsAre("term web-2", "gone web-2", "term web-1", "gone web-1"));
  EXPECT_THAT(cluster.Names("persistentvolumeclaims"),
              ElementsAre("data-web-0", "data-web-1", "data-web-2"));
}

TEST(StatefulOrder, ScaleDownWaitsForUnhealthySurvivors) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(3));
  cluster.RunAll();
  cluster.Run("web-0", false);
  Scale(cluster, 1);
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "web-2")));
  cluster.MakeReady("web-0");
  cluster.Settle();
  EXPECT_TRUE(IsTerminating(cluster.Get("pods", "web-2")));
}

TEST(StatefulOrder, TwoUnhealthyCondemnedHaltTheScaleDown) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(3));
  cluster.RunAll();
  cluster.Run("web-2", false);
  cluster.Run("web-1", false);
  Scale(cluster, 1);
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "web-2")));
  // One alone does not.
  cluster.MakeReady("web-1");
  cluster.Settle();
  EXPECT_TRUE(IsTerminating(cluster.Get("pods", "web-2")));
}

TEST(StatefulOrder, DeletedPodComesBackWithTheSameClaim) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(2));
  cluster.RunAll();
  const std::string pod = cluster.Uid("pods", "web-0");
  const Json claim = cluster.Get("persistentvolumeclaims", "data-web-0");
  cluster.Delete("pods", "web-0");
  cluster.Settle();
  EXPECT_EQ(cluster.Uid("pods", "web-0"), pod);  // It waits for the kubelet.
  cluster.Converge();
  EXPECT_NE(cluster.Uid("pods", "web-0"), pod);
  EXPECT_TRUE(IsPodReady(cluster.Get("pods", "web-0")));
  EXPECT_EQ(cluster.Get("persistentvolumeclaims", "data-web-0"), claim);
}

TEST(StatefulOrder, MissingPodsComeBackFromTheLowest) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(3));
  cluster.RunAll();
  for (const char* pod : {"web-0", "web-1", "web-2"})
    cluster.Delete("pods", pod);
  cluster.Settle();
  cluster.FinishDeletion("web-2");
  cluster.FinishDeletion("web-1");
  cluster.Settle();
  // web-0 still terminates: nothing above it is made.
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0"));
  const size_t before = cluster.PodHistory().size();
  cluster.FinishDeletion("web-0");
  cluster.RunAll();
  std::vector<std::string> history = cluster.PodHistory();
  history.erase(history.begin(), history.begin() + static_cast<long>(before));
  EXPECT_THAT(history, ElementsAre("gone web-0", "add web-0", "ready web-0", "add web-1",
                                   "ready web-1", "add web-2", "ready web-2"));
}

TEST(StatefulOrder, FailedPodIsReplaced) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(1));
  cluster.RunAll();
  const std::string uid = cluster.Uid("pods", "web-0");
  cluster.Edit("pods", "web-0", [](Json& pod) { pod["status"]["phase"] = "Failed"; });
  cluster.Converge();
  EXPECT_NE(cluster.Uid("pods", "web-0"), uid);
  EXPECT_TRUE(IsPodRunningAndReady(cluster.Get("pods", "web-0")));
}

TEST(StatefulOrder, ParallelDoesNotWait) {
  Cluster cluster;
  Json set = WebSet(4);
  set["spec"]["podManagementPolicy"] = "Parallel";
  cluster.Create("statefulsets", set);
  cluster.Settle();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0", "web-1", "web-2", "web-3"));
  Scale(cluster, 1);
  for (const char* pod : {"web-1", "web-2", "web-3"}) {
    const Json object = cluster.Get("pods", pod);
    EXPECT_TRUE(object.is_null() || IsTerminating(object)) << pod;
  }
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "web-0")));
}

TEST(StatefulOrder, OrdinalsStartWhereTheyAreTold) {
  Cluster cluster;
  Json set = WebSet(2);
  set["spec"]["ordinals"] = {{"start", 5}};
  cluster.Create("statefulsets", set);
  cluster.RunAll();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-5", "web-6"));
  cluster.Edit("statefulsets", "web", [](Json& s) { s["spec"]["ordinals"]["start"] = 6; });
  cluster.Converge();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-6", "web-7"));
}

TEST(StatefulOrder, MinReadySecondsDelayTheNextPod) {
  Cluster cluster;
  Json set = WebSet(2);
  set["spec"]["minReadySeconds"] = 10;
  cluster.Create("statefulsets", set);
  cluster.Settle();
  cluster.MakeReady("web-0");
  cluster.Advance(std::chrono::seconds(9));
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0"));
  EXPECT_EQ(GetInt(cluster.Get("statefulsets", "web"), {"status", "availableReplicas"}, -1), 0);
  cluster.Advance(std::chrono::seconds(2));
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0", "web-1"));
  EXPECT_EQ(GetInt(cluster.Get("statefulsets", "web"), {"status", "availableReplicas"}), 1);
}

TEST(StatefulOrder, AdoptsOrphansAndReleasesStrangers) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(2));
  cluster.RunAll();
  const std::string uid = cluster.Uid("pods", "web-1");
  cluster.Edit("pods", "web-1", [](Json& pod) { pod["metadata"]["labels"]["app"] = "other"; });
  cluster.Settle();
  EXPECT_EQ(ControllerRef(cluster.Get("pods", "web-1")), nullptr);
  cluster.Edit("pods", "web-1", [](Json& pod) { pod["metadata"]["labels"]["app"] = "web"; });
  cluster.Advance(std::chrono::seconds(10));
  EXPECT_EQ(cluster.Uid("pods", "web-1"), uid);
  EXPECT_TRUE(HasOwner(cluster.Get("pods", "web-1"), cluster.Uid("statefulsets", "web")));
}

TEST(StatefulOrder, PodNameLabelIsWrittenBack) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(1));
  cluster.RunAll();
  const char* label = "statefulset.kubernetes.io/pod-name";
  cluster.Edit("pods", "web-0", [&](Json& pod) { pod["metadata"]["labels"].erase(label); });
  cluster.Settle();
  EXPECT_EQ(GetString(cluster.Get("pods", "web-0"), {"metadata", "labels", label}), "web-0");
}

TEST(StatefulOrder, ForeignPodOnTheNameBlocksUntilItGoes) {
  Cluster cluster;
  Json squatter = PlainPod("web-0");
  squatter["metadata"]["labels"] = {{"app", "stranger"}};
  cluster.Create("pods", squatter);
  cluster.Create("statefulsets", WebSet(1));
  cluster.Advance(std::chrono::seconds(30));
  EXPECT_EQ(cluster.EventCount("web", "FailedCreate"), 0U);
  cluster.Delete("pods", "web-0");
  cluster.FinishDeletion("web-0");
  cluster.Advance(std::chrono::seconds(10));
  EXPECT_TRUE(HasOwner(cluster.Get("pods", "web-0"), cluster.Uid("statefulsets", "web")));
}

TEST(StatefulOrder, DeletedSetIsInert) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(2));
  cluster.RunAll();
  cluster.Edit("statefulsets", "web", [](Json& set) { AddFinalizer(set, "test/hold"); });
  cluster.Delete("statefulsets", "web", "Foreground");
  cluster.Converge();
  EXPECT_THAT(cluster.Names("pods"), IsEmpty());
  EXPECT_TRUE(cluster.Exists("statefulsets", "web"));
  EXPECT_THAT(cluster.PodHistory(), IsSupersetOf({"gone web-0", "gone web-1"}));
}

}  // namespace
}  // namespace holdfast::sandbox
