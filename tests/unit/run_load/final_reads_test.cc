// Final reads over the in-memory workload: what is recorded for pods that answer, lag or are gone.
#include "harness/run/load/final_reads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/run_load/fake_workload.h"

namespace holdfast::run {
namespace {

FinalReadOptions Options() {
  FinalReadOptions options;
  options.scenario = "pod-delete";
  options.pods = {"n-0", "n-1"};
  options.keys = {{"w0", "n-0"}, {"w1", "n-0"}};
  return options;
}

TEST(FinalReadsTest, EveryKeyOfEveryPodIsRecorded) {
  FakeClock clock;
  FakeLoad load(clock);
  load.cluster.rows = {{"w0", 1}, {"w0", 1}, {"w1", 2}};
  std::map<std::string, Json> probes;
  const Status done = FinalReads(
      load.context, Options(),
      [&](const std::string& pod, const Result<Json>& probe) { probes[pod] = probe.value_or(""); },
      {});
  ASSERT_TRUE(done) << done.error().message;
  const std::vector<Json> lines = load.Lines();
  ASSERT_EQ(lines.size(), 8U);
  EXPECT_EQ(lines[0]["type"], "invoke");
  EXPECT_EQ(lines[0]["scenario"], "pod-delete");
  EXPECT_EQ(lines[1]["process"], "probe:n-0");
  EXPECT_EQ(lines[1]["f"], "final-read");
  EXPECT_EQ(lines[1]["value"], Json({1, 1}));  // The duplicate is visible.
  EXPECT_EQ(lines[7]["process"], "probe:n-1");
  EXPECT_EQ(lines[7]["role"], "replica");
  EXPECT_EQ(lines[7]["scenario"], "pod-delete");
  EXPECT_FALSE(lines[7].contains("caughtUp"));
  EXPECT_EQ(probes["n-1"], Json({{"hostname", "n-1"}}));
}

TEST(FinalReadsTest, KeysOfAPodAreReadThereAlone) {
  FakeClock clock;
  FakeLoad load(clock);
  load.cluster.rows = {{"w0", 1}, {"w1", 2}};
  load.cluster.lagging = {"n-0", "n-1"};  // Nobody follows anybody.
  FinalReadOptions options = Options();
  options.keys = {{"w0", "n-0"}, {"w1", "n-1"}};
  options.own_keys = true;
  int probes = 0;
  const auto count = [&](const std::string&, const Result<Json>&) { ++probes; };
  const Status done = FinalReads(load.context, options, count, {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(probes, 2);
  const std::vector<Json> lines = load.Lines();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[1]["process"], "probe:n-0");
  EXPECT_EQ(lines[1]["key"], "w0");
  EXPECT_EQ(lines[3]["process"], "probe:n-1");
  EXPECT_EQ(lines[3]["key"], "w1");
  EXPECT_FALSE(lines[3].contains("caughtUp"));
}

TEST(FinalReadsTest, ALaggingPodIsReadAndMarked) {
  FakeClock clock;
  FakeLoad load(clock);
  load.cluster.lagging = {"n-1"};
  const Status done =
      FinalReads(load.context, Options(), [](const std::string&, const Result<Json>&) {}, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kTimedOut);
  EXPECT_THAT(done.error().message, testing::HasSubstr("n-1"));
  EXPECT_THAT(done.error().message, testing::Not(testing::EndsWith("n-0, n-1")));
  EXPECT_EQ(load.Lines().back()["caughtUp"], false);
  EXPECT_EQ(load.Lines().back()["type"], "ok");
}

TEST(FinalReadsTest, AnUnreachablePodHasFailedReadsAndTheOthersTheirs) {
  FakeClock clock;
  FakeLoad load(clock);
  load.cluster.SetRefusing("n-0", true);
  FinalReadOptions options = Options();
  options.timeout = std::chrono::seconds(10);
  options.catch_up = std::chrono::seconds(2);
  std::map<std::string, bool> probed;
  const Status done = FinalReads(
      load.context, options,
      [&](const std::string& pod, const Result<Json>& probe) { probed[pod] = probe.has_value(); },
      {});
  ASSERT_FALSE(done);
  EXPECT_LE(clock.Now(), std::chrono::seconds(12));
  std::map<std::string, int> failed;
  std::map<std::string, int> answered;
  for (const Json& line : load.Lines()) {
    if (line["type"] == "fail") ++failed[line["key"].get<std::string>()];
    if (line["type"] == "ok") ++answered[line["process"].get<std::string>()];
  }
  EXPECT_GE(failed["w0"], 1);
  EXPECT_GE(failed["w1"], 1);
  EXPECT_EQ(answered["probe:n-1"], 2);
  EXPECT_EQ(answered.count("probe:n-0"), 0U);
  EXPECT_FALSE(probed["n-0"]);
  EXPECT_TRUE(probed["n-1"]);
}

}  // namespace
}  // namespace holdfast::run
