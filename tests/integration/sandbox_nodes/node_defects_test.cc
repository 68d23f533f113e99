// Defects of the node and of DNS that only show in running pods; those of volumes have unit tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/strings.h"

#include "tests/integration/sandbox_nodes/running_sandbox.h"

namespace holdfast {
namespace {

using ::testing::HasSubstr;

sandbox::Defects All() {
  sandbox::Defects defects(sandbox::Defect::kTwoIncarnations);
  defects.Set(sandbox::Defect::kWrongHostName);
  defects.Set(sandbox::Defect::kStaleDns);
  defects.Set(sandbox::Defect::kLastSecondLostOnCrash);
  return defects;
}

class NodeDefects : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = std::make_unique<RunningSandbox>(std::vector<std::string>{"busybox:1"}, All());
    world_->Create(kube::resources::kServices,
                   {{"metadata", {{"name", "test"}}},
                    {"spec",
                     {{"clusterIP", "None"},
                      {"selector", {{"app", "test"}}},
                      {"ports", Json::array({{{"port", 80}}})}}}});
    world_->Create(kube::resources::kPersistentVolumeClaims,
                   {{"metadata", {{"name", "claim"}}},
                    {"spec",
                     {{"accessModes", {"ReadWriteOnce"}},
                      {"resources", {{"requests", {{"storage", "16Mi"}}}}}}}});
  }
  static void TearDownTestSuite() { world_.reset(); }
  static std::unique_ptr<RunningSandbox> world_;
};
std::unique_ptr<RunningSandbox> NodeDefects::world_;

constexpr const char* kBeat =
    "trap '' TERM; me=$(cat /proc/sys/kernel/random/uuid); while :; do echo $me >> /data/beats; sleep 0.1; done";

TEST_F(NodeDefects, TheOldProcessGoesOnBesideTheNewOne) {
  world_->RunPod("beat", "node-a", kBeat, "busybox:1", "claim");
  ASSERT_TRUE(world_->AwaitReady("beat"));
  EXPECT_NE(world_->Sh("beat", "hostname"), "beat") << "wrong-host-name";
  const std::string uid = GetString(world_->Pod("beat"), {"metadata", "uid"});
  EXPECT_EQ(world_->Sh("beat", "hostname"), uid);
  const std::string ip = GetString(world_->Pod("beat"), {"status", "podIP"});
  const std::string ask = "nslookup beat.test.default.svc.cluster.local | tail -n +3";
  ASSERT_TRUE(Eventually([&] { return world_->Sh("beat", ask).find(ip) != std::string::npos; }));
  world_->DeletePod("beat");
  world_->RunPod("beat", "node-a", kBeat, "busybox:1", "claim");
  ASSERT_TRUE(world_->AwaitReady("beat"));
  // The first identity wrote again after the second had begun.
  const std::string both =
      "awk 'NR==1{a=$1} $1!=a{s=1} s&&$1==a{print \"both\"; exit}' /data/beats";
  EXPECT_TRUE(Eventually([&] { return world_->Sh("beat", both) == "both"; }));
  // It ends after a while.
  EXPECT_TRUE(Eventually(
      [] { return world_->Sh("beat", "tail -n 20 /data/beats | sort -u | wc -l") == "1"; }));
  const std::string new_ip = GetString(world_->Pod("beat"), {"status", "podIP"});
  EXPECT_NE(new_ip, ip);
  EXPECT_THAT(world_->Sh("beat", ask), HasSubstr(ip)) << "stale-dns";
}

TEST_F(NodeDefects, ACrashTakesTheLastSecond) {
  world_->Create(kube::resources::kPersistentVolumeClaims,
                 {{"metadata", {{"name", "log"}}},
                  {"spec",
                   {{"accessModes", {"ReadWriteOnce"}},
                    {"resources", {{"requests", {{"storage", "16Mi"}}}}}}}});
  world_->RunPod("writer", "node-b", "trap 'exit 0' TERM; sleep 100000 & wait", "busybox:1", "log");
  ASSERT_TRUE(world_->AwaitReady("writer"));
  ASSERT_EQ(world_->Sh("writer", "echo early > /data/early; sync"), "");
  // Long enough for a copy to become old.
  ASSERT_EQ(world_->Sh("writer", "sleep 4; echo late > /data/late; sync"), "");
  ASSERT_EQ(world_->Operate("node-b", "crash"), 200);
  ASSERT_EQ(world_->Operate("node-b", "return"), 200);
  ASSERT_TRUE(Eventually([] {
    return GetInt(world_->Pod("writer"), {"status", "containerStatuses", "0", "restartCount"}) > 0 &&
           IsReady(world_->Pod("writer"));
  }));
  EXPECT_EQ(world_->Sh("writer", "ls /data"), "early");
}

}  // namespace
}  // namespace holdfast
