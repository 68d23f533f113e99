// Each defect of the StatefulSet controller does the wrong thing that its title says, once per
// switch; the same steps on a healthy sandbox are in the other tests.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sandbox/controllers/object.h"

#include "tests/unit/sandbox_controllers/cluster.h"

namespace holdfast::sandbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ControllerOptions With(Defect defect) {
  ControllerOptions options = Cluster::Calm();
  options.defects = Defects(defect);
  return options;
}

// A set of three that runs, unless `change` makes it another.
struct Broken : Cluster {
  explicit Broken(Defect defect, const std::function<void(Json&)>& change = [](Json&) {})
      : Cluster(With(defect)) {
    Json set = WebSet(3);
    change(set);
    Create("statefulsets", set);
  }
  void Update() {
    Edit("statefulsets", "web", [](Json& set) {
      set["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.test/base:2";
    });
  }
  void Scale(int64_t replicas) {
    Edit("statefulsets", "web", [&](Json& set) { set["spec"]["replicas"] = replicas; });
  }
  [[nodiscard]] std::vector<std::string> Terminating() const {
    std::vector<std::string> names;
    for (const std::string& name : Names("pods"))
      if (IsTerminating(Get("pods", name))) names.push_back(name);
    return names;
  }
  [[nodiscard]] std::string Image(const std::string& pod) const {
    return GetString(Get("pods", pod), {"spec", "containers", "0", "image"});
  }
};

void Partition(Json& set, int64_t partition) {
  set["spec"]["updateStrategy"] = {{"type", "RollingUpdate"},
                                   {"rollingUpdate", {{"partition", partition}}}};
}

TEST(StatefulDefects, CreateInParallel) {
  Broken cluster(Defect::kCreateInParallel);
  cluster.Settle();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0", "web-1", "web-2"));
  cluster.RunAll();
  // Nothing but creation is out of order.
  cluster.Scale(1);
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-2"));
}

TEST(StatefulDefects, CreateDescending) {
  Broken cluster(Defect::kCreateDescending);
  cluster.RunAll();
  EXPECT_THAT(cluster.PodHistory(), ElementsAre("add web-2", "ready web-2", "add web-1",
                                                "ready web-1", "add web-0", "ready web-0"));
}

TEST(StatefulDefects, CreateBeforeReady) {
  Broken cluster(Defect::kCreateBeforeReady);
  cluster.Settle();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0"));
  cluster.Run("web-0", false);
  cluster.Settle();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0", "web-1"));
  cluster.Run("web-1", false);
  cluster.Settle();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0", "web-1", "web-2"));
}

TEST(StatefulDefects, ScaleDownAscending) {
  Broken cluster(Defect::kScaleDownAscending);
  cluster.RunAll();
  cluster.Scale(1);
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-1"));
}

TEST(StatefulDefects, ScaleDownOverlapping) {
  Broken cluster(Defect::kScaleDownOverlapping);
  cluster.RunAll();
  cluster.Scale(1);
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-1", "web-2"));
}

TEST(StatefulDefects, UpdateAscending) {
  Broken cluster(Defect::kUpdateAscending);
  cluster.RunAll();
  cluster.Update();
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-0"));
  cluster.Converge();
  EXPECT_EQ(cluster.Image("web-2"), "registry.test/base:2");
}

TEST(StatefulDefects, UpdateTwoAtATime) {
  Broken cluster(Defect::kUpdateTwoAtATime);
  cluster.RunAll();
  cluster.Update();
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-1", "web-2"));
  cluster.Converge();
  EXPECT_EQ(cluster.Image("web-0"), "registry.test/base:2");
}

TEST(StatefulDefects, UpdateIgnoresPartition) {
  Broken cluster(Defect::kUpdateIgnoresPartition, [](Json& set) { Partition(set, 2); });
  cluster.RunAll();
  cluster.Update();
  cluster.Converge();
  for (const char* pod : {"web-0", "web-1", "web-2"})
    EXPECT_EQ(cluster.Image(pod), "registry.test/base:2") << pod;
}

TEST(StatefulDefects, UpdateIgnoresReadiness) {
  Broken cluster(Defect::kUpdateIgnoresReadiness);
  cluster.RunAll();
  cluster.Update();
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-2"));
  cluster.FinishDeletion("web-2");
  cluster.Settle();
  EXPECT_FALSE(IsPodReady(cluster.Get("pods", "web-2")));
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-1"));
}

TEST(StatefulDefects, UpdateIgnoresReadinessOnlyInUpdates) {
  Broken cluster(Defect::kUpdateIgnoresReadiness);
  cluster.Settle();
  cluster.Run("web-0", false);
  cluster.Settle();
  EXPECT_THAT(cluster.Names("pods"), ElementsAre("web-0"));
}

TEST(StatefulDefects, UpdateUnderOnDelete) {
  Broken cluster(Defect::kUpdateUnderOnDelete,
                 [](Json& set) { set["spec"]["updateStrategy"] = {{"type", "OnDelete"}}; });
  cluster.RunAll();
  cluster.Update();
  cluster.Settle();
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-2"));
}

TEST(StatefulDefects, WrongRevisionAfterKill) {
  Broken cluster(Defect::kWrongRevisionAfterKill, [](Json& set) { Partition(set, 2); });
  cluster.RunAll();
  cluster.Update();
  cluster.Converge();
  EXPECT_EQ(cluster.Image("web-0"), "registry.test/base:1");
  cluster.Delete("pods", "web-0");
  cluster.Converge();
  EXPECT_EQ(cluster.Image("web-0"), "registry.test/base:2");
  EXPECT_EQ(cluster.Image("web-1"), "registry.test/base:1");
}

TEST(StatefulDefects, ClaimDeletedOnScaleDown) {
  Broken cluster(Defect::kClaimDeletedOnScaleDown);
  cluster.RunAll();
  cluster.Scale(1);
  cluster.Converge();
  EXPECT_THAT(cluster.Names("persistentvolumeclaims"), ElementsAre("data-web-0"));
}

TEST(StatefulDefects, ClaimDeletedOnPodDelete) {
  Broken cluster(Defect::kClaimDeletedOnPodDelete);
  cluster.RunAll();
  const std::string before = cluster.Uid("persistentvolumeclaims", "data-web-1");
  const std::string other = cluster.Uid("persistentvolumeclaims", "data-web-0");
  cluster.Delete("pods", "web-1");
  cluster.Converge();
  cluster.Advance(std::chrono::seconds(1));
  cluster.Converge();
  EXPECT_TRUE(IsPodReady(cluster.Get("pods", "web-1")));
  EXPECT_NE(cluster.Uid("persistentvolumeclaims", "data-web-1"), before);
  EXPECT_EQ(cluster.Uid("persistentvolumeclaims", "data-web-0"), other);
}

TEST(StatefulDefects, FreshClaimOnRecreate) {
  Broken cluster(Defect::kFreshClaimOnRecreate);
  cluster.RunAll();
  const Json before = cluster.Get("persistentvolumeclaims", "data-web-1");
  const std::string volume = GetString(before, {"spec", "volumeName"});
  cluster.Delete("pods", "web-1");
  cluster.Converge();
  EXPECT_FALSE(IsTerminating(cluster.Get("persistentvolumeclaims", "data-web-0")));
  cluster.Advance(std::chrono::seconds(1));
  cluster.Converge();
  EXPECT_TRUE(IsPodReady(cluster.Get("pods", "web-1")));
  EXPECT_NE(cluster.Uid("persistentvolumeclaims", "data-web-1"), UidOf(before));
  EXPECT_FALSE(cluster.Exists("persistentvolumes", volume, ""));
  EXPECT_EQ(cluster.Names("persistentvolumeclaims").size(), 3U);
}

TEST(StatefulDefects, LabelsMissing) {
  Broken cluster(Defect::kLabelsMissing);
  cluster.RunAll();
  const Json pod = cluster.Get("pods", "web-2");
  const Json& labels = GetObject(pod, {"metadata", "labels"});
  EXPECT_FALSE(labels.contains("statefulset.kubernetes.io/pod-name"));
  EXPECT_FALSE(labels.contains("apps.kubernetes.io/pod-index"));
  EXPECT_TRUE(labels.contains("controller-revision-hash"));
}

TEST(StatefulDefects, StatusCountersWrong) {
  Broken cluster(Defect::kStatusCountersWrong);
  cluster.RunAll();
  const Json status = cluster.Get("statefulsets", "web")["status"];
  EXPECT_EQ(GetInt(status, {"readyReplicas"}), 2);
  EXPECT_EQ(GetInt(status, {"replicas"}), 3);
  EXPECT_EQ(cluster.Names("pods").size(), 3U);
}

TEST(StatefulDefects, UnexpectedRestart) {
  Broken cluster(Defect::kUnexpectedRestart);
  cluster.RunAll();
  cluster.Advance(std::chrono::seconds(2));
  EXPECT_THAT(cluster.Terminating(), IsEmpty());
  cluster.Advance(std::chrono::seconds(2));
  EXPECT_THAT(cluster.Terminating(), ElementsAre("web-2"));
  cluster.Converge();
  cluster.Advance(std::chrono::minutes(1));
  EXPECT_THAT(cluster.Terminating(), IsEmpty());
}

}  // namespace
}  // namespace holdfast::sandbox
