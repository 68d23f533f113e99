// kill -9 of the runner at any moment: after `holdfast recover`, from another directory, with and
// without the local journal, the cluster is as it was found.
#include <array>
#include <cstdlib>
#include <map>

#include <gtest/gtest.h>

#include "harness/base/random.h"
#include "harness/base/strings.h"
#include "tests/integration/recover/kept_sandbox.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

fs::path EveryFault() {
  return fs::path(HOLDFAST_SOURCE_DIR) / "tests/data/recover/every-fault.yaml";
}

// A node that loses its power is seen ten seconds later: that scenario is drawn less often.
constexpr std::array kScenarios{"pods", "set", "marks", "pods", "set", "marks", "power"};

int64_t Number(const char* variable, int64_t fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : ParseInt(text).value_or(fallback);
}

// The fault that was going on when the record broke off, or which step of the run.
std::string GoingOn(const fs::path& run) {
  std::map<int64_t, std::string> open;
  std::string last = "before the record";
  for (const std::string& text : Split(ReadFile(run / "trace.jsonl").value_or(""), '\n')) {
    const auto line = ParseJson(text);
    if (!line || !line->is_object()) continue;
    const std::string kind = GetString(*line, {"kind"});
    if (kind == "action") last = "outside of faults";
    if (kind != "fault") continue;
    if (GetString(*line, {"phase"}) == "begin")
      open[GetInt(*line, {"id"})] = GetString(*line, {"fault"});
    if (GetString(*line, {"phase"}) == "end") open.erase(GetInt(*line, {"id"}));
  }
  return open.empty() ? last : open.rbegin()->second;
}

struct Outcome {
  int exit_code = 0;
  fs::path state;
  fs::path run;
  std::string text;
};

Outcome RunKilledAt(KeptSandbox& sandbox, const std::string& scenario, int64_t at) {
  const fs::path folder = sandbox.NewFolder();
  std::vector<std::string> command = sandbox.RunCommand(EveryFault(), folder / "run");
  command.insert(command.end(), {"--scenario", scenario});
  const ProcessResult result =
      sandbox.Holdfast(command, {"HOLDFAST_STATE=" + (folder / "state").string(),
                                 fmt::format("HOLDFAST_KILL_AT={}", at)});
  return {result.exit_code, folder / "state", folder / "run", result.out + result.err};
}

TEST(Kill, TheSuiteUsesEveryFault) {
  const std::string suite = ReadFile(EveryFault()).value();
  const ProcessResult list = KeptSandbox::Get().Holdfast({"list", "faults"});
  int faults = 0;
  for (const std::string& line : Split(list.out, '\n')) {
    const std::string name = Split(line, ' ')[0];
    if (name.empty() || name == "exit") continue;
    ++faults;
    EXPECT_TRUE(suite.find("- " + name + ":") != std::string::npos ||
                suite.find("- " + name + "\n") != std::string::npos)
        << name;
  }
  EXPECT_GE(faults, 16) << list.out;
}

// The moments are numbered: before and after each request to the API and each line of the journal.
// The scenario and the moment are drawn; a number beyond the end of the run is no kill, and shortens
// the range of the next ones.
TEST(Kill, AnywhereLeavesNothingBehindAfterRecover) {
  KeptSandbox& sandbox = KeptSandbox::Get();
  const std::string before = sandbox.Found();
  const auto seed = static_cast<uint64_t>(Number("HOLDFAST_SEED", 20260));
  const int64_t kills = Number("HOLDFAST_KILLS", 12);
  const bool both_ways = Number("HOLDFAST_KILLS_TWICE", 0) > 0;
  Random random(seed);
  std::map<std::string, int64_t> last;  // Shrinks when a run ends before its moment comes.
  std::map<std::string, int> during;
  int killed = 0;
  int64_t done = 0;
  while (done < kills) {
    const std::string scenario = kScenarios.at(random.Below(kScenarios.size()));
    int64_t& most = last.try_emplace(scenario, 60).first->second;
    const auto at = static_cast<int64_t>(random.Below(static_cast<uint64_t>(most))) + 1;
    // The local journal is lost every second time, or every kill is made twice.
    const int first = both_ways ? 0 : static_cast<int>(done % 2);
    const int end = both_ways ? 2 : first + 1;
    bool reached = true;
    for (int way = first; way < end && reached; ++way) {
      SCOPED_TRACE(fmt::format("seed {}, kill {} in {} at moment {}, local journal {}", seed, done,
                               scenario, at, way == 0 ? "kept" : "lost"));
      const Outcome outcome = RunKilledAt(sandbox, scenario, at);
      reached = outcome.exit_code == 137;
      if (!reached) {
        EXPECT_LE(outcome.exit_code, 3) << outcome.text;
        most = std::min(most, at - 1);
        ASSERT_GT(most, 25) << "the run has too few moments: " << outcome.text;
      } else {
        ++killed;
        ++during[GoingOn(outcome.run)];
      }
      const fs::path state = way == 0 ? outcome.state : sandbox.NewFolder();
      const ProcessResult recovered = sandbox.Recover(state);
      ASSERT_EQ(recovered.exit_code, 0) << recovered.out << recovered.err << outcome.text;
      ASSERT_EQ(sandbox.Found(), before) << recovered.out << outcome.text;
      std::error_code error;
      EXPECT_TRUE(!fs::exists(state / "journal", error) || fs::is_empty(state / "journal", error));
      fs::remove_all(outcome.run, error);
    }
    if (reached) ++done;
  }
  EXPECT_EQ(killed, both_ways ? 2 * kills : kills);
  std::string where;
  for (const auto& [fault, times] : during)
    where += fmt::format("{} {}, ", fault, times);
  std::printf("seed %lu: %d killed, as found each time; during: %s\n",
              static_cast<unsigned long>(seed), killed, where.c_str());
}

}  // namespace
}  // namespace holdfast
