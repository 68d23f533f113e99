// A hundred runs of the healthy system, every one of which must be green: each alarm is a false one.
// Resumable: what was run is kept, one line of JSON each, and is not run again.
//   benchmark_clean_runs PROGRAM STATE-FOLDER [SECONDS]
// runs until all are done or, if given, no more are begun after that many seconds. Prints seed,
// verdict and seconds of each, and the sum; exit code 1 when one of them was not green. The evidence
// of a run that was not green stays in the state folder. Wants to be started where suites/ is.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct CleanRun {
  std::string suite;  // Below suites/, without ".yaml".
  uint64_t seed = 0;
};

// Seventy on the volume workload, by different suites; seven of each database; the rest pause pods.
// Interleaved, so that every prefix of the list has some of each.
std::vector<CleanRun> AllRuns() {
  const std::vector<std::string> volume = {
      "smoke/volume",           "controls/pod-delete",     "controls/scale-cycle",
      "controls/image-update",  "controls/partition",      "controls/on-delete",
      "controls/rest",          "controls/drain",          "controls/budget",
      "controls/late-delete",   "controls/node-crash",     "controls/pod-delete-all",
      "controls/steady"};
  const std::vector<std::string> others = {"smoke/postgres", "smoke/mariadb", "smoke/etcd",
                                           "smoke/mysql", "smoke/pause"};
  std::vector<CleanRun> runs;
  size_t next_volume = 0;
  size_t next_other = 0;
  for (uint64_t number = 0; runs.size() < 100; ++number) {
    if (number % 10 < 7) {
      runs.push_back({volume[next_volume++ % volume.size()], 1000 + number});
    } else {
      runs.push_back({others[next_other++ % others.size()], 1000 + number});
    }
  }
  return runs;
}

std::string NameOf(const CleanRun& run) {
  return fmt::format("{}-{}", ReplaceAll(run.suite, "/", "-"), run.seed);
}

std::string LastLine(const std::string& text) {
  return Split(std::string(Trim(text)), '\n').back();
}

Result<Json> Play(const CleanRun& run, const fs::path& program, const fs::path& state) {
  const fs::path directory = state / NameOf(run);
  HOLDFAST_RETURN_IF_ERROR(RemoveTree(directory));
  const Clock::time_point begin = Clock::now();
  ProcessOptions options{
      .argv = {program.string(), "run", "suites/" + run.suite + ".yaml", "--out",
               directory.string(), "--seed", std::to_string(run.seed)},
      .add_environment = {},
      .input = {}};
  HOLDFAST_ASSIGN(const ProcessResult ended, RunProcess(options));
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::string verdict = "none";
  Json alarms = Json::array();
  if (const auto text = ReadFile(directory / "verdicts.json")) {
    HOLDFAST_ASSIGN(const Json verdicts, ParseJson(*text));
    verdict = GetString(verdicts, {"verdict"});
    for (const Json& check : GetArray(verdicts, {"checks"})) {
      const std::string each = GetString(check, {"verdict"});
      if (each != "fail" && each != "unknown") continue;
      alarms.push_back(fmt::format("{} {} in '{}': {}", GetString(check, {"id"}), each,
                                   GetString(check, {"scenario"}), GetString(check, {"reason"})));
    }
  }
  if (ended.exit_code == 0) HOLDFAST_RETURN_IF_ERROR(RemoveTree(directory));
  return Json{{"run", NameOf(run)},       {"suite", run.suite},     {"seed", run.seed},
              {"exit", ended.exit_code},  {"verdict", verdict},     {"seconds", seconds},
              {"alarms", std::move(alarms)}, {"said", LastLine(ended.out + ended.err)}};
}

void Print(const Json& done) {
  fmt::print("{:<28} seed {:<5} {:<5} {:6.1f} s\n", GetString(done, {"suite"}),
             GetInt(done, {"seed"}), GetString(done, {"verdict"}), done.at("seconds").get<double>());
  if (GetInt(done, {"exit"}) != 0) {
    for (const Json& alarm : GetArray(done, {"alarms"}))
      fmt::print("    {}\n", alarm.get<std::string>());
    fmt::print("    {}\n", GetString(done, {"said"}));
  }
  std::fflush(stdout);
}

int Sum(const std::map<std::string, Json>& all) {
  std::map<std::string, std::pair<int, int>> sums;  // By workload: green, all.
  const Json* first = nullptr;
  for (const CleanRun& run : AllRuns()) {
    const auto found = all.find(NameOf(run));
    if (found == all.end()) continue;
    auto& [green, runs] =
        sums[run.suite.starts_with("controls/") ? "volume" : run.suite.substr(6)];
    ++runs;
    if (GetInt(found->second, {"exit"}) == 0) {
      ++green;
    } else if (first == nullptr) {
      first = &found->second;
    }
  }
  for (const auto& [workload, sum] : sums)
    fmt::print("{:<10} {} of {} green\n", workload, sum.first, sum.second);
  fmt::print("{} of {} runs done\n", all.size(), AllRuns().size());
  if (first == nullptr) return 0;
  fmt::print("the first that was not green: {}\n", GetString(*first, {"run"}));
  return 1;
}

int Main(const fs::path& program, const fs::path& state, double limit) {
  if (!MakeDirectories(state)) return 2;
  const fs::path kept = state / "runs.jsonl";
  std::map<std::string, Json> done;
  if (const auto text = ReadFile(kept)) {
    for (const std::string& line : Split(*text, '\n')) {
      // A last line that was cut is run again.
      const auto run = ParseJson(line);
      if (run) done[GetString(*run, {"run"})] = *run;
    }
  }
  const Clock::time_point begin = Clock::now();
  for (const CleanRun& run : AllRuns()) {
    if (done.contains(NameOf(run))) continue;
    if (limit > 0 && std::chrono::duration<double>(Clock::now() - begin).count() > limit) break;
    const auto result = Play(run, program, state);
    if (!result) {
      fmt::print(stderr, "{}: {}\n", NameOf(run), result.error().message);
      return 2;
    }
    done[NameOf(run)] = *result;
    std::ofstream(kept, std::ios::app) << DumpJson(*result) << std::endl;
    Print(*result);
  }
  return Sum(done);
}

}  // namespace
}  // namespace holdfast

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: {} PROGRAM STATE-FOLDER [SECONDS]\n", argv[0]);
    return 2;
  }
  return holdfast::Main(argv[1], argv[2],
                        argc > 3 ? static_cast<double>(holdfast::ParseInt(argv[3]).value_or(0)) : 0);
}
