// Registers, transactions and outages of a run's clients, told per scenario.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "tests/unit/check/record_builder.h"

namespace holdfast::check {
namespace {

// Two scenarios: s1 from 12 s, s2 from 22 s to 32 s.
std::string Trace() {
  TraceText trace = Healthy();
  trace.Wait(0.2).Scenario("s1", "begin").Wait(10).Scenario("s1", "end");
  return trace.Scenario("s2", "begin").Wait(10).Scenario("s2", "end").End().Text();
}

Json RunWith(const Json& limits = Json::object()) {
  Json run = RunJson();
  run["scenarios"] = Json::array({{{"name", "s1"}, {"limits", limits}}, {{"name", "s2"}}});
  return run;
}

// Register operations of 1 ms on key r.
class Clients {
 public:
  Clients& Do(double time, const std::string& function, const Json& value, const Json& answer,
              const std::string& type = "ok") {
    Json event = {{"process", ++process_}, {"f", function}, {"key", "r"}, {"value", value}};
    event["node"] = "pg-0";
    event["type"] = "invoke";
    text_.Event(time, event);
    event["type"] = type;
    event["value"] = answer;
    text_.Event(time + 0.001, event);
    return *this;
  }
  Clients& Write(double time, int value, const std::string& type = "ok") {
    return Do(time, "write", value, value, type);
  }
  Clients& Read(double time, const Json& value) { return Do(time, "read", nullptr, value); }
  Clients& Txn(double time, const Json& asked, const Json& answer) {
    return Do(time, "txn", asked, answer);
  }
  [[nodiscard]] std::string Text() const {
    return ReplaceAll(text_.Text(), "{\"hist\":1,", "{\"hist\":1,\"model\":\"register\",");
  }

 private:
  HistoryText text_;
  int process_ = 0;
};

struct Row {
  const char* name;
  const char* id;
  const char* scenario;
  const char* verdict;
  const char* says;
  Clients clients;
};

TEST(ClientRules, WhatTheClientsSaw) {
  const Json append = Json::array({Json::array({"append", "x", 1})});
  const Json asked = Json::array({Json::array({"r", "x", nullptr})});
  const Json one = Json::array({Json::array({"r", "x", {1}})});
  const Json five = Json::array({Json::array({"r", "x", {5}})});
  const Row rows[] = {
      {"right", "HX-LINEARIZABLE", "s1", "pass", "2 operations of this scenario",
       Clients().Write(13, 1).Read(14, 1)},
      {"stale", "HX-LINEARIZABLE", "s1", "fail", "stale by at least",
       Clients().Write(13, 1).Write(14, 2).Read(15, 1)},
      {"stale in the other", "HX-LINEARIZABLE", "s1", "pass", "broken in another scenario",
       Clients().Write(13, 1).Write(14, 2).Read(24, 1)},
      {"stale in the other", "HX-LINEARIZABLE", "s2", "fail", "stale by at least",
       Clients().Write(13, 1).Write(14, 2).Read(24, 1)},
      {"idle", "HX-LINEARIZABLE", "s2", "not-applicable", "nothing of the kind in this scenario",
       Clients().Write(13, 1).Read(14, 1)},
      {"no registers", "HX-LINEARIZABLE", "s1", "not-applicable", "no such operations",
       Clients().Txn(13, append, append)},
      {"transactions", "HX-STRICT", "s1", "pass", "2 operations of this scenario",
       Clients().Txn(13, append, append).Txn(14, asked, one)},
      {"garbage", "HX-READ-COMMITTED", "s1", "fail", "garbage read",
       Clients().Txn(13, append, append).Txn(14, asked, five)},
      {"no revisions", "HX-SESSION", "s1", "not-applicable", "no answer tells",
       Clients().Write(13, 1).Read(14, 1)},
  };
  for (const Row& row : rows) {
    const CheckResult result =
        Find(CheckRun(RunWith(), Trace(), row.clients.Text()), row.id, row.scenario);
    EXPECT_EQ(ToString(result.verdict), row.verdict) << row.name << ": " << result.reason;
    EXPECT_THAT(result.reason, testing::HasSubstr(row.says)) << row.name;
    for (const Finding& finding : result.findings) {
      ASSERT_FALSE(finding.evidence.empty()) << row.name;
      EXPECT_EQ(finding.evidence[0].file, "history.jsonl");
    }
  }
}

TEST(ClientRules, OutagesAndTheirLimits) {
  const Clients down = Clients().Write(13, 1).Write(14, 2, "fail").Write(15, 3, "fail").Write(18, 4);
  const struct {
    const char* name;
    Json limits;
    const char* verdict;
    const char* says;
  } rows[] = {
      {"no limit", Json::object(), "not-applicable", "no limit is set; the longest time without an "
                                                     "acknowledged write of the service was 4.001 s"},
      {"within", {{"write-outage", "5s"}}, "pass", "4.001 s"},
      {"beyond", {{"write-outage", "2s"}}, "fail", "the limit is 2.000 s"},
      {"another limit", {{"read-outage", "2s"}}, "not-applicable", "no limit is set"},
  };
  for (const auto& row : rows) {
    const CheckResult result =
        Find(CheckRun(RunWith(row.limits), Trace(), down.Text()), "HX-RECOVERY", "s1");
    EXPECT_EQ(ToString(result.verdict), row.verdict) << row.name << ": " << result.reason;
    EXPECT_THAT(result.reason, testing::HasSubstr(row.says)) << row.name;
  }
}

}  // namespace
}  // namespace holdfast::check
