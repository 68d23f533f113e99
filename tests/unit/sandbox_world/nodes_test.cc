// The parts of node control that change nothing: link commands, paths of the API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sandbox/api/node_control.h"
#include "harness/sandbox/world/node_links.h"
#include "harness/sandbox/world/world_plan.h"

namespace holdfast::sandbox {
namespace {
using ::testing::HasSubstr;
using ::testing::Not;

TEST(NodeLinks, ACutAndItsMendingAreTheSameRules) {
  for (const PartitionFrom from :
       {PartitionFrom::kControlPlane, PartitionFrom::kPeers, PartitionFrom::kAll}) {
    const LinkCommands cut = CutCommands(1, from);
    const LinkCommands mend = MendCommands(1, from);
    EXPECT_FALSE(cut.world.empty() && cut.node.empty());
    const auto undone = [](std::string text) {
      for (const auto& [word, opposite] :
           {std::pair("rule add", "rule del"), std::pair(" down", " up")})
        for (size_t at = 0; (at = text.find(word, at)) != std::string::npos;)
          text.replace(at, std::string_view(word).size(), opposite);
      return text;
    };
    EXPECT_EQ(undone(cut.world), mend.world);
    EXPECT_EQ(undone(cut.node), mend.node);
  }
}

TEST(NodeLinks, ACutFromPeersSparesTheControlPlane) {
  const LinkCommands cut = CutCommands(0, PartitionFrom::kPeers);
  EXPECT_EQ(cut.world, "");
  EXPECT_THAT(cut.node, HasSubstr("to 10.250.0.1 lookup main"));
  EXPECT_THAT(cut.node, HasSubstr("to 10.244.0.0/16 blackhole"));
  const LinkCommands control = CutCommands(0, PartitionFrom::kControlPlane);
  EXPECT_THAT(control.node, Not(HasSubstr("10.244.0.0/16")));
  EXPECT_THAT(control.world, HasSubstr("to 10.250.0.11 blackhole"));
}

TEST(NodeNetworks, DoNotOverlap) {
  EXPECT_EQ(PodCidr(0), "10.244.4.0/22");
  EXPECT_EQ(PodCidr(1), "10.244.8.0/22");
  EXPECT_EQ(PodCidr(kMaxNodes - 1), "10.244.80.0/22");
}

class RecordingControl : public NodeControl {
 public:
  Result<Json> List() override { return Json{{"items", Json::array()}}; }
  Result<Json> Operate(const std::string& node,
                       NodeOperation operation,
                       PartitionFrom from) override {
    if (node == "node-z") return Fail(ErrorCode::kNotFound, "no node-z");
    if (node == "node-x") return Fail(ErrorCode::kConflict, "node-x is crashed");
    done = fmt::format("{} {} {}", node, NodeOperationName(operation), PartitionFromName(from));
    return Json{{"name", node}};
  }
  std::string done;
};

TEST(NodeControlPaths, Table) {
  RecordingControl control;
  struct Row {
    std::string method;
    std::string path;
    std::string body;
    int status;
    std::string done;
  };
  for (const Row& row : std::vector<Row>{
           {"GET", "/holdfast/v1/nodes", "", 200, ""},
           {"POST", "/holdfast/v1/nodes", "", 405, ""},
           {"POST", "/holdfast/v1/nodes/node-a/crash", "", 200, "node-a crash all"},
           {"POST", "/holdfast/v1/nodes/node-a/freeze", "{}", 200, "node-a freeze all"},
           {"POST", "/holdfast/v1/nodes/node-a/partition", R"({"from":"peers"})", 200,
            "node-a partition peers"},
           {"POST", "/holdfast/v1/nodes/node-a/return", "", 200, "node-a return all"},
           {"POST", "/holdfast/v1/nodes/node-a/partition", R"({"from":"moon"})", 400, ""},
           {"POST", "/holdfast/v1/nodes/node-a/partition", "{", 400, ""},
           {"POST", "/holdfast/v1/nodes/node-a/explode", "", 404, ""},
           {"POST", "/holdfast/v1/nodes/node-a", "", 404, ""},
           {"GET", "/holdfast/v1/nodes/node-a/crash", "", 405, ""},
           {"POST", "/holdfast/v1/nodes/node-z/crash", "", 404, ""},
           {"POST", "/holdfast/v1/nodes/node-x/crash", "", 409, ""}}) {
    control.done.clear();
    HttpRequest request;
    request.method = row.method;
    request.path = row.path;
    request.body = row.body;
    EXPECT_TRUE(IsNodeControl(row.path));
    EXPECT_EQ(AnswerNodeControl(request, &control).status, row.status) << row.path << row.body;
    EXPECT_EQ(control.done, row.done);
    EXPECT_EQ(AnswerNodeControl(request, nullptr).status, 404);
  }
  EXPECT_FALSE(IsNodeControl("/holdfast/v1/nodesaurus"));
  EXPECT_FALSE(IsNodeControl("/api/v1/nodes"));
}

}  // namespace
}  // namespace holdfast::sandbox
