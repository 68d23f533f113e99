// Rolling updates, partitions, OnDelete, and the history of revisions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/stateful_revisions.h"

#include "tests/unit/sandbox_controllers/cluster.h"

namespace holdfast::sandbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

void SetImage(Cluster& cluster, const std::string& image) {
  cluster.Edit("statefulsets", "web", [&](Json& set) {
    set["spec"]["template"]["spec"]["containers"][0]["image"] = image;
  });
}

std::string ImageOf(const Cluster& cluster, const std::string& pod) {
  const Json object = cluster.Get("pods", pod);
  const Json& containers = GetArray(object, {"spec", "containers"});
  return containers.empty() ? "" : GetString(containers[0], {"image"});
}

std::string StatusOf(const Cluster& cluster, const char* field) {
  return GetString(cluster.Get("statefulsets", "web"), {"status", field});
}

std::vector<std::string> After(const Cluster& cluster, size_t before) {
  std::vector<std::string> history = cluster.PodHistory();
  history.erase(history.begin(), history.begin() + static_cast<long>(before));
  return history;
}

struct Running : Cluster {
  explicit Running(const std::function<void(Json&)>& change = [](Json&) {}) {
    Json set = WebSet(3);
    change(set);
    Create("statefulsets", set);
    RunAll();
  }
};

TEST(StatefulUpdate, RevisionNamesAreThoseOfTheRealController) {
  // Template and names as Kubernetes 1.36.2 was seen to pair them; < and > are where an encoding
  // that escapes nothing would go wrong.
  const auto data = [](const char* image) {
    const char* script =
        "n=0; w() { echo $1 $(hostname) $POD_UID $NODE $n $(date +%s.%N) >> /data/incarnations; "
        "n=$((n+1)); }; trap 'sleep 0.5; w stop; exit 0' TERM; w start; sleep 0.5; touch "
        "/tmp/ready; while :; do w beat; sleep 0.2; done";
    const auto field = [](const char* name, const char* path) -> Json {
      return {{"name", name},
              {"valueFrom", {{"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", path}}}}}};
    };
    const Json container = {
        {"command", Json::array({"bash", "-c", script})},
        {"env", Json::array({field("POD_UID", "metadata.uid"), field("NODE", "spec.nodeName")})},
        {"image", image},
        {"imagePullPolicy", "IfNotPresent"},
        {"name", "main"},
        {"readinessProbe",
         {{"exec", {{"command", Json::array({"cat", "/tmp/ready"})}}},
          {"failureThreshold", 3},
          {"periodSeconds", 1},
          {"successThreshold", 1},
          {"timeoutSeconds", 1}}},
        {"resources", Json::object()},
        {"terminationMessagePath", "/dev/termination-log"},
        {"terminationMessagePolicy", "File"},
        {"volumeMounts", Json::array({{{"mountPath", "/data"}, {"name", "data"}}})}};
    return Json{{"spec",
                 {{"template",
                   {{"$patch", "replace"},
                    {"metadata", {{"labels", {{"app", "web"}}}}},
                    {"spec",
                     {{"containers", Json::array({container})},
                      {"dnsPolicy", "ClusterFirst"},
                      {"restartPolicy", "Always"},
                      {"schedulerName", "default-scheduler"},
                      {"securityContext", Json::object()},
                      {"terminationGracePeriodSeconds", 5}}}}}}}};
  };
  EXPECT_EQ(RevisionHash(data("registry.test/base:1"), 0), "7bf6bbb88c");
  EXPECT_EQ(RevisionHash(data("registry.test/base:2"), 0), "7b79d4c7b");
  EXPECT_EQ(RevisionHash(data("registry.test/base:3"), 0), "76bc896577");
  EXPECT_NE(RevisionHash(data("registry.test/base:1"), 1), "7bf6bbb88c");
}

TEST(StatefulUpdate, RollsDescendingOneAtATime) {
  Running cluster;
  const std::string old = StatusOf(cluster, "currentRevision");
  const size_t before = cluster.PodHistory().size();
  SetImage(cluster, "registry.test/base:2");
  cluster.Settle();
  EXPECT_NE(StatusOf(cluster, "updateRevision"), old);
  EXPECT_EQ(StatusOf(cluster, "currentRevision"), old);
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "web-1")));
  cluster.FinishDeletion("web-2");
  cluster.Settle();
  // The new one is not ready yet: nothing more happens.
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "web-1")));
  cluster.Converge();
  EXPECT_THAT(After(cluster, before),
              ElementsAre("term web-2", "gone web-2", "add web-2", "ready web-2", "term web-1",
                          "gone web-1", "add web-1", "ready web-1", "term web-0", "gone web-0",
                          "add web-0", "ready web-0"));
  EXPECT_EQ(StatusOf(cluster, "currentRevision"), StatusOf(cluster, "updateRevision"));
  for (const char* pod : {"web-0", "web-1", "web-2"}) {
    EXPECT_EQ(ImageOf(cluster, pod), "registry.test/base:2") << pod;
  }
}

TEST(StatefulUpdate, PartitionKeepsTheLowPods) {
  Running cluster([](Json& set) {
    set["spec"]["updateStrategy"] = {{"type", "RollingUpdate"},
                                     {"rollingUpdate", {{"partition", 2}}}};
  });
  SetImage(cluster, "registry.test/base:2");
  cluster.Converge();
  EXPECT_EQ(ImageOf(cluster, "web-2"), "registry.test/base:2");
  EXPECT_EQ(ImageOf(cluster, "web-1"), "registry.test/base:1");
  EXPECT_NE(StatusOf(cluster, "currentRevision"), StatusOf(cluster, "updateRevision"));
  // A pod below the partition comes back as it was, one above as it is to be.
  cluster.Delete("pods", "web-0");
  cluster.Delete("pods", "web-2");
  cluster.Converge();
  EXPECT_EQ(ImageOf(cluster, "web-0"), "registry.test/base:1");
  EXPECT_EQ(ImageOf(cluster, "web-2"), "registry.test/base:2");
  cluster.Edit("statefulsets", "web",
               [](Json& set) { set["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 0; });
  cluster.Converge();
  EXPECT_EQ(ImageOf(cluster, "web-0"), "registry.test/base:2");
  EXPECT_EQ(StatusOf(cluster, "currentRevision"), StatusOf(cluster, "updateRevision"));
}

TEST(StatefulUpdate, OnDeleteWaitsForTheUser) {
  Running cluster([](Json& set) { set["spec"]["updateStrategy"] = {{"type", "OnDelete"}}; });
  const size_t before = cluster.PodHistory().size();
  SetImage(cluster, "registry.test/base:2");
  cluster.Converge();
  EXPECT_THAT(After(cluster, before), IsEmpty());
  cluster.Delete("pods", "web-0");
  cluster.Converge();
  EXPECT_EQ(ImageOf(cluster, "web-0"), "registry.test/base:2");
  EXPECT_EQ(ImageOf(cluster, "web-1"), "registry.test/base:1");
  EXPECT_NE(StatusOf(cluster, "currentRevision"), StatusOf(cluster, "updateRevision"));
}

TEST(StatefulUpdate, BrokenRolloutStaysBroken) {
  Running cluster;
  SetImage(cluster, "registry.test/base:broken");
  cluster.Settle();
  cluster.FinishDeletion("web-2");
  cluster.Settle();
  cluster.Run("web-2", false);
  SetImage(cluster, "registry.test/base:1");
  cluster.Advance(std::chrono::minutes(1));
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "web-2")));
  cluster.Delete("pods", "web-2");
  cluster.Converge();
  EXPECT_EQ(ImageOf(cluster, "web-2"), "registry.test/base:1");
}

TEST(StatefulUpdate, RollbackReusesTheRevision) {
  Running cluster;
  const std::string first = StatusOf(cluster, "currentRevision");
  SetImage(cluster, "registry.test/base:2");
  cluster.Converge();
  SetImage(cluster, "registry.test/base:1");
  cluster.Converge();
  EXPECT_EQ(StatusOf(cluster, "currentRevision"), first);
  EXPECT_EQ(cluster.Names("controllerrevisions").size(), 2U);
  EXPECT_EQ(GetInt(cluster.Get("controllerrevisions", first), {"revision"}), 3);
}

TEST(StatefulUpdate, HistoryIsKeptShort) {
  Running cluster([](Json& set) { set["spec"]["revisionHistoryLimit"] = 1; });
  for (const char* tag : {"2", "3", "4", "5"}) {
    SetImage(cluster, std::string("registry.test/base:") + tag);
    cluster.Converge();
  }
  EXPECT_EQ(cluster.Names("controllerrevisions").size(), 2U);
  EXPECT_TRUE(cluster.Exists("controllerrevisions", StatusOf(cluster, "currentRevision")));
}

TEST(StatefulUpdate, ScalingRestartsNobody) {
  Running cluster;
  const size_t before = cluster.PodHistory().size();
  cluster.Edit("statefulsets", "web", [](Json& set) { set["spec"]["replicas"] = 4; });
  cluster.Converge();
  EXPECT_THAT(After(cluster, before), ElementsAre("add web-3", "ready web-3"));
}

TEST(StatefulUpdate, NewSetAdoptsAfterOrphanDeletionWithoutRestart) {
  Running cluster;
  cluster.Delete("statefulsets", "web", "Orphan");
  cluster.Settle();
  ASSERT_FALSE(cluster.Exists("statefulsets", "web"));
  const size_t before = cluster.PodHistory().size();
  cluster.Create("statefulsets", WebSet(3));
  cluster.Converge();
  EXPECT_THAT(After(cluster, before), IsEmpty());
  EXPECT_TRUE(HasOwner(cluster.Get("pods", "web-2"), cluster.Uid("statefulsets", "web")));
  EXPECT_EQ(cluster.Names("controllerrevisions").size(), 1U);
}

}  // namespace
}  // namespace holdfast::sandbox
