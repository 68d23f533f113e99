// Traces that nobody wrote on purpose: truncated, enormous, deep, of the wrong types, not text.
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/json.h"
#include "harness/base/random.h"
#include "harness/trace/trace_json.h"
#include "harness/trace/trace_lines.h"
#include "harness/trace/trace_reader.h"

namespace holdfast::trace {
namespace {

constexpr const char* kStart =
    R"({"t":0,"kind":"run","format":"holdfast-trace/1",)"
    R"("target":{"kind":"StatefulSet","namespace":"ns","name":"pg"},"server":"v1.36.2"})"
    "\n"
    R"({"t":0.1,"kind":"watch-open","resource":"pods","resourceVersion":"10","items":0})"
    "\n";
constexpr const char* kPod =
    R"({"t":1,"kind":"watch","resource":"pods","event":{"type":"ADDED","object":{"metadata":)"
    R"({"name":"pg-0","uid":"u0","resourceVersion":"11"},"status":{"phase":"Pending"}}}})"
    "\n";

Result<TraceModel> Read(const std::string& text) {
  std::istringstream in(text);
  return ReadTrace(in);
}

TEST(Robustness, DamagedLinesAreProblemsAndTheRestIsRead) {
  const std::string deep(5000, '[');
  const std::string rows[] = {
      std::string("\0\0\0", 3),
      "\xff\xfe not text",
      deep,
      R"({"t":1,"kind":"watch","resource":"pods","event":{"type":"ADDED","object":)" + deep,
      R"({"t":"now","kind":"watch"})",
      R"({"t":-5,"kind":"end-of-time"})",
      R"({"t":1e999,"kind":"probe"})",
      R"({"t":1,"kind":7})",
      R"({"t":1,"kind":"watch","resource":[],"event":{}})",
      R"({"t":1,"kind":"watch","resource":"pods","event":{"type":"ADDED","object":{"metadata":[]}}})",
      R"([1,2,3])",
      R"("text")",
      "{} trailing",
  };
  for (const std::string& row : rows) {
    const auto model = Read(std::string(kStart) + row + "\n" + kPod);
    ASSERT_TRUE(model) << row.substr(0, 40);
    EXPECT_FALSE(model->problems.empty()) << row.substr(0, 40);
    EXPECT_EQ(model->pods.size(), 1U) << row.substr(0, 40);
  }
}

TEST(Robustness, WrongTypesInsideObjectsAreAbsent) {
  const auto model = Read(
      std::string(kStart) +
      R"({"t":1,"kind":"watch","resource":"pods","event":{"type":"ADDED","object":{"metadata":)"
      R"({"name":"pg-0","uid":"u0","resourceVersion":"11","labels":7,"ownerReferences":"x",)"
      R"("deletionGracePeriodSeconds":"soon"},"spec":[],"status":{"phase":{},"conditions":{},)"
      R"("containerStatuses":[1,"x",null]}}}})"
      "\n");
  ASSERT_TRUE(model);
  ASSERT_EQ(model->pods.size(), 1U);
  EXPECT_EQ(model->pods[0].states[0].phase, "");
  EXPECT_TRUE(model->pods[0].states[0].identity->labels.empty());
}

TEST(Robustness, AnEndlessLineIsSkippedInBoundedMemory) {
  const std::string longest(LineBuffer::kLongest + (size_t{3} << 20), 'x');
  const auto model = Read(std::string(kStart) + R"({"t":1,"x":")" + longest + "\"}\n" + kPod);
  ASSERT_TRUE(model);
  ASSERT_FALSE(model->problems.empty());
  EXPECT_THAT(model->problems[0].sentence, testing::HasSubstr("longer than"));
  EXPECT_EQ(model->problems[0].at.line, 3);
  ASSERT_EQ(model->pods.size(), 1U);
  EXPECT_EQ(model->pods[0].first().line, 4);
}

TEST(Robustness, ARecordOfNothingButDamageStaysSmall) {
  std::string text = kStart;
  for (int i = 0; i < 20000; ++i)
    text += "{damage\n";
  const auto model = Read(text);
  ASSERT_TRUE(model);
  EXPECT_LE(model->problems.size(), 200U);
  EXPECT_EQ(model->damages.at(""), 20000);
}

TEST(Robustness, AnyCutIsReadUpToIt) {
  const std::string whole = std::string(kStart) + kPod + kPod;
  for (size_t length = std::string(kStart).size(); length <= whole.size(); ++length)
    ASSERT_TRUE(Read(whole.substr(0, length))) << length;
}

TEST(TraceReader, GoesOnWhereAGrowingFileEnded) {
  TraceModel model;
  TraceReader reader(model);
  const std::string text = std::string(kStart) + kPod;
  std::stringstream file;
  for (size_t at = 0; at < text.size(); at += 7) {
    file << text.substr(at, 7);
    ASSERT_TRUE(reader.Read(file));
  }
  EXPECT_EQ(model.pods.size(), 1U);
  EXPECT_TRUE(model.problems.empty());
  EXPECT_TRUE(reader.Finish());
}

// After a gap the new list tells who is still there.
TEST(TraceReader, WhoIsNotInTheListAfterAGapIsGone) {
  const auto model = Read(
      std::string(kStart) + kPod + R"({"t":2,"kind":"gap","resource":"pods","reason":"410"})" +
      "\n" +
      R"({"t":3,"kind":"watch","resource":"pods","event":{"type":"LIST","object":{"metadata":)"
      R"({"name":"pg-1","uid":"u1","resourceVersion":"20"}}}})"
      "\n"
      R"({"t":4,"kind":"end"})"
      "\n");
  ASSERT_TRUE(model);
  ASSERT_EQ(model->pods.size(), 2U);
  ASSERT_TRUE(model->pods[0].gone);
  EXPECT_EQ(model->pods[0].gone->line, 4);
  EXPECT_FALSE(model->pods[1].gone);
}

std::optional<JsonView> Parse(JsonLineParser& parser, const std::string& text, std::string& memory) {
  memory = text + std::string(JsonLineParser::kPadding, ' ');
  return parser.Parse(std::string_view(memory).substr(0, text.size()));
}

TEST(JsonView, ReadsWhatNlohmannReads) {
  const std::string text =
      R"({"a":{"b":[1,-2,3.5,true,null,"x\n\u00e9"],"c":{}},"n":18446744073709551615,"big":9e15,)"
      R"("i":-9223372036854775808,"t":true,"f":false})";
  JsonLineParser parser;
  std::string memory;
  const auto view = Parse(parser, text, memory);
  ASSERT_TRUE(view);
  EXPECT_EQ((*view)["i"].Int(), INT64_MIN);
  EXPECT_EQ((*view)["n"].Int(7), 7);
  EXPECT_EQ((*view)["missing"].Int(7), 7);
  EXPECT_TRUE((*view)["t"].Bool());
  EXPECT_FALSE((*view)["f"].Bool(true));
  EXPECT_TRUE((*view)["x"].Bool(true));
  std::vector<std::string> items;
  (*view)["a"]["b"].ForEach([&](JsonView item) {
    items.push_back(item.IsText() ? std::string(item.Text()) : std::to_string(item.Number(-1)));
  });
  EXPECT_THAT(items, testing::ElementsAre("1.000000", "-2.000000", "3.500000", "-1.000000",
                                          "-1.000000", "x\n\u00e9"));
  EXPECT_FALSE((*view)["a"]["b"]["c"].Exists());
  EXPECT_TRUE((*view)["a"]["c"].IsObject());
}

TEST(JsonView, FingerprintsTellContentsApart) {
  JsonLineParser parser;
  std::string memory;
  const auto print = [&](const std::string& text) { return Parse(parser, text, memory)->Fingerprint(); };
  EXPECT_EQ(print(R"({"a":[1,"x"]})"), print(R"({ "a" : [1, "x"] })"));
  const std::vector<std::string> others = {
      R"({"a":[1,"x"]})", R"({"a":[1,"y"]})", R"({"a":[2,"x"]})",  R"({"b":[1,"x"]})",
      R"({"a":["1x"]})",  R"({"a":[1],"x":1})", R"({"a":[true]})", R"({"a":[false]})",
      R"({"a":[null]})",  R"({"a":[]})",      R"({"a":{}})",       R"({"a":[[]]})"};
  std::set<uint64_t> prints;
  for (const std::string& text : others)
    prints.insert(print(text));
  EXPECT_EQ(prints.size(), others.size());
  EXPECT_EQ(JsonView().Fingerprint(), 0U);
}

}  // namespace
}  // namespace holdfast::trace
