// The tests of retention policies, missing claims, start ordinals and minReadySeconds.
#include <gmock/gmock.h>

#include "tests/integration/sandbox_e2e/e2e.h"
#include "tests/integration/sandbox_recordings/raw_http.h"

namespace holdfast {
namespace {

namespace resources = kube::resources;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Names = std::set<std::string>;

class Retention : public E2e {
 protected:
  void Start(const char* deleted, const char* scaled) const {
    CreateHeadlessService();
    Json set = NewSet({.replicas = 3, .claims = true});
    set["spec"]["persistentVolumeClaimRetentionPolicy"] = Json::object();
    if (deleted != nullptr)
      set["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] = deleted;
    if (scaled != nullptr)
      set["spec"]["persistentVolumeClaimRetentionPolicy"]["whenScaled"] = scaled;
    CreateSet(set);
    AwaitClaims({"datadir-ss-0", "datadir-ss-1", "datadir-ss-2"});
  }
  void AwaitClaims(const Names& names) const {
    Await("the claims", [&] { return ClaimNames() == names; });
  }
  // Whether each claim is owned by the set, and by its pod.
  void AwaitOwners(bool by_set, bool by_pod) const {
    Await("the owners of the claims", [&] {
      const auto claims = client().List(resources::kPersistentVolumeClaims, ns(), {});
      if (!claims) return false;
      for (const Json& claim : claims->items) {
        bool set = false;
        bool pod = false;
        for (const Json& owner : GetArray(claim, {"metadata", "ownerReferences"})) {
          set |= GetString(owner, {"kind"}) == "StatefulSet";
          pod |= GetString(owner, {"kind"}) == "Pod";
        }
        if (set != by_set || pod != by_pod) return false;
      }
      return true;
    });
  }
  void Orphan() const {
    // What Go makes of an ObjectMeta with an empty list of owners: nothing that would change one.
    const auto patched =
        recordings::Send(access(), "PATCH", resources::kPods.Path(ns(), "ss-2"),
                         R"({"creationTimestamp":null})",
                         {"Content-Type: application/strategic-merge-patch+json"});
    ASSERT_TRUE(patched);
    EXPECT_EQ(patched->status, 200) << patched->body;
    Update(resources::kPods, "ss-2", [](Json& pod) { pod["metadata"].erase("ownerReferences"); });
    Await("the pod to be adopted again", [&] {
      return GetString(ControllerOf(Get(resources::kPods, "ss-2")), {"name"}) == "ss";
    });
  }
};

TEST_F(Retention, DeletesClaimsWithTheSet) {
  Start("Delete", nullptr);
  AwaitOwners(true, false);
  Delete(resources::kStatefulSets, "ss");
  AwaitClaims({});
}

TEST_F(Retention, DeletesClaimsOnScaledown) {
  Start(nullptr, "Delete");
  AwaitReady(3);
  Scale(1);
  AwaitClaims({"datadir-ss-0"});
}

TEST_F(Retention, DeletesClaimsOfAdoptedPodsWithTheSet) {
  Start("Delete", nullptr);
  AwaitReady(3);
  AwaitOwners(true, false);
  Orphan();
  Delete(resources::kStatefulSets, "ss");
  AwaitClaims({});
}

TEST_F(Retention, DeletesClaimsOfAdoptedPodsOnScaledown) {
  Start(nullptr, "Delete");
  AwaitReady(3);
  Orphan();
  Scale(1);
  AwaitClaims({"datadir-ss-0"});
}

TEST_F(Retention, DefaultsToRetain) {
  Start(nullptr, nullptr);
  AwaitReady(3);
  EXPECT_EQ(GetString(Set(), {"spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"}), "Retain");
  AwaitOwners(false, false);
  Delete(resources::kStatefulSets, "ss");
  Await("the pods to go", [&] { return Pods().empty(); });
  EXPECT_EQ(ClaimNames().size(), 3U);
}

TEST_F(Retention, ChangesOfThePolicyReachTheClaims) {
  Start("Retain", "Retain");
  AwaitReady(3);
  UpdateSet([](Json& set) {
    set["spec"]["persistentVolumeClaimRetentionPolicy"] = {{"whenDeleted", "Delete"},
                                                           {"whenScaled", "Delete"}};
  });
  AwaitOwners(true, false);
  UpdateSet([](Json& set) {
    set["spec"]["persistentVolumeClaimRetentionPolicy"] = {{"whenDeleted", "Retain"},
                                                           {"whenScaled", "Retain"}};
  });
  AwaitOwners(false, false);
}

TEST_F(Retention, AMissingClaimOfAPendingPodIsMadeAgain) {
  const std::string node = AnyNode();
  Json set = NewSet({.claims = true});
  set["spec"]["template"]["spec"]["nodeSelector"] = {{"kubernetes.io/hostname", node}};
  CreateSet(set);
  AwaitStatus("readyReplicas", 1);
  const std::string uid = GetString(Get(resources::kPersistentVolumeClaims, "datadir-ss-0"), {"metadata", "uid"});
  EXPECT_EQ(GetString(Get(resources::kPods, "ss-0"), {"spec", "nodeName"}), node);
  const auto cordon = [&](const char* value) {
    const auto done = recordings::Send(access(), "PATCH", resources::kNodes.Path("", node),
                                       std::string(R"({"spec":{"unschedulable":)") + value + "}}",
                                       {"Content-Type: application/strategic-merge-patch+json"});
    EXPECT_TRUE(done && done->status == 200);
  };
  cordon("true");
  Await("the taint", [&] { return !GetArray(Get(resources::kNodes, node), {"spec", "taints"}).empty(); });
  const std::string pod = GetString(Get(resources::kPods, "ss-0"), {"metadata", "uid"});
  Delete(resources::kPods, "ss-0");
  Await("the pod to be made again, without a node", [&] {
    const std::vector<Json> pods = Pods();
    return pods.size() == 1 && GetString(pods[0], {"metadata", "uid"}) != pod &&
           GetString(pods[0], {"status", "phase"}) == "Pending";
  });
  AwaitStatus("currentReplicas", 1);
  Delete(resources::kPersistentVolumeClaims, "datadir-ss-0");
  cordon("null");
  Await("another claim of the same name", [&] {
    const auto claims = client().List(resources::kPersistentVolumeClaims, ns(), {});
    return claims && claims->items.size() == 1 &&
           GetString(claims->items[0], {"metadata", "uid"}) != uid;
  });
  AwaitStatus("readyReplicas", 1);
  EXPECT_EQ(GetString(Get(resources::kPods, "ss-0"), {"spec", "nodeName"}), node);
}

class StartOrdinal : public E2e {
 protected:
  void Start(int start) const {
    CreateHeadlessService();
    Json set = NewSet({.replicas = 2});
    if (start > 0) set["spec"]["ordinals"] = {{"start", start}};
    CreateSet(set);
    AwaitReady(2);
  }
  void Expect(const Names& names) const {
    AwaitObserved();
    Await("the pods", [&] { return PodNames() == names; });
    AwaitStatus("replicas", static_cast<int>(names.size()));
    AwaitStatus("readyReplicas", static_cast<int>(names.size()));
  }
};

TEST_F(StartOrdinal, IsSet) {
  Start(0);
  Expect({"ss-0", "ss-1"});
  UpdateSet([](Json& set) {
    set["spec"]["ordinals"] = {{"start", 2}};
    set["spec"]["replicas"] = 3;
  });
  Expect({"ss-2", "ss-3", "ss-4"});
}
TEST_F(StartOrdinal, IsIncreased) {
  Start(2);
  Expect({"ss-2", "ss-3"});
  UpdateSet([](Json& set) { set["spec"]["ordinals"]["start"] = 4; });
  Expect({"ss-4", "ss-5"});
}
TEST_F(StartOrdinal, IsDecreased) {
  Start(3);
  Expect({"ss-3", "ss-4"});
  UpdateSet([](Json& set) { set["spec"]["ordinals"]["start"] = 2; });
  Expect({"ss-2", "ss-3"});
}
TEST_F(StartOrdinal, IsRemoved) {
  Start(3);
  Expect({"ss-3", "ss-4"});
  UpdateSet([](Json& set) { set["spec"].erase("ordinals"); });
  Expect({"ss-0", "ss-1"});
}

class MinReady : public E2e {};

TEST_F(MinReady, IsHonoured) {
  CreateSet(NewSet({.name = "test-ss", .http_probe = true}));
  AwaitStatus("availableReplicas", 1, "test-ss");
}

TEST_F(MinReady, DecidesAvailableReplicas) {
  Json set = NewSet({.name = "test-ss", .replicas = 2, .http_probe = true});
  set["spec"]["minReadySeconds"] = 5;  // The original waits 30 s, with nothing more to see.
  CreateSet(set);
  AwaitStatus("readyReplicas", 1, "test-ss");
  EXPECT_EQ(GetInt(Set("test-ss"), {"status", "availableReplicas"}), 0);
  AwaitStatus("availableReplicas", 2, "test-ss");
  const auto change = [&](int seconds) {
    UpdateSet([&](Json& it) { it["spec"]["minReadySeconds"] = seconds; }, "test-ss");
  };
  change(3600);
  AwaitStatus("availableReplicas", 0, "test-ss");
  change(0);
  AwaitStatus("availableReplicas", 2, "test-ss");
}

}  // namespace
}  // namespace holdfast
