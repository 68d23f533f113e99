// Claims and volumes: binding order, protection, reclaim, retention, attachment.
#include "harness/sandbox/controllers/storage.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sandbox/controllers/attach_controller.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/volume_backend.h"

#include "tests/unit/sandbox_controllers/cluster.h"

namespace holdfast::sandbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kClaims[] = "persistentvolumeclaims";
constexpr char kVolumes[] = "persistentvolumes";

Json Claim(const std::string& name, const std::string& storage_class = "standard") {
  return {{"metadata", {{"name", name}}},
          {"spec",
           {{"accessModes", Json::array({"ReadWriteOnce"})},
            {"resources", {{"requests", {{"storage", "1Gi"}}}}},
            {"storageClassName", storage_class}}}};
}

Json PodWith(const std::string& name, const std::string& claim, const std::string& node = "") {
  Json spec = {{"volumes", Json::array({{{"name", "data"},
                                         {"persistentVolumeClaim", {{"claimName", claim}}}}})}};
  if (!node.empty()) spec["nodeSelector"] = {{"zone", node}};
  return PlainPod(name, spec);
}

std::string VolumeOf(const Cluster& cluster, const std::string& claim) {
  return GetString(cluster.Get(kClaims, claim), {"spec", "volumeName"});
}

// One word per event of claims, volumes and pods that shows how far binding is.
std::vector<std::string> BindingSteps(const Cluster& cluster) {
  std::vector<std::string> steps;
  const auto events = cluster.store.EventsAfter("", 0, Nanos{0});
  for (const StoreEvent& event : *events) {
    const Json& object = event.object->json;
    const std::string phase = GetString(object, {"status", "phase"});
    if (event.resource == kVolumes) steps.push_back("volume " + phase);
    if (event.resource == kClaims) {
      const bool asked = !AnnotationOf(object, kProvisioner).empty();
      const bool completed = !AnnotationOf(object, kBindCompleted).empty();
      steps.push_back("claim " + phase + (asked ? " asked" : "") + (completed ? " completed" : ""));
    }
    if (event.resource == "pods") {
      const Json* scheduled = FindCondition(object, "PodScheduled");
      steps.push_back("pod " + (scheduled ? GetString(*scheduled, {"status"}) : "new"));
    }
  }
  return steps;
}

TEST(Storage, BindsInTheOrderOfTheRealCluster) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(1));
  cluster.Settle();
  EXPECT_THAT(BindingSteps(cluster),
              ElementsAre("claim Pending", "pod new", "pod False", "claim Pending asked",
                          "volume Pending", "volume Bound", "claim Pending asked completed",
                          "claim Bound asked completed", "pod True"));
  const Json claim = cluster.Get(kClaims, "data-web-0");
  const std::string volume_name = "pvc-" + UidOf(claim);
  EXPECT_EQ(VolumeOf(cluster, "data-web-0"), volume_name);
  EXPECT_EQ(GetString(claim, {"status", "capacity", "storage"}), "1Gi");
  const Json volume = cluster.Get(kVolumes, volume_name, "");
  EXPECT_EQ(GetString(volume, {"spec", "claimRef", "uid"}), UidOf(claim));
  EXPECT_EQ(GetObject(volume, {"spec", "csi"}),
            (Json{{"driver", kDriver}, {"volumeHandle", volume_name}}));
  const auto mode = std::filesystem::status(cluster.volumes.path() / volume_name).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::all);
}

TEST(Storage, WaitsForTheFirstConsumer) {
  Cluster cluster;
  cluster.Create(kClaims, Claim("late", "standard-wait"));
  cluster.Advance(std::chrono::minutes(1));
  EXPECT_EQ(VolumeOf(cluster, "late"), "");
  cluster.Create("pods", PodWith("user", "late", "node-b"));
  cluster.Settle();
  EXPECT_EQ(AnnotationOf(cluster.Get(kClaims, "late"), kSelectedNode), "node-b");
  EXPECT_NE(VolumeOf(cluster, "late"), "");
  EXPECT_EQ(GetString(cluster.Get("pods", "user"), {"spec", "nodeName"}), "node-b");
}

TEST(Storage, UnknownClassStaysPending) {
  Cluster cluster;
  cluster.Create(kClaims, Claim("odd", "no-such-class"));
  cluster.Settle();
  EXPECT_EQ(GetString(cluster.Get(kClaims, "odd"), {"status", "phase"}), "Pending");
  EXPECT_EQ(cluster.EventCount("odd", "ProvisioningFailed"), 1U);
}

TEST(Storage, ClaimInUseIsProtectedAndReclaimedAfterwards) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(1));
  cluster.RunAll();
  const std::string volume = VolumeOf(cluster, "data-web-0");
  cluster.Delete(kClaims, "data-web-0");
  cluster.Settle();
  EXPECT_TRUE(IsTerminating(cluster.Get(kClaims, "data-web-0")));
  cluster.Delete("pods", "web-0");
  cluster.Converge();
  // A new claim for the new pod, and nothing left of the old volume.
  EXPECT_NE(VolumeOf(cluster, "data-web-0"), volume);
  EXPECT_TRUE(IsPodReady(cluster.Get("pods", "web-0")));
  EXPECT_FALSE(cluster.Exists(kVolumes, volume, ""));
  EXPECT_FALSE(std::filesystem::exists(cluster.volumes.path() / volume));
}

TEST(Storage, RetainedVolumeIsNeverBoundAgain) {
  Cluster cluster;
  cluster.Create(kClaims, Claim("kept"));
  cluster.Settle();
  const std::string volume = VolumeOf(cluster, "kept");
  cluster.Edit(
      kVolumes, volume,
      [](Json& object) { object["spec"]["persistentVolumeReclaimPolicy"] = "Retain"; }, "");
  cluster.Delete(kClaims, "kept");
  cluster.Settle();
  EXPECT_EQ(GetString(cluster.Get(kVolumes, volume, ""), {"status", "phase"}), "Released");
  EXPECT_TRUE(std::filesystem::exists(cluster.volumes.path() / volume));
  cluster.Create(kClaims, Claim("kept"));
  cluster.Settle();
  EXPECT_NE(VolumeOf(cluster, "kept"), volume);
  EXPECT_NE(VolumeOf(cluster, "kept"), "");
}

TEST(Storage, ClaimWithoutItsVolumeIsLost) {
  Cluster cluster;
  cluster.Create(kClaims, Claim("lost"));
  cluster.Settle();
  const std::string volume = VolumeOf(cluster, "lost");
  cluster.Edit(
      kVolumes, volume, [](Json& object) { object["metadata"].erase("finalizers"); }, "");
  ASSERT_TRUE(cluster.store.Remove(kVolumes, "", volume));
  cluster.Settle();
  EXPECT_EQ(GetString(cluster.Get(kClaims, "lost"), {"status", "phase"}), "Lost");
}

TEST(Storage, AttachesOnceAndDetachesWithTheLastPod) {
  ControllerOptions options;
  options.attach_delay = std::chrono::seconds(2);
  Cluster cluster(options);
  cluster.Create(kClaims, Claim("disk"));
  cluster.Create("pods", PodWith("first", "disk", "node-a"));
  cluster.Settle();
  const std::string volume = VolumeOf(cluster, "disk");
  const std::string on_a = AttachmentName(volume, "node-a");
  const std::string on_b = AttachmentName(volume, "node-b");
  ASSERT_THAT(cluster.Names("volumeattachments"), ElementsAre(on_a));
  EXPECT_FALSE(GetBool(cluster.Get("volumeattachments", on_a, ""), {"status", "attached"}));
  cluster.Advance(std::chrono::seconds(2));
  EXPECT_TRUE(GetBool(cluster.Get("volumeattachments", on_a, ""), {"status", "attached"}));
  // Another node has to wait for the first to let go.
  cluster.Create("pods", PodWith("second", "disk", "node-b"));
  cluster.Settle();
  EXPECT_THAT(cluster.Names("volumeattachments"), ElementsAre(on_a));
  EXPECT_GE(cluster.EventCount("second", "FailedAttachVolume"), 1U);
  cluster.Delete("pods", "first");
  cluster.Settle();
  EXPECT_THAT(cluster.Names("volumeattachments"), ElementsAre(on_a));
  cluster.FinishDeletion("first");
  cluster.Settle();
  EXPECT_THAT(cluster.Names("volumeattachments"), ElementsAre(on_b));
}

TEST(Storage, VolumeIsRemovedOnlyAfterDetaching) {
  Cluster cluster;
  cluster.Create(kClaims, Claim("disk"));
  cluster.Create("pods", PodWith("user", "disk"));
  cluster.Settle();
  const std::string volume = VolumeOf(cluster, "disk");
  cluster.Delete(kClaims, "disk");
  cluster.Delete("pods", "user");
  cluster.FinishDeletion("user");
  cluster.Settle();
  EXPECT_THAT(cluster.Names(kVolumes), IsEmpty());
  const auto events = cluster.store.EventsAfter("", 0, Nanos{0});
  uint64_t detached = 0;
  uint64_t removed = 0;
  for (const StoreEvent& event : *events) {
    if (event.type != StoreEvent::Type::kDeleted) continue;
    if (event.resource == "volumeattachments") detached = event.version;
    if (event.resource == kVolumes) removed = event.version;
  }
  EXPECT_GT(detached, 0U);
  EXPECT_GT(removed, detached);
}

TEST(Storage, BackendRefusesNamesThatLeadAway) {
  const TemporaryDirectory root;
  DirectoryBackend backend(root.path());
  for (const char* name : {"", ".", "..", "../x", "a/b"}) {
    EXPECT_FALSE(backend.Create(name)) << name;
    EXPECT_FALSE(backend.Remove(name)) << name;
  }
  EXPECT_TRUE(backend.Create("pvc-1"));
  EXPECT_TRUE(backend.Create("pvc-1"));
  EXPECT_TRUE(backend.Remove("pvc-1"));
  EXPECT_TRUE(backend.Remove("pvc-1"));
}

struct RetentionRow {
  const char* when_scaled;
  const char* when_deleted;
  const char* owner_in_range;  // Kind, or "".
  const char* owner_condemned;
  bool kept_after_scale;
  bool kept_after_delete;
};

class Retention : public testing::TestWithParam<RetentionRow> {};

std::string OwnerKind(const Json& claim) {
  const Json* owner = ControllerRef(claim);
  return owner == nullptr ? "" : GetString(*owner, {"kind"});
}

TEST_P(Retention, OwnersAndWhatIsKept) {
  const RetentionRow row = GetParam();
  Cluster cluster;
  Json set = WebSet(2);
  set["spec"]["persistentVolumeClaimRetentionPolicy"] = {{"whenScaled", row.when_scaled},
                                                         {"whenDeleted", row.when_deleted}};
  cluster.Create("statefulsets", set);
  cluster.RunAll();
  EXPECT_EQ(OwnerKind(cluster.Get(kClaims, "data-web-0")), row.owner_in_range);
  cluster.Edit("statefulsets", "web", [](Json& s) { s["spec"]["replicas"] = 1; });
  cluster.Settle();
  EXPECT_TRUE(IsTerminating(cluster.Get("pods", "web-1")));
  EXPECT_EQ(OwnerKind(cluster.Get(kClaims, "data-web-1")), row.owner_condemned);
  cluster.Converge();
  EXPECT_EQ(cluster.Exists(kClaims, "data-web-1"), row.kept_after_scale);
  EXPECT_TRUE(cluster.Exists(kClaims, "data-web-0"));
  // Losing a pod in range never costs its claim.
  cluster.Delete("pods", "web-0");
  cluster.Converge();
  EXPECT_TRUE(cluster.Exists(kClaims, "data-web-0"));
  cluster.Delete("statefulsets", "web");
  cluster.Converge();
  EXPECT_THAT(cluster.Names("pods"), IsEmpty());
  EXPECT_EQ(cluster.Exists(kClaims, "data-web-0"), row.kept_after_delete);
}

INSTANTIATE_TEST_SUITE_P(
    Policies,
    Retention,
    testing::Values(RetentionRow{"Retain", "Retain", "", "", true, true},
                    RetentionRow{"Retain", "Delete", "StatefulSet", "StatefulSet", true, false},
                    RetentionRow{"Delete", "Retain", "", "Pod", false, true},
                    RetentionRow{"Delete", "Delete", "StatefulSet", "Pod", false, false}));

TEST(Storage, ScaledDownAndUpAgainGetsAnEmptyVolume) {
  Cluster cluster;
  Json set = WebSet(2);
  set["spec"]["persistentVolumeClaimRetentionPolicy"] = {{"whenScaled", "Delete"},
                                                         {"whenDeleted", "Retain"}};
  cluster.Create("statefulsets", set);
  cluster.RunAll();
  const std::string claim = cluster.Uid(kClaims, "data-web-1");
  cluster.Edit("statefulsets", "web", [](Json& s) { s["spec"]["replicas"] = 1; });
  cluster.Settle();
  cluster.Edit("statefulsets", "web", [](Json& s) { s["spec"]["replicas"] = 2; });
  cluster.Converge();
  EXPECT_TRUE(IsPodReady(cluster.Get("pods", "web-1")));
  EXPECT_NE(cluster.Uid(kClaims, "data-web-1"), claim);
}

}  // namespace
}  // namespace holdfast::sandbox
