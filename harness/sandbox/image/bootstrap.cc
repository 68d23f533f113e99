#include "harness/sandbox/image/bootstrap.h"

#include <algorithm>
#include <array>
#include <thread>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "harness/sandbox/image/apt_sources.h"

namespace holdfast::sandbox {
namespace fs = std::filesystem;
namespace {

using Progress = std::function<void(const std::string&)>;

// Reads the log that mmdebstrap writes, and tells each new stage.
void FollowStages(const fs::path& log,
                  const std::string& image,
                  const Progress& progress,
                  const std::stop_token& stop) {
  const Nanos start = SystemClock().Now();
  size_t told = 0;
  while (SystemClock().SleepFor(std::chrono::milliseconds(200), stop)) {
    const Result<std::string> text = ReadFile(log);
    if (!text) continue;
    const std::vector<std::string> lines = Split(*text, '\n');
    for (; told + 1 < lines.size(); ++told) {
      const std::string stage = StageOf(lines[told]);
      if (!stage.empty())
        progress(fmt::format("image {}: {} ({} so far)", image, stage,
                             FormatDuration(SystemClock().Now() - start)));
    }
  }
}

// The arguments for mmdebstrap. Mode "chrootless" with variant "extract" needs no privilege,
// because nothing of the packages is ever run.
std::vector<std::string> Arguments(const Recipe& recipe, const fs::path& directory) {
  std::vector<std::string> argv;
  // So that nothing keeps writing when we are killed.
  if (FindProgram("setpriv")) argv = {"setpriv", "--pdeathsig", "KILL"};
  for (std::string argument :
       {std::string("mmdebstrap"), std::string("--mode=chrootless"),
        std::string("--variant=extract"), "--logfile=" + (directory / "log").string(),
        std::string("--aptopt=APT::Sandbox::User \"root\""),
        "--aptopt=" + (directory / "network.conf").string(),
        std::string("--extract-hook=ls \"$1/var/cache/apt/archives\" > \"$1/../packages\""),
        "--include=" + Join(recipe.packages, ","), recipe.suite, (directory / "root").string(),
        (directory / "mirror.sources").string()})
    argv.push_back(std::move(argument));
  return argv;
}

// "http://joe:secret@host/" -> "http://***@host/".
std::string HidePasswords(std::string text) {
  for (size_t at = text.find("//"); at != std::string::npos; at = text.find("//", at + 2)) {
    const size_t end = text.find_first_of("/@ ", at + 2);
    if (end != std::string::npos && text[end] == '@') text.replace(at + 2, end - at - 2, "***");
  }
  return text;
}

Result<std::vector<std::string>> PackageList(const fs::path& file) {
  HOLDFAST_ASSIGN(const std::string text, ReadFile(file));
  std::vector<std::string> packages;
  for (const std::string& name : Split(text, '\n'))
    if (name.ends_with(".deb")) packages.push_back(name.substr(0, name.size() - 4));
  std::ranges::sort(packages);
  if (packages.empty())
    return Fail(ErrorCode::kInternal, "mmdebstrap ended well but unpacked no package");
  return packages;
}

}  // namespace

std::string StageOf(std::string_view log_line) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kStages = {{
      {"running apt-get update", "reading the package lists"},
      {"downloading packages", "downloading packages"},
      {"extracting archives", "unpacking"},
      {"cleaning package lists", "tidying up"},
  }};
  for (const auto& [words, stage] : kStages)
    if (log_line.find(words) != std::string_view::npos) return std::string(stage);
  return "";
}

Error ExplainBootstrapFailure(const Recipe& recipe,
                              std::string_view log,
                              const fs::path& directory) {
  const auto says = [&](std::string_view words) {
    return log.find(words) != std::string_view::npos;
  };
  std::string last;
  for (const std::string& line : Split(log, '\n'))
    if (line.starts_with("E:") || line.find("\nE:") != std::string::npos || last.empty())
      if (!Trim(line).empty()) last = line;
  last = HidePasswords(last);
  Error error;
  error.code = ErrorCode::kUnavailable;
  if (says("No space left on device") || says("enough free space")) {
    error.message = fmt::format(
        "cannot make image {}: the disk that holds {} is full; free 1 GiB there and run again",
        recipe.name, directory.string());
  } else if (says("Temporary failure resolving") || says("Could not resolve") ||
             says("Unable to connect") || says("Could not connect") || says("Connection failed") ||
             says("Network is unreachable") || says("Connection timed out")) {
    error.message = fmt::format(
        "cannot make image {}: the mirror of the machine's apt sources is not reachable; "
        "check the network and apt's proxy settings ('apt-get update' must work)",
        recipe.name);
  } else if (says("Unable to locate package")) {
    error.code = ErrorCode::kNotFound;
    error.message = fmt::format(
        "cannot make image {}: the machine's mirror lacks a package of it: {}", recipe.name, last);
  } else {
    error.message = fmt::format("cannot make image {}: mmdebstrap failed: {}", recipe.name, last);
  }
  return error;
}

Result<std::vector<std::string>> Bootstrap(const Recipe& recipe,
                                           const fs::path& directory,
                                           const Progress& progress,
                                           const std::stop_token& stop) {
  if (!FindProgram("mmdebstrap"))
    return Fail(ErrorCode::kNotFound,
                "cannot make image {}: mmdebstrap is not installed; install the package mmdebstrap",
                recipe.name);
  const char* const etc_apt = "/etc/apt";
  const Result<std::string> sources = DistributionSources(ReadAptSources(etc_apt), recipe.suite);
  if (!sources) return Fail(sources.error().In(fmt::format("cannot make image {}", recipe.name)));
  HOLDFAST_RETURN_IF_ERROR(WriteFileAtomic(directory / "mirror.sources", *sources));
  HOLDFAST_ASSIGN(const std::string config, RunChecked({"apt-config", "dump"}));
  HOLDFAST_RETURN_IF_ERROR(
      WriteFileAtomic(directory / "network.conf", NetworkOptions(config), 0600));
  ProcessOptions options;
  options.argv = Arguments(recipe, directory);
  options.add_environment = {"TMPDIR=" + directory.string(), "LC_ALL=C"};
  Result<ProcessResult> result = [&] {
    const std::jthread follower([&](const std::stop_token& end) {
      FollowStages(directory / "log", recipe.name, progress, end);
    });
    return RunProcess(options, stop);
  }();
  if (!result) return Fail(result.error().In(fmt::format("cannot make image {}", recipe.name)));
  if (result->exit_code != 0) {
    const std::string log = ReadFile(directory / "log").value_or("");
    return Fail(ExplainBootstrapFailure(recipe, log + "\n" + result->out + "\n" + result->err,
                                        directory.parent_path()));
  }
  return PackageList(directory / "packages");
}

}  // namespace holdfast::sandbox
