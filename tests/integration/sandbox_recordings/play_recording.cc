// play_recording [--kubeconfig FILE] [--facts] [--trace FILE] RECORDING...: plays recordings of a
// real cluster on a sandbox (its own, without --kubeconfig) and tells every difference. Exit code 0:
// no difference.
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "harness/base/process.h"
#include "harness/base/strings.h"

#include "tests/integration/sandbox_recordings/compare.h"
#include "tests/integration/sandbox_recordings/kept_sandbox.h"
#include "tests/integration/sandbox_recordings/player.h"

namespace holdfast::recordings {
namespace {

struct Arguments {
  std::filesystem::path kubeconfig;
  bool facts = false;
  std::filesystem::path trace;
  std::vector<std::filesystem::path> recordings;
};

// The program under test; a build of another tree may be named.
std::string Program() {
  const char* named = std::getenv("HOLDFAST_TEST_PROGRAM");
  return named != nullptr ? named : HOLDFAST_PROGRAM;
}

struct Report {
  std::string text;
  size_t differences = 0;
};

void Add(Report& report, const std::string& sentence) {
  report.text += "  " + sentence + "\n";
  ++report.differences;
}

// The ids that `holdfast check` fails, with their reasons.
Result<std::map<std::string, std::string>> Failed(const std::filesystem::path& trace) {
  HOLDFAST_ASSIGN(const ProcessResult checked,
                  RunProcess({.argv = {Program(), "check", "--json", trace.string()},
                              .add_environment = {},
                              .input = ""}));
  HOLDFAST_ASSIGN(const Json verdicts, ParseJson(checked.out));
  std::map<std::string, std::string> failed;
  for (const Json& one : GetArray(verdicts, {"checks"}))
    if (GetString(one, {"verdict"}) == "fail")
      failed[GetString(one, {"id"})] = GetString(one, {"reason"});
  return failed;
}

// The judge may fail on the sandbox only what it fails on the recording.
void CompareVerdicts(const std::filesystem::path& recording,
                     const std::filesystem::path& trace,
                     Report& report) {
  const auto there = Failed(recording);
  const auto here = Failed(trace);
  if (!there || !here) {
    Add(report, "cannot be judged: " + (there ? here.error() : there.error()).message);
    return;
  }
  for (const auto& [id, reason] : *here)
    if (!there->contains(id))
      Add(report, fmt::format("[{}] fails on the sandbox alone: {}", id, reason));
}

void PrintFacts(Report& report, const std::string& title, const std::vector<Fact>& facts) {
  report.text += title + "\n";
  for (const Fact& fact : facts)
    report.text += fmt::format("    [{}] {}{}\n", fact.family, fact.decision ? "* " : "", fact.text);
}

Report PlayOne(const Arguments& arguments,
               const std::filesystem::path& kubeconfig,
               const std::filesystem::path& recording,
               const Script& script) {
  Report report;
  const TemporaryDirectory directory;
  const Nanos begin = SystemClock().Now();
  auto played = Play(script, {.kubeconfig = kubeconfig, .directory = directory.path()});
  std::error_code error;
  if (!arguments.trace.empty())
    std::filesystem::copy_file(directory.path() / "trace.jsonl", arguments.trace,
                               std::filesystem::copy_options::overwrite_existing, error);
  if (error) Add(report, "the trace cannot be kept: " + error.message());
  if (!played) {
    Add(report, "cannot be played: " + played.error().message);
    return report;
  }
  if (!played->stuck.empty()) Add(report, played->stuck);
  std::erase_if(played->facts, [&](const Fact& fact) {
    return !fact.resource.empty() && !script.watched.contains(fact.resource);
  });
  for (const Difference& difference :
       Compare(WithoutNamed(script.facts), WithoutNamed(played->facts)))
    // What follows from the wait that failed is no news.
    if (played->stuck.empty() || !difference.sentence.starts_with("missing"))
      Add(report, fmt::format("[{}] {}", difference.family, difference.sentence));
  CompareVerdicts(recording, directory.path() / "trace.jsonl", report);
  if (arguments.facts) {
    PrintFacts(report, "  facts recorded:", script.facts);
    PrintFacts(report, "  facts here:", played->facts);
  }
  std::string covered;
  for (const NamedDifference& named : NamedDifferences())
    if (std::any_of(script.facts.begin(), script.facts.end(), named.covers) ||
        std::any_of(played->facts.begin(), played->facts.end(), named.covers))
      covered += fmt::format("; left out: {}", named.name);
  report.text = fmt::format("{}: {} facts, {} differences, {}{}\n", recording.stem().string(),
                            script.facts.size(), report.differences,
                            FormatDuration(SystemClock().Now() - begin), covered) +
                report.text;
  return report;
}

int Main(const Arguments& arguments) {
  std::vector<Script> scripts;
  for (const auto& recording : arguments.recordings) {
    auto script = ReadScript(recording);
    if (!script) {
      std::cerr << script.error().message << "\n";
      return 2;
    }
    scripts.push_back(*std::move(script));
  }
  std::unique_ptr<KeptSandbox> sandbox;
  std::filesystem::path kubeconfig = arguments.kubeconfig;
  if (kubeconfig.empty()) {
    auto up = KeptSandbox::Up(Program());
    if (!up) {
      std::cerr << up.error().message << "\n";
      return 2;
    }
    sandbox = *std::move(up);
    kubeconfig = sandbox->Kubeconfig();
  }
  size_t differences = 0;
  for (size_t i = 0; i < scripts.size(); ++i) {
    const Report report = PlayOne(arguments, kubeconfig, arguments.recordings[i], scripts[i]);
    std::cout << report.text << std::flush;
    differences += report.differences;
  }
  return differences == 0 ? 0 : 1;
}

}  // namespace
}  // namespace holdfast::recordings

int main(int argc, char** argv) {
  holdfast::recordings::Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--kubeconfig" && i + 1 < argc)
      arguments.kubeconfig = argv[++i];
    else if (word == "--trace" && i + 1 < argc)
      arguments.trace = argv[++i];
    else if (word == "--facts")
      arguments.facts = true;
    else
      arguments.recordings.emplace_back(word);
  }
  if (arguments.recordings.empty()) {
    std::cerr << "usage: play_recording [--kubeconfig FILE] [--facts] [--trace FILE] RECORDING...\n";
    return 2;
  }
  return holdfast::recordings::Main(arguments);
}
