// The record of a sandbox that stays, subordinate ids, and the texts that a world is made from.
#include "harness/sandbox/world/sandbox_state.h"

#include <unistd.h>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/sandbox/world/id_map.h"
#include "harness/sandbox/world/world_plan.h"

namespace holdfast::sandbox {
namespace {

TEST(SandboxState, AliveOnlyWhenIdAndStartAgree) {
  SandboxState state;
  state.pid = ::getpid();
  state.start_time = StartTimeOf(state.pid).value_or(0);
  ASSERT_GT(state.start_time, 0U);
  EXPECT_TRUE(IsAlive(state));
  ++state.start_time;  // The id was reused.
  EXPECT_FALSE(IsAlive(state));
  state.pid = 0x7FFFFFF0;
  EXPECT_FALSE(IsAlive(state));
}

TEST(SandboxState, WrittenAndReadAgain) {
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "sandbox.json";
  EXPECT_EQ(ReadState(file).error().code, ErrorCode::kNotFound);
  const SandboxState state{42, 4711, "https://127.0.0.1:1", "/k", 3};
  ASSERT_TRUE(WriteState(file, state));
  const Result<SandboxState> again = ReadState(file);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->pid, 42);
  EXPECT_EQ(again->start_time, 4711U);
  EXPECT_EQ(again->kubeconfig, "/k");
  for (const char* damage : {"", "{", "[]", R"({"pid":1,"startTime":5})", R"({"pid":77})"}) {
    ASSERT_TRUE(WriteFileAtomic(file, damage));
    EXPECT_EQ(ReadState(file).error().code, ErrorCode::kInternal) << damage;
  }
}

TEST(StartTime, OfProcStat) {
  const std::string after = " 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 8315 1 1 1";
  EXPECT_EQ(ParseStartTime("7 (x) S 1" + after), 8315U);
  EXPECT_EQ(ParseStartTime("7 (a ) S 9) R 1" + after), 8315U);
  EXPECT_FALSE(ParseStartTime("7 (x) Z 1" + after));
  EXPECT_FALSE(ParseStartTime("7 (x) S 1 2 3"));
  EXPECT_FALSE(ParseStartTime(""));
}

TEST(SubordinateIds, Table) {
  const std::string text = "ann:100000:65536\n1234:200000:65536\nbob:300000:10\nbad\nann:x:y\n";
  EXPECT_EQ(FindSubordinateIds(text, "ann", 9, 65536)->first, 100000U);
  EXPECT_EQ(FindSubordinateIds(text, "zed", 1234, 65536)->first, 200000U);
  EXPECT_FALSE(FindSubordinateIds(text, "bob", 9, 65536));
  EXPECT_FALSE(FindSubordinateIds(text, "", 9, 65536));
  EXPECT_FALSE(FindSubordinateIds("", "ann", 9, 65536));
}

TEST(WorldPlan, SurvivesItsEncoding) {
  WorldPlan plan;
  plan.nodes = 4;
  plan.mount_point = "/m";
  plan.image_cache = "/c";
  plan.command = {"a", "b c"};
  plan.single_id_map = true;
  const Result<WorldPlan> again = DecodePlan(EncodePlan(plan));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->nodes, 4);
  EXPECT_EQ(again->command, plan.command);
  EXPECT_TRUE(again->single_id_map);
  EXPECT_EQ(again->logs(), "/m/logs");
  for (const char* text : {"", "{}", R"({"nodes":0,"mountPoint":"/m"})", R"({"nodes":3})"})
    EXPECT_FALSE(DecodePlan(text)) << text;
}

TEST(WorldPlan, Addresses) {
  EXPECT_EQ(NodeName(2), "node-c");
  EXPECT_EQ(NodeIp(2), "10.250.0.13");
  EXPECT_EQ(PodCidr(2), "10.244.12.0/22");
}

}  // namespace
}  // namespace holdfast::sandbox
