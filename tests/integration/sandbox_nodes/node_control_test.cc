// Crash, freeze, partition and return, as pods and the control plane see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/sandbox_nodes/running_sandbox.h"

namespace holdfast {
namespace {

using ::testing::StartsWith;

constexpr const char* kServe =
    "trap 'exit 0' TERM; date +%s%N > /tmp/started; mkdir -p /tmp/www; hostname > /tmp/www/index.html;"
    "httpd -f -p 8080 -h /tmp/www & wait";

class NodeControl : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = std::make_unique<RunningSandbox>(std::vector<std::string>{"busybox:1"});
    world_->RunPod("on-a", "node-a", kServe);
    world_->RunPod("on-b", "node-b", kServe);
    ASSERT_TRUE(world_->AwaitReady("on-a"));
    ASSERT_TRUE(world_->AwaitReady("on-b"));
  }
  static void TearDownTestSuite() { world_.reset(); }
  static int64_t Restarts(const std::string& pod) {
    return GetInt(world_->Pod(pod), {"status", "containerStatuses", "0", "restartCount"}, -1);
  }
  // What `from` gets from the web server of `to`.
  static std::string Fetch(const std::string& from, const std::string& to) {
    return world_->Sh(from, FetchFrom(GetString(world_->Pod(to), {"status", "podIP"})));
  }
  static std::string FetchFrom(const std::string& ip) {
    return fmt::format(
        "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 {} 8080 > /tmp/answer || exit 1; "
        "tail -n 1 /tmp/answer",
        ip);
  }
  static std::unique_ptr<RunningSandbox> world_;
};
std::unique_ptr<RunningSandbox> NodeControl::world_;

TEST_F(NodeControl, ACrashedNodeReturnsWithItsVolumesAndNewContainers) {
  ASSERT_EQ(world_->Sh("on-a", "echo kept > /data/file; echo lost > /tmp/file"), "");
  const int64_t before = Restarts("on-a");
  ASSERT_EQ(world_->Operate("node-a", "crash"), 200);
  EXPECT_EQ(world_->StateOf("node-a"), "crashed");
  EXPECT_EQ(world_->Operate("node-a", "crash"), 409);
  EXPECT_TRUE(world_->AwaitNode("node-a", "Unknown"));
  EXPECT_FALSE(IsReady(world_->Pod("on-a")));
  ASSERT_EQ(world_->Operate("node-a", "return"), 200);
  EXPECT_TRUE(world_->AwaitNode("node-a", "True"));
  EXPECT_TRUE(Eventually([] { return Restarts("on-a") > 0 && IsReady(world_->Pod("on-a")); }));
  EXPECT_EQ(Restarts("on-a"), before + 1);
  EXPECT_EQ(world_->Sh("on-a", "cat /data/file"), "kept");
  EXPECT_EQ(world_->Sh("on-a", "ls /tmp/file 2>/dev/null || echo none"), "none");
  EXPECT_EQ(Fetch("on-b", "on-a"), "on-a");
}

TEST_F(NodeControl, AFrozenNodeGoesOnWhereItWas) {
  const int64_t before = Restarts("on-b");
  const std::string started = world_->Sh("on-b", "cat /tmp/started");
  ASSERT_EQ(world_->Operate("node-b", "freeze"), 200);
  EXPECT_EQ(world_->StateOf("node-b"), "frozen");
  EXPECT_TRUE(world_->AwaitNode("node-b", "Unknown"));
  EXPECT_EQ(world_->Operate("node-b", "partition", "all"), 409);
  ASSERT_EQ(world_->Operate("node-b", "return"), 200);
  EXPECT_TRUE(world_->AwaitNode("node-b", "True"));
  EXPECT_TRUE(world_->AwaitReady("on-b"));
  EXPECT_EQ(world_->Sh("on-b", "cat /tmp/started"), started);
  EXPECT_EQ(Restarts("on-b"), before);
}

TEST_F(NodeControl, CutOffFromTheControlPlaneAloneItsPodsAreReached) {
  ASSERT_EQ(world_->Operate("node-a", "partition", "control-plane"), 200);
  EXPECT_EQ(world_->StateOf("node-a"), "partitioned");
  EXPECT_TRUE(world_->AwaitNode("node-a", "Unknown"));
  EXPECT_EQ(Fetch("on-b", "on-a"), "on-a") << "peers still talk";
  EXPECT_THAT(world_->Sh("on-a", "true"), StartsWith("failed"));
  ASSERT_EQ(world_->Operate("node-a", "return"), 200);
  EXPECT_TRUE(world_->AwaitNode("node-a", "True"));
  EXPECT_TRUE(world_->AwaitReady("on-a"));
  EXPECT_EQ(world_->Sh("on-a", "hostname"), "on-a");
}

TEST_F(NodeControl, CutOffFromItsPeersItsHeartbeatsGoOn) {
  ASSERT_EQ(world_->Operate("node-a", "partition", "peers"), 200);
  EXPECT_THAT(Fetch("on-b", "on-a"), StartsWith("failed"));
  EXPECT_THAT(Fetch("on-a", "on-b"), StartsWith("failed"));
  EXPECT_EQ(Fetch("on-a", "on-a"), "on-a");
  EXPECT_TRUE(world_->AwaitNode("node-a", "True"));
  ASSERT_EQ(world_->Operate("node-a", "partition", "all"), 200) << "another cut in its place";
  EXPECT_TRUE(world_->AwaitNode("node-a", "Unknown"));
  ASSERT_EQ(world_->Operate("node-a", "return"), 200);
  EXPECT_TRUE(world_->AwaitNode("node-a", "True"));
  EXPECT_EQ(world_->StateOf("node-a"), "running");
  EXPECT_TRUE(world_->AwaitReady("on-a"));
  EXPECT_EQ(Fetch("on-b", "on-a"), "on-a");
}

TEST_F(NodeControl, APodDeletedMeanwhileIsStoppedOnReturn) {
  world_->RunPod("doomed", "node-c", kServe);
  ASSERT_TRUE(world_->AwaitReady("doomed"));
  const std::string ip = GetString(world_->Pod("doomed"), {"status", "podIP"});
  ASSERT_EQ(world_->Operate("node-c", "partition", "control-plane"), 200);
  kube::DeleteOptions forced;
  forced.grace_seconds = 0;
  ASSERT_TRUE(world_->client().Delete({kube::resources::kPods, "default", "doomed"}, forced));
  const std::string fetch = FetchFrom(ip);
  EXPECT_EQ(world_->Sh("on-b", fetch), "doomed") << "nobody has told the node";
  ASSERT_EQ(world_->Operate("node-c", "return"), 200);
  EXPECT_TRUE(Eventually([&] { return world_->Sh("on-b", fetch).starts_with("failed"); }));
}

TEST_F(NodeControl, UnknownNodesAreRefused) {
  EXPECT_EQ(world_->Operate("node-z", "crash"), 404);
  EXPECT_EQ(world_->Operate("node-a", "explode"), 404);
  EXPECT_EQ(world_->Operate("node-a", "return"), 200) << "nothing to take back";
}

}  // namespace
}  // namespace holdfast
