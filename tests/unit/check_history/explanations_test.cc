// What a person is told of each kind of violation, word by word: tests/golden/history/NAME.jsonl and
// NAME.txt. Every finding names two to six operations, each with its client and times, and their lines.
#include <algorithm>
#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/check/history/reader.h"
#include "harness/check/history/verdicts.h"
#include "tests/golden/golden.h"

namespace holdfast::check::history {
namespace {

namespace fs = std::filesystem;

std::string Told(const History& history, const std::string& file) {
  JudgeOptions options;
  options.fresh_reads = true;
  std::string text;
  for (const Judged& judged : JudgeHistory(history, options, file)) {
    if (judged.result.verdict == Verdict::kNotApplicable) continue;
    text += fmt::format("{} {}: {}\n", judged.result.id,
                        judged.result.verdict == Verdict::kFail ? "fail" : judged.result.verdict == Verdict::kPass ? "pass" : "unknown",
                        judged.result.reason);
    for (const Finding& finding : judged.result.findings) {
      text += "  " + finding.sentence + "\n  see";
      for (const Evidence& evidence : finding.evidence)
        text += fmt::format(" {}:{}", evidence.file, evidence.line);
      text += "\n";
    }
  }
  return text;
}

TEST(Explanations, OfEveryEngine) {
  const fs::path folder = fs::path(HOLDFAST_SOURCE_DIR) / "tests" / "golden" / "history";
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".jsonl") names.insert(entry.path().stem());
  EXPECT_GE(names.size(), 14U);
  for (const std::string& name : names) {
    const auto history = ReadHistory(folder / (name + ".jsonl"));
    ASSERT_TRUE(history) << name << ": " << history.error().message;
    EXPECT_EQ(history->problem_count, 0) << name << ": " << history->problems.front().sentence;
    const std::string told = Told(*history, name + ".jsonl");
    EXPECT_THAT(told, testing::HasSubstr(" fail: ")) << name;
    ExpectGolden("history/" + name + ".txt", told);
    JudgeOptions options;
    options.fresh_reads = true;
    for (const Judged& judged : JudgeHistory(*history, options, "h"))
      for (const Finding& finding : judged.result.findings) {
        // An operation has two lines, unless it never ended.
        EXPECT_GE(finding.evidence.size(), 1U) << name;
        EXPECT_LE(finding.evidence.size(), 12U) << name << ": " << finding.sentence;
        EXPECT_THAT(finding.sentence, testing::HasSubstr("client ")) << name;
        EXPECT_THAT(finding.sentence, testing::ContainsRegex("[0-9]+\\.[0-9]{6} s")) << name;
      }
  }
}

}  // namespace
}  // namespace holdfast::check::history
