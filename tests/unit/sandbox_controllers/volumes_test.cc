// Storage classes, volumes of one node, expansion, and volumes that somebody made by hand.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/storage.h"

#include "tests/unit/sandbox_controllers/cluster.h"

namespace holdfast::sandbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr char kClaims[] = "persistentvolumeclaims";
constexpr char kVolumes[] = "persistentvolumes";

Json Claim(const std::string& name, const Json& storage_class, const std::string& size = "1Gi") {
  Json claim = {{"metadata", {{"name", name}}},
                {"spec",
                 {{"accessModes", Json::array({"ReadWriteOnce"})},
                  {"resources", {{"requests", {{"storage", size}}}}}}}};
  if (!storage_class.is_null()) claim["spec"]["storageClassName"] = storage_class;
  return claim;
}

Json Using(const std::string& claim, Json spec = Json::object()) {
  spec["volumes"] = Json::array(
      {{{"name", "data"}, {"persistentVolumeClaim", {{"claimName", claim}}}}});
  return spec;
}

Json HandMade(const std::string& name, const std::string& size, Json spec = Json::object()) {
  Json volume = {{"metadata", {{"name", name}}},
                 {"spec",
                  {{"capacity", {{"storage", size}}},
                   {"accessModes", Json::array({"ReadWriteOnce"})},
                   {"storageClassName", "by-hand"},
                   {"csi", {{"driver", kDriver}, {"volumeHandle", name}}}}}};
  volume["spec"].update(spec);
  return volume;
}

std::string VolumeOf(const Cluster& cluster, const std::string& claim) {
  return GetString(cluster.Get(kClaims, claim), {"spec", "volumeName"});
}

std::string PhaseOf(const Cluster& cluster, const std::string& volume) {
  return GetString(cluster.Get(kVolumes, volume, ""), {"status", "phase"});
}

TEST(StorageClasses, AreThereWithTheirProperties) {
  Cluster cluster;
  EXPECT_THAT(cluster.Names("storageclasses"),
              ElementsAre("local", "retain", "standard", "standard-wait"));
  cluster.Create(kClaims, Claim("default", Json()));
  cluster.Create(kClaims, Claim("kept", "retain"));
  cluster.Settle();
  const Json standard = cluster.Get(kVolumes, VolumeOf(cluster, "default"), "");
  EXPECT_EQ(GetString(standard, {"spec", "storageClassName"}), "standard");
  EXPECT_EQ(GetString(standard, {"spec", "persistentVolumeReclaimPolicy"}), "Delete");
  EXPECT_TRUE(HasFinalizer(standard, kProvisionerFinalizer));
  const std::string kept = VolumeOf(cluster, "kept");
  EXPECT_FALSE(HasFinalizer(cluster.Get(kVolumes, kept, ""), kProvisionerFinalizer));
  cluster.Delete(kClaims, "kept");
  cluster.Settle();
  EXPECT_EQ(PhaseOf(cluster, kept), "Released");
  EXPECT_TRUE(std::filesystem::exists(cluster.volumes.path() / kept));
}

TEST(LocalVolumes, StayOnTheirNodeAndAreNotAttached) {
  Cluster cluster;
  cluster.Create(kClaims, Claim("disk", "local"));
  cluster.Create("pods", PlainPod("user", Using("disk")));
  cluster.RunAll();
  const std::string node = GetString(cluster.Get("pods", "user"), {"spec", "nodeName"});
  ASSERT_NE(node, "");
  const Json volume = cluster.Get(kVolumes, VolumeOf(cluster, "disk"), "");
  EXPECT_EQ(FindPath(volume, {"spec", "csi"}), nullptr);
  EXPECT_THAT(GetString(volume, {"spec", "local", "path"}), StartsWith("/volumes/pvc-"));
  EXPECT_THAT(cluster.Names("volumeattachments"), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(cluster.volumes.path() / NameOf(volume)));
  // Drained: it cannot go anywhere else.
  cluster.Edit(
      "nodes", node, [](Json& object) { object["spec"]["unschedulable"] = true; }, "");
  cluster.Delete("pods", "user");
  cluster.FinishDeletion("user");
  cluster.Create("pods", PlainPod("user", Using("disk")));
  cluster.Settle();
  const Json waiting = cluster.Get("pods", "user");
  EXPECT_EQ(GetString(waiting, {"spec", "nodeName"}), "");
  EXPECT_THAT(GetString(*FindCondition(waiting, "PodScheduled"), {"message"}),
              StartsWith("0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't "
                         "match PersistentVolume's node affinity. "));
  cluster.Edit(
      "nodes", node, [](Json& object) { object["spec"].erase("unschedulable"); }, "");
  cluster.Settle();
  EXPECT_EQ(GetString(cluster.Get("pods", "user"), {"spec", "nodeName"}), node);
  // And it is removed in the end.
  cluster.Delete("pods", "user");
  cluster.FinishDeletion("user");
  cluster.Delete(kClaims, "disk");
  cluster.Settle();
  EXPECT_THAT(cluster.Names(kVolumes), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(cluster.volumes.path() / NameOf(volume)));
}

TEST(WaitForFirstConsumer, ThePodGoesWhereItsVolumeWasMade) {
  Cluster cluster;
  for (int i = 0; i < 4; ++i) {
    const std::string name = fmt::format("disk-{}", i);
    cluster.Create(kClaims, Claim(name, "standard-wait"));
    cluster.Create("pods", PlainPod(name, Using(name)));
    cluster.Settle();
    EXPECT_EQ(GetString(cluster.Get("pods", name), {"spec", "nodeName"}),
              AnnotationOf(cluster.Get(kClaims, name), kSelectedNode));
  }
}

// The steps of an expansion as claim and volume show them.
std::vector<std::string> ExpansionSteps(const Cluster& cluster) {
  std::vector<std::string> steps;
  const auto events = cluster.store.EventsAfter("", 0, Nanos{0});
  for (const StoreEvent& event : *events) {
    const Json& object = event.object->json;
    std::string step;
    if (event.resource == kVolumes)
      step = "volume " + GetString(object, {"spec", "capacity", "storage"});
    if (event.resource == kClaims) {
      step = "claim " + GetString(object, {"spec", "resources", "requests", "storage"}) + "/" +
             GetString(object, {"status", "capacity", "storage"});
      for (const Json& condition : GetArray(object, {"status", "conditions"}))
        step += " " + GetString(condition, {"type"});
    }
    if (!step.empty() && (steps.empty() || steps.back() != step)) steps.push_back(step);
  }
  return steps;
}

TEST(Expansion, GrowsInTheOrderOfARealDriver) {
  Cluster cluster;
  cluster.Create(kClaims, Claim("disk", "standard"));
  cluster.Create("pods", PlainPod("user", Using("disk")));
  cluster.RunAll();
  const size_t before = ExpansionSteps(cluster).size();
  cluster.Edit(kClaims, "disk", [](Json& claim) {
    claim["spec"]["resources"]["requests"]["storage"] = "2Gi";
  });
  cluster.Settle();
  std::vector<std::string> steps = ExpansionSteps(cluster);
  steps.erase(steps.begin(), steps.begin() + static_cast<long>(before));
  EXPECT_THAT(steps, ElementsAre("claim 2Gi/1Gi", "claim 2Gi/1Gi Resizing", "volume 2Gi",
                                 "claim 2Gi/1Gi FileSystemResizePending",
                                 "claim 2Gi/2Gi FileSystemResizePending", "claim 2Gi/2Gi"));
  EXPECT_EQ(cluster.EventCount("disk", "Resizing"), 1U);
  EXPECT_EQ(cluster.EventCount("disk", "FileSystemResizeSuccessful"), 1U);
}

TEST(Expansion, WaitsForAPodThatUsesTheClaim) {
  Cluster cluster;
  cluster.Create(kClaims, Claim("disk", "standard"));
  cluster.Settle();
  cluster.Edit(kClaims, "disk", [](Json& claim) {
    claim["spec"]["resources"]["requests"]["storage"] = "2Gi";
  });
  cluster.Settle();
  EXPECT_TRUE(ConditionIs(cluster.Get(kClaims, "disk"), "FileSystemResizePending", "True"));
  EXPECT_EQ(GetString(cluster.Get(kClaims, "disk"), {"status", "capacity", "storage"}), "1Gi");
  cluster.Create("pods", PlainPod("user", Using("disk")));
  cluster.RunAll();
  EXPECT_EQ(GetString(cluster.Get(kClaims, "disk"), {"status", "capacity", "storage"}), "2Gi");
}

TEST(Expansion, NotWhereTheClassForbidsIt) {
  Cluster cluster;
  cluster.Create(kClaims, Claim("disk", "local"));
  cluster.Create("pods", PlainPod("user", Using("disk")));
  cluster.RunAll();
  cluster.Edit(kClaims, "disk", [](Json& claim) {
    claim["spec"]["resources"]["requests"]["storage"] = "2Gi";
  });
  cluster.Settle();
  EXPECT_EQ(GetString(cluster.Get(kClaims, "disk"), {"status", "capacity", "storage"}), "1Gi");
  EXPECT_EQ(cluster.EventCount("disk", "Resizing"), 0U);
}

TEST(HandMadeVolumes, TheSmallestThatSuitsIsBound) {
  Cluster cluster;
  cluster.Create(kVolumes, HandMade("large", "10Gi"), "");
  cluster.Create(kVolumes, HandMade("right", "2Gi"), "");
  cluster.Create(kVolumes, HandMade("small", "1Gi"), "");
  cluster.Create(kVolumes, HandMade("alien", "2Gi", {{"storageClassName", "other"}}), "");
  cluster.Settle();
  EXPECT_EQ(PhaseOf(cluster, "right"), "Available");
  cluster.Create(kClaims, Claim("mine", "by-hand", "2Gi"));
  cluster.Settle();
  EXPECT_EQ(VolumeOf(cluster, "mine"), "right");
  EXPECT_EQ(PhaseOf(cluster, "right"), "Bound");
  EXPECT_EQ(PhaseOf(cluster, "large"), "Available");
  // Retained by default, and never bound again.
  cluster.Delete(kClaims, "mine");
  cluster.Settle();
  EXPECT_EQ(PhaseOf(cluster, "right"), "Released");
  cluster.Create(kClaims, Claim("mine", "by-hand", "2Gi"));
  cluster.Settle();
  EXPECT_EQ(VolumeOf(cluster, "mine"), "large");
}

TEST(HandMadeVolumes, AClaimWaitsForOneThatComesLater) {
  Cluster cluster;
  cluster.Create(kClaims, Claim("mine", "by-hand", "2Gi"));
  cluster.Settle();
  EXPECT_EQ(VolumeOf(cluster, "mine"), "");
  cluster.Create(kVolumes, HandMade("late", "2Gi"), "");
  cluster.Settle();
  EXPECT_EQ(VolumeOf(cluster, "mine"), "late");
}

TEST(HandMadeVolumes, ByNameAndByReservation) {
  Cluster cluster;
  cluster.Create(kVolumes, HandMade("one", "2Gi"), "");
  cluster.Create(kVolumes, HandMade("two", "2Gi"), "");
  cluster.Create(
      kVolumes,
      HandMade("three", "2Gi", {{"claimRef", {{"namespace", "default"}, {"name", "reserved"}}}}),
      "");
  Json by_name = Claim("by-name", "by-hand");
  by_name["spec"]["volumeName"] = "two";
  cluster.Create(kClaims, by_name);
  cluster.Create(kClaims, Claim("reserved", "by-hand"));
  cluster.Settle();
  EXPECT_EQ(VolumeOf(cluster, "by-name"), "two");
  EXPECT_EQ(PhaseOf(cluster, "two"), "Bound");
  EXPECT_EQ(VolumeOf(cluster, "reserved"), "three");
  EXPECT_EQ(PhaseOf(cluster, "one"), "Available");
  EXPECT_EQ(GetString(cluster.Get(kClaims, "by-name"), {"status", "phase"}), "Bound");
}

}  // namespace
}  // namespace holdfast::sandbox
