// The tests under "Basic StatefulSet functionality".
#include <gmock/gmock.h>

#include "tests/integration/sandbox_e2e/e2e.h"

namespace holdfast {
namespace {

namespace resources = kube::resources;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Basic : public E2e {
 protected:
  void SetUp() override {
    E2e::SetUp();
    CreateHeadlessService();
  }
  void ExpectAll(const std::string& image, const std::string& revision) const {
    for (const Json& pod : Pods()) {
      EXPECT_EQ(ImageOf(pod), image);
      EXPECT_EQ(RevisionOf(pod), revision);
    }
  }
  void SetImage(const char* image) const {
    UpdateSet([&](Json& set) { set["spec"]["template"]["spec"]["containers"][0]["image"] = image; });
  }
  // Each pod is let go in its turn.
  void Saturate(int replicas) const {
    for (int i = 0; i < replicas; ++i) {
      AwaitRunning(i + 1, i);
      (void)Run(fmt::format("ss-{}", i),
          "dd if=/dev/zero of=/data/statefulset-continue bs=1 count=1 conv=fsync");
    }
    AwaitReady(replicas);
  }
  void AwaitRollout(const std::string& revision) const {
    Await("the rollout", [&] {
      const Json set = Set();
      return GetString(set, {"status", "currentRevision"}) == revision &&
             GetInt(set, {"status", "updatedReplicas"}) == GetInt(set, {"spec", "replicas"}) &&
             GetInt(set, {"status", "readyReplicas"}) == GetInt(set, {"spec", "replicas"});
    });
  }
  void RollForthAndBack(bool claims) const;
  void KeepsThePartitionOfAHeldPod(bool failing) const;
};

TEST_F(Basic, ProvidesBasicIdentity) {
  CreateSet(NewSet({.replicas = 3, .claims = true, .pause_probe = true}));
  Saturate(3);
  const auto check_mount = [&] {
    RunInAll("ls -idlh /data");
    RunInAll("find /data");
    RunInAll("touch /data/1795164276364125441");
  };
  check_mount();
  for (const std::string& pod : PodNames())
    EXPECT_EQ(Run(pod, "printf $(hostname)"), pod);
  EXPECT_EQ(GetString(Set(), {"spec", "serviceName"}), "test");
  RunInAll("echo $(hostname) | dd of=/data/hostname conv=fsync");
  RunInAll("ln -s /data/hostname /data/hostname-symlink");
  Scale(0);
  AwaitStatus("replicas", 0);
  UpdateSet([](Json& set) { set["spec"]["replicas"] = 3; });
  AwaitReady(3);
  check_mount();
  RunInAll("if [ \"$(cat /data/hostname)\" = \"$(hostname)\" ]; then exit 0; else exit 1; fi");
  RunInAll("if [ \"$(cat /data/hostname-symlink)\" = \"$(hostname)\" ]; then exit 0; else exit 1; fi");
}

TEST_F(Basic, AdoptsMatchingOrphansAndReleasesOthers) {
  const std::string uid = GetString(
      CreateSet(NewSet({.replicas = 1, .claims = true, .pause_probe = true})), {"metadata", "uid"});
  Saturate(1);
  const auto owner = [&] { return GetString(ControllerOf(Get(resources::kPods, "ss-0")), {"uid"}); };
  const Json controller = ControllerOf(Get(resources::kPods, "ss-0"));
  EXPECT_EQ(GetString(controller, {"kind"}), "StatefulSet");
  EXPECT_EQ(GetString(controller, {"name"}), "ss");
  EXPECT_EQ(owner(), uid);
  Update(resources::kPods, "ss-0", [](Json& pod) { pod["metadata"].erase("ownerReferences"); });
  Await("the pod to be adopted", [&] { return owner() == uid; });
  const Json labels = Get(resources::kPods, "ss-0").at("metadata").at("labels");
  Update(resources::kPods, "ss-0", [](Json& pod) { pod["metadata"].erase("labels"); });
  Await("the pod to be released", [&] { return owner().empty(); });
  Update(resources::kPods, "ss-0", [&](Json& pod) { pod["metadata"]["labels"] = labels; });
  Await("the pod to be adopted again", [&] { return owner() == uid; });
}

TEST_F(Basic, DoesNotDeadlockWhenAPredecessorFails) {
  CreateSet(NewSet({.replicas = 2, .claims = true, .pause_probe = true}));
  const char* resume = "dd if=/dev/zero of=/data/statefulset-continue bs=1 count=1 conv=fsync";
  AwaitRunning(1, 0);
  (void)Run("ss-0", resume);
  AwaitRunning(2, 1);
  Delete(resources::kPods, "ss-0", 0);
  AwaitRunning(2, 1);
  (void)Run("ss-1", resume);
  AwaitReady(2);
}

void Basic::RollForthAndBack(bool claims) const {
  CreateSet(NewSet({.replicas = 3, .claims = claims, .http_probe = true}));
  AwaitReady(3);
  const std::string first = GetString(AwaitObserved(), {"status", "currentRevision"});
  EXPECT_EQ(GetString(Set(), {"status", "updateRevision"}), first);
  ExpectAll(kWebserver, first);
  const auto not_ready = [&] {
    BreakProbe("ss-1");
    Await("ss-1 not to be ready", [&] { return !IsReady(Get(resources::kPods, "ss-1")); });
  };
  const auto ready = [&] {
    RestoreProbe("ss-1");
    Await("ss-1 to be ready", [&] { return IsReady(Get(resources::kPods, "ss-1")); });
  };
  not_ready();
  SetImage(kNewWebserver);
  Json set = AwaitObserved();
  const std::string second = GetString(set, {"status", "updateRevision"});
  EXPECT_EQ(GetString(set, {"status", "currentRevision"}), first);
  EXPECT_NE(first, second);
  ready();
  AwaitRollout(second);
  ExpectAll(kNewWebserver, second);

  not_ready();
  SetImage(kWebserver);
  set = AwaitObserved();
  EXPECT_EQ(GetString(set, {"status", "updateRevision"}), first) << "the old revision is found again";
  EXPECT_EQ(GetString(set, {"status", "currentRevision"}), second);
  ready();
  AwaitRollout(first);
  ExpectAll(kWebserver, first);
}

TEST_F(Basic, RollsForthAndBackWithClaims) { RollForthAndBack(true); }
TEST_F(Basic, RollsForthAndBack) { RollForthAndBack(false); }

TEST_F(Basic, CanaryAndPhasedUpdates) {
  Json set = NewSet({.replicas = 3, .http_probe = true});
  set["spec"]["updateStrategy"]["rollingUpdate"] = {{"partition", 3}};
  CreateSet(set);
  AwaitReady(3);
  const std::string first = GetString(AwaitObserved(), {"status", "currentRevision"});
  SetImage(kNewWebserver);
  const std::string second = GetString(AwaitObserved(), {"status", "updateRevision"});
  EXPECT_NE(first, second);
  ExpectAll(kWebserver, first);
  const auto partition = [&](int value) {
    UpdateSet([&](Json& it) { it["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = value; });
  };
  const auto revisions = [&] {
    std::vector<std::string> all;
    for (const Json& pod : Pods())
      all.push_back(RevisionOf(pod));
    return all;
  };
  partition(2);
  Await("the canary", [&] {
    return revisions() == std::vector<std::string>{first, first, second} && IsReady(Pods().at(2));
  });
  // Pods that die in mid-rollout come back at the revision of their side of the partition.
  Delete(resources::kPods, "ss-0", 0);
  Delete(resources::kPods, "ss-2", 0);
  AwaitReady(3);
  EXPECT_THAT(revisions(), ElementsAre(first, first, second));
  partition(1);
  Await("the second phase", [&] {
    return revisions() == std::vector<std::string>{first, second, second} && IsReady(Pods().at(1));
  });
  partition(0);
  AwaitRollout(second);
  ExpectAll(kNewWebserver, second);
}

void Basic::KeepsThePartitionOfAHeldPod(bool failing) const {
  Json set = NewSet({.replicas = 3, .http_probe = true});
  set["spec"]["updateStrategy"]["rollingUpdate"] = {{"partition", 1}};
  if (failing) {
    const char* script =
        "_term() { if [ \"${POD_NAME}\" = ss-0 ]; then exit 1; else exit 0; fi; }; "
        "trap _term SIGTERM; while true; do sleep 1; done";
    set["spec"]["template"]["spec"]["containers"].push_back(
        {{"name", "sleep-exit-with-1"},
         {"image", "registry.example/e2e-test-images/busybox:1.37.0-1"},
         {"command", Json::array({"sh", "-c"})},
         {"args", Json::array({script})},
         {"env", Json::array({{{"name", "POD_NAME"},
                               {"valueFrom", {{"fieldRef", {{"fieldPath", "metadata.name"}}}}}}})}});
  }
  CreateSet(set);
  AwaitReady(3);
  const std::string first = GetString(AwaitObserved(), {"status", "currentRevision"});
  Update(resources::kPods, "ss-0", [](Json& pod) {
    pod["metadata"]["finalizers"] = Json::array({"example.com/test-finalizer"});
  });
  SetImage(kNewWebserver);
  const std::string second = GetString(AwaitObserved(), {"status", "updateRevision"});
  const auto expect_partition = [&] {
    const std::vector<Json> pods = Pods();
    ASSERT_EQ(pods.size(), 3U);
    for (size_t i = 0; i < pods.size(); ++i) {
      EXPECT_EQ(ImageOf(pods[i]), i == 0 ? kWebserver : kNewWebserver);
      EXPECT_EQ(RevisionOf(pods[i]), i == 0 ? first : second);
    }
  };
  Await("all but the first to be updated", [&] {
    const Json status = Set().at("status");
    return GetInt(status, {"updatedReplicas"}) == 2 && GetInt(status, {"replicas"}) == 3 &&
           GetInt(status, {"readyReplicas"}) == 3;
  });
  expect_partition();
  Delete(resources::kPods, "ss-0", 0);
  Await("the first not to be ready", [&] {
    return GetInt(Set(), {"status", "readyReplicas"}) == 2;
  });
  Update(resources::kPods, "ss-0", [](Json& pod) { pod["metadata"].erase("finalizers"); });
  Await("the first to be back", [&] { return GetInt(Set(), {"status", "readyReplicas"}) == 3; });
  expect_partition();
}

TEST_F(Basic, AHeldPodComesBackBelowThePartition) { KeepsThePartitionOfAHeldPod(false); }
TEST_F(Basic, AHeldPodThatFailsComesBackBelowThePartition) { KeepsThePartitionOfAHeldPod(true); }

TEST_F(Basic, LegacyOnDelete) {
  Json set = NewSet({.replicas = 3, .http_probe = true});
  set["spec"]["updateStrategy"] = {{"type", "OnDelete"}};
  CreateSet(set);
  AwaitReady(3);
  const std::string first = GetString(AwaitObserved(), {"status", "currentRevision"});
  const auto replace_all = [&] {
    for (const char* pod : {"ss-0", "ss-1", "ss-2"})
      Delete(resources::kPods, pod, 0);
    AwaitReady(3);
  };
  replace_all();
  ExpectAll(kWebserver, first);
  SetImage(kNewWebserver);
  const std::string second = GetString(AwaitObserved(), {"status", "updateRevision"});
  EXPECT_NE(first, second);
  replace_all();
  ExpectAll(kNewWebserver, second);
}

TEST_F(Basic, ScalesInOrderAndHaltsOnUnhealthyPods) {
  CreateSet(NewSet({.http_probe = true}));
  AwaitReady(1);
  BreakProbe("ss-0");
  AwaitRunning(1, 0);
  AwaitStatus("readyReplicas", 0);
  UpdateSet([](Json& set) { set["spec"]["replicas"] = 3; });
  AwaitObserved();
  EXPECT_EQ(Pods().size(), 1U);
  RestoreProbe("ss-0");
  AwaitReady(3);
  for (const char* pod : {"ss-0", "ss-1", "ss-2"})
    BreakProbe(pod);
  AwaitStatus("readyReplicas", 0);
  AwaitRunning(3, 0);
  UpdateSet([](Json& set) { set["spec"]["replicas"] = 0; });
  AwaitObserved();
  EXPECT_EQ(Pods().size(), 3U);
  // From above: a condemned pod goes once it is healthy, and an unhealthy one only when no pod below
  // it is unhealthy too. So each waits for its own turn, and none goes before it is restored but ss-0.
  RestoreProbe("ss-2");
  Await("ss-2 to go", [&] { return Pods().size() == 2; });
  EXPECT_THAT(PodNames(), ElementsAre("ss-0", "ss-1"));
  RestoreProbe("ss-1");
  Await("all pods to go", [&] { return Pods().empty(); });
}

TEST_F(Basic, BurstScalingGoesOnWithUnhealthyPods) {
  Json set = NewSet({.http_probe = true});
  set["spec"]["podManagementPolicy"] = "Parallel";
  CreateSet(set);
  AwaitReady(1);
  BreakProbe("ss-0");
  AwaitRunning(1, 0);
  UpdateSet([](Json& it) { it["spec"]["replicas"] = 3; });
  Await("three pods", [&] { return Pods().size() == 3; });
  RestoreProbe("ss-0");
  AwaitReady(3);
  for (const char* pod : {"ss-0", "ss-1", "ss-2"})
    BreakProbe(pod);
  AwaitRunning(3, 0);
  AwaitStatus("readyReplicas", 0);
  Scale(0);
  AwaitStatus("replicas", 0);
}

TEST_F(Basic, RecreatesAPodThatItsNodeRejects) {
  const std::string node = AnyNode();
  const Json port{{"name", "conflict"}, {"containerPort", 21017}, {"hostPort", 21017}};
  Create(resources::kPods,
         {{"metadata", {{"name", "test-pod"}}},
          {"spec",
           {{"nodeName", node},
            {"containers", {{{"name", "webserver"}, {"image", kWebserver}, {"ports", {port}}}}}}}});
  Await("the conflicting pod", [&] {
    return GetString(Get(resources::kPods, "test-pod"), {"status", "phase"}) == "Running";
  });
  Json set = NewSet({});
  set["spec"]["template"]["spec"]["containers"][0]["ports"] = Json::array({port});
  set["spec"]["template"]["spec"]["nodeName"] = node;
  CreateSet(set);
  std::set<std::string> lives;
  Await("the pod to be deleted and made again", [&] {
    for (const Json& pod : Pods())
      lives.insert(GetString(pod, {"metadata", "uid"}));
    return lives.size() >= 2;
  });
  Delete(resources::kPods, "test-pod", 0);
  AwaitRunning(1, 1);
  EXPECT_FALSE(GetString(Pods().at(0), {"metadata", "uid"}) == *lives.begin() && lives.size() == 1);
}

}  // namespace
}  // namespace holdfast
