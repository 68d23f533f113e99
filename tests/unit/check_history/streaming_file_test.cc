// The streaming check of a file agrees with the check of the whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/check/history/reader.h"
#include "harness/check/history/registers.h"
#include "harness/check/history/stream_check.h"
#include "tests/unit/check_history/generator.h"

namespace holdfast::check::history {
namespace {

struct Line {
  int64_t time;
  bool is_return;
  size_t op;
};

// The operations as history.jsonl; each has a process of its own.
std::string Write(const std::vector<Op>& ops) {
  std::vector<Line> lines;
  for (size_t i = 0; i < ops.size(); ++i) {
    lines.push_back({ops[i].start, false, i});
    if (ops[i].end == End::kOk) lines.push_back({ops[i].finish, true, i});
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return a.time != b.time ? a.time < b.time : !a.is_return && b.is_return;
  });
  std::string text = "{\"hist\":1}\n";
  for (size_t i = 0; i < lines.size(); ++i) {
    const Op& op = ops[lines[i].op];
    const auto show = [](uint32_t value) { return value == kNil ? "null" : std::to_string(value); };
    std::string value = op.kind == Kind::kWrite ? show(op.b)
                        : op.kind == Kind::kCas ? "[" + show(op.a) + "," + show(op.b) + "]"
                        : lines[i].is_return    ? show(op.a)
                                                : "null";
    text += fmt::format(R"({{"index":{},"time":{},"process":{},"type":"{}","f":"{}","key":"k{}","value":{}}})"
                        "\n",
                        i, lines[i].time + 1, lines[i].op, lines[i].is_return ? "ok" : "invoke",
                        op.kind == Kind::kRead    ? "read"
                        : op.kind == Kind::kWrite ? "write"
                                                  : "cas",
                        1, value);
  }
  return text;
}

TEST(StreamingFile, AgreesWithTheWhole) {
  Random random(3);
  const TemporaryDirectory folder;
  int bad = 0;
  for (int round = 0; round < 300; ++round) {
    RegisterShape shape = RandomShape(random);
    shape.domain = 0;
    shape.refusals = false;
    shape.operations = 60;
    const std::vector<Op> ops = Generate(shape, random);
    ASSERT_TRUE(WriteFileAtomic(folder.path() / "h.jsonl", Write(ops)));
    const auto streamed = StreamRegisters(folder.path() / "h.jsonl");
    ASSERT_TRUE(streamed);
    const auto whole = ReadHistory(folder.path() / "h.jsonl");
    ASSERT_TRUE(whole);
    const bool right = CheckRegisters(*whole, {}).violated_keys == 0;
    EXPECT_EQ(streamed->decision, right ? Decision::kLinearizable : Decision::kViolated)
        << streamed->sentence << "\n"
        << Print(ops);
    if (!right) {
      ++bad;
      EXPECT_THAT(streamed->sentence, testing::HasSubstr("visible at line"));
    }
  }
  EXPECT_GT(bad, 20);
}

// Lines of a history with a header; %i is the next index.
Result<StreamReport> Streamed(const std::vector<std::string>& lines, const std::string& header = R"({"hist":1})") {
  const TemporaryDirectory folder;
  std::string text = header + "\n";
  for (size_t i = 0; i < lines.size(); ++i)
    text += ReplaceAll(lines[i], "%i", fmt::format(R"("index":{},"time":{})", i, 10 * (i + 1))) + "\n";
  EXPECT_TRUE(WriteFileAtomic(folder.path() / "h.jsonl", text));
  return StreamRegisters(folder.path() / "h.jsonl");
}

TEST(StreamingFile, ReadsTheLinesAsTheWholeCheckDoes) {
  const auto line = [](const char* process, const char* type, const char* f, const char* value, const char* more = "") {
    return fmt::format(R"({{%i,"process":{},"type":"{}","f":"{}","key":"a","value":{}{}}})", process, type, f, value, more);
  };
  const std::vector<std::string> one{line("0", "invoke", "write", "1"), line("0", "ok", "write", "1")};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), one.begin(), one.end());
    return more;
  };
  const auto read = [&](const char* process, const char* value, const char* more = "") {
    return with({line(process, "invoke", "read", "null"), line(process, "ok", "read", value, more)});
  };
  const struct {
    const char* name;
    std::vector<std::string> lines;
    Decision decision;
    int64_t damaged;
  } rows[] = {
      {"right", read("1", "1"), Decision::kLinearizable, 0},
      {"a probe reads, too", read("\"probe:x\"", "null"), Decision::kViolated, 0},
      {"the nemesis does not", with({line("\"nemesis\"", "info", "partition", "null")}), Decision::kLinearizable, 0},
      {"a replica may lag", read("1", "null", R"(,"role":"replica")"), Decision::kLinearizable, 0},
      {"a list is no value of a register", read("1", "[1]"), Decision::kNotApplicable, 0},
      {"an acknowledgement that is not durable",
       {line("0", "invoke", "write", "1"), line("0", "ok", "write", "1", R"(,"durable":false)"),
        line("1", "invoke", "read", "null"), line("1", "ok", "read", "null")},
       Decision::kLinearizable, 0},
      {"a missing line",
       with({R"({"index":9,"time":90,"process":1,"type":"invoke","f":"read","key":"a","value":null})"}),
       Decision::kLinearizable, 1},
      {"no time", with({R"({"index":2,"process":1,"type":"invoke","f":"read","key":"a","value":null})"}),
       Decision::kLinearizable, 1},
      {"another value", {one[0], line("0", "ok", "write", "2")}, Decision::kLinearizable, 1},
      {"another function", {one[0], line("0", "ok", "read", "1")}, Decision::kLinearizable, 1},
      {"another key", {one[0], ReplaceAll(one[1], "\"a\"", "\"b\"")}, Decision::kLinearizable, 1},
      {"never begun", {one[1]}, Decision::kLinearizable, 1},
      {"inside another", with({one[0], line("0", "invoke", "read", "null")}), Decision::kNotApplicable, 0},
      {"two at once", with({line("1", "invoke", "read", "null"), line("1", "invoke", "read", "null")}),
       Decision::kLinearizable, 1},
      {"an unknown type", with({line("0", "maybe", "write", "2")}), Decision::kLinearizable, 1},
      {"an unknown function", with({line("0", "invoke", "swap", "2")}), Decision::kNotApplicable, 0},
      {"refused, and it told what it found",
       with({line("1", "invoke", "cas", "[2,3]"), line("1", "fail", "cas", "[2,3]", R"(,"seen":null)")}),
       Decision::kViolated, 0},
      {"refused without a word", with({line("1", "invoke", "cas", "[2,3]"), line("1", "fail", "cas", "[2,3]")}),
       Decision::kNotApplicable, 0},
      {"refused with an error",
       with({line("1", "invoke", "cas", "[2,3]"), line("1", "fail", "cas", "[2,3]", R"(,"error":["x","y"])")}),
       Decision::kLinearizable, 0},
      {"revisions are replayed over the whole",
       {line("0", "invoke", "write", "1"), line("0", "ok", "write", "1", R"(,"pos":{"rev":5})"),
        line("0", "invoke", "read", "null"), line("0", "ok", "read", "1", R"(,"pos":{"rev":4})")},
       Decision::kNotApplicable, 0},
      {"a client with a name does what no model knows", with({line("\"c\"", "invoke", "delete", "null")}),
       Decision::kNotApplicable, 0},
  };
  for (const auto& row : rows) {
    const auto report = Streamed(row.lines);
    ASSERT_TRUE(report) << row.name << ": " << report.error().message;
    EXPECT_EQ(report->decision, row.decision) << row.name << ": " << report->sentence;
    EXPECT_EQ(report->damaged, row.damaged) << row.name << ": " << report->damage;
  }
  const auto wide = Streamed(one, R"({"hist":1,"eps_ns":-1})");
  ASSERT_TRUE(wide);
  EXPECT_EQ(wide->damaged, 1);
}

// Clients that die and are replaced: what is open is looked at, not everybody who ever was.
TEST(StreamingFile, ManyDeadClientsAreForgotten) {
  std::vector<std::string> lines;
  for (int i = 1; i <= 3000; ++i) {
    const std::string rest = fmt::format(R"("process":{},"f":"write","key":"a","value":{}}})", i, i);
    lines.push_back(R"({%i,"type":"invoke",)" + rest);
    lines.push_back(fmt::format(R"({{%i,"type":"{}",)", i % 10 == 0 ? "info" : "ok") + rest);
  }
  const auto report = Streamed(lines);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->decision, Decision::kLinearizable) << report->sentence;
  EXPECT_EQ(report->damaged, 0) << report->damage;
  EXPECT_EQ(report->crashed, 300);
  EXPECT_LE(report->peak, 400U);
}

TEST(StreamingFile, WhatNeedsTheWholeHistorySaysSo) {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "h.jsonl";
  const std::string write =
      R"({"time":1,"process":0,"type":"invoke","f":"write","key":"a","value":1})"
      "\n"
      R"({"time":2,"process":0,"type":"ok","f":"write","key":"a","value":1})"
      "\n";
  ASSERT_TRUE(WriteFileAtomic(path, "{\"hist\":1}\n" + write + write));
  const auto twice = StreamRegisters(path);
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->decision, Decision::kNotApplicable);
  EXPECT_THAT(twice->sentence, testing::HasSubstr("a value written twice"));
  ASSERT_TRUE(WriteFileAtomic(path, R"({"time":1,"process":0,"type":"invoke","f":"add","key":"a","value":1})"
                                    "\n"));
  EXPECT_EQ(StreamRegisters(path)->decision, Decision::kNotApplicable);
  EXPECT_FALSE(StreamRegisters(folder.path() / "missing"));
}

}  // namespace
}  // namespace holdfast::check::history
