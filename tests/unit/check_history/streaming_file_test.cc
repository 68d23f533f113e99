// The streaming check of a file agrees with the check of the whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"
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
