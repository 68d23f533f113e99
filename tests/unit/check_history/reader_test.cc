// The readers: what each format means, and what damaged files become.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/check/history/edn.h"
#include "harness/check/history/reader.h"

namespace holdfast::check::history {
namespace {

using testing::HasSubstr;

History Read(const std::string& text, Format format = Format::kAuto) {
  auto history = ReadHistoryText(text, format);
  EXPECT_TRUE(history) << (history ? "" : history.error().message);
  return history ? *std::move(history) : History();
}

std::string Show(const History& history) {
  std::string text;
  for (const Op& op : history.ops) {
    const char* ends[] = {"ok", "fail", "info"};
    const char* kinds[] = {"read", "write", "cas", "differs", "append", "add", "set", "txn"};
    text += fmt::format("{}:{} {} {} {} {}\n", history.processes.Show(history.origins[op.index].process),
                        kinds[static_cast<size_t>(op.kind)],
                        history.keys.Show(history.origins[op.index].key), history.values.Show(op.a),
                        history.values.Show(op.b), ends[static_cast<size_t>(op.end)]);
  }
  return text;
}

constexpr const char* kHeader = R"({"hist":1,"workload":"register"})";

std::string Lines(const std::vector<std::string>& events) {
  std::string text = std::string(kHeader) + "\n";
  for (size_t i = 0; i < events.size(); ++i)
    text += fmt::format(R"({{"index":{},"time":{},{}}})", i, 1000 * (i + 1), events[i]) + "\n";
  return text;
}

TEST(HistoryReader, OwnFormat) {
  const History history = Read(Lines({
      R"("process":0,"type":"invoke","f":"write","key":"a","value":7,"node":"etcd-0")",
      R"("process":1,"type":"invoke","f":"cas","key":"a","value":[7,8])",
      R"("process":0,"type":"ok","f":"write","key":"a","value":7,"pos":{"rev":3,"mod":3,"ver":1})",
      R"("process":1,"type":"info","f":"cas","key":"a","value":[7,8],"error":["timeout","no answer"])",
      R"("process":"nemesis","type":"info","f":"partition","value":{"x":[1.5,{}]})",
      R"("process":2,"type":"invoke","f":"read","key":"a","value":null)",
      R"("process":2,"type":"ok","f":"read","key":"a","value":"seven\n")",
      R"("process":3,"type":"invoke","f":"read","key":"b","value":null)",
      R"("process":3,"type":"fail","f":"read","key":"b","value":null)",
      R"("process":4,"type":"invoke","f":"write","key":"b","value":1)",
  }));
  EXPECT_EQ(Show(history),
            "0:write a nil 7 ok\n1:cas a 7 8 info\n2:read a seven\n nil ok\n3:read b nil nil fail\n"
            "4:write b nil 1 info\n");
  EXPECT_EQ(history.problem_count, 0);
  EXPECT_EQ(history.ops[0].start, 1000);
  EXPECT_EQ(history.ops[0].finish, 3000);
  EXPECT_EQ(history.ops[1].finish, kNever);
  ASSERT_TRUE(history.ops[0].positioned);
  EXPECT_EQ(history.positions[0].revision, 3);
  EXPECT_EQ(history.origins[0].invoke_line, 2U);
  EXPECT_EQ(history.origins[0].complete_line, 4U);
  EXPECT_EQ(history.nodes.Show(history.origins[0].node), "etcd-0");
}

TEST(HistoryReader, ARefusedSwapThatTellsWhatItFoundIsARead) {
  const History history = Read(Lines({
      R"("process":0,"type":"invoke","f":"cas","key":"a","value":[7,8])",
      R"("process":0,"type":"fail","f":"cas","key":"a","value":[7,8],"seen":9,"error":["mismatch","it holds 9"],"pos":{"rev":4,"mod":2})",
      R"("process":1,"type":"invoke","f":"cas","key":"a","value":[7,8])",
      R"("process":1,"type":"fail","f":"cas","key":"a","value":[7,8],"error":["refused","no leader"])",
      R"("process":2,"type":"invoke","f":"write","key":"a","value":5)",
      R"("process":2,"type":"ok","f":"write","key":"a","value":5,"durable":false)",
      R"("process":3,"type":"invoke","f":"read","key":"a","value":null)",
      R"("process":3,"type":"ok","f":"read","key":"a","value":5,"role":"replica")",
  }));
  EXPECT_EQ(Show(history), "0:read a 9 nil ok\n1:cas a 7 8 fail\n2:write a nil 5 info\n3:read a 5 nil ok\n");
  EXPECT_TRUE(history.ops[0].positioned);
  EXPECT_FALSE(history.ops[1].positioned);
  EXPECT_TRUE(history.ops[3].partial);
}

TEST(HistoryReader, Transactions) {
  const History history = Read(Lines({
      R"("process":0,"type":"invoke","f":"txn","value":[["append","x",1],["r","y",null]])",
      R"("process":0,"type":"ok","f":"txn","value":[["append","x",1],["r","y",[3,4]]])",
  }));
  ASSERT_EQ(history.ops.size(), 1U);
  ASSERT_EQ(history.ops[0].b, 2U);
  const Micro& append = history.micros[history.ops[0].a];
  const Micro& read = history.micros[history.ops[0].a + 1];
  EXPECT_EQ(append.kind, Micro::Kind::kAppend);
  EXPECT_EQ(read.kind, Micro::Kind::kReadList);
  EXPECT_TRUE(read.known);
  EXPECT_EQ(read.count, 2U);
  EXPECT_EQ(history.values.Show(history.pool[read.value + 1]), "4");
  EXPECT_EQ(ModelOf(history), Model::kListAppend);
}

TEST(HistoryReader, ClocksThatDifferWidenTheIntervals) {
  const History history = Read(
      "{\"hist\":1,\"eps_ns\":500}\n"
      R"({"index":0,"time":1000,"process":0,"type":"invoke","f":"read","key":"a","value":null})"
      "\n"
      R"({"index":1,"time":2000,"process":0,"type":"ok","f":"read","key":"a","value":1})"
      "\n");
  EXPECT_EQ(history.ops.at(0).start, 500);
  EXPECT_EQ(history.ops.at(0).finish, 2500);
}

struct DamageRow {
  const char* name;
  std::string text;
  const char* says;
};

TEST(HistoryReader, DamageIsToldAndNeverFatal) {
  const std::string good = R"("process":0,"type":"invoke","f":"write","key":"a","value":7)";
  const std::string header = std::string(kHeader) + "\n";
  const DamageRow rows[] = {
      {"no json", Lines({good}) + "{\"index\":1,\n", "not a JSON object"},
      {"binary", Lines({good}) + std::string("\xff\xfe\x00\x01\n", 5), "not a JSON object"},
      {"invalid UTF-8", Lines({good}) + "{\"index\":1,\"time\":3000,\"f\":\"\xc3\x28\"}\n",
       "not a JSON object"},
      {"deep", Lines({good}) + std::string(100'000, '[') + "\n", "not a JSON object"},
      {"huge integer", Lines({R"("process":0,"type":"invoke","f":"write","key":"a","value":99999999999999999999999)"}),
       "not a JSON object"},
      {"time goes back",
       header + R"({"index":0,"time":9,"process":0,"type":"invoke","f":"read","key":"a"})" + "\n" +
           R"({"index":1,"time":8,"process":0,"type":"ok","f":"read","key":"a","value":1})" + "\n",
       "time goes back"},
      {"missing index",
       header + R"({"index":1,"time":9,"process":0,"type":"invoke","f":"read","key":"a"})" + "\n",
       "a line is missing or moved"},
      {"no time", header + R"({"index":0,"process":0,"type":"invoke","f":"read","key":"a"})" + "\n",
       "no time"},
      {"no process", Lines({R"("type":"invoke","f":"read","key":"a")"}), "no process"},
      {"unknown type", Lines({R"("process":0,"type":"okay","f":"read","key":"a")"}), "type"},
      {"two at once", Lines({good, good}), "inside another"},
      {"completed twice",
       Lines({good, R"("process":0,"type":"ok","f":"write","key":"a","value":7)",
              R"("process":0,"type":"ok","f":"write","key":"a","value":7)"}),
       "never began"},
      {"another value", Lines({good, R"("process":0,"type":"ok","f":"write","key":"a","value":8)"}),
       "another operation"},
      {"another key", Lines({good, R"("process":0,"type":"ok","f":"write","key":"b","value":7)"}),
       "another key"},
      {"another function", Lines({good, R"("process":0,"type":"ok","f":"read","key":"a","value":7)"}),
       "another operation"},
      {"a cas of one value", Lines({R"("process":0,"type":"invoke","f":"cas","key":"a","value":7)"}),
       "does not fit"},
      {"a list of objects", Lines({R"("process":0,"type":"invoke","f":"write","key":"a","value":[{}])"}),
       "does not fit"},
      {"a fraction", Lines({R"("process":0,"type":"invoke","f":"write","key":"a","value":1.5)"}),
       "does not fit"},
      {"a transaction of other steps",
       Lines({R"("process":0,"type":"invoke","f":"txn","value":[["append","x",1]])",
              R"("process":0,"type":"ok","f":"txn","value":[["append","x",9]])"}),
       "other steps than it began"},
      {"a transaction of fewer steps",
       Lines({R"("process":0,"type":"invoke","f":"txn","value":[["append","x",1],["r","y",null]])",
              R"("process":0,"type":"ok","f":"txn","value":[["append","x",1]])"}),
       "other steps than it began"},
      {"a read of another key in a transaction",
       Lines({R"("process":0,"type":"invoke","f":"txn","value":[["r","x",null]])",
              R"("process":0,"type":"ok","f":"txn","value":[["r","y",[]]])"}),
       "other steps than it began"},
      {"an index twice without a header",
       R"({"index":4,"time":9,"process":0,"type":"invoke","f":"read","key":"a"})"
       "\n"
       R"({"index":4,"time":9,"process":0,"type":"ok","f":"read","key":"a","value":1})"
       "\n",
       "there twice or moved"},
      {"a misspelt type in a log",
       "INFO  jepsen.util - 1\t:invoke\t:read\tnil\nINFO  jepsen.util - 1\t:okk\t:read\t7\n", "type"},
      {"unknown step", Lines({R"("process":0,"type":"invoke","f":"txn","value":[["swap","x",1]])"}),
       "unknown step"},
  };
  for (const DamageRow& row : rows) {
    const History history = Read(row.text);
    ASSERT_GE(history.problem_count, 1) << row.name;
    EXPECT_THAT(history.problems[0].sentence, HasSubstr(row.says)) << row.name;
  }
}

TEST(HistoryReader, ATornLastLineIsSkipped) {
  const History history = Read(
      Lines({R"("process":0,"type":"invoke","f":"write","key":"a","value":7)"}) + R"({"index":1,"ti)");
  EXPECT_EQ(history.problem_count, 0);
  EXPECT_EQ(history.ops.size(), 1U);
}

TEST(HistoryReader, NoHistories) {
  for (const char* text : {"", "\n\n", "hello", "{", "[", "[1,2]", "{\"a\":1}x", "[{\"a\":1}]", "{:a 1",
                           "{\"hist\":2}\n", "INFO jepsen\n", "{:a 1}", "[{:type", "\"x\""})
    EXPECT_FALSE(ReadHistoryText(text)) << text;
}

TEST(HistoryReader, AVeryLongLine) {
  std::string text = Lines({R"("process":0,"type":"invoke","f":"add","key":"s","value":1)",
                            R"("process":0,"type":"ok","f":"add","key":"s","value":1)",
                            R"("process":1,"type":"invoke","f":"read","key":"s")"});
  text += R"({"index":3,"time":9000,"process":1,"type":"ok","f":"read","key":"s","value":[1)";
  for (int i = 2; i <= 1'000'000; ++i)
    text += "," + std::to_string(i);
  text += "]}\n";
  const TemporaryDirectory folder;
  ASSERT_TRUE(WriteFileAtomic(folder.path() / "h.jsonl", text));
  const auto history = ReadHistory(folder.path() / "h.jsonl");
  ASSERT_TRUE(history);
  EXPECT_EQ(history->problem_count, 0);
  EXPECT_EQ(history->ops.at(1).b, 1'000'000U);
  EXPECT_EQ(history->ops.at(1).kind, Kind::kReadSet);
}

TEST(HistoryReader, JepsenLogs) {
  const History history = Read(
      "INFO  jepsen.core - starting\n"
      "INFO  jepsen.util - 0\t:invoke\t:read\tnil\n"
      "INFO  jepsen.util - 1\t:invoke\t:cas\t[1 2]\n"
      "INFO  jepsen.util - 0\t:ok\t:read\tnil\n"
      "INFO  jepsen.util - 1\t:fail\t:cas\t[1 2]\n"
      "INFO  jepsen.util - 2\t:invoke\t:write\t3\n"
      "INFO  jepsen.util - 2\t:info\t:write\t:timed-out\n"
      "INFO  jepsen.util - 3\t:invoke\t:read\tnil\n"
      "INFO  jepsen.util - 3\t:fail\t:read\t:timed-out\n");
  EXPECT_EQ(Show(history),
            "0:read nil nil nil ok\n1:differs nil 1 2 ok\n2:write nil nil 3 info\n3:read nil nil nil fail\n");
  EXPECT_FALSE(history.timed);
  EXPECT_EQ(history.problem_count, 0);
  EXPECT_EQ(history.origins[1].complete_line, 5U);
}

// Another line of the log is no operation, and lines may be left out where nobody promised all of them.
TEST(HistoryReader, WhatIsNoDamage) {
  const History log = Read(
      "INFO  jepsen.util - 1\t:invoke\t:read\tnil\nINFO  jepsen.core - 3 nodes read\n"
      "INFO  jepsen.util - 1 :started :workers\nINFO  jepsen.util - 1\t:ok\t:read\tnil\n");
  EXPECT_EQ(log.problem_count, 0) << log.problems.at(0).sentence;
  const History gaps = Read(R"({"index":4,"time":9,"process":0,"type":"invoke","f":"read","key":"a"})"
                            "\n"
                            R"({"index":7,"time":9,"process":0,"type":"ok","f":"read","key":"a","value":1})"
                            "\n");
  EXPECT_EQ(gaps.problem_count, 0);
}

TEST(HistoryReader, OnlyWhoPromisesItSawAnotherStateWhenItRefused) {
  const char* line = R"("process":0,"type":"{}","f":"cas","key":"a","value":[7,8])";
  const std::string lines = "{\"time\":1," + fmt::format(fmt::runtime(line), "invoke") + "}\n{\"time\":2," +
                            fmt::format(fmt::runtime(line), "fail") + "}\n";
  EXPECT_EQ(Show(Read(lines)), "0:cas a 7 8 fail\n");
  EXPECT_EQ(Show(Read("[" + lines.substr(0, lines.find('\n')) + "," + lines.substr(lines.find('\n')) + "]")),
            "0:cas a 7 8 fail\n");
  EXPECT_EQ(Show(Read(Lines({fmt::format(fmt::runtime(line), "invoke"), fmt::format(fmt::runtime(line), "fail")}))),
            "0:differs a 7 8 ok\n");
}

// An object is a value like another; its fields have no order.
TEST(HistoryReader, ObjectsAreValues) {
  const std::string expected = "0:write a nil {\"x\":1,\"y\":2} ok\n1:read a {\"x\":1,\"y\":3} nil ok\n";
  const History own = Read(Lines({R"("process":0,"type":"invoke","f":"write","key":"a","value":{"x":1,"y":2})",
                                  R"("process":"nemesis","type":"info","f":"partition","value":{"x":[1.5,{}]})",
                                  R"("process":0,"type":"ok","f":"write","key":"a","value":{"y":2,"x":1})",
                                  R"("process":1,"type":"invoke","f":"read","key":"a","value":null)",
                                  R"("process":1,"type":"ok","f":"read","key":"a","value":{"x":1,"y":3})"}));
  EXPECT_EQ(Show(own), expected);
  EXPECT_EQ(own.problem_count, 0) << own.problems.at(0).sentence;
  const History edn = Read(
      "{:process 0 :type :invoke :f :write :key a :value {:x 1 :y 2}}\n"
      "{:process 0 :type :ok :f :write :key a :value {:y 2 :x 1}}\n"
      "{:process 1 :type :invoke :f :read :key a :value nil}\n"
      "{:process 1 :type :ok :f :read :key a :value {:x 1 :y 3}}\n");
  EXPECT_EQ(Show(edn), expected);
  EXPECT_EQ(edn.problem_count, 0);
}

TEST(HistoryReader, EdnOnLinesAndAsAVector) {
  const std::string events =
      "{:process 0, :type :invoke, :f :append, :key \"0\", :value \"x 0 0 y\"}\n"
      "{:process 0, :type :ok, :f :append, :key \"0\", :value \"x 0 0 y\"}\n"
      "#jepsen.history.Op{:process 1, :type :invoke, :f :get, :key \"0\", :value nil} ; a comment\n"
      "#_ {:dropped true} {:process 1 :type :ok :f :get :key \"0\" :value \"x 0 0 y\"}\n";
  const std::string expected = "0:append 0 nil x 0 0 y ok\n1:read 0 x 0 0 y nil ok\n";
  EXPECT_EQ(Show(Read(events)), expected);
  EXPECT_EQ(Show(Read("[" + events + "]")), expected);
  EXPECT_EQ(ModelOf(Read(events)), Model::kKv);
}

TEST(HistoryReader, EdnOfIndependentKeys) {
  const History history = Read(
      "{:process 0 :type :invoke :f :write :value [5 1] :time 10}\n"
      "{:process 0 :type :ok :f :write :value [5 1] :time 20}\n"
      "{:process 1 :type :invoke :f :cas :value [5 [1 2]] :time 30}\n"
      "{:process 1 :type :ok :f :cas :value [5 [1 2]] :time 40}\n"
      "{:process 2 :type :invoke :f :read :value [5 nil] :time 50}\n"
      "{:process 2 :type :ok :f :read :value [5 2] :time 60}\n");
  EXPECT_EQ(Show(history), "0:write 5 nil 1 ok\n1:cas 5 1 2 ok\n2:read 5 2 nil ok\n");
  EXPECT_EQ(history.problem_count, 0);
}

TEST(HistoryReader, JsonArray) {
  const History history = Read(
      R"([{"type":"invoke","f":"add","value":1,"process":0,"time":10,"index":1},)"
      R"({"type":"ok","f":"add","value":1,"process":0,"time":20,"index":2},)"
      R"({"type":"invoke","f":"read","value":null,"process":0,"time":30,"index":3},)"
      R"({"type":"ok","f":"read","value":[1],"process":0,"time":40,"index":4}])");
  EXPECT_EQ(history.ops.size(), 2U);
  EXPECT_EQ(history.problem_count, 0);
  EXPECT_EQ(ModelOf(history), Model::kSet);
}

TEST(Edn, Forms) {
  const std::pair<const char*, const char*> rows[] = {
      {"nil", "null"},
      {"true", "true"},
      {":a/b", "\"a/b\""},
      {"sym", "\"sym\""},
      {"-17", "-17"},
      {"+5", "5"},
      {"12N", "12"},
      {"99999999999999999999", "\"99999999999999999999\""},
      {"1.5", "\"1.5\""},
      {"1/2", "\"1/2\""},
      {"\\a", "\"a\""},
      {"\\newline", "\"newline\""},
      {"\"a\\n\\u00e9\\\"\"", "\"a\\né\\\"\""},
      {"(1 [2 #{3}] {})", "[1,[2,[3]],{}]"},
      {"{:a 1, 2 :b, nil 3}", "{\"2\":\"b\",\"a\":1,\"null\":3}"},
      {"#inst \"2026\"", "\"2026\""},
      {"; x\n #_ 1 2", "2"},
  };
  for (const auto& [text, json] : rows) {
    EdnReader reader(text);
    const auto form = reader.Read();
    ASSERT_TRUE(form) << text;
    EXPECT_EQ(DumpJson(*form), json) << text;
    EXPECT_TRUE(reader.AtEnd()) << text;
  }
  for (const char* text : {"", "[", "(1", "{:a", "{:a}", "\"x", "]", "#", "\"\\u12\"", "#_"})
    EXPECT_FALSE(EdnReader(text).Read()) << text;
  EXPECT_FALSE(EdnReader(std::string(100'000, '[')).Read());
}

}  // namespace
}  // namespace holdfast::check::history
