// The readers of trace.jsonl and history.jsonl: what they keep, and what they call a problem.
#include <span>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "harness/trace/history_reader.h"
#include "harness/trace/trace_reader.h"

namespace holdfast::trace {
namespace {

constexpr const char* kRun =
    R"({"t":0,"kind":"run","format":"holdfast-trace/1",)"
    R"("target":{"kind":"StatefulSet","namespace":"ns","name":"pg"},"server":"v1.36.2"})"
    "\n";
constexpr const char* kOpen =
    R"({"t":0.1,"kind":"watch-open","resource":"pods","resourceVersion":"10","items":0})"
    "\n";

std::string Pod(double t,
                const char* type,
                const char* version,
                const char* name = "pg-0",
                const char* uid = "u0",
                const char* extra = "") {
  return fmt::format(
      R"({{"t":{},"kind":"watch","resource":"pods","event":{{"type":"{}","object":)"
      R"({{"metadata":{{"name":"{}","uid":"{}","resourceVersion":"{}",)"
      R"("creationTimestamp":"2027-01-15T08:00:00Z"{}}},"status":{{"phase":"Pending"}}}}}}}})"
      "\n",
      t, type, name, uid, version, extra);
}

Result<TraceModel> Read(const std::string& text) {
  std::istringstream in(text);
  return ReadTrace(in);
}

TEST(TraceReader, KeepsLivesWithTheirLines) {
  const auto model = Read(
      std::string(kRun) + kOpen + Pod(1, "ADDED", "11") +
      Pod(2, "MODIFIED", "12", "pg-0", "u0", R"(,"deletionTimestamp":"2027-01-15T08:00:30Z")") +
      Pod(3, "DELETED", "13", "pg-0", "u0", R"(,"deletionTimestamp":"2027-01-15T08:00:30Z")") +
      R"({"t":4,"kind":"end"})" + "\n" + Pod(5, "ADDED", "1", "pg-0", "u1"));
  ASSERT_TRUE(model);
  ASSERT_EQ(model->pods.size(), 1U);
  const PodLife& life = model->pods[0];
  EXPECT_EQ(life.first().line, 3);
  EXPECT_EQ(life.term->line, 4);
  EXPECT_EQ(life.gone->line, 5);
  EXPECT_EQ(model->end->line, 6);
  EXPECT_EQ(model->watch_events, 3);
  EXPECT_TRUE(model->problems.empty()) << model->problems[0].sentence;
}

struct ProblemRow {
  const char* name;
  std::string tail;
  const char* sentence;  // Empty: no problem.
};

void ExpectProblems(std::span<const ProblemRow> rows) {
  for (const ProblemRow& row : rows) {
    const auto model = Read(std::string(kRun) + kOpen + row.tail);
    ASSERT_TRUE(model) << row.name;
    if (std::string(row.sentence).empty()) {
      EXPECT_TRUE(model->problems.empty()) << row.name << ": " << model->problems[0].sentence;
    } else {
      ASSERT_FALSE(model->problems.empty()) << row.name;
      EXPECT_THAT(model->problems[0].sentence, testing::HasSubstr(row.sentence)) << row.name;
    }
  }
}

TEST(TraceReader, NoticesDamageAndContradictions) {
  const ProblemRow rows[] = {
      {"sound", Pod(1, "ADDED", "11") + Pod(2, "MODIFIED", "12"), ""},
      {"longer versions are greater", Pod(1, "ADDED", "99") + Pod(2, "MODIFIED", "100"), ""},
      {"unknown kinds", "{\"t\":1,\"kind\":\"weather\"}\n", ""},
      {"torn last line", R"({"t":1,"kind":"wat)", ""},
      {"damaged line", "{\"t\":1,\"kind\":\"wat\n" + Pod(2, "ADDED", "11"), "not a JSON object"},
      {"no time", "{\"kind\":\"probe\"}\n", "has no time"},
      {"time goes back", Pod(2, "ADDED", "11") + Pod(1, "MODIFIED", "12"), "time goes back"},
      {"version goes back", Pod(1, "ADDED", "12") + Pod(2, "MODIFIED", "11"), "goes back from 12"},
      {"version before the opening", Pod(1, "ADDED", "9"), "goes back from 10"},
      {"version repeated", Pod(1, "ADDED", "11") + Pod(2, "MODIFIED", "11"), "goes back"},
      {"no beginning", Pod(1, "MODIFIED", "11"), "its beginning is not in the record"},
      {"two names", Pod(1, "ADDED", "11") + Pod(2, "MODIFIED", "12", "pg-1"), "is both"},
      {"added twice", Pod(1, "ADDED", "11") + Pod(2, "ADDED", "12"), "a second time"},
      {"seen after deletion",
       Pod(1, "ADDED", "11") + Pod(2, "DELETED", "12") + Pod(3, "MODIFIED", "13"),
       "after its deletion"},
      {"listed although none was", Pod(1, "LIST", "9"), "had 0 objects, the record holds 1"},
      {"never opened",
       R"({"t":1,"kind":"watch","resource":"statefulsets","event":{"type":"ADDED","object":)"
       R"({"metadata":{"name":"pg","uid":"s","resourceVersion":"11"}}}})"
       "\n",
       "never opened"},
      {"no object",
       R"({"t":1,"kind":"watch","resource":"pods","event":{"type":"ADDED"}})"
       "\n",
       "without resource, type or object"},
      {"result without action",
       R"({"t":1,"kind":"action-result","id":3,"ok":true})"
       "\n",
       "never begun"},
      {"action without result",
       R"({"t":1,"kind":"action","id":3,"verb":"delete"})"
       "\n"
       R"({"t":2,"kind":"end"})"
       "\n",
       "action 3 has no result"},
      {"scenario ends unbegun",
       R"({"t":1,"kind":"scenario","name":"a","phase":"end"})"
       "\n",
       "not begun"},
      {"generation jumps",
       Pod(1, "ADDED", "11", "pg-0", "u0", R"(,"generation":1)") +
           Pod(2, "MODIFIED", "12", "pg-0", "u0", R"(,"generation":3)"),
       "a line is missing"},
  };
  ExpectProblems(rows);
}

std::string Told(double t, const char* version, const char* spec, const char* ready, const char* stamp) {
  return fmt::format(
      R"({{"t":{},"kind":"watch","resource":"pods","event":{{"type":"{}","object":{{"metadata":)"
      R"({{"name":"pg-0","uid":"u0","resourceVersion":"{}","creationTimestamp":"2027-01-15T08:00:00Z"}},)"
      R"("spec":{},"status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"{}",)"
      R"("lastTransitionTime":"2027-01-15T08:00:{}Z"}}]}}}}}}}})"
      "\n",
      t, std::string(version) == "11" ? "ADDED" : "MODIFIED", version, spec, ready, stamp);
}

// What the API lets nobody change in a pod that lives, and stamps that go with what they stamp.
TEST(TraceReader, APodKeepsItsNodeItsClaimsAndItsStamps) {
  const char* here = R"({"nodeName":"a"})";
  const char* claim = R"({"nodeName":"a","volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"c"}}]})";
  const std::string first = Told(1, "11", here, "True", "01");
  const ProblemRow rows[] = {
      {"the same", first + Told(2, "12", here, "True", "01"), ""},
      {"scheduled", Told(1, "11", "{}", "False", "01") + Told(2, "12", here, "False", "01"), ""},
      {"another node", first + Told(2, "12", R"({"nodeName":"b"})", "True", "01"), "from node a to 'b'"},
      {"another claim", first + Told(2, "12", claim, "True", "01"), "the claims of pg-0"},
      {"not ready with a new stamp", first + Told(40, "12", here, "False", "40"), ""},
      {"not ready at once", first + Told(2, "12", here, "False", "01"), ""},
      {"not ready by an old stamp", first + Told(40, "12", here, "False", "01"), "its stamp is of 39 s"},
  };
  ExpectProblems(rows);
}

// What happened while nothing could be heard comes late, and is believed; what comes late although
// the watch had told other things all the time shows that times were altered.
TEST(TraceReader, ALateLineNeedsASilenceBefore) {
  const auto made = [](double t, const char* version, const char* name, const char* stamp) {
    return ReplaceAll(Pod(t, "ADDED", version, name, name), "08:00:00", stamp);
  };
  const std::string first = made(1, "11", "pg-0", "08:00:01");
  std::string busy = first;
  for (int i = 1; i <= 4; ++i)
    busy += ReplaceAll(Pod(1 + 10 * i, "MODIFIED", std::to_string(11 + i).c_str(), "pg-0", "pg-0"),
                       "08:00:00", "08:00:01");
  const ProblemRow rows[] = {
      {"at once", busy + made(50, "20", "pg-1", "08:00:50"), ""},
      {"a little late", busy + made(50, "20", "pg-1", "08:00:30"), ""},
      {"late after a silence", first + made(50, "20", "pg-1", "08:00:05"), ""},
      {"and soon after it",
       first + made(50, "20", "pg-1", "08:00:05") + made(53, "21", "pg-2", "08:00:06"), ""},
      {"late, though not silent", busy + made(50, "20", "pg-1", "08:00:05"), "was not silent"},
      {"still late", first + made(50, "20", "pg-1", "08:00:05") + made(60, "21", "pg-2", "08:00:06"),
       "was not silent"},
  };
  ExpectProblems(rows);
}

TEST(TraceReader, RefusesWhatIsNoTrace) {
  EXPECT_FALSE(Read(""));
  EXPECT_FALSE(Read("{}\n"));
  EXPECT_FALSE(Read(kOpen));
  EXPECT_FALSE(Read(R"({"t":0,"kind":"run","format":"holdfast-trace/9"})"
                    "\n"));
}

TEST(TraceReader, ComparesResourceVersions) {
  EXPECT_EQ(CompareResourceVersions("9", "10"), -1);
  EXPECT_EQ(CompareResourceVersions("10", "10"), 0);
  EXPECT_EQ(CompareResourceVersions("20", "19"), 1);
  EXPECT_EQ(CompareResourceVersions("0", "19"), std::nullopt);
  EXPECT_EQ(CompareResourceVersions("01", "19"), std::nullopt);
  EXPECT_EQ(CompareResourceVersions("1a", "19"), std::nullopt);
}

constexpr const char* kHeader = R"({"hist":1,"run":"r"})"
                                "\n";

std::string Event(int index, const char* type, const char* process, const char* tail) {
  return fmt::format(R"({{"index":{},"time":{},"process":{},"type":"{}",{}}})"
                     "\n",
                     index, 1000 + index, process, type, tail);
}

Result<History> ReadH(const std::string& text) {
  std::istringstream in(text);
  return ReadHistory(in);
}

constexpr const char* kAdd = R"("f":"add","key":"w0","value":5,"node":"pg-0")";
constexpr const char* kReadRows =
    R"("f":"read","key":"w0","value":[5,4],"node":"pg-1","role":"replica",)"
    R"("pos0":{"lsn":"1/A"},"pos":{"lsn":"1/B"})";
constexpr const char* kReadNull = R"("f":"read","key":"w0","value":null,"node":"pg-1")";

TEST(HistoryReader, PairsOperations) {
  const auto history =
      ReadH(std::string(kHeader) + Event(0, "invoke", "1", kAdd) +
            Event(1, "invoke", "2", kReadNull) + Event(2, "ok", "1", kAdd) +
            Event(3, "ok", "2", kReadRows) + Event(4, "invoke", "1", kAdd) + R"({"index":5,"ti)");
  ASSERT_TRUE(history);
  EXPECT_TRUE(history->problems.empty()) << history->problems[0].sentence;
  EXPECT_TRUE(history->torn);
  ASSERT_EQ(history->adds.size(), 2U);
  EXPECT_EQ(history->adds[0].end, OperationEnd::kOk);
  EXPECT_EQ(history->adds[0].invoke_line, 2);
  EXPECT_EQ(history->adds[0].complete_line, 4);
  EXPECT_EQ(history->adds[1].end, OperationEnd::kOpen);
  ASSERT_EQ(history->reads.size(), 1U);
  EXPECT_THAT(history->reads[0].values, testing::ElementsAre(5, 4));
  EXPECT_EQ(history->reads[0].role, "replica");
  EXPECT_EQ(history->reads[0].position_before, 0x10000000AULL);
  EXPECT_EQ(history->reads[0].position_after, 0x10000000BULL);
}

TEST(HistoryReader, NoticesDamageAndContradictions) {
  const ProblemRow rows[] = {
      {"sound", Event(0, "invoke", "1", kAdd) + Event(1, "info", "1", kAdd), ""},
      {"index missing", Event(0, "invoke", "1", kAdd) + Event(2, "ok", "1", kAdd), "index is 2"},
      {"damaged", "{\"index\n" + Event(0, "invoke", "1", kAdd), "not a JSON object"},
      {"no invocation", Event(0, "ok", "1", kAdd), "never began"},
      {"other value",
       Event(0, "invoke", "1", kAdd) + Event(1, "ok", "1", R"("f":"add","key":"w0","value":6)"),
       "another operation"},
      {"no rows", Event(0, "invoke", "1", kReadNull) + Event(1, "ok", "1", kReadNull),
       "without its rows"},
      {"inside another", Event(0, "invoke", "1", kAdd) + Event(1, "invoke", "1", kReadNull),
       "inside another"},
      {"unknown type", Event(0, "maybe", "1", kAdd), "unknown type"},
  };
  for (const ProblemRow& row : rows) {
    const auto history = ReadH(std::string(kHeader) + row.tail);
    ASSERT_TRUE(history) << row.name;
    if (std::string(row.sentence).empty()) {
      EXPECT_TRUE(history->problems.empty()) << row.name << ": " << history->problems[0].sentence;
    } else {
      ASSERT_FALSE(history->problems.empty()) << row.name;
      EXPECT_THAT(history->problems[0].sentence, testing::HasSubstr(row.sentence)) << row.name;
    }
  }
  EXPECT_FALSE(ReadH(""));
  EXPECT_FALSE(ReadH("[]\n"));
}

TEST(HistoryReader, SplitsValues) {
  const ValueParts parts = SplitValue((int64_t{4095} << 41) | (int64_t{511} << 32) | 17);
  EXPECT_EQ(parts.run, 4095);
  EXPECT_EQ(parts.writer, 511);
  EXPECT_EQ(parts.sequence, 17);
}

}  // namespace
}  // namespace holdfast::trace
