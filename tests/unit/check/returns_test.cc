// How long a deleted pod took to come back, phase by phase, and the limits on it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/check/record_builder.h"

namespace holdfast::check {
namespace {

struct Case {
  bool asked = true;      // The run asked for the deletion.
  bool back = true;       // It comes back.
  bool answers = true;    // It answers clients again.
  bool positions = true;  // Reads tell where the primary and the replica are.
};

Edit Attachment(const char* node, bool attached) {
  return [=](Json& object) {
    object["spec"] = {{"attacher", "d"}, {"nodeName", node}, {"source", {{"persistentVolumeName", "pv-data-pg-1"}}}};
    object["status"] = {{"attached", attached}};
  };
}

// pg-1 is deleted in s1: asked for at 13.0 s, and back at about 16 s.
Verdicts Judge(const Case& made, const Json& limits) {
  TraceText trace = Healthy();
  trace.Open("volumeattachments").Object("volumeattachments", "a1", Attachment("n1", true));
  trace.Wait(12.0 - trace.t()).Scenario("s1", "begin").Wait(13.0 - trace.t());
  if (made.asked) trace.Action("delete", "pods", "pg-1", "u1");
  trace.Wait(13.2 - trace.t()).Terminate(1).Wait(14.0 - trace.t()).Gone(1);
  trace.Wait(14.3 - trace.t()).ObjectGone("volumeattachments", "a1");
  if (made.back) {
    trace.Wait(14.4 - trace.t()).Create(1, "u1b");
    trace.Wait(14.6 - trace.t()).Change(1, [](Json& pod) { pod["spec"]["nodeName"] = "n2"; });
    trace.Wait(15.0 - trace.t()).Object("volumeattachments", "a2", Attachment("n2", true));
    trace.Wait(15.3 - trace.t()).Change(1, [](Json& pod) {
      pod["status"]["phase"] = "Running";
      pod["status"]["containerStatuses"] = Json::array({{{"name", "main"}, {"containerID", "c://2"}, {"restartCount", 0}}});
    });
    trace.Wait(16.0 - trace.t()).Ready(1);
    // Of what comes later nothing belongs to this return.
    trace.Wait(25.0 - trace.t()).ObjectGone("volumeattachments", "a2");
    trace.Wait(1).Object("volumeattachments", "a3", Attachment("n2", true));
  }
  trace.Wait(40.0 - trace.t()).Scenario("s1", "end").End();
  HistoryText history;
  const auto read = [&](double time, const char* node, const char* role, int place) {
    Json extra = {{"role", role}};
    const std::string gtid = fmt::format("0-100-{}", place);
    if (made.positions) extra.update({{"pos0", {{"gtid", gtid}}}, {"pos", {{"gtid", gtid}}}});
    history.Read(time, node, 0, {Value(0, 1)}, extra);
  };
  history.Add(12.5, 0, 1);
  read(12.7, "pg-1", "replica", 10);
  read(15.5, "pg-0", "primary", 20);
  if (made.answers) {
    read(16.5, "pg-1", "replica", 15);
    read(17.5, "pg-1", "replica", 20);
  }
  history.Final(38, "s1", "pg-0", 0, {Value(0, 1)}).Final(38.1, "s1", "pg-1", 0, {Value(0, 1)}).Final(38.2, "s1", "pg-2", 0, {Value(0, 1)});
  Json run = RunJson();
  run["scenarios"] = Json::array({{{"name", "s1"}, {"limits", limits}}});
  return CheckRun(run, trace.Text(), history.Text());
}

double Phase(const CheckResult& result, const char* name) {
  const Json& phases = result.measures.at("returns").at(0).at("phases");
  return phases.contains(name) ? phases.at(name).get<double>() : -1;
}

TEST(Returns, EveryPhaseIsMeasured) {
  const CheckResult result = Find(Judge({}, Json::object()), "HX-RECOVERY", "s1");
  EXPECT_EQ(ToString(result.verdict), "not-applicable") << result.reason;
  EXPECT_THAT(result.reason, testing::HasSubstr("pod pg-1 answered clients again after 3.5"));
  EXPECT_THAT(result.reason, testing::HasSubstr("evict 0.20"));
  ASSERT_EQ(result.measures.at("returns").size(), 1U) << result.reason;
  const std::pair<const char*, double> phases[] = {
      {"evict", 0.2}, {"terminate", 0.8}, {"detach", 0.3}, {"recreate", 0.1}, {"schedule", 0.2}, {"attach", 0.4},
      {"start", 0.3}, {"ready", 0.7}, {"first ack", 0.5}, {"catch-up", 1.5}};
  for (const auto& [name, seconds] : phases)
    EXPECT_NEAR(Phase(result, name), seconds, 0.02) << name;
  EXPECT_NEAR(result.measures.at("returns").at(0).at("seconds").get<double>(), 3.5, 0.02);
  const Json& outages = result.measures.at("outages");
  ASSERT_GE(outages.size(), 4U);
  EXPECT_EQ(outages.at(0).at("of"), "service");
  EXPECT_EQ(outages.at(0).at("kind"), "write");
}

TEST(Returns, WhatTheRecordDoesNotShowIsLeftOut) {
  const CheckResult foreign = Find(Judge({.asked = false}, Json::object()), "HX-RECOVERY", "s1");
  EXPECT_EQ(Phase(foreign, "evict"), -1);
  EXPECT_NEAR(foreign.measures.at("returns").at(0).at("seconds").get<double>(), 3.3, 0.02);
  const CheckResult blind = Find(Judge({.positions = false}, Json::object()), "HX-RECOVERY", "s1");
  EXPECT_EQ(Phase(blind, "catch-up"), -1);
  EXPECT_NEAR(Phase(blind, "first ack"), 0.5, 0.02);
  const CheckResult gone = Find(Judge({.back = false, .answers = false}, Json::object()), "HX-RECOVERY", "s1");
  EXPECT_FALSE(gone.measures.at("returns").at(0).contains("seconds"));
  EXPECT_EQ(Phase(gone, "ready"), -1);
}

TEST(Returns, Limits) {
  const struct {
    const char* name;
    Case made;
    Json limits;
    const char* verdict;
    const char* says;
  } rows[] = {
      {"within", {}, {{"recovery", "4s"}}, "pass", "answered clients again after 3.5"},
      {"beyond", {}, {{"recovery", "3s"}}, "fail", "the limit of recovery is 3.000 s"},
      {"never back", {.back = false, .answers = false}, {{"recovery", "10s"}}, "fail", "not seen to have answered"},
      {"never back, and no time for it", {.back = false, .answers = false}, {{"recovery", "60s"}}, "unknown",
       "the scenario ended within the limit"},
      {"Ready, but silent", {.answers = false}, {{"recovery", "10s"}}, "fail", "not seen to have answered"},
      {"caught up", {}, {{"catch-up", "2s"}}, "pass", "catch-up 1.5"},
      {"slow to catch up", {}, {{"catch-up", "1s"}}, "fail", "the limit of catch-up is 1.000 s"},
      {"a node's reads", {}, {{"node-read-outage", "1s"}}, "pass", ""},
      {"a node's writes", {}, {{"node-write-outage", "1s"}}, "pass", ""},
  };
  for (const auto& row : rows) {
    const CheckResult result = Find(Judge(row.made, row.limits), "HX-RECOVERY", "s1");
    EXPECT_EQ(ToString(result.verdict), row.verdict) << row.name << ": " << result.reason;
    EXPECT_THAT(result.reason, testing::HasSubstr(row.says)) << row.name;
    for (const Finding& finding : result.findings)
      EXPECT_FALSE(finding.evidence.empty()) << row.name;
  }
}

}  // namespace
}  // namespace holdfast::check
