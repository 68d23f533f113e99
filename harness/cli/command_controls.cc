// holdfast controls: the harness proves itself. Each defect of the sandbox is played with the
// smallest suite that can show it, by this very program as a child, so that a run here is what a
// user's run is.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/cli/commands.h"
#include "harness/cli/control_matrix.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/signals.h"
#include "harness/cli/vocabulary.h"
#include "harness/trace/run_directory.h"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

constexpr Nanos kLimit = std::chrono::minutes(5);  // Of one run.

struct Job {
  std::string suite;
  const sandbox::DefectText* defect = nullptr;
};

// The healthy system with each suite first: what is wrong there makes the rest meaningless.
std::vector<Job> Jobs(const std::vector<std::string>& globs) {
  std::vector<Job> defects;
  std::set<std::string> suites;
  for (const sandbox::DefectText& text : sandbox::AllDefects()) {
    const bool wanted = globs.empty() || std::ranges::any_of(globs, [&](const std::string& glob) {
                          return GlobMatch(glob, text.name);
                        });
    if (!wanted) continue;
    defects.push_back({text.suite, &text});
    suites.insert(text.suite);
  }
  std::vector<Job> jobs;
  for (const std::string& suite : suites)
    jobs.push_back({suite, nullptr});
  jobs.insert(jobs.end(), defects.begin(), defects.end());
  return jobs;
}

std::string LastLine(const std::string& text) {
  const std::vector<std::string> lines = Split(std::string(Trim(text)), '\n');
  return lines.back();
}

ControlRun Play(const Job& job,
                const fs::path& program,
                const fs::path& suites,
                const fs::path& out,
                uint64_t seed,
                const std::stop_token& stop) {
  ControlRun run;
  run.suite = job.suite;
  run.defect = job.defect;
  const fs::path directory =
      out / (job.defect == nullptr ? "healthy-" + job.suite : job.defect->name);
  run.directory = directory.string();
  ProcessOptions options{
      .argv = {program.string(), "run", (suites / "controls" / (job.suite + ".yaml")).string(),
               "--out", directory.string(), "--seed", std::to_string(seed)},
      .add_environment = {},
      .input = {},
      .timeout = kLimit};
  if (job.defect != nullptr) {
    options.argv.emplace_back("--defect");
    options.argv.push_back(job.defect->name);
  }
  const Nanos begun = SystemClock().Now();
  const auto ended = RunProcess(options, stop);
  run.wall_seconds = static_cast<double>((SystemClock().Now() - begun).count()) * 1e-9;
  if (!ended) {
    run.exit = 3;
    run.last_line = ended.error().message;
    return run;
  }
  run.exit = ended->exit_code;
  run.last_line = LastLine(ended->out + ended->err);
  const auto text = ReadFile(trace::RunDirectory{directory}.Verdicts());
  if (!text) return run;
  auto verdicts = ParseJson(*text);
  if (verdicts) run.verdicts = *std::move(verdicts);
  return run;
}

}  // namespace

int CommandControls(const ControlsArguments& arguments) {
  const std::vector<Job> jobs = Jobs(arguments.defects);
  if (jobs.empty())
    return Finish({2, fmt::format("no defect matches {}; \"holdfast list defects\" names them all",
                                  Join(arguments.defects, " "))},
                  true);
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path suites = fs::absolute(SuiteFolder(), error);
  const fs::path out = fs::absolute(
      arguments.out.empty()
          ? fs::path("holdfast-runs") /
                ("controls-" + ReplaceAll(FormatRfc3339(SystemClock().Wall(), 0), ":", ""))
          : fs::path(arguments.out),
      error);
  const Status made = MakeDirectories(out);
  if (!made) return Finish(ExitOf(made.error()), true);
  const StopOnSignals signals;
  std::vector<ControlRow> rows(jobs.size());
  std::atomic<size_t> next = 0;
  std::mutex printing;
  {
    std::vector<std::jthread> players;
    for (int i = 0; i < arguments.parallel; ++i) {
      players.emplace_back([&] {
        for (size_t index = next++; index < jobs.size() && signals.signal() == 0; index = next++) {
          rows[index] = JudgeControl(
              Play(jobs[index], program, suites, out, arguments.seed, signals.token()));
          const std::lock_guard lock(printing);
          const ControlRow& row = rows[index];
          std::fprintf(stderr, "%-32s %-14s %5.1f s  %s\n",
                       row.defect.empty() ? "(healthy)" : row.defect.c_str(), row.suite.c_str(),
                       row.wall_seconds, row.sentence.c_str());
        }
      });
    }
  }
  if (signals.signal() != 0)
    return Finish({signals.signal() == SIGTERM ? 143 : 130, "interrupted; nothing is left"}, true);
  const Json json = ControlsJson(rows);
  const Status written = WriteFileAtomic(out / "controls.json", DumpJson(json) + "\n");
  if (!written) return Finish(ExitOf(written.error()), true);
  std::fputs(arguments.json ? (DumpJson(json) + "\n").c_str() : ControlsText(rows).c_str(), stdout);
  const auto bad = std::ranges::count_if(rows, [](const ControlRow& row) { return !row.good; });
  const std::string evidence = ", evidence in " + out.string();
  if (bad != 0)
    return Finish(
        {1, fmt::format("{} of {} controls are not as they must be{}", bad, rows.size(), evidence)},
        arguments.json);
  return Finish({0, "every defect was caught by the right guarantee" + evidence}, arguments.json);
}

}  // namespace holdfast::cli
