// Ctrl-C, a termination and kill -9 at several moments of a run: told by its own output, never by
// time.
#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/process.h"
#include "harness/base/strings.h"

#include "tests/integration/interrupt/running.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

bool WorldIsStarting(const Place& place) {
  return fs::exists(place.out / "logs" / "sandbox" / "control-plane.log");
}

// Nothing of the run is on the machine but its output.
void ExpectNothingLeft(const Place& place, const Family& family, const std::string& before) {
  EXPECT_THAT(LeftOf(family), IsEmpty());
  EXPECT_EQ(DevicesAndMounts(), before);
  EXPECT_TRUE(fs::is_empty(place.temporary)) << "something is left in the temporary folder";
}

void ExpectWholeReports(const Place& place) {
  for (const fs::path& path : {place.out / "junit.xml", place.folder.path() / "asked.xml"}) {
    EXPECT_TRUE(RunChecked({"xmllint", "--noout", path.string()})) << path;
    EXPECT_THAT(ReadFile(path).value_or(""), HasSubstr("<error")) << path << " is green";
  }
  const Json run = ParseJson(ReadFile(place.out / "run.json").value_or("")).value_or(Json());
  EXPECT_EQ(GetString(run, {"state"}), "interrupted");
}

void ExpectUndone(const Place& place) {
  const std::string journal = ReadFile(place.out / "journal.jsonl").value_or("");
  EXPECT_THAT(journal, HasSubstr(R"("change":"namespace")"));
  EXPECT_THAT(journal, HasSubstr(R"({"undone":1})"));
}

struct Moment {
  const char* name;
  const char* text;  // Of the output; empty: while the sandbox starts.
  int signal;
  int exit_code;
};
void PrintTo(const Moment& moment, std::ostream* out) { *out << moment.name; }

class Interrupt : public testing::TestWithParam<Moment> {};

TEST_P(Interrupt, EverythingIsUndoneAndReported) {
  const Moment& moment = GetParam();
  const std::string text = moment.text;
  const std::string before = DevicesAndMounts();
  const Place place;
  Running run(place);
  ASSERT_TRUE(text.empty() ? run.Await([&] { return WorldIsStarting(place); })
                           : run.AwaitText(text))
      << run.output();
  const Family family = FamilyOf(run.pid());
  run.Signal(moment.signal);
  // Impatient people press it again.
  if (!text.empty()) {
    EXPECT_TRUE(run.AwaitText("stopping: undoing"));
    run.Signal(SIGINT);
  }
  EXPECT_EQ(run.Wait(), moment.exit_code) << run.output();
  EXPECT_THAT(LastLine(run.output()),
              HasSubstr(fmt::format("exit {}: interrupted", moment.exit_code)));
  ExpectNothingLeft(place, family, before);
  ExpectWholeReports(place);
  if (text != "pod 0: terminating" && text != "final reads") {
    EXPECT_THAT(ReadFile(place.out / "junit.xml").value_or(""), HasSubstr("not run"));
  }
  if (!text.empty()) {
    ExpectUndone(place);
    EXPECT_THAT(ReadFile(place.out / "trace.jsonl").value_or(""), HasSubstr(R"("kind":"end")"));
  }
}

INSTANTIATE_TEST_SUITE_P(Moments,
                         Interrupt,
                         testing::Values(Moment{"WorldStart", "", SIGINT, 130},
                                         Moment{"Deployment", "pod 0: pending", SIGTERM, 143},
                                         Moment{"Fault", "pod 0: terminating", SIGINT, 130},
                                         Moment{"FinalReads", "final reads", SIGTERM, 143}),
                         [](const auto& row) { return std::string(row.param.name); });

// All was played, but whoever pressed Ctrl-C must not read a green exit code.
TEST(InterruptWhileUndoing, IsTold) {
  const Place place;
  Running run(place);
  ASSERT_TRUE(run.AwaitText("removing namespace")) << run.output();
  const Family family = FamilyOf(run.pid());
  run.Signal(SIGINT);
  EXPECT_EQ(run.Wait(), 130) << run.output();
  EXPECT_THAT(LastLine(run.output()), HasSubstr("exit 130: interrupted"));
  EXPECT_THAT(LeftOf(family), IsEmpty());
  ExpectUndone(place);
}

// Of two suites the second is never begun; that must not be green.
TEST(InterruptBetweenSuites, TheRestIsNotGreen) {
  const Place place;
  const fs::path second = place.folder.path() / "second.yaml";
  ASSERT_TRUE(WriteFileAtomic(
      second, ReplaceAll(ReadFile(place.suite).value(), "suite: small", "suite: second")));
  std::vector<std::string> command = place.Command();
  command.insert(command.begin() + 3, second.string());
  Running run(command, place.Environment());
  ASSERT_TRUE(run.AwaitText("removing namespace")) << run.output();
  run.Signal(SIGTERM);
  EXPECT_EQ(run.Wait(), 143) << run.output();
  EXPECT_EQ(run.output().find("suite second"), std::string::npos);
}

class Kill : public testing::TestWithParam<Moment> {};

TEST_P(Kill, NothingIsLeft) {
  const std::string text = GetParam().text;
  const std::string before = DevicesAndMounts();
  const Place place;
  Running run(place);
  ASSERT_TRUE(text.empty() ? run.Await([&] { return WorldIsStarting(place); })
                           : run.AwaitText(text))
      << run.output();
  const Family family = FamilyOf(run.pid());
  EXPECT_GT(family.size(), 1U);
  run.Signal(SIGKILL);
  EXPECT_EQ(run.Wait(), 128 + SIGKILL);
  ExpectNothingLeft(place, family, before);
  if (text.empty()) return;
  // What it left of its evidence is never green.
  EXPECT_TRUE(RunChecked({"xmllint", "--noout", (place.out / "junit.xml").string()}));
  const auto check = RunProcess({.argv = {HOLDFAST_PROGRAM, "check", place.out.string()},
                                 .add_environment = {},
                                 .input = {}});
  ASSERT_TRUE(check);
  EXPECT_EQ(check->exit_code, 3) << check->out << check->err;
}

INSTANTIATE_TEST_SUITE_P(Moments,
                         Kill,
                         testing::Values(Moment{"WorldStart", "", SIGKILL, 137},
                                         Moment{"Deployment", "pod 0: running", SIGKILL, 137},
                                         Moment{"Fault", "pod 0: terminating", SIGKILL, 137},
                                         Moment{"Undoing", "removing namespace", SIGKILL, 137}),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace holdfast
