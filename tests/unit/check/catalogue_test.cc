// The catalogue: complete, findable, and shown to everybody in the same words.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "harness/check/guarantee_list.h"
#include "tests/golden/golden.h"
#include "tests/unit/check/record_builder.h"

namespace holdfast::check {
namespace {

TEST(GuaranteeList, IsTheGolden) {
  ExpectGolden("guarantees.txt", RenderGuarantees());
  ExpectGolden("guarantees.json", DumpJson(GuaranteesJson(), 1) + "\n");
}

TEST(GuaranteeList, SaysEverythingOfEach) {
  EXPECT_GE(Guarantees().size(), 130U);
  for (const GuaranteeText& guarantee : Guarantees()) {
    EXPECT_FALSE(guarantee.family.empty()) << guarantee.id;
    EXPECT_THAT(guarantee.decided, testing::AnyOf("trace", "probe", "witness", "history", "run"))
        << guarantee.id;
    EXPECT_TRUE(guarantee.paragraph.ends_with('.')) << guarantee.id;
    EXPECT_TRUE(guarantee.applies.ends_with('.')) << guarantee.id;
  }
}

TEST(GuaranteeList, FindsIdsInAnyCaseAndNearOnes) {
  ASSERT_NE(FindGuarantee("ss-ord-2"), nullptr);
  EXPECT_EQ(FindGuarantee("ss-ord-2")->id, "SS-ORD-2");
  EXPECT_EQ(FindGuarantee("SS-ORD-99"), nullptr);
  EXPECT_THAT(NearGuarantees("ss-odr-2"), testing::Contains("SS-ORD-2"));
  EXPECT_THAT(RenderGuarantee(*FindGuarantee("SS-ORD-2")), testing::HasSubstr("Running and Ready"));
}

// What suites/conformance/statefulset.yaml decides in the sandbox, and why it does not decide the rest:
// each id of the catalogue, in its order. That the suite does is seen by nightly_conformance.
TEST(GuaranteeList, ConformanceDecidesMostAndSaysWhyNotTheRest) {
  const auto text = ReadFile(GoldenPath("conformance/statefulset.txt"));
  ASSERT_TRUE(text) << text.error().message;
  std::vector<std::string> lines = Split(*text, '\n');
  lines.pop_back();
  ASSERT_EQ(lines.size(), Guarantees().size());
  int decided = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t space = lines[i].find(' ');
    ASSERT_NE(space, std::string::npos) << lines[i];
    EXPECT_EQ(lines[i].substr(0, space), Guarantees()[i].id);
    const std::string_view reason = Trim(std::string_view(lines[i]).substr(space));
    if (reason == "decided") {
      ++decided;
    } else {
      EXPECT_GE(reason.size(), 10U) << lines[i];
    }
  }
  EXPECT_GE(decided, 95);
}

// Every guarantee has a verdict in every scenario, and its reason is a sentence.
TEST(GuaranteeList, EachIsJudgedInEachScenario) {
  TraceText trace = Healthy();
  trace.Scenario("a", "begin").Scenario("a", "end").Scenario("b", "begin").Scenario("b", "end");
  const Verdicts verdicts = CheckTrace(trace.End().Text());
  for (const char* scenario : {"deploy", "a", "b"}) {
    for (const GuaranteeText& guarantee : Guarantees()) {
      if (guarantee.id == "RUN-EXPECT" || guarantee.id == "RUN-COMPLETE") continue;
      const CheckResult result = Find(verdicts, guarantee.id, scenario);
      EXPECT_EQ(result.id, guarantee.id) << scenario;
      EXPECT_FALSE(result.reason.empty()) << guarantee.id << " in " << scenario;
    }
  }
}

// Judging grows with the record, not with its square: counted, not timed.
TEST(Cost, GrowsLinearly) {
  const auto cost_of = [](int rounds) {
    TraceText trace = Healthy();
    for (int round = 0; round < rounds; ++round) {
      for (int ordinal = 0; ordinal < 3; ++ordinal) {
        const std::string uid = trace.pod(ordinal)["metadata"]["uid"].get<std::string>();
        trace.Action("delete", "pods", fmt::format("pg-{}", ordinal), uid);
        trace.Terminate(ordinal).Wait(1).Gone(ordinal);
        trace.Up(ordinal, fmt::format("u{}-{}", ordinal, round)).Wait(1);
      }
    }
    const TemporaryDirectory directory;
    const auto path = directory.path() / "t.jsonl";
    EXPECT_TRUE(WriteFileAtomic(path, trace.End().Text()));
    CheckCost cost;
    const auto verdicts = CheckPath(path, cost);
    EXPECT_TRUE(verdicts && verdicts->exit == 0) << verdicts->reason;
    return cost;
  };
  const CheckCost small = cost_of(20);
  const CheckCost large = cost_of(80);
  EXPECT_GT(small.steps, 0);
  EXPECT_LT(large.steps, 5 * small.steps);
  EXPECT_LT(large.kept_states, 5 * small.kept_states);
}

// Events that tell nothing new keep nothing.
TEST(Cost, RepetitionsAreNotKept) {
  TraceText once = Healthy();
  TraceText often = Healthy();
  for (int i = 0; i < 200; ++i)
    often.Change(1, [](Json&) {});
  const auto kept = [](TraceText& trace) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "t.jsonl";
    EXPECT_TRUE(WriteFileAtomic(path, trace.End().Text()));
    CheckCost cost;
    EXPECT_TRUE(CheckPath(path, cost));
    return cost.kept_states;
  };
  EXPECT_EQ(kept(once), kept(often));
}

// A run that goes on gives the same verdicts scenario by scenario as the whole does at its end.
TEST(RunningCheck, ReadsOnWhereItStopped) {
  TraceText trace = Healthy();
  const TemporaryDirectory directory;
  Json run = RunJson();
  run["state"] = "running";
  run["scenarios"] = Json::array({{{"name", "s1"}}, {{"name", "s2"}}});
  run.erase("load");
  ASSERT_TRUE(WriteFileAtomic(directory.path() / "run.json", DumpJson(run)));
  const auto write = [&] {
    ASSERT_TRUE(WriteFileAtomic(directory.path() / "trace.jsonl", trace.Text() + R"({"t":99,"ki)"));
  };
  trace.Scenario("s1", "begin").Action("delete", "pods", "pg-1", "u1").Terminate(1).Gone(1);
  trace.Up(1, "u1b").Scenario("s1", "end");
  RunningCheck check(directory.path());
  EXPECT_FALSE(check.Judge("s1"));  // Nothing is recorded yet.
  ASSERT_NO_FATAL_FAILURE(write());
  RunningCheck again(directory.path());
  const auto first = again.Judge("s1");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->verdict, Verdict::kPass) << first->reason;
  EXPECT_FALSE(again.Judge("s2"));
  EXPECT_EQ(Find(*first, "RUN-COMPLETE", "run").id, "");
}

TEST(RunningCheck, SeesWhatIsAppended) {
  TraceText trace = Healthy();
  const TemporaryDirectory directory;
  Json run = RunJson();
  run["scenarios"] = Json::array({{{"name", "s1"}}});
  run.erase("load");
  ASSERT_TRUE(WriteFileAtomic(directory.path() / "run.json", DumpJson(run)));
  const auto path = directory.path() / "trace.jsonl";
  std::ofstream out(path, std::ios::binary);
  const std::string before = trace.Text();
  out << before << std::flush;
  RunningCheck check(directory.path());
  EXPECT_FALSE(check.Judge("s1"));
  trace.Scenario("s1", "begin").Terminate(1).Gone(1).Up(1, "u1b").Scenario("s1", "end");
  out << trace.Text().substr(before.size()) << std::flush;
  const auto verdicts = check.Judge("s1");
  ASSERT_TRUE(verdicts) << verdicts.error().message;
  EXPECT_EQ(Find(*verdicts, "SS-ID-3", "s1").verdict, Verdict::kFail);
}

}  // namespace
}  // namespace holdfast::check
