// Verdicts over whole histories: small ones made here, and the public ones when they are at hand.
#include <cstdlib>
#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/check/history/reader.h"
#include "harness/check/history/registers.h"
#include "harness/check/history/verdicts.h"

namespace holdfast::check::history {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const char* Name(Verdict verdict) {
  const char* names[] = {"pass", "not-applicable", "unknown", "fail"};
  return names[static_cast<size_t>(verdict)];
}

// Builds a history of timed operations line by line. Times are milliseconds.
class Text {
 public:
  explicit Text(const std::string& header = R"({"hist":1})") : text_(header + "\n") {}
  // `rest` is the fields from "f" on, without braces.
  Text& Event(int64_t ms, int process, const std::string& type, const std::string& rest) {
    text_ += fmt::format(R"({{"index":{},"time":{},"process":{},"type":"{}",{}}})", index_++,
                         ms * 1'000'000, process, type, rest) +
             "\n";
    return *this;
  }
  // An operation without others inside of it.
  Text& Do(int64_t from, int64_t to, int process, const std::string& type, const std::string& invoked,
           const std::string& answered) {
    Event(from, process, "invoke", invoked);
    return Event(to, process, type, answered.empty() ? invoked : answered);
  }
  Text& Write(int64_t from, int64_t to, int process, int value, const std::string& type = "ok") {
    return Do(from, to, process, type, fmt::format(R"("f":"write","key":"r","value":{})", value), "");
  }
  Text& Read(int64_t from, int64_t to, int process, int value) {
    return Do(from, to, process, "ok", R"("f":"read","key":"r","value":null)",
              fmt::format(R"("f":"read","key":"r","value":{})", value));
  }
  Text& Cas(int64_t from, int64_t to, int process, int from_value, int to_value) {
    return Do(from, to, process, "ok",
              fmt::format(R"("f":"cas","key":"r","value":[{},{}])", from_value, to_value), "");
  }
  Text& Txn(int64_t from, int64_t to, int process, const std::string& invoked,
            const std::string& answered, const std::string& type = "ok") {
    return Do(from, to, process, type, R"("f":"txn","value":)" + invoked,
              R"("f":"txn","value":)" + answered);
  }
  Text& Add(int64_t from, int64_t to, int process, int value, const std::string& type = "ok") {
    return Do(from, to, process, type, fmt::format(R"("f":"add","key":"s","value":{})", value), "");
  }
  Text& ReadSet(int64_t from, int64_t to, int process, const std::string& values) {
    return Do(from, to, process, "ok", R"("f":"read","key":"s","value":null)",
              R"("f":"read","key":"s","value":)" + values);
  }
  [[nodiscard]] const std::string& str() const { return text_; }

 private:
  std::string text_;
  int index_ = 0;
};

CheckResult Of(const std::string& text, const std::string& id, JudgeOptions options = {}) {
  const auto history = ReadHistoryText(text);
  EXPECT_TRUE(history) << (history ? "" : history.error().message);
  if (!history) return {};
  for (Judged& judged : JudgeHistory(*history, options, "h.jsonl"))
    if (judged.result.id == id) return judged.result;
  ADD_FAILURE() << "there is no " << id;
  return {};
}

struct Row {
  const char* name;
  Text text;
  const char* id;
  const char* verdict;
  const char* says;
};

void JudgeAll(const std::vector<Row>& rows, const JudgeOptions& options = {}) {
  for (const Row& row : rows) {
    const CheckResult result = Of(row.text.str(), row.id, options);
    EXPECT_STREQ(Name(result.verdict), row.verdict) << row.name << ": " << result.reason;
    EXPECT_THAT(result.reason, HasSubstr(row.says)) << row.name;
    for (const Finding& finding : result.findings)
      EXPECT_FALSE(finding.evidence.empty()) << row.name;
  }
}

TEST(HistoryVerdicts, Registers) {
  const std::vector<Row> rows = {
      {"right", Text().Write(1, 2, 0, 1).Read(3, 4, 1, 1), "HX-LINEARIZABLE", "pass",
       "2 operations on 1 key, 0 of unknown outcome (0 seen by nobody); 1 key by zones"},
      {"phantom", Text().Write(1, 2, 0, 1).Read(3, 4, 1, 9), "HX-LINEARIZABLE", "fail",
       "the read of 9 by client 1 (0.003000 s to 0.004000 s): nobody wrote that value"},
      {"aborted read", Text().Write(1, 2, 0, 1, "fail").Read(3, 4, 1, 1), "HX-LINEARIZABLE", "fail",
       "though its write was refused"},
      {"from the future", Text().Read(1, 2, 1, 1).Write(3, 4, 0, 1), "HX-LINEARIZABLE", "fail",
       "had its answer before the write was sent"},
      {"stale", Text().Write(1, 2, 0, 1).Write(3, 4, 0, 2).Read(5, 6, 1, 1), "HX-LINEARIZABLE",
       "fail", "stale by at least 0.001000 s"},
      {"nil again", Text().Write(1, 2, 0, 1).Do(5, 6, 1, "ok", R"("f":"read","key":"r","value":null)", ""),
       "HX-LINEARIZABLE", "fail", "the initial value is older than any other"},
      {"crashed and seen", Text().Write(1, 2, 0, 1, "info").Read(3, 4, 1, 1), "HX-LINEARIZABLE",
       "pass", "1 of unknown outcome (0 seen by nobody)"},
      {"crashed and not seen", Text().Write(1, 2, 0, 1, "info").Write(3, 4, 1, 2).Read(5, 6, 1, 2),
       "HX-LINEARIZABLE", "pass", "1 of unknown outcome (1 seen by nobody)"},
      {"two swaps", Text().Write(1, 2, 0, 1).Cas(3, 4, 1, 1, 2).Cas(5, 6, 2, 1, 3),
       "HX-LINEARIZABLE", "fail", "two compare-and-swaps replaced the same value"},
      {"swap chain", Text().Write(1, 2, 0, 1).Cas(3, 4, 1, 1, 2).Read(5, 6, 2, 1), "HX-LINEARIZABLE",
       "fail", "chain of compare-and-swaps"},
      {"repeated values", Text().Write(1, 2, 0, 1).Write(3, 4, 0, 2).Write(5, 6, 0, 1).Read(7, 8, 1, 2),
       "HX-LINEARIZABLE", "fail",
       "fits into no order of what came before: that leaves the value at one that nobody read"},
      {"damaged", Text().Write(1, 2, 0, 1).Event(1, 1, "invoke", R"("f":"read","key":"r")"),
       "HX-LINEARIZABLE", "unknown", "time goes back"},
      {"nothing of the kind", Text().Add(1, 2, 0, 1), "HX-LINEARIZABLE", "not-applicable", ""},
  };
  JudgeAll(rows);
}

// What rests on nobody having written a value is not proven where a line is damaged.
TEST(HistoryVerdicts, DamageTakesTheProofOfWhatIsMissing) {
  const auto cut = [](const Text& text, const std::string& line) {
    std::string all = text.str();
    const size_t at = all.find(line);
    EXPECT_NE(at, std::string::npos) << line;
    return all.replace(at, line.size(), "\xff\xfe");
  };
  const struct {
    const char* name;
    std::string text;
    const char* id;
    const char* verdict;
  } rows[] = {
      {"the write is damaged", cut(Text().Write(1, 2, 0, 1).Read(3, 4, 1, 1), R"("f":"write")"), "HX-LINEARIZABLE", "unknown"},
      {"stale all the same", cut(Text().Write(1, 2, 0, 1).Write(3, 4, 0, 2).Read(5, 6, 1, 1).Write(7, 8, 2, 9), R"("value":9)"),
       "HX-LINEARIZABLE", "fail"},
      {"the add is damaged", cut(Text().Add(1, 2, 0, 1).ReadSet(3, 4, 1, "[1]"), R"("f":"add")"), "HX-PHANTOM", "unknown"},
      {"lost all the same", cut(Text().Add(1, 2, 0, 1).ReadSet(3, 4, 1, "[]").Add(5, 6, 0, 9), R"("value":9)"), "HX-LOST", "fail"},
      {"the append is damaged",
       cut(Text().Txn(1, 2, 0, R"([["append","x",1]])", R"([["append","x",1]])").Txn(3, 4, 1, R"([["r","x",null]])", R"([["r","x",[1]]])"),
           R"("f":"txn")"),
       "HX-READ-COMMITTED", "unknown"},
      {"nothing was answered", Text().Write(1, 2, 0, 1, "info").str(), "HX-LINEARIZABLE", "unknown"},
      {"no key", cut(Text().Write(1, 2, 0, 1).Read(3, 4, 1, 1), R"("key":"r","value":1)"), "HX-LINEARIZABLE", "unknown"},
  };
  for (const auto& row : rows) {
    const CheckResult result = Of(row.text, row.id);
    EXPECT_STREQ(Name(result.verdict), row.verdict) << row.name << ": " << result.reason;
  }
  // A field that is misspelt is a field that is missing.
  for (const char* field : {R"("key":)", R"("value":)"}) {
    const std::string text = Text().Write(1, 2, 0, 1).Read(3, 4, 1, 1).str();
    std::string all = text;
    const size_t at = all.rfind(field);
    all[at + 1] = 'X';
    EXPECT_STREQ(Name(Of(all, "HX-LINEARIZABLE").verdict), "unknown") << all;
  }
}

TEST(HistoryVerdicts, TornValues) {
  const auto text = [](int64_t from, int process, const char* f, const char* invoked, const char* answered, Text base = Text()) {
    return base.Do(from, from + 1, process, "ok", fmt::format(R"("f":"{}","key":"r","value":{})", f, invoked),
                   fmt::format(R"("f":"{}","key":"r","value":{})", f, answered));
  };
  const auto write = [&](int64_t from, const char* value, Text base = Text()) {
    return text(from, 0, "write", value, value, std::move(base));
  };
  const auto read = [&](const char* value) {
    return text(9, 1, "read", "null", value, write(3, R"("wxyz-5678")", write(1, R"("abcd-1234")")));
  };
  const std::vector<Row> rows = {
      {"whole", read(R"("wxyz-5678")"), "HX-TORN", "pass", "1 read: no value is a part"},
      {"the beginning", read(R"("wxyz-5")"), "HX-TORN", "fail", "is a part of another value"},
      {"the end", read(R"("5678")"), "HX-TORN", "fail", "the write of wxyz-5678 by client 0"},
      {"a mixture", read(R"("abcd-5678")"), "HX-TORN", "fail", "mixes two values"},
      {"a mixture", read(R"("abcd-5678")"), "HX-LINEARIZABLE", "fail", "nobody wrote that value"},
      {"something else", read(R"("abcd-9999")"), "HX-TORN", "pass", ""},
      {"too short to tell", read(R"("w")"), "HX-TORN", "pass", ""},
      {"something else", read(R"("abcd-9999")"), "HX-LINEARIZABLE", "fail", "nobody wrote that value"},
      {"digits", Text().Write(1, 2, 0, 123456789).Read(3, 4, 1, 12345), "HX-TORN", "fail", "12345 is a part"},
      {"an element", Text().Add(1, 2, 0, 123456).Add(3, 4, 0, 777888).ReadSet(5, 6, 1, "[123456,777888,77]"), "HX-TORN",
       "pass", "1 read"},
      {"an element", Text().Add(1, 2, 0, 123456).Add(3, 4, 0, 777888).ReadSet(5, 6, 1, "[123456,777888,7778]"), "HX-TORN",
       "fail", "7778 is a part"},
      {"an element", Text().Add(1, 2, 0, 123456).Add(3, 4, 0, 777888).ReadSet(5, 6, 1, "[123456,777888,7778]"), "HX-PHANTOM",
       "fail", "nobody added it"},
      {"no read", Text().Write(1, 2, 0, 1), "HX-TORN", "not-applicable", ""},
  };
  JudgeAll(rows);
}

TEST(HistoryVerdicts, Revisions) {
  const auto pos = [](const char* f, int value, int revision, int modified) {
    return fmt::format(R"("f":"{}","key":"r","value":{},"pos":{{"rev":{},"mod":{}}})", f, value,
                       revision, modified);
  };
  const std::string write1 = R"("f":"write","key":"r","value":1)";
  const std::string write2 = R"("f":"write","key":"r","value":2)";
  const std::string read = R"("f":"read","key":"r","value":null)";
  const auto base = [&] {
    return Text().Do(1, 2, 0, "ok", write1, pos("write", 1, 5, 5)).Do(3, 4, 0, "ok", write2, pos("write", 2, 6, 6));
  };
  const std::vector<Row> rows = {
      {"right", base().Do(5, 6, 1, "ok", read, pos("read", 2, 6, 6)), "HX-LINEARIZABLE", "pass",
       "3 operations replayed by revision"},
      {"one revision twice",
       Text().Do(1, 2, 0, "ok", write1, pos("write", 1, 5, 5)).Do(3, 4, 1, "ok", write2, pos("write", 2, 5, 5)),
       "HX-LINEARIZABLE", "fail", "revision 5 was claimed twice"},
      {"back in time",
       Text().Do(1, 2, 0, "ok", write1, pos("write", 1, 6, 6)).Do(3, 4, 1, "ok", write2, pos("write", 2, 5, 5)),
       "HX-LINEARIZABLE", "fail", "was answered at an older revision"},
      {"another state", base().Do(5, 6, 1, "ok", read, pos("read", 1, 6, 5)), "HX-LINEARIZABLE",
       "fail", "the writes before revision 6 leave 2"},
      {"a session that goes back",
       base().Do(5, 6, 1, "ok", read, pos("read", 2, 6, 6)).Do(7, 8, 1, "ok", read, pos("read", 1, 5, 5)),
       "HX-SESSION", "fail", "older than revision 6"},
      {"sessions", base().Do(5, 6, 1, "ok", read, pos("read", 2, 6, 6)), "HX-SESSION", "pass",
       "no client went back"},
      {"of another origin", base().Do(5, 6, 1, "ok", read, pos("read", 2, 6, 5)), "HX-LINEARIZABLE", "fail",
       "the writes before revision 6 leave 2"},
  };
  JudgeAll(rows);
}

TEST(HistoryVerdicts, SessionsOfReplicas) {
  const auto answer = [](int value, int revision, const char* node, const char* role = "replica") {
    return fmt::format(R"("f":"read","key":"r","value":{},"node":"{}","role":"{}","pos":{{"rev":{},"mod":{}}})", value,
                       node, role, revision, revision);
  };
  const std::string write = R"("f":"write","key":"r","value":{},"pos":{{"rev":{},"mod":{}}})";
  const std::string read = R"("f":"read","key":"r","value":null)";
  const auto two = [&](const std::string& first, const std::string& second, int client = 1) {
    Text text;
    for (int i = 1; i <= 2; ++i)
      text.Do(2 * i, 2 * i + 1, 0, "ok", fmt::format(R"("f":"write","key":"r","value":{})", i),
              fmt::format(fmt::runtime(write), i, i + 4, i + 4));
    return text.Do(10, 11, 1, "ok", read, first).Do(12, 13, client, "ok", read, second);
  };
  const std::vector<Row> rows = {
      {"one replica goes back", two(answer(2, 6, "e-1"), answer(1, 5, "e-1")), "HX-SESSION", "unknown", "a replica went back"},
      {"another replica lags", two(answer(2, 6, "e-1"), answer(1, 5, "e-2")), "HX-SESSION", "pass", "no client went back"},
      {"another client", two(answer(2, 6, "e-1"), answer(1, 5, "e-1"), 2), "HX-SESSION", "pass", "no client went back"},
      {"a replica goes on", two(answer(1, 5, "e-1"), answer(2, 6, "e-1")), "HX-SESSION", "pass", "no client went back"},
      {"no replica", two(answer(2, 6, "e-1", "primary"), answer(1, 5, "e-1", "primary")), "HX-SESSION", "fail", "older than revision 6"},
  };
  JudgeAll(rows);
}

// Writes of the key since it was made, by the answers and by the writes that there are.
TEST(HistoryVerdicts, VersionsCountTheWrites) {
  const std::string read = R"("f":"read","key":"r","value":null)";
  const auto write = [](Text text, int64_t from, int value, int revision, const char* more = "", const char* type = "ok") {
    return text.Do(from, from + 1, 0, type, fmt::format(R"("f":"write","key":"r","value":{})", value),
                   fmt::format(R"("f":"write","key":"r","value":{},"pos":{{"rev":{}{}}})", value, revision, more));
  };
  const auto version = [&](Text text, int64_t from, const char* value, int revision, int modified, int told) {
    return text.Do(from, from + 1, 1, "ok", read,
                   fmt::format(R"("f":"read","key":"r","value":{},"pos":{{"rev":{},"mod":{},"ver":{}}})", value,
                               revision, modified, told));
  };
  const auto absent = [&] {
    return Text().Do(1, 2, 1, "ok", read, R"("f":"read","key":"r","value":null,"pos":{"rev":1,"mod":0})");
  };
  const auto both = [&](Text text) { return write(write(std::move(text), 3, 1, 2), 5, 2, 3); };
  const auto crashed = [&](Text text) {
    return write(write(write(std::move(text), 3, 1, 2), 5, 9, 0, "", "info"), 7, 2, 4);
  };
  const std::vector<Row> rows = {
      {"the second write", version(both(absent()), 9, "2", 3, 3, 2), "HX-LINEARIZABLE", "pass", "replayed"},
      {"the seventh of two", version(both(absent()), 9, "2", 3, 3, 7), "HX-LINEARIZABLE", "fail", "do not add up"},
      {"the first of two", version(both(Text()), 9, "2", 3, 3, 1), "HX-LINEARIZABLE", "fail", "do not add up"},
      {"the seventh, and nobody saw the key absent", version(both(Text()), 9, "2", 3, 3, 7), "HX-LINEARIZABLE", "unknown",
       "counts more writes"},
      {"the second, and nobody saw the key absent", version(both(Text()), 9, "2", 3, 3, 2), "HX-LINEARIZABLE", "pass", ""},
      {"told before", version(both(version(write(Text(), 1, 8, 1), 2, "8", 1, 1, 1)), 9, "2", 3, 3, 5), "HX-LINEARIZABLE", "fail",
       "do not add up"},
      {"with a write that nobody saw", version(crashed(absent()), 9, "2", 4, 4, 3), "HX-LINEARIZABLE", "pass", ""},
      {"without it", version(crashed(absent()), 9, "2", 4, 4, 2), "HX-LINEARIZABLE", "pass", ""},
      {"with one more than that", version(crashed(absent()), 9, "2", 4, 4, 4), "HX-LINEARIZABLE", "fail", "do not add up"},
  };
  JudgeAll(rows);
}

// What a swap replaced was written, though its writer never heard so and nobody read it.
TEST(HistoryVerdicts, ASwapShowsAWriteOfUnknownOutcome) {
  const auto swapped = [](int expected) {
    return Text()
        .Write(1, 2, 0, 1, "info")
        .Do(3, 4, 1, "ok", fmt::format(R"("f":"cas","key":"r","value":[{},2])", expected),
            fmt::format(R"("f":"cas","key":"r","value":[{},2],"pos":{{"rev":5}})", expected));
  };
  JudgeAll({{"it was there", swapped(1), "HX-LINEARIZABLE", "pass", ""},
            {"it was not", swapped(7), "HX-LINEARIZABLE", "fail", "leave nil"}});
}

TEST(HistoryVerdicts, MapsOfTextsStartEmpty) {
  const auto kv = [](const std::vector<std::string>& operations) {
    std::string text;
    for (const std::string& operation : operations)
      for (const char* type : {"invoke", "ok"})
        text += fmt::format("{{:process 0 :type :{} {}}}\n", type, operation);
    return text;
  };
  const std::string empty = R"(:f :get :key "1" :value "")";
  const std::string put = R"(:f :put :key "1" :value "x")";
  const std::string other = R"(:f :append :key "2" :value "y")";
  const std::string get = R"(:f :get :key "1" :value "x")";
  const std::string nothing = R"(:f :put :key "1" :value "")";
  const std::string read = R"(:f :read :key "1" :value "")";
  const std::string write = R"(:f :write :key "1" :value "x")";
  const struct {
    const char* name;
    std::vector<std::string> operations;
    const char* verdict;
  } rows[] = {
      {"before the first put", {empty, put, get}, "pass"},
      {"beside a key that is appended to", {empty, put, other}, "pass"},
      {"after it", {put, empty}, "fail"},
      {"put", {put, nothing, empty}, "pass"},
      {"put, and then another", {put, nothing, put, empty}, "fail"},
      {"of a register", {read, write}, "fail"},
      {"of a register beside a text", {read, write, other}, "pass"},
  };
  for (const auto& row : rows) {
    const CheckResult result = Of(kv(row.operations), "HX-LINEARIZABLE");
    EXPECT_STREQ(Name(result.verdict), row.verdict) << row.name << ": " << result.reason;
  }
  JudgeOptions asked;
  asked.model = Model::kKv;
  EXPECT_STREQ(Name(Of(kv({read, write}), "HX-LINEARIZABLE", asked).verdict), "pass");
}

// A client with a name is one; the nemesis is none.
TEST(HistoryVerdicts, ClientsMayHaveNames) {
  const auto with = [](const char* process, const char* function) {
    return fmt::format(R"({{"time":1,"process":"{0}","type":"invoke","f":"{1}","key":"a","value":1}}
{{"time":2,"process":"{0}","type":"ok","f":"{1}","key":"a","value":1}}
{{"time":3,"process":"c0","type":"invoke","f":"write","key":"a","value":1}}
{{"time":4,"process":"c0","type":"ok","f":"write","key":"a","value":1}}
)",
                       process, function);
  };
  const CheckResult client = Of(with("c0", "enqueue"), "HX-LINEARIZABLE");
  EXPECT_STREQ(Name(client.verdict), "unknown");
  EXPECT_THAT(client.reason, HasSubstr("'enqueue'"));
  EXPECT_STREQ(Name(Of(with("c0", "write"), "HX-LINEARIZABLE").verdict), "pass");
  EXPECT_STREQ(Name(Of(with("nemesis", "kill"), "HX-LINEARIZABLE").verdict), "pass");
  EXPECT_STREQ(Name(Of(with("probe:web-0", "ping"), "HX-LINEARIZABLE").verdict), "pass");
}

TEST(HistoryVerdicts, Sets) {
  const auto base = [] { return Text().Add(1, 2, 0, 1).Add(3, 4, 0, 2).Add(5, 6, 0, 3, "info").Add(7, 8, 0, 4, "fail"); };
  const std::vector<Row> rows = {
      {"kept", base().ReadSet(9, 10, 1, "[1,2]"), "HX-LOST", "pass", "none was lost"},
      {"kept", base().ReadSet(9, 10, 1, "[1,2,3]"), "HX-PHANTOM", "pass", "2 acknowledged, 1 of unknown outcome and present"},
      {"lost", base().ReadSet(9, 10, 1, "[2]"), "HX-LOST", "fail", "1 is lost: the add of 1 by client 0"},
      {"lost after it was seen", base().ReadSet(9, 10, 1, "[1,2,3]").ReadSet(11, 12, 1, "[1,2]"),
       "HX-LOST", "fail", "3 is lost"},
      {"stale", base().ReadSet(9, 10, 1, "[2]").ReadSet(11, 12, 1, "[1,2]"), "HX-LOST", "pass", ""},
      {"stale", base().ReadSet(9, 10, 1, "[2]").ReadSet(11, 12, 1, "[1,2]"), "HX-STALE", "fail",
       "1 was missing for a time"},
      {"never read", base().ReadSet(9, 10, 1, "[1,2]").Add(11, 12, 0, 5), "HX-LOST", "unknown",
       "1 were acknowledged after the last whole read began"},
      {"no read", base(), "HX-LOST", "unknown", "no whole read"},
      {"twice", base().ReadSet(9, 10, 1, "[1,2,1]"), "HX-DUPLICATED", "fail", "1 is 2 times in"},
      {"phantom", base().ReadSet(9, 10, 1, "[1,2,77]"), "HX-PHANTOM", "fail", "nobody added it"},
      {"resurrected", base().ReadSet(9, 10, 1, "[1,2,4]"), "HX-RESURRECTED", "fail", "its add was refused"},
      {"before it was added", Text().Add(1, 2, 0, 1).ReadSet(3, 4, 1, "[1,2]").Add(5, 6, 0, 2).ReadSet(7, 8, 1, "[1,2]"),
       "HX-PHANTOM", "fail", "had ended before it was first added"},
      {"while it was added",
       Text().Event(1, 1, "invoke", R"("f":"read","key":"s","value":null)").Event(2, 0, "invoke", R"("f":"add","key":"s","value":1)")
           .Event(3, 1, "ok", R"("f":"read","key":"s","value":[1])").Event(4, 0, "ok", R"("f":"add","key":"s","value":1)"),
       "HX-PHANTOM", "pass", ""},
      {"one client misses it for a time", base().ReadSet(9, 10, 1, "[1,2]").ReadSet(11, 12, 1, "[2]").ReadSet(13, 14, 1, "[1,2]"),
       "HX-SESSION", "fail", "although the same client had seen it"},
      {"two clients", base().ReadSet(9, 10, 1, "[1,2]").ReadSet(11, 12, 2, "[2]").ReadSet(13, 14, 1, "[1,2]"), "HX-SESSION",
       "pass", "1 read of sets"},
      {"lost is lost", base().ReadSet(9, 10, 1, "[1,2]").ReadSet(11, 12, 1, "[2]"), "HX-SESSION", "pass", ""},
      {"one read each", base().ReadSet(9, 10, 1, "[1,2]"), "HX-SESSION", "not-applicable", ""},
      {"refused and absent", base().ReadSet(9, 10, 1, "[1,2]"), "HX-RESURRECTED", "pass", ""},
  };
  JudgeOptions fresh;
  fresh.fresh_reads = true;
  JudgeAll(rows, fresh);
  EXPECT_STREQ(Name(Of(base().ReadSet(9, 10, 1, "[2]").ReadSet(11, 12, 1, "[1,2]").str(), "HX-STALE").verdict),
               "not-applicable");
}

// Two at once: one appends to x and y, the other reads both.
Text Half(const char* end, const char* y = "[]", const char* x = "[1]") {
  const std::string both = R"("f":"txn","value":[["append","x",1],["append","y",1]])";
  return Text()
      .Event(1, 0, "invoke", both)
      .Event(2, 1, "invoke", R"("f":"txn","value":[["r","x",null],["r","y",null]])")
      .Event(3, 0, end, both)
      .Event(4, 1, "ok", fmt::format(R"("f":"txn","value":[["r","x",{}],["r","y",{}]])", x, y));
}

// Two at once that read x and append to it; nobody reads it afterwards.
Text Updates(const char* first, const char* second) {
  return Text()
      .Event(1, 0, "invoke", R"("f":"txn","value":[["r","x",null],["append","x",1]])")
      .Event(2, 1, "invoke", R"("f":"txn","value":[["r","x",null],["append","x",2]])")
      .Event(3, 0, "ok", fmt::format(R"("f":"txn","value":[["r","x",{}],["append","x",1]])", first))
      .Event(4, 1, "ok", fmt::format(R"("f":"txn","value":[["r","x",{}],["append","x",2]])", second));
}

// Two at once: each reads what the other one appends to; nobody reads it afterwards.
Text Skew(const char* seen) {
  return Text()
      .Event(1, 0, "invoke", R"("f":"txn","value":[["r","x",null],["append","y",1]])")
      .Event(2, 1, "invoke", R"("f":"txn","value":[["r","y",null],["append","x",1]])")
      .Event(3, 0, "ok", R"("f":"txn","value":[["r","x",[]],["append","y",1]])")
      .Event(4, 1, "ok", fmt::format(R"("f":"txn","value":[["r","y",{}],["append","x",1]])", seen));
}

TEST(HistoryVerdicts, Transactions) {
  const auto t = [](Text text, int64_t from, int64_t to, int process, const char* value, const char* type = "ok") {
    return text.Txn(from, to, process, value, value, type);
  };
  const std::vector<Row> rows = {
      {"right", t(t(Text(), 1, 2, 0, R"([["append","x",1]])"), 3, 4, 1, R"([["r","x",[1]]])"), "HX-STRICT",
       "pass", "2 transactions on 1 key"},
      {"G1a", t(t(Text(), 1, 2, 0, R"([["append","x",1]])", "fail"), 3, 4, 1, R"([["r","x",[1]]])"),
       "HX-READ-COMMITTED", "fail", "G1a"},
      {"G1b",
       t(t(Text(), 1, 2, 0, R"([["append","x",1],["append","x",2]])"), 3, 4, 1, R"([["r","x",[1]]])"),
       "HX-READ-COMMITTED", "fail", "G1b"},
      {"internal", t(Text(), 1, 2, 0, R"([["append","x",1],["r","x",[]]])"), "HX-READ-COMMITTED", "fail",
       "internal"},
      {"garbage", t(Text(), 1, 2, 0, R"([["r","x",[5]]])"), "HX-READ-COMMITTED", "fail", "garbage read"},
      {"duplicate", t(t(Text(), 1, 2, 0, R"([["append","x",1]])"), 3, 4, 1, R"([["r","x",[1,1]]])"),
       "HX-READ-COMMITTED", "fail", "duplicate element"},
      {"incompatible order",
       t(t(t(t(Text(), 1, 2, 0, R"([["append","x",1]])"), 3, 4, 0, R"([["append","x",2]])"), 5, 6, 1,
           R"([["r","x",[1,2]]])"),
         7, 8, 1, R"([["r","x",[2]]])"),
       "HX-READ-COMMITTED", "fail", "incompatible order"},
      {"G0",
       Text()
           .Event(1, 0, "invoke", R"("f":"txn","value":[["append","x",1],["append","y",1]])")
           .Event(2, 1, "invoke", R"("f":"txn","value":[["append","x",2],["append","y",2]])")
           .Event(3, 0, "ok", R"("f":"txn","value":[["append","x",1],["append","y",1]])")
           .Event(4, 1, "ok", R"("f":"txn","value":[["append","x",2],["append","y",2]])")
           .Txn(5, 6, 2, R"([["r","x",null],["r","y",null]])", R"([["r","x",[1,2]],["r","y",[2,1]]])"),
       "HX-READ-COMMITTED", "fail", "G0: a cycle"},
      {"G1c",
       Text()
           .Event(1, 0, "invoke", R"("f":"txn","value":[["append","x",1],["r","y",null]])")
           .Event(2, 1, "invoke", R"("f":"txn","value":[["append","y",1],["r","x",null]])")
           .Event(3, 0, "ok", R"("f":"txn","value":[["append","x",1],["r","y",[1]]])")
           .Event(4, 1, "ok", R"("f":"txn","value":[["append","y",1],["r","x",[1]]])"),
       "HX-READ-COMMITTED", "fail", "G1c"},
      {"lost update",
       Text()
           .Event(1, 0, "invoke", R"("f":"txn","value":[["r","x",null],["append","x",1]])")
           .Event(2, 1, "invoke", R"("f":"txn","value":[["r","x",null],["append","x",2]])")
           .Event(3, 0, "ok", R"("f":"txn","value":[["r","x",[]],["append","x",1]])")
           .Event(4, 1, "ok", R"("f":"txn","value":[["r","x",[]],["append","x",2]])")
           .Txn(5, 6, 2, R"([["r","x",null]])", R"([["r","x",[1,2]]])"),
       "HX-SNAPSHOT", "fail", "lost update"},
      {"read skew",
       Text()
           .Event(1, 0, "invoke", R"("f":"txn","value":[["r","x",null],["r","y",null]])")
           .Event(2, 1, "invoke", R"("f":"txn","value":[["append","x",1],["append","y",1]])")
           .Event(3, 1, "ok", R"("f":"txn","value":[["append","x",1],["append","y",1]])")
           .Event(4, 0, "ok", R"("f":"txn","value":[["r","x",[]],["r","y",[1]]])")
           .Txn(5, 6, 2, R"([["r","x",null]])", R"([["r","x",[1]]])"),
       "HX-SNAPSHOT", "fail", "G-single"},
      {"write skew",
       Text()
           .Event(1, 0, "invoke", R"("f":"txn","value":[["r","x",null],["append","y",1]])")
           .Event(2, 1, "invoke", R"("f":"txn","value":[["r","y",null],["append","x",1]])")
           .Event(3, 0, "ok", R"("f":"txn","value":[["r","x",[]],["append","y",1]])")
           .Event(4, 1, "ok", R"("f":"txn","value":[["r","y",[]],["append","x",1]])")
           .Txn(5, 6, 2, R"([["r","x",null],["r","y",null]])", R"([["r","x",[1]],["r","y",[1]]])"),
       "HX-SERIALIZABLE", "fail", "G2"},
      {"stale read",
       t(t(t(Text(), 1, 2, 0, R"([["append","x",1]])"), 3, 4, 1, R"([["r","x",[]]])"), 5, 6, 2,
         R"([["r","x",[1]]])"),
       "HX-STRICT", "fail", "G-single-realtime"},
      {"lost append", t(t(Text(), 1, 2, 0, R"([["append","x",1]])"), 3, 4, 1, R"([["r","x",[]]])"),
       "HX-STRICT", "fail", "lost append"},
      {"half of it is seen", Half("ok"), "HX-SNAPSHOT", "fail", "G-single"},
      {"half of it is seen, and it never answered", Half("info"), "HX-SNAPSHOT", "fail", "G-single"},
      {"the other half, too", Half("info", "[1]"), "HX-STRICT", "pass", ""},
      {"nothing of it is seen", Half("info", "[]", "[]"), "HX-STRICT", "pass", ""},
      {"lost update that nobody read", Updates("[]", "[]"), "HX-SNAPSHOT", "fail", "lost update"},
      {"one update after the other", Updates("[]", "[1]"), "HX-STRICT", "pass", ""},
      {"one's own order",
       t(t(Text(), 1, 2, 0, R"([["append","x",1],["append","x",2]])"), 3, 4, 1, R"([["r","x",[2,1]]])"),
       "HX-READ-COMMITTED", "fail", "incompatible order"},
      {"the second without the first",
       t(t(Text(), 1, 2, 0, R"([["append","x",1],["append","x",2]])"), 3, 4, 1, R"([["r","x",[2]]])"),
       "HX-READ-COMMITTED", "fail", "incompatible order"},
      {"both of one's own",
       t(t(Text(), 1, 2, 0, R"([["append","x",1],["append","x",2]])"), 3, 4, 1, R"([["r","x",[1,2]]])"), "HX-STRICT", "pass", ""},
      {"write skew that nobody read", Skew("[]"), "HX-SERIALIZABLE", "fail", "G2"},
      {"no skew", Skew("[1]"), "HX-STRICT", "pass", ""},
      {"of the future", t(t(Text(), 1, 2, 1, R"([["r","x",[1]]])"), 3, 4, 0, R"([["append","x",1]])"),
       "HX-READ-COMMITTED", "fail", "future read"},
      {"crashed and seen",
       t(t(Text(), 1, 2, 0, R"([["append","x",1]])", "info"), 3, 4, 1, R"([["r","x",[1]]])"), "HX-STRICT",
       "pass", "1 of unknown outcome"},
      {"broken below", t(t(Text(), 1, 2, 0, R"([["append","x",1]])", "fail"), 3, 4, 1, R"([["r","x",[1]]])"),
       "HX-SERIALIZABLE", "not-applicable", "HX-READ-COMMITTED is broken already"},
  };
  JudgeAll(rows);
}

TEST(HistoryVerdicts, OnlyThePromisedIsolationIsJudged) {
  const Text stale = Text(R"({"hist":1,"isolation":"serializable"})")
                         .Txn(1, 2, 0, R"([["append","x",1]])", R"([["append","x",1]])")
                         .Txn(3, 4, 1, R"([["r","x",null]])", R"([["r","x",[]]])")
                         .Txn(5, 6, 2, R"([["r","x",null]])", R"([["r","x",[1]]])");
  EXPECT_STREQ(Name(Of(stale.str(), "HX-STRICT").verdict), "not-applicable");
  EXPECT_STREQ(Name(Of(stale.str(), "HX-SERIALIZABLE").verdict), "pass");
  // But nobody promises less than that what is read was sent before.
  const Text future = Text(R"({"hist":1,"isolation":"read-committed"})")
                          .Txn(1, 2, 1, R"([["r","x",null]])", R"([["r","x",[1]]])")
                          .Txn(3, 4, 0, R"([["append","x",1]])", R"([["append","x",1]])");
  EXPECT_STREQ(Name(Of(future.str(), "HX-READ-COMMITTED").verdict), "fail");
}

// Where the public histories lie; they are not part of this repository.
std::optional<fs::path> PublicHistories() {
  if (const char* path = std::getenv("HOLDFAST_HISTORIES")) return fs::path(path);
  const fs::path beside = fs::path(HOLDFAST_SOURCE_DIR).parent_path() / "shared" / "histories";
  if (fs::is_directory(beside)) return beside;
  return std::nullopt;
}

TEST(PublicHistories, EveryVerdictIsRightWithinTheSteps) {
  const auto folder = PublicHistories();
  if (!folder) GTEST_SKIP() << "no public histories; set HOLDFAST_HISTORIES to their folder";
  // Of Porcupine's test_data, as its own tests state them.
  const std::set<std::string> linearizable{
      "002", "005", "007", "018", "025", "031", "038", "045", "048", "049", "051", "053",
      "056", "067", "075", "076", "080", "087", "092", "098", "100", "101", "102"};
  uint64_t steps = 0;
  size_t peak = 0;
  int logs = 0;
  int texts = 0;
  for (const auto& entry : fs::directory_iterator(*folder)) {
    const std::string name = entry.path().stem();
    const bool log = entry.path().extension() == ".log";
    if (!log && !name.starts_with("kv-")) continue;
    const auto history = ReadHistory(entry.path());
    ASSERT_TRUE(history) << name;
    EXPECT_EQ(history->problem_count, 0) << name << ": " << history->problems.at(0).sentence;
    const RegisterReport report = CheckRegisters(*history, {});
    EXPECT_EQ(report.undecided_keys, 0) << name;
    const bool right = log ? linearizable.contains(name.substr(5)) : name.ends_with("-ok");
    EXPECT_EQ(report.violated_keys == 0, right) << name;
    if (!log) {
      ++texts;
      continue;
    }
    ++logs;
    steps += report.steps;
    peak = std::max(peak, report.peak);
    if (right) continue;
    ASSERT_EQ(report.violations.size(), 1U) << name;
    EXPECT_LE(report.violations[0].violation.ops.size(), 40U) << name;
  }
  std::printf("%d logs in %llu steps, at most %zu configurations; %d texts\n", logs,
              static_cast<unsigned long long>(steps), peak, texts);
  EXPECT_GE(logs, 35);
  EXPECT_GE(texts, 4);
  if (logs == 35) {
    EXPECT_LE(steps, 4000U);
  }
  EXPECT_LE(steps, 10'000U);
  EXPECT_LE(peak, 64U);
}

}  // namespace
}  // namespace holdfast::check::history
