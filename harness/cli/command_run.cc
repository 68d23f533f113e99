// holdfast run: load the suites, then play them against a cluster, or start this program again
// inside the sandbox.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <mutex>
#include <optional>

#include "harness/base/files.h"
#include "harness/base/log.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/check/check.h"
#include "harness/cli/commands.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/node_controls.h"
#include "harness/cli/run_console.h"
#include "harness/cli/run_reports.h"
#include "harness/cli/signals.h"
#include "harness/cli/suites.h"
#include "harness/cli/vocabulary.h"
#include "harness/kube/client.h"
#include "harness/run/plan.h"
#include "harness/run/run_suite.h"
#include "harness/sandbox/image/image.h"
#include "harness/sandbox/world/world.h"
#include "reports/html_report.h"
#include "reports/json_report.h"
#include "reports/summary.h"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

void Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// Where the evidence goes: one directory, or one below it for each of several suites.
fs::path OutDirectory(const RunArguments& arguments, const std::vector<suite::Suite>& suites) {
  if (!arguments.out.empty()) return arguments.out;
  std::string stamp = FormatRfc3339(SystemClock().Wall());
  std::erase_if(stamp, [](char c) { return c == ':' || c == '-'; });
  return fs::path("holdfast-runs") / (stamp + "-" + suites[0].name);
}

fs::path ReportPath(const std::string& asked, const suite::Suite& suite, size_t suites) {
  if (suites == 1) return asked;
  const fs::path path = asked;
  return path.parent_path() / (path.stem().string() + "_" + suite.name + path.extension().string());
}

// One suite against a cluster, with its reports.
class SuiteRun {
 public:
  SuiteRun(const RunArguments& arguments, const suite::Suite& suite, fs::path out, size_t suites)
      : arguments_(arguments),
        suite_(suite),
        workload_(*workloads::FindWorkload(suite.workload)),
        out_(std::move(out)),
        suites_(suites) {
    options_.seed = SeedFor(arguments, suite, !arguments.plan_hash.empty());
    options_.in_sandbox = arguments.in_sandbox;
    options_.keep = arguments.keep;
    options_.named_cluster = NamedCluster(arguments);
    options_.plan_hash = arguments.plan_hash;
    if (!arguments.kubeconfig.empty())
      options_.kubeconfig = fs::absolute(arguments.kubeconfig).string();
    options_.storage_class = GetString(suite.workload_parameters, {"storageClass"});
    run_ = run::PlanRun(suite, workload_, options_);
    if (!arguments.defects.empty()) run_["defects"] = arguments.defects;
  }

  Exit Play(const StopOnSignals& signals, bool live) {
    auto directory = trace::CreateRunDirectory(out_);
    if (!directory) return ExitOf(directory.error());
    for (const Status& written :
         {trace::WriteRunJson(*directory, run_), WriteJUnits(run_, {}, {})}) {
      if (!written) return ExitOf(written.error());
    }
    auto client = Connect();
    if (!client)
      return End(*directory, {.state = "failed", .error = client.error()}, signals, {}, live);
    reports::ConsoleOptions console_options = reports::DetectConsole(STDOUT_FILENO);
    console_options.live = console_options.live && live;
    reports::ConsoleReport console(Print, console_options, SystemClock());
    RunConsole observer(
        console, [&](const std::string& scenario, const std::map<std::string, double>& seconds) {
          return Judge(*directory, scenario, seconds);
        });
    console.Begin(suite_.name, static_cast<int>(run_["scenarios"].size()), Nanos{0});
    console.Line(fmt::format("seed {}, evidence in {}", options_.seed, out_.string()));
    console.Line("cluster: " + Where(**client));
    const auto control = MakeNodeControl(**client, suite_.node_control);
    options_.control = control.get();
    const run::RunEnd end = run::RunSuite(suite_, workload_, **client, *directory, run_, options_,
                                          observer, signals.token());
    console.End();
    return End(*directory, end, signals, observer.seconds(), live);
  }

 private:
  Result<std::unique_ptr<kube::Client>> Connect() const {
    HOLDFAST_ASSIGN(kube::ClusterAccess access,
                    kube::LoadKubeconfig(arguments_.kubeconfig, arguments_.context));
    return kube::Client::Create(std::move(access));
  }

  // Told at both ends: a green that was played somewhere else than one thinks is none.
  std::string Where(const kube::Client& client) {
    const kube::ClusterAccess& access = client.access();
    where_ = arguments_.in_sandbox
                 ? "the embedded sandbox (no --kubeconfig)"
                 : fmt::format("{} (context {})", access.server, access.context);
    return where_;
  }

  std::pair<check::Verdict, std::string> Judge(const trace::RunDirectory& directory,
                                               const std::string& scenario,
                                               const std::map<std::string, double>& seconds) {
    if (!running_check_) running_check_.emplace(directory.root);
    const auto verdicts = running_check_->Judge(scenario);
    if (!verdicts) return {check::Verdict::kUnknown, verdicts.error().message};
    const Status written =
        WriteJUnits(trace::ReadRunJson(directory).value_or(run_), *verdicts, seconds);
    if (!written) Log(LogLevel::kError, "{}", written.error().message);
    const ScenarioVerdict verdict = VerdictOf(*verdicts, scenario);
    return {verdict.verdict, verdict.reason};
  }

  Status WriteJUnits(const Json& run,
                     const check::Verdicts& verdicts,
                     const std::map<std::string, double>& seconds) const {
    HOLDFAST_RETURN_IF_ERROR(WriteJUnitOf(out_ / "junit.xml", run, verdicts, seconds));
    if (arguments_.junit.empty()) return {};
    return WriteJUnitOf(ReportPath(arguments_.junit, suite_, suites_), run, verdicts, seconds);
  }

  // Judges what there is, writes every report, prints the summary.
  Exit End(const trace::RunDirectory& directory,
           const run::RunEnd& end,
           const StopOnSignals& signals,
           const std::map<std::string, double>& seconds,
           bool live) {
    Exit exit{0, ""};
    if (end.error) exit = ExitOf(*end.error);
    if (end.state == "failed" && exit.code == 0) exit = {3, "the run failed"};
    if (end.state == "interrupted" || signals.signal() != 0)
      exit = Interrupted(signals.signal(), end);
    std::error_code absent;
    const auto verdicts = fs::exists(directory.Trace(), absent)
                              ? check::CheckPath(directory.root)
                              : Result<check::Verdicts>(check::Verdicts{});
    if (!verdicts) return Worse(exit, ExitOf(verdicts.error()));
    const Json run = trace::ReadRunJson(directory).value_or(run_);
    std::vector<Status> written{
        WriteJUnits(run, *verdicts, seconds),
        reports::WriteVerdicts(directory.Verdicts(), *verdicts),
        reports::WriteHtml(directory.Html(), directory.root, *verdicts, GuaranteeTitles())};
    if (!arguments_.html.empty())
      written.push_back(reports::WriteHtml(ReportPath(arguments_.html, suite_, suites_),
                                           directory.root, *verdicts, GuaranteeTitles()));
    for (const Status& status : written) {
      if (!status) exit = Worse(exit, ExitOf(status.error()));
    }
    if (!verdicts->checks.empty())
      exit = Worse(exit, {verdicts->exit, verdicts->reason});
    else
      exit = Worse(exit, {3, "nothing was recorded that could be judged"});
    reports::SummaryOptions options{.color = live && reports::DetectConsole(STDOUT_FILENO).color};
    options.files = {{"cluster", where_},
                     {"evidence", directory.root.string()},
                     {"junit", directory.JUnit().string()},
                     {"html", directory.Html().string()}};
    Print("\n" + reports::RenderSummary(*verdicts, options));
    return exit;
  }

  [[nodiscard]] Exit Interrupted(int signal, const run::RunEnd& end) const {
    const int code = signal == SIGTERM ? 143 : 130;
    if (!end.undone) return {code, "interrupted; " + end.error->message};
    if (options_.keep) return {code, "interrupted; what was deployed is kept (--keep)"};
    const std::string why = signal == 0 && end.error ? " (" + end.error->message + ")" : "";
    return {code,
            "interrupted" + why + "; everything that was done is undone, the report is written"};
  }

  const RunArguments& arguments_;
  const suite::Suite& suite_;
  const workloads::Workload& workload_;
  const fs::path out_;
  const size_t suites_;
  run::RunOptions options_;
  Json run_;
  std::string where_ = "not reached";
  std::optional<check::RunningCheck> running_check_;
};

Exit PlayAll(const RunArguments& arguments,
             const std::vector<suite::Suite>& suites,
             const fs::path& out) {
  const StopOnSignals signals;
  Exit total{0, "everything that the scenarios exercised was decided and passed"};
  const bool live = arguments.parallel == 1;
  for (size_t begin = 0; begin < suites.size(); begin += static_cast<size_t>(arguments.parallel)) {
    std::vector<std::future<Exit>> batch;
    for (size_t i = begin;
         i < std::min(suites.size(), begin + static_cast<size_t>(arguments.parallel)); ++i) {
      const fs::path own = suites.size() == 1 ? out : out / suites[i].name;
      batch.push_back(std::async(std::launch::async, [&, own, i] {
        return SuiteRun(arguments, suites[i], own, suites.size()).Play(signals, live);
      }));
    }
    for (auto& exit : batch)
      total = Worse(total, exit.get());
    if (signals.signal() != 0) break;
  }
  // Also when the signal came too late for the suites that were played: others may not have been.
  if (signals.signal() != 0)
    total = Worse(total, {signals.signal() == SIGTERM ? 143 : 130, "interrupted"});
  return total;
}

// Files of a user who does not exist inside the sandbox cannot be copied up into a container's own
// layer: containers would fail one by one with EOVERFLOW.
Status CheckOwner(const sandbox::Image& image) {
  struct stat root {};
  if (::geteuid() == 0 || ::stat(image.root.c_str(), &root) != 0 || root.st_uid == ::geteuid())
    return {};
  return Fail(ErrorCode::kUnavailable,
              "the image {} at {} belongs to another user (uid {}), so containers cannot use it; "
              "name a cache of your own with HOLDFAST_CACHE",
              image.name, image.root.string(), root.st_uid);
}

// What the sandbox needs from this machine, then the images, each told as it is made.
Status PrepareSandbox(const std::vector<suite::Suite>& suites, const std::stop_token& stop) {
  const std::vector<std::string> missing = sandbox::MissingForSandbox();
  if (!missing.empty())
    return Fail(ErrorCode::kUnavailable, "the embedded sandbox cannot start here: {}",
                Join(missing, " "));
  for (const suite::Suite& suite : suites) {
    for (const std::string& image :
         run::ImagesOf(suite, *workloads::FindWorkload(suite.workload))) {
      const auto made = sandbox::EnsureImage(
          CacheDirectory() / "images", image, [](const std::string& line) { Print(line + "\n"); },
          stop);
      if (!made) return Fail(made.error());
      HOLDFAST_RETURN_IF_ERROR(CheckOwner(*made));
    }
  }
  return {};
}

// A CI job finds a valid report also when nothing could be started.
void ReportNotRun(const RunArguments& arguments, const std::vector<suite::Suite>& suites) {
  if (arguments.junit.empty()) return;
  for (const suite::Suite& suite : suites) {
    const Json run = run::PlanRun(suite, *workloads::FindWorkload(suite.workload), {});
    const Status written =
        WriteJUnitOf(ReportPath(arguments.junit, suite, suites.size()), run, {}, {});
    if (!written) Log(LogLevel::kError, "{}", written.error().message);
  }
}

// The reports of a run that was interrupted before it began.
int FinishNotBegun(const RunArguments& arguments,
                   const std::vector<suite::Suite>& suites,
                   const fs::path& out,
                   int exit_code) {
  ReportNotRun(arguments, suites);
  for (const suite::Suite& suite : suites) {
    const trace::RunDirectory directory{suites.size() == 1 ? out : out / suite.name};
    Json run = run::PlanRun(suite, *workloads::FindWorkload(suite.workload), {});
    run["state"] = "interrupted";
    Status written = MakeDirectories(directory.root);
    if (written) written = trace::WriteRunJson(directory, run);
    if (written) written = WriteJUnitOf(directory.JUnit(), run, {}, {});
    if (!written) Log(LogLevel::kError, "{}", written.error().message);
  }
  return Finish({exit_code, "interrupted before the run began; nothing was deployed"});
}

// The command inside has said its last line, unless a signal ended it, or the world before it was
// started.
int AfterSandbox(const RunArguments& arguments,
                 const std::vector<suite::Suite>& suites,
                 const fs::path& out,
                 int exit_code) {
  if (exit_code < 128) return exit_code;
  if (exit_code != 128 + SIGINT && exit_code != 128 + SIGTERM) {
    return Finish({3, fmt::format("the runner inside the sandbox was killed by signal {}; what it "
                                  "deployed is gone with the sandbox",
                                  exit_code - 128)},
                  true);
  }
  std::error_code error;
  const fs::path first = suites.size() == 1 ? out : out / suites[0].name;
  if (fs::exists(trace::RunDirectory{first}.RunJson(), error)) return exit_code;
  return FinishNotBegun(arguments, suites, out, exit_code);
}

int RunInside(const RunArguments& arguments,
              const std::vector<suite::Suite>& suites,
              const fs::path& out) {
  Status ready;
  int signal = 0;
  {
    const StopOnSignals signals;
    ready = PrepareSandbox(suites, signals.token());
    signal = signals.signal();
  }
  if (signal != 0) return FinishNotBegun(arguments, suites, out, signal == SIGTERM ? 143 : 130);
  if (ready) ready = MakeDirectories(out / "logs" / "sandbox");
  if (!ready) {
    ReportNotRun(arguments, suites);
    return Finish(ExitOf(ready.error()), true);
  }
  std::vector<std::string> command = arguments.command;
  if (arguments.out.empty()) {
    command.emplace_back("--out");
    command.push_back(out.string());
  }
  sandbox::WorldOptions options;
  options.image_cache = CacheDirectory() / "images";
  options.log_directory = fs::absolute(out / "logs" / "sandbox");
  const auto defects = sandbox::Defects::FromNames(arguments.defects);
  if (!defects) return Finish(ExitOf(defects.error()), true);
  options.defects = *defects;
  const Result<int> exit_code = sandbox::RunInSandbox(options, command);
  if (exit_code) return AfterSandbox(arguments, suites, out, *exit_code);
  ReportNotRun(arguments, suites);
  return Finish(ExitOf(exit_code.error()), true);
}

}  // namespace

int CommandRun(const RunArguments& arguments) {
  const auto suites = LoadSuites(arguments);
  if (!suites) {
    std::fprintf(stderr, "%s\n", suites.error().message.c_str());
    return Finish({2, "the suite is wrong; nothing was started"}, true);
  }
  if (!arguments.defects.empty() && !arguments.kubeconfig.empty() && !arguments.in_sandbox)
    return Finish({2, "--defect is for the embedded sandbox; leave --kubeconfig away"}, true);
  if (!arguments.plan_hash.empty() && arguments.plan_hash.size() < 12)
    return Finish({2, "--plan wants at least 12 digits of the hash that `holdfast plan` printed"},
                  true);
  const fs::path out = OutDirectory(arguments, *suites);
  if (arguments.kubeconfig.empty()) {
    const char* other = std::getenv("KUBECONFIG");
    if (other != nullptr && *other != '\0')
      Print("KUBECONFIG is set and not used: a cluster is touched when --kubeconfig names it; this "
            "run is in the embedded sandbox\n");
    return RunInside(arguments, *suites, out);
  }
  return Finish(PlayAll(arguments, *suites, out));
}

}  // namespace holdfast::cli
