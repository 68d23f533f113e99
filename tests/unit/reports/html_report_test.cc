// HTML: the golden page of a small run, hostile names, damaged files, and bounded size.
#include "reports/html_report.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "reports/run_record.h"
#include "reports/timeline_svg.h"

#include "tests/golden/golden.h"
#include "tests/unit/reports/sample.h"

namespace holdfast::reports {
namespace {

using check::Verdict;

check::Verdicts SmallVerdicts() {
  check::Verdicts verdicts = SampleVerdicts();
  check::Finding& order = verdicts.checks[1].findings[0];
  order.sentence = "pg-1 stopped being ready at 12.350 s while pg-0 was starting";
  order.evidence = {{"trace.jsonl", 20}, {"trace.jsonl", 21}, {"trace.jsonl", 9999}};
  return verdicts;
}

TEST(Html, GoldenPageOfASmallRun) {
  const auto html = RenderHtml(GoldenPath("run-small"), SmallVerdicts(),
                               {{"SS-ORD-2", "Pods start one after another"}});
  ASSERT_TRUE(html) << html.error().message;
  ExpectGolden("reports/run-small.html", *html);
}

TEST(Html, LoadsNothingAndRunsNothing) {
  const auto html = RenderHtml(GoldenPath("run-small"), SmallVerdicts(), {});
  ASSERT_TRUE(html);
  for (const char* forbidden : {"<script", "http://", "https://", "src=", "@import", "url("})
    EXPECT_EQ(html->find(forbidden), std::string::npos) << forbidden;
}

TEST(RunRecord, SeesLivesFaultsAndOperations) {
  const auto record = ReadRunRecord(GoldenPath("run-small"), SmallVerdicts());
  ASSERT_TRUE(record) << record.error().message;
  ASSERT_EQ(record->lanes.size(), 3U);
  const auto& spans = record->lanes[0].spans;
  std::vector<std::string> states;
  for (const PodSpan& span : spans)
    states.push_back(span.uid + " " + span.state);
  EXPECT_EQ(states, (std::vector<std::string>{"a1f0 pending", "a1f0 running", "a1f0 ready",
                                              "a1f0 terminating", "d4c3 pending", "d4c3 running",
                                              "d4c3 ready"}));
  EXPECT_DOUBLE_EQ(spans[3].end, 12.0);
  EXPECT_DOUBLE_EQ(spans[6].end, 41.0);
  ASSERT_EQ(record->faults.size(), 3U);
  EXPECT_TRUE(record->faults[0].proven);
  EXPECT_FALSE(record->faults[2].proven);
  EXPECT_EQ(record->damaged_lines, 1);  // The torn last line of the trace.
  std::array<int64_t, 3> sums{};
  for (const auto& bucket : record->operations.counts) {
    for (size_t kind = 0; kind < 3; ++kind)
      sums[kind] += bucket[kind];
  }
  EXPECT_GT(sums[OperationBuckets::kOk], 200);
  EXPECT_GT(sums[OperationBuckets::kFail], 0);
  EXPECT_GT(sums[OperationBuckets::kInfo], 0);
  EXPECT_GE(record->evidence.at({"trace.jsonl", 20}).at, 0);
  EXPECT_LT(record->evidence.at({"trace.jsonl", 9999}).at, 0);
}

TEST(RunRecord, NeitherDirectoryNorTrace) {
  const TemporaryDirectory directory;
  EXPECT_FALSE(ReadRunRecord(directory.path(), {}));  // No run.json.
  EXPECT_FALSE(ReadRunRecord(directory.path() / "absent", {}));
}

// Every "<" in a page must begin one of our own tags.
void ExpectOnlyOurTags(const std::string& html) {
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    EXPECT_NE(html.compare(at, 5, "<evil"), 0) << html.substr(at, 60);
    EXPECT_NE(html.compare(at, 6, "</evil"), 0) << html.substr(at, 60);
  }
  EXPECT_EQ(html.find("\" evil="), std::string::npos);
  EXPECT_EQ(html.find("' evil='"), std::string::npos);
  EXPECT_EQ(html.find('\x1b'), std::string::npos);
}

TEST(Html, HostileNamesAreEscapedEverywhere) {
  const std::string evil = "<evil>\"' evil='x' \" evil=\"</evil>\x1b[31m&";
  const TemporaryDirectory directory;
  Json run = SampleRun();
  for (const char* field : {"holdfast", "run", "started", "ended", "state", "error"})
    run[field] = evil;
  run["suite"] = {{"name", evil}, {"path", evil}, {"sha256", evil}};
  run["scenarios"] = {{{"name", evil}, {"steps", {evil}}}};
  std::string trace;
  const auto add = [&](Json event) { trace += DumpJson(event) + "\n"; };
  add({{"t", 0.1}, {"kind", "scenario"}, {"name", evil}, {"phase", "begin"}});
  add({{"t", 0.2},
       {"kind", "watch"},
       {"resource", "pods"},
       {"event", {{"type", evil}, {"object", {{"metadata", {{"name", evil}, {"uid", evil}}}}}}}});
  add({{"t", 0.3},
       {"kind", "fault"},
       {"id", 1},
       {"phase", "begin"},
       {"fault", evil},
       {"targets", {{{"name", evil}}}}});
  add({{"t", 0.4}, {"kind", "fault"}, {"id", 1}, {"phase", "proof"}, {"sentence", evil}});
  add({{"t", 0.5}, {"kind", "action"}, {"verb", evil}, {"name", evil}});
  add({{"t", 0.6}, {"kind", "gap"}, {"reason", evil}});
  ASSERT_TRUE(WriteFileAtomic(directory.path() / "run.json", DumpJson(run)));
  ASSERT_TRUE(WriteFileAtomic(directory.path() / "trace.jsonl", trace));
  check::Verdicts verdicts;
  verdicts.reason = evil;
  for (const Verdict verdict :
       {Verdict::kPass, Verdict::kFail, Verdict::kUnknown, Verdict::kNotApplicable}) {
    verdicts.checks.push_back(
        {evil,
         evil,
         verdict,
         evil,
         {{evil, {{evil, evil, evil}}, {{"trace.jsonl", 2}, {evil, 1}}, evil}},
         false});
  }
  const auto html = RenderHtml(directory.path(), verdicts, {{evil, evil}});
  ASSERT_TRUE(html) << html.error().message;
  EXPECT_NE(html->find("&lt;evil&gt;"), std::string::npos);
  ExpectOnlyOurTags(*html);
}

TEST(Timeline, StaysSmallForHugeRuns) {
  RunRecord record;
  record.end = 86'400;
  for (int lane = 0; lane < 100; ++lane) {
    PodLane pods{fmt::format("pg-{}", lane), {}};
    for (int i = 0; i < 2000; ++i)
      pods.spans.push_back({i * 40.0, i * 40.0 + 40, "ready", std::to_string(i)});
    record.lanes.push_back(std::move(pods));
  }
  for (int i = 0; i < 10'000; ++i) {
    record.actions.push_back({i * 8.0, "delete"});
    record.faults.push_back({"pod-delete", "s", "pg-0", "", true, i * 8.0, i * 8.0 + 4});
  }
  record.operations.counts.assign(172'800, {1000, 1, 1});
  EXPECT_LT(RenderTimeline(record, {0, record.end, "t", "day"}).size(), 8U << 20);
}

TEST(Timeline, TimesThatMakeNoSense) {
  RunRecord record;
  record.lanes.push_back({"pg-0", {{5, 1, "odd", ""}, {-3, 1e18, "ready", "u"}}});
  record.faults.push_back({"f", "s", "", "", false, 1e18, -1});
  record.operations.counts.assign(3, {0, 0, 0});
  for (const auto& [begin, end] : {std::pair(0.0, 0.0), std::pair(5.0, 1.0), std::pair(0.0, 1e9)}) {
    const std::string svg = RenderTimeline(record, {begin, end, "t", "odd"});
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
  }
}

TEST(History, DamagedAndHostileLinesAreSkipped) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(WriteFileAtomic(directory.path() / "run.json", DumpJson(SampleRun())));
  ASSERT_TRUE(WriteFileAtomic(
      directory.path() / "history.jsonl",
      "{\"hist\":1}\n"
      "{\"type\":\"ok\",\"time\":1000000000,\"f\":\"add\",\"value\":{\"type\":\"fail\"}}\n"
      "{\"type\":\"ok\",\"time\":1e300,\"f\":\"add\"}\n"
      "{\"type\":\"ok\",\"time\":-5,\"f\":\"add\"}\n"
      "{\"type\":7,\"time\":\"x\"}\n"
      "[1]\n" +
          std::string(100'000, '[') +
          "\n"
          "{\"type\":\"ok\",\"time\":1000"));
  const auto record = ReadRunRecord(directory.path(), {});
  ASSERT_TRUE(record) << record.error().message;
  ASSERT_EQ(record->operations.counts.size(), 3U);
  EXPECT_EQ(record->operations.counts[2], (std::array<int64_t, 3>{1, 0, 0}));
  EXPECT_EQ(record->damaged_lines, 2);
}

}  // namespace
}  // namespace holdfast::reports
