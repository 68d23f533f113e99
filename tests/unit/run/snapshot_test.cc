// From objects of the API to what faults look at, and when a set is settled.
#include "harness/run/snapshot.h"

#include <gtest/gtest.h>

namespace holdfast::run {
namespace {

std::shared_ptr<const Json> Share(Json json) {
  return std::make_shared<const Json>(std::move(json));
}

Json Pod(const std::string& name, const std::string& owner_kind, const std::string& owner) {
  Json pod{{"metadata",
            {{"name", name},
             {"uid", "uid-" + name},
             {"labels", {{"controller-revision-hash", "r1"}}},
             {"ownerReferences", Json::array()}}},
           {"spec", {{"nodeName", "a"}, {"containers", Json::array()}}},
           {"status",
            {{"phase", "Running"},
             {"conditions", Json::array()},
             {"containerStatuses", Json::array()}}}};
  pod["metadata"]["ownerReferences"].push_back(
      {{"kind", owner_kind}, {"name", owner}, {"controller", true}});
  pod["spec"]["containers"].push_back({{"name", "side"}, {"image", "s:1"}});
  pod["spec"]["containers"].push_back({{"name", "main"}, {"image", "m:1"}});
  pod["status"]["conditions"].push_back({{"type", "Ready"}, {"status", "True"}});
  pod["status"]["containerStatuses"].push_back({{"name", "main"}, {"restartCount", 4}});
  return pod;
}

observe::ClusterView View() {
  observe::ClusterView view;
  view.by_resource["statefulsets"]["web"] =
      Share({{"metadata", {{"name", "web"}, {"uid", "s"}, {"generation", 2}}},
             {"spec", {{"replicas", 2}, {"updateStrategy", {{"type", "RollingUpdate"}}}}},
             {"status", {{"observedGeneration", 2}, {"updateRevision", "r1"}}}});
  view.by_resource["pods"]["web-0"] = Share(Pod("web-0", "StatefulSet", "web"));
  view.by_resource["pods"]["web-1"] = Share(Pod("web-1", "StatefulSet", "web"));
  view.by_resource["pods"]["other-0"] = Share(Pod("other-0", "StatefulSet", "other"));
  view.by_resource["pods"]["web-x-1"] = Share(Pod("web-x-1", "ReplicaSet", "web-5"));
  return view;
}

TEST(SnapshotReader, ReadsTheSetsOwnPodsAndItsMainContainer) {
  SnapshotReader reader({"StatefulSet", "n", "web", "main"});
  const faults::Snapshot now = reader.Read(View());
  ASSERT_EQ(now.pods.size(), 2U);
  EXPECT_EQ(now.pods[1].name, "web-1");
  EXPECT_EQ(now.pods[1].ordinal, 1);
  EXPECT_EQ(now.pods[1].image, "m:1");
  EXPECT_EQ(now.pods[1].restarts, 4);
  EXPECT_TRUE(now.pods[1].ready);
  EXPECT_EQ(now.Updated(), 2);
  EXPECT_TRUE(Settled(now));
  SnapshotReader deployment({"Deployment", "n", "web", ""});
  EXPECT_EQ(deployment.Read(View()).pods.size(), 1U);
}

TEST(SnapshotReader, SeesAChangedObjectUnderTheSameName) {
  SnapshotReader reader({"StatefulSet", "n", "web", "main"});
  observe::ClusterView view = View();
  ASSERT_TRUE(Settled(reader.Read(view)));
  Json pod = *view.by_resource["pods"]["web-1"];
  pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  view.by_resource["pods"]["web-1"] = Share(pod);
  EXPECT_FALSE(Settled(reader.Read(view)));
}

TEST(Settled, WantsEveryCounterAndRevision) {
  SnapshotReader reader({"StatefulSet", "n", "web", "main"});
  const faults::Snapshot whole = reader.Read(View());
  const auto without = [&](const std::function<void(faults::Snapshot&)>& change) {
    faults::Snapshot now = whole;
    change(now);
    return Settled(now);
  };
  EXPECT_FALSE(without([](auto& now) { now.observed = false; }));
  EXPECT_FALSE(without([](auto& now) { now.exists = false; }));
  EXPECT_FALSE(without([](auto& now) { now.replicas = 3; }));
  EXPECT_FALSE(without([](auto& now) { now.pods[0].ready = false; }));
  EXPECT_FALSE(without([](auto& now) { now.pods[0].revision = "old"; }));
  EXPECT_TRUE(without([](auto& now) {
    now.pods[0].revision = "old";
    now.partition = 1;
  }));
  EXPECT_TRUE(without([](auto& now) {
    now.pods[0].revision = "old";
    now.on_delete = true;
  }));
}

}  // namespace
}  // namespace holdfast::run
