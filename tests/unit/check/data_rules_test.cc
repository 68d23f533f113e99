// The accounting of writes, the replicas, and the validity of a run, on small run directories.
#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/check/record_builder.h"

namespace holdfast::check {
namespace {

// Deployed by about 12 s; the scenario lies at 12 to 40 s, its fault at 13 s.
std::string Trace(const Edit& fault_proof = {}, bool settled = true) {
  TraceText trace = Healthy();
  trace.Scenario("s1", "begin");
  trace.Line({{"kind", "fault"},
              {"id", 1},
              {"fault", "pod-delete"},
              {"scenario", "s1"},
              {"phase", "begin"},
              {"targets", Json::array({{{"kind", "Pod"}, {"name", "pg-1"}, {"uid", "u1"}}})}});
  trace.Action("delete", "pods", "pg-1", "u1").Wait(1).Terminate(1).Gone(1);
  Json proof = {{"kind", "fault"}, {"id", 1}, {"phase", "proof"}, {"sentence", "gone"}};
  if (fault_proof) fault_proof(proof);
  trace.Line(proof).Line({{"kind", "fault"}, {"id", 1}, {"phase", "end"}}).Up(1, "u1b");
  trace.Line({{"kind", "step"}, {"scenario", "s1"}, {"name", "settle"}, {"phase", "begin"}});
  trace.Wait(26).Line({{"kind", "step"},
                       {"scenario", "s1"},
                       {"name", "settle"},
                       {"phase", "end"},
                       {"ok", settled},
                       {"message", "timed out"}});
  return trace.Scenario("s1", "end").End().Text();
}

// Four acknowledged rows of writer 0, one refused, one of unknown outcome.
HistoryText Writes() {
  return HistoryText()
      .Add(13.0, 0, 1)
      .Add(13.5, 0, 2)
      .Add(14.0, 0, 3, "fail")
      .Add(14.5, 0, 4, "info")
      .Add(15.0, 0, 5)
      .Add(16.0, 0, 6);
}

std::vector<int64_t> Rows(std::vector<int64_t> sequences) {
  for (int64_t& sequence : sequences)
    sequence = Value(0, sequence);
  return sequences;
}

HistoryText Finals(HistoryText history,
                   const std::vector<int64_t>& primary,
                   const std::vector<int64_t>& replica,
                   const Json& extra = Json::object()) {
  return history.Final(35, "s1", "pg-0", 0, primary, {{"pos", {{"lsn", "0/200"}}}})
      .Final(36, "s1", "pg-1", 0, replica, extra)
      .Final(37, "s1", "pg-2", 0, primary);
}

struct Row {
  const char* name;
  const char* id;
  const char* verdict;
  HistoryText history;
};

std::vector<Row> AccountingRows() {
  const std::vector<int64_t> all = Rows({1, 2, 5, 6});
  const auto with = [&](std::vector<int64_t> more) {
    std::vector<int64_t> rows = all;
    rows.insert(rows.end(), more.begin(), more.end());
    return rows;
  };
  return {
      {"kept", "SS-DATA-1", "pass", Finals(Writes(), all, all)},
      {"kept", "HX-LOST", "pass", Finals(Writes(), all, all)},
      {"open outcome present", "HX-LOST", "pass",
       Finals(Writes(), with(Rows({4})), with(Rows({4})))},
      {"lost", "SS-DATA-1", "fail", Finals(Writes(), Rows({1, 2, 6}), all)},
      {"lost", "HX-LOST", "fail", Finals(Writes(), Rows({1, 2, 5}), all)},
      {"acknowledged after the final read", "HX-LOST", "pass",
       Finals(Writes(), all, all).Add(38, 0, 9)},
      {"no final read of the primary", "HX-LOST", "unknown",
       Writes().Final(36, "s1", "pg-1", 0, all)},
      {"no final read of a replica", "HX-LOST", "pass", Writes().Final(35, "s1", "pg-0", 0, all)},
      {"no final read of a replica", "HX-PHANTOM", "unknown",
       Writes().Final(35, "s1", "pg-0", 0, all)},
      {"no final reads", "SS-DATA-1", "unknown", Writes()},
      {"two primaries", "SS-DATA-1", "unknown", Finals(Writes(), all, all, {{"role", "primary"}})},
      {"refused and absent", "HX-RESURRECTED", "pass", Finals(Writes(), all, all)},
      {"refused and present", "HX-RESURRECTED", "fail", Finals(Writes(), with(Rows({3})), all)},
      {"once", "HX-DUPLICATED", "pass", Finals(Writes(), all, all)},
      {"twice on a replica", "HX-DUPLICATED", "fail", Finals(Writes(), all, with(Rows({5})))},
      {"attempted", "HX-PHANTOM", "pass", Finals(Writes(), all, all)},
      {"never attempted", "HX-PHANTOM", "fail", Finals(Writes(), with(Rows({77})), all)},
      {"of another run", "HX-PHANTOM", "fail", Finals(Writes(), with({Value(0, 1, 9)}), all)},
      {"of another key", "HX-PHANTOM", "fail",
       Finals(Writes().Add(17, 1, 1), with({Value(1, 1)}), all)},
      {"never attempted, but a line is damaged", "HX-PHANTOM", "unknown",
       Finals(Writes().Event(17, Json::object()).Event(16.5, Json::object()), with(Rows({77})), all)},
      {"whole", "HX-TORN", "pass", Finals(Writes(), all, all)},
      {"a part of a row", "HX-TORN", "fail", Finals(Writes(), with({Value(0, 1) / 1000}), all)},
      {"a checksum that does not fit", "HX-TORN", "fail", Finals(Writes(), all, all, {{"torn", 2}})},
      {"a write that may have been cut short", "HX-TORN", "pass",
       Finals(Writes().Cut(17, 0, 7, "pg-1"), all, all, {{"torn", 1}})},
      {"more than may have been", "HX-TORN", "fail",
       Finals(Writes().Cut(17, 0, 7, "pg-1"), all, all, {{"torn", 2}})},
      {"it was whole after all", "HX-TORN", "fail",
       Finals(Writes().Cut(17, 0, 7, "pg-1"), with(Rows({7})), with(Rows({7})), {{"torn", 1}})},
      {"in a read before", "HX-TORN", "fail",
       Finals(Writes().Read(20, "pg-1", 0, all, {{"torn", 1}}), all, all)},
      {"time goes back", "HX-LOST", "unknown",
       Finals(Writes().Event(17, Json::object()).Add(16.5, 0, 8, "fail"), all, all)},
  };
}

std::vector<Row> PrefixRows() {
  const std::vector<int64_t> all = Rows({1, 2, 5, 6});
  const Json caught_up = {{"pos0", {{"lsn", "0/200"}}}};
  const Json behind = {{"pos0", {{"lsn", "0/1FF"}}}};
  const auto read = [&](const std::vector<int64_t>& rows, const Json& extra, const char* node) {
    return Finals(Writes().Read(20, node, 0, rows, extra), all, all);
  };
  const Json primary = {{"role", "primary"}};
  const Json replica = {{"role", "replica"}};
  return {
      {"equal", "HX-PREFIX", "pass", Finals(Writes(), all, all)},
      {"prefix", "HX-PREFIX", "pass", Finals(Writes(), all, Rows({1, 2}))},
      {"prefix, behind", "HX-PREFIX", "pass", Finals(Writes(), all, Rows({1, 2}), behind)},
      {"prefix, although caught up", "HX-PREFIX", "fail",
       Finals(Writes(), all, Rows({1, 2, 5}), caught_up)},
      {"hole", "HX-PREFIX", "fail", Finals(Writes(), all, Rows({1, 5, 6}))},
      {"late row of open outcome", "HX-PREFIX", "pass",
       Finals(Writes(), Rows({1, 2, 4, 5, 6}), all)},
      {"invented", "HX-PREFIX", "fail", Finals(Writes(), all, Rows({1, 2, 5, 6, 88}))},
      {"refused on a replica", "HX-PREFIX", "fail", Finals(Writes(), all, Rows({1, 2, 3, 5, 6}))},
      {"open outcome on a replica", "HX-PREFIX", "pass",
       Finals(Writes(), all, Rows({1, 2, 4, 5, 6}))},
      {"read of the newest", "HX-PREFIX", "pass", read(Rows({6, 5, 2}), primary, "pg-0")},
      {"read with a hole", "HX-PREFIX", "fail", read(Rows({6, 2, 1}), replica, "pg-1")},
      {"stale replica", "HX-PREFIX", "pass", read(Rows({5, 2, 1}), replica, "pg-1")},
      {"stale primary", "HX-PREFIX", "fail", read(Rows({5, 2, 1}), primary, "pg-0")},
      {"empty primary", "HX-PREFIX", "fail", read({}, primary, "pg-0")},
      {"read of a refused row", "HX-PREFIX", "fail", read(Rows({6, 5, 3}), replica, "pg-1")},
      {"read of an unknown row", "HX-PREFIX", "fail", read(Rows({99, 6, 5}), replica, "pg-1")},
      {"read of a row that vanishes", "HX-PREFIX", "fail", read(Rows({6, 5, 4}), primary, "pg-0")},
  };
}

// Final reads that tell global transaction ids; the primary has 1 to 9 of its own source.
std::vector<Row> TransactionRows() {
  const std::string source = "3E11FA47-71CA-11E1-9E33-C80AA9429562:";
  const auto finals = [](HistoryText history, const std::string& primary, const std::string& replica,
                         const std::vector<int64_t>& rows, double replica_time = 36) {
    const std::vector<int64_t> all = Rows({1, 2, 5, 6});
    const auto at = [](const std::string& gtid) { return Json{{"pos0", {{"gtid", gtid}}}, {"pos", {{"gtid", gtid}}}}; };
    Json primary_extra = at(primary);
    primary_extra["role"] = "primary";
    Json replica_extra = at(replica);
    replica_extra["role"] = "replica";
    return history.Final(35, "s1", "pg-0", 0, all, primary_extra)
        .Final(replica_time, "s1", "pg-1", 0, rows, replica_extra)
        .Final(37, "s1", "pg-2", 0, all, replica_extra);
  };
  const std::vector<int64_t> all = Rows({1, 2, 5, 6});
  const std::vector<int64_t> fewer = Rows({1, 2, 5});
  // Without the write of unknown outcome, after which nothing may be concluded from positions.
  const auto quiet = [] { return HistoryText().Add(13.0, 0, 1).Add(13.5, 0, 2).Add(15.0, 0, 5).Add(16.0, 0, 6); };
  return {
      {"equal", "HX-PREFIX", "pass", finals(quiet(), source + "1-9", source + "1-9", all)},
      {"behind", "HX-PREFIX", "pass", finals(quiet(), source + "1-9", source + "1-8", fewer)},
      {"all transactions, but not all rows", "HX-PREFIX", "fail", finals(quiet(), source + "1-9", source + "1-9", fewer)},
      {"a gap", "HX-PREFIX", "fail", finals(quiet(), source + "1-9", source + "1-6:8-9", all)},
      {"a gap that the primary has, too", "HX-PREFIX", "pass",
       finals(quiet(), source + "1-6:8-9", source + "1-6:8-9", all)},
      {"a transaction of its own", "HX-PREFIX", "fail",
       finals(quiet(), source + "1-9", source + "1-9,4E11FA47-71CA-11E1-9E33-C80AA9429562:1", all)},
      {"more of the same source", "HX-PREFIX", "fail", finals(quiet(), source + "1-9", source + "1-10", all)},
      {"more, while a write was open", "HX-PREFIX", "pass", finals(Writes(), source + "1-9", source + "1-10", all)},
      {"a place in a domain", "HX-PREFIX", "pass", finals(quiet(), "0-100-407", "0-100-407", all)},
      {"behind in a domain", "HX-PREFIX", "pass", finals(quiet(), "0-100-407", "0-100-406", fewer)},
      {"at the place, but not all rows", "HX-PREFIX", "fail", finals(quiet(), "0-100-407", "0-100-407", fewer)},
      {"beyond the primary", "HX-PREFIX", "fail", finals(quiet(), "0-100-407", "0-101-408", all)},
      {"the same place by another server", "HX-PREFIX", "fail", finals(quiet(), "0-100-407", "0-101-407", all)},
      {"no position", "HX-PREFIX", "pass", finals(quiet(), "nonsense", "0-100-407", fewer)},
  };
}

void JudgeAll(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const CheckResult result = Find(CheckRun(RunJson(), Trace(), row.history.Text()), row.id, "s1");
    EXPECT_EQ(ToString(result.verdict), row.verdict)
        << row.id << " on '" << row.name << "': " << result.reason;
  }
}

TEST(DataRules, Accounting) { JudgeAll(AccountingRows()); }
TEST(DataRules, Replicas) { JudgeAll(PrefixRows()); }
TEST(DataRules, ReplicasByTransactions) { JudgeAll(TransactionRows()); }

TEST(DataRules, ALostRowIsNamed) {
  const Verdicts verdicts =
      CheckRun(RunJson(), Trace(), Finals(Writes(), Rows({1, 5, 6}), Rows({1, 2, 5, 6})).Text());
  EXPECT_EQ(verdicts.exit, 1);
  const CheckResult result = Find(verdicts, "HX-LOST", "s1");
  ASSERT_EQ(result.findings.size(), 1U);
  const Finding& finding = result.findings[0];
  EXPECT_THAT(finding.sentence, testing::HasSubstr(std::to_string(Value(0, 2))));
  EXPECT_THAT(finding.sentence, testing::HasSubstr("writer 0, sequence 2"));
  EXPECT_THAT(finding.sentence, testing::HasSubstr("13.501 s"));
  EXPECT_THAT(finding.sentence, testing::HasSubstr("still on pg-1"));
  EXPECT_EQ(finding.during, "after pod-delete of pg-1");
  EXPECT_EQ(finding.evidence[0].file, "history.jsonl");
  EXPECT_EQ(finding.evidence[0].line, 5);
}

// Cut between two lines a history is damaged nowhere; the trace knows how long it was.
TEST(DataRules, AHistoryThatIsCutDecidesNothing) {
  const std::vector<int64_t> all = Rows({1, 2, 5, 6});
  const std::string history = Finals(Writes(), all, all).Text();
  const int64_t lines = std::count(history.begin(), history.end(), '\n') - 1;  // Without the header.
  std::string trace = Trace();
  trace.erase(trace.rfind(R"("kind":"end")"));
  trace += fmt::format(R"("kind":"end","history":{{"events":{}}}}})", lines) + "\n";
  EXPECT_EQ(ToString(Find(CheckRun(RunJson(), trace, history), "SS-DATA-1", "s1").verdict), "pass");
  std::string cut = history;
  for (int64_t left = lines - 1; left > 0; --left) {
    cut.erase(cut.rfind('\n', cut.size() - 2) + 1);
    const Verdicts verdicts = CheckRun(RunJson(), trace, cut);
    EXPECT_NE(verdicts.exit, 0) << left << " lines are left";
    const CheckResult result = Find(verdicts, "RUN-LOAD", "s1");
    EXPECT_EQ(ToString(result.verdict), "unknown");
    EXPECT_THAT(result.reason, testing::HasSubstr("operation lines that the run had written"));
  }
}

// The fault that takes a pod's storage away says so, and the loss of what the pod held names it.
TEST(DataRules, ALossNamesTheFaultThatGaveTheDataUp) {
  const auto sentence = [](const char* pod) {
    TraceText trace = Healthy();
    trace.Scenario("s1", "begin").Wait(20);
    trace.Line({{"kind", "fault"},
                {"id", 1},
                {"fault", "claim-delete"},
                {"scenario", "s1"},
                {"phase", "begin"},
                {"gives-up", {"HX-LOST"}},
                {"targets", Json::array({{{"kind", "Pod"}, {"name", pod}, {"uid", "u"}}})}});
    trace.Line({{"kind", "fault"}, {"id", 1}, {"phase", "proof"}, {"sentence", "gone"}})
        .Line({{"kind", "fault"}, {"id", 1}, {"phase", "end"}})
        .Wait(10)
        .Scenario("s1", "end")
        .End();
    const Verdicts verdicts = CheckRun(
        RunJson(), trace.Text(), Finals(Writes(), Rows({1, 5, 6}), Rows({1, 2, 5, 6})).Text());
    const CheckResult result = Find(verdicts, "HX-LOST", "s1");
    return result.findings.empty() ? result.reason : result.findings[0].sentence;
  };
  EXPECT_THAT(sentence("pg-0"), testing::HasSubstr("fault 1 (claim-delete) then gave up what pg-0 held"));
  EXPECT_THAT(sentence("pg-1"), testing::Not(testing::HasSubstr("gave up")));
}

struct RunRow {
  const char* name;
  const char* id;
  const char* verdict;
  int exit;
  Json run;
  std::string trace;
  HistoryText history;
};

Json RunWith(const Json& patch) {
  Json run = RunJson();
  run.merge_patch(patch);
  return run;
}

std::vector<RunRow> ValidityRows() {
  const std::vector<int64_t> all = Rows({1, 2, 5, 6});
  const HistoryText good = Finals(Writes(), all, all);
  const auto unproven = [](Json& proof) { proof["phase"] = "unproven"; };
  const auto nothing = [](Json& proof) { proof["kind"] = "note"; };
  return {
      {"proven", "RUN-FAULT", "pass", 0, RunJson(), Trace(), good},
      {"unproven", "RUN-FAULT", "unknown", 3, RunJson(), Trace(unproven), good},
      {"no proof", "RUN-FAULT", "unknown", 3, RunJson(), Trace(nothing), good},
      {"fewer than planned", "RUN-FAULT", "unknown", 3,
       RunWith({{"scenarios", Json::array({{{"name", "s1"}, {"faults", 2}}})}}), Trace(), good},
      {"planned and not run", "RUN-FAULT", "pass", 3,
       RunWith({{"scenarios", Json::array({{{"name", "s1"}}, {{"name", "s2"}}})}}), Trace(), good},
      {"load", "RUN-LOAD", "pass", 0, RunJson(), Trace(), good},
      {"too few", "RUN-LOAD", "unknown", 3, RunWith({{"limits", {{"minimum-acks", 5}}}}), Trace(),
       good},
      {"idle during the fault", "RUN-LOAD", "unknown", 3, RunJson(), Trace(),
       HistoryText()
           .Add(20, 0, 1)
           .Add(21, 0, 2)
           .Final(35, "s1", "pg-0", 0, Rows({1, 2}))
           .Final(36, "s1", "pg-1", 0, Rows({1, 2}))
           .Final(37, "s1", "pg-2", 0, Rows({1, 2}))},
      {"no write to a key after the fault", "RUN-LOAD", "unknown", 3, RunJson(), Trace(),
       Finals(Writes().Add(20, 1, 1, "fail"), all, all)},
      {"a replica that never caught up", "HX-PREFIX", "unknown", 3, RunJson(), Trace(),
       Finals(Writes(), all, Rows({1, 2}), {{"caughtUp", false}})},
      {"settled", "RUN-SETTLE", "pass", 0, RunJson(), Trace(), good},
      {"not settled", "RUN-SETTLE", "unknown", 3, RunJson(), Trace({}, false), good},
      {"not settled", "SS-REC-1", "unknown", 3, RunJson(), Trace({}, false), good},
      {"watched", "RUN-WATCH", "pass", 0, RunJson(), Trace(), good},
  };
}

TEST(DataRules, Validity) {
  for (const RunRow& row : ValidityRows()) {
    const Verdicts verdicts = CheckRun(row.run, row.trace, row.history.Text());
    const CheckResult result = Find(verdicts, row.id, "s1");
    EXPECT_EQ(ToString(result.verdict), row.verdict)
        << row.id << " on '" << row.name << "': " << result.reason;
    EXPECT_EQ(verdicts.exit, row.exit) << row.name << ": " << verdicts.reason;
  }
}

TEST(DataRules, APlannedScenarioThatWasNotRunIsNeverGreen) {
  const Json run =
      RunWith({{"scenarios", Json::array({{{"name", "s1"}}, {{"name", "s2"}, {"faults", 1}}})}});
  const std::vector<int64_t> all = Rows({1, 2, 5, 6});
  const Verdicts verdicts = CheckRun(run, Trace(), Finals(Writes(), all, all).Text());
  EXPECT_EQ(Find(verdicts, "RUN-FAULT", "s2").verdict, Verdict::kUnknown);
  EXPECT_EQ(Find(verdicts, "SS-ID-1", "s2").verdict, Verdict::kNotApplicable);
  EXPECT_EQ(verdicts.exit, 3);
}

TEST(DataRules, ALossIsToldOnceAndInItsScenario) {
  TraceText trace = Healthy();
  trace.Scenario("s1", "begin").Wait(20).Scenario("s1", "end");
  trace.Scenario("s2", "begin").Wait(20).Scenario("s2", "end").End();
  const Json run = RunWith({{"scenarios", Json::array({{{"name", "s1"}}, {{"name", "s2"}}})}});
  HistoryText history = Writes();
  double time = 20;
  for (const char* node : {"pg-0", "pg-1", "pg-2"})
    history.Final(time++, "s1", node, 0, Rows({1, 5, 6}));
  history.Add(35, 0, 7);
  time = 45;
  for (const char* node : {"pg-0", "pg-1", "pg-2"})
    history.Final(time++, "s2", node, 0, Rows({1, 5, 6, 7}));
  const Verdicts verdicts = CheckRun(run, trace.Text(), history.Text());
  EXPECT_EQ(Find(verdicts, "HX-LOST", "s1").verdict, Verdict::kFail);
  EXPECT_EQ(Find(verdicts, "HX-LOST", "s2").verdict, Verdict::kPass);
  EXPECT_EQ(Find(verdicts, "HX-LOST", "deploy").verdict, Verdict::kNotApplicable);
}

struct WaiverRow {
  const char* name;
  Json patch;
  int exit;
  const char* reason;
};

TEST(DataRules, ExpectedAndAcceptedFailures) {
  const Json lost = {{"id", "HX-LOST"}, {"reason", "known"}};
  const Json data = {{"id", "SS-DATA-1"}, {"reason", "known"}};
  const auto until = [](Json waiver, const char* day) {
    waiver["until"] = day;
    return waiver;
  };
  const Json both = {"HX-LOST", "SS-DATA-1"};
  const WaiverRow rows[] = {
      {"nothing", Json::object(), 1, "missing"},
      {"accepted", {{"accept", Json::array({lost, data})}}, 0, "2 failures are accepted"},
      {"one is not", {{"accept", Json::array({lost})}}, 1, "SS-DATA-1"},
      {"until the day",
       {{"accept", {until(lost, "2027-01-15"), until(data, "2027-01-15")}}},
       0,
       "accepted"},
      {"expired",
       {{"accept", {until(lost, "2027-01-14"), until(data, "2030-01-14")}}},
       1,
       "ended on 2027-01-14"},
      {"expected", {{"expect", {{"fail", both}}}}, 0, "accepted"},
      {"expected in vain",
       {{"expect", {{"fail", {"HX-LOST", "SS-DATA-1", "SS-ID-1"}}}}},
       1,
       "expected SS-ID-1 to fail but it passed"},
      {"not over yet",
       {{"expect", {{"fail", {"HX-LOST", "SS-DATA-1", "SS-ID-1"}}}}, {"state", "running"}},
       3,
       "has not ended"},
  };
  const std::string history = Finals(Writes(), Rows({1, 5, 6}), Rows({1, 5, 6})).Text();
  for (const WaiverRow& row : rows) {
    const Verdicts verdicts = CheckRun(RunWith(row.patch), Trace(), history);
    EXPECT_EQ(verdicts.exit, row.exit) << row.name << ": " << verdicts.reason;
    EXPECT_THAT(verdicts.reason, testing::HasSubstr(row.reason)) << row.name;
  }
}

TEST(DataRules, AnInterruptedRunIsNotGreen) {
  const std::vector<int64_t> all = Rows({1, 2, 5, 6});
  const std::string history = Finals(Writes(), all, all).Text();
  for (const char* state : {"interrupted", "failed", "running"}) {
    const Verdicts verdicts = CheckRun(RunWith({{"state", state}}), Trace(), history);
    EXPECT_EQ(verdicts.exit, 3) << state;
    EXPECT_EQ(Find(verdicts, "RUN-COMPLETE", "run").verdict, Verdict::kUnknown);
  }
}

TEST(DataRules, JsonHasTheFieldsOfTheContract) {
  const Verdicts verdicts =
      CheckRun(RunJson(), Trace(), Finals(Writes(), Rows({1, 5, 6}), Rows({1, 2, 5, 6})).Text());
  const Json json = ToJson(verdicts);
  EXPECT_EQ(GetString(json, {"format"}), "holdfast-verdicts/1");
  EXPECT_EQ(GetString(json, {"verdict"}), "fail");
  EXPECT_EQ(GetInt(json, {"exit"}), 1);
  for (const Json& check : GetArray(json, {"checks"})) {
    if (GetString(check, {"id"}) != "HX-LOST" || GetString(check, {"scenario"}) != "s1") continue;
    const Json& finding = GetArray(check, {"findings"}).at(0);
    EXPECT_EQ(GetString(finding, {"evidence", "0", "file"}), "history.jsonl");
    EXPECT_EQ(GetString(finding, {"objects", "0", "kind"}), "Row");
    EXPECT_FALSE(GetString(finding, {"sentence"}).empty());
    EXPECT_FALSE(GetString(finding, {"during"}).empty());
    return;
  }
  FAIL() << "no HX-LOST";
}

}  // namespace
}  // namespace holdfast::check
