// The console as bytes: the plain lines of a pipe, the redrawn block of a terminal, the summary.
#include "reports/console_report.h"

#include <fcntl.h>

#include <algorithm>

#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "reports/json_report.h"

#include "tests/golden/golden.h"
#include "tests/unit/reports/sample.h"

namespace holdfast::reports {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A short run, told to a console.
std::string Play(const ConsoleOptions& options) {
  std::string out;
  FakeClock clock;
  ConsoleReport report([&](std::string_view bytes) { out += bytes; }, options, clock);
  const auto pass = [&](Nanos time) {
    clock.Advance(time);
    report.Tick();
  };
  report.Begin("smoke", 2, seconds(75));
  pass(milliseconds(300));
  report.Phase("deploying postgres");
  pass(milliseconds(900));
  for (int ordinal = 0; ordinal < 3; ++ordinal)
    report.Pod(ordinal, "ready");
  pass(seconds(1));
  report.ScenarioBegin("pod-delete");
  report.Operations(0, 0, 0);
  pass(seconds(1));
  report.Operations(198, 0, 0);
  report.Phase("pod-delete pg-0");
  report.Phase("pod-delete pg-0");
  report.Pod(0, "terminating");
  pass(seconds(12));
  report.Operations(2404, 3, 1);
  report.Pod(0, "");
  report.Line("warning: \x1b[2Jthe disk is\nalmost full");
  pass(milliseconds(50));
  report.ScenarioEnd("pod-delete", check::Verdict::kPass, "17 guarantees held");
  report.ScenarioBegin("scale-cycle");
  pass(seconds(70));
  report.ScenarioEnd("scale-cycle", check::Verdict::kUnknown, "a watch lost its place");
  report.End();
  report.End();
  report.Line("after the end");
  return out;
}

// Escape sequences made readable.
std::string Visible(std::string text) { return ReplaceAll(std::move(text), "\x1b", "\\e"); }

TEST(Console, PipeGetsPlainLines) {
  const std::string out = Play({});
  for (const char c : out)
    EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  ExpectGolden("reports/console-pipe.txt", out);
}

TEST(Console, TerminalGetsABlock) {
  ExpectGolden("reports/console-terminal.txt", Visible(Play({true, true, [] { return 72; }})));
}

TEST(Console, NoColorStillRedraws) {
  const std::string out = Visible(Play({true, false, [] { return 72; }}));
  for (const char* color : {"\\e[2m", "\\e[31m", "\\e[32m", "\\e[33m", "\\e[0m"})
    EXPECT_EQ(out.find(color), std::string::npos) << color;
  EXPECT_NE(out.find("\\e[J"), std::string::npos);
}

TEST(Console, NoLineIsWiderThanTheTerminal) {
  for (const int width : {1, 21, 40, 80, 10'000}) {
    std::string out;
    FakeClock clock;
    ConsoleReport report([&](std::string_view bytes) { out += bytes; },
                         {true, false, [width] { return width; }}, clock);
    for (int ordinal = 0; ordinal < 200; ++ordinal)
      report.Pod(ordinal, "terminating");
    report.Operations(1'000'000'000, 1'000'000'000, 1'000'000'000);
    clock.Advance(seconds(1));
    report.Phase(std::string(500, 'p') + "\xc3\xbc");
    const size_t limit = static_cast<size_t>(std::clamp(width - 1, 20, 400));
    for (const std::string& line : Split(out, '\n')) {
      const size_t erase = line.rfind("\x1b[J");
      const std::string shown = erase == std::string::npos ? line : line.substr(erase + 3);
      EXPECT_LE(shown.size(), limit) << Visible(line);
    }
  }
}

TEST(Console, RedrawsAtMostTenTimesPerSecond) {
  int calls = 0;
  FakeClock clock;
  ConsoleReport report([&](std::string_view) { ++calls; }, {true, false, nullptr}, clock);
  for (int i = 0; i < 1000; ++i) {
    clock.Advance(milliseconds(1));
    report.Operations(i, 0, 0);
  }
  EXPECT_GE(calls, 5);
  EXPECT_LE(calls, 11);
}

TEST(Console, AFileIsNoTerminal) {
  FileDescriptor file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const ConsoleOptions options = DetectConsole(file.get());
  EXPECT_FALSE(options.live);
  EXPECT_FALSE(options.color);
  EXPECT_EQ(options.width(), 80);
}

TEST(Summary, PlainAndColored) {
  SummaryOptions options;
  options.files = {{"junit", "run/junit.xml"}, {"html", "run/report.html"}};
  const check::Verdicts verdicts = SampleVerdicts();
  ExpectGolden("reports/summary.txt",
               RenderSummary(verdicts, options) + ExitLine(verdicts.exit, verdicts.reason));
  options.color = true;
  const std::string colored = Visible(RenderSummary(verdicts, options));
  EXPECT_NE(colored.find("\\e[31mFAIL\\e[0m SS-ORD-2"), std::string::npos);
}

TEST(Summary, HostileTextMovesNoCursor) {
  check::Verdicts verdicts = SampleVerdicts();
  for (check::CheckResult& result : verdicts.checks) {
    result.reason = "\x1b[2J\r\nexit 0: all is well";
    result.findings.assign(20, {"\x1b[2J\nexit 0: all is well", {}, {{"\x1b[1m", 3}}, "\x07"});
  }
  const std::string text = RenderSummary(verdicts, {});
  for (const char c : text)
    EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  EXPECT_EQ(text.find("\nexit 0"), std::string::npos);
  EXPECT_NE(text.find("and 15 more findings"), std::string::npos);
  EXPECT_EQ(ExitLine(1, "a\nexit 0: b"), "exit 1: a exit 0: b\n");
}

TEST(VerdictsJson, IsWrittenWhole) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "verdicts.json";
  ASSERT_TRUE(WriteVerdicts(path, SampleVerdicts()));
  const auto text = ReadFile(path);
  ASSERT_TRUE(text);
  const auto json = ParseJson(*text);
  ASSERT_TRUE(json);
  EXPECT_EQ(GetString(*json, {"format"}), "holdfast-verdicts/1");
  EXPECT_EQ(GetString(*json, {"verdict"}), "fail");
  EXPECT_EQ(GetArray(*json, {"checks"}).size(), 6U);
}

}  // namespace
}  // namespace holdfast::reports
