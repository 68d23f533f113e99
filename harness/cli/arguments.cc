// The command line, by CLI11, which stays in this file.
#include <CLI/CLI.hpp>

#include "harness/base/strings.h"
#include "harness/cli/commands.h"
#include "harness/cli/exit_code.h"

namespace holdfast::cli {
namespace {

constexpr const char* kExitCodes =
    "exit codes: 0 everything decided and passed; 1 a guarantee was broken; 2 the command or the "
    "suite is wrong;\n"
    "3 something could not be decided; 4 refused by the safety fence; 130/143 interrupted, after "
    "undoing";

void AddClusterOptions(CLI::App& app, RunArguments& arguments) {
  app.add_option("SUITE", arguments.suites, "suite files")->required();
  app.add_option("--kubeconfig", arguments.kubeconfig,
                 "play against this cluster; without it, in the embedded sandbox");
  app.add_option("--context", arguments.context,
                 "context of the kubeconfig; its current one by default");
  app.add_option(
         "--set", arguments.set,
         "PATH=VALUE: another value than the suite's, such as workload.postgres.storage=2Gi")
      ->allow_extra_args(false);
  app.add_option("--scenario", arguments.scenario, "only scenarios whose name matches this glob");
  app.add_option("--storage-class", arguments.storage_class,
                 "StorageClass of the workload's claims");
  app.add_option("-n,--namespace", arguments.given_namespace,
                 "an empty namespace that is there already, to use and to leave; by default a run "
                 "makes its own");
  app.add_option("--seed", arguments.seed, "makes the choice of targets repeatable");
  app.add_option("--cluster", arguments.cluster,
                 "the cluster that is meant, by context or by kube-system's uid: needed for "
                 "faults that touch nodes, unless the suite names it");
}

void AddRunOptions(CLI::App& app, RunArguments& arguments) {
  AddClusterOptions(app, arguments);
  app.add_option("--out", arguments.out,
                 "directory of the evidence and the reports; holdfast-runs/TIME-SUITE by default");
  app.add_option("--junit", arguments.junit, "write the JUnit report here, too");
  app.add_option("--html", arguments.html, "write the HTML report here, too");
  app.add_option("--plan", arguments.plan_hash,
                 "play only if `holdfast plan` still gives this hash (at least 12 digits of it)");
  app.add_option("--parallel", arguments.parallel, "play so many suites at once")
      ->check(CLI::Range(1, 64));
  app.add_flag("--keep", arguments.keep, "leave the namespace in place at the end");
  app.add_option("--defect", arguments.defects,
                 "make the embedded sandbox wrong in this way (see list defects)")
      ->allow_extra_args(false);
  app.add_flag("--in-sandbox", arguments.in_sandbox)->group("");
}

void AddHistoryOptions(CLI::App& app, HistoryArguments& arguments) {
  app.add_option("FILE", arguments.path, "history.jsonl, a Jepsen log, EDN, or JSON of elle-cli")
      ->required();
  app.add_option("--format", arguments.format, "how it is written; told by its beginning")
      ->check(CLI::IsMember({"auto", "holdfast", "jepsen", "edn", "json", "kv"}));
  app.add_option("--model", arguments.model, "judge only this; everything that it holds by default")
      ->check(CLI::IsMember({"register", "cas-register", "kv", "set", "list-append"}));
  app.add_option("--isolation", arguments.isolation,
                 "what transactions were promised; as its header says, else strict")
      ->check(CLI::IsMember({"read-committed", "snapshot", "serializable", "strict"}));
  app.add_flag("--fresh-reads", arguments.fresh_reads,
               "reads of sets were promised to show all that was acknowledged before");
  app.add_flag("--stream", arguments.stream,
               "bounded memory where registers of unique integers allow it; by itself above 1 GiB");
  app.add_flag("--json", arguments.json, "print verdicts.json instead of text");
}

// CLI11's own sentences name neither the command nor what to do.
int Usage(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  std::string sentence = ReplaceAll(error.what(), "\n", " ");
  return Finish({2, std::string(Trim(sentence)) + "; see `holdfast --help`"}, true);
}

}  // namespace

int Main(int argc, char** argv) {
  CLI::App app{"holdfast proves that stateful workloads on Kubernetes hold fast", "holdfast"};
  app.footer(kExitCodes);
  app.set_version_flag("--version", std::string("holdfast ") + HOLDFAST_VERSION);
  app.require_subcommand(1);
  RunArguments run;
  CheckArguments check;
  SandboxArguments sandbox;
  std::string what;
  std::string id;
  CLI::App* run_app = app.add_subcommand("run", "deploy, load, injure, record and judge");
  AddRunOptions(*run_app, run);
  CLI::App* plan_app = app.add_subcommand(
      "plan", "what would be done, to what, with which permissions; changes nothing");
  AddClusterOptions(*plan_app, run);
  plan_app->add_flag("--rbac", run.rbac,
                     "only the roles that the suites need, with their namespace, ServiceAccount and "
                     "bindings, for `kubectl apply -f -`");
  plan_app->footer(
      "exit codes: 0 the plan is printed and nothing forbids it; 2 the command or the suite is "
      "wrong;\n3 the cluster could not be asked; 4 the safety fence would refuse it");
  RecoverArguments recover;
  CLI::App* recover_app =
      app.add_subcommand("recover", "undo whatever dead runs left behind; living ones stay");
  recover_app->add_option("--kubeconfig", recover.kubeconfig,
                          "in this cluster; without it, in every one that your journals name");
  recover_app->add_option("--context", recover.context, "context of the kubeconfig");
  recover_app->add_option("--run", recover.run, "only this run");
  recover_app->footer(
      "exit codes: 0 undone, or nothing was left behind; 2 the command is wrong, such as an unknown "
      "run;\n3 something could not be undone, its journal is kept; 130/143 interrupted");
  CLI::App* check_app = app.add_subcommand("check", "judge a run directory or a bare trace again");
  check_app->add_option("PATH", check.path, "run directory or trace file")->required();
  check_app->add_flag("--json", check.json, "print verdicts.json instead of text");
  check_app->add_option("--junit", check.junit, "write a JUnit report here");
  ReportArguments report;
  CLI::App* report_app =
      app.add_subcommand("report", "judge a run directory again and render its reports anew");
  report_app->add_option("RUN", report.run, "run directory")->required();
  report_app->add_option("--junit", report.junit, "write the JUnit report here instead");
  report_app->add_option("--html", report.html, "write the HTML report here instead");
  HistoryArguments history;
  CLI::App* history_app = app.add_subcommand("history", "client histories on their own");
  history_app->require_subcommand(1);
  CLI::App* history_check_app = history_app->add_subcommand(
      "check", "judge a client history, of a run or of another tool");
  AddHistoryOptions(*history_check_app, history);
  CLI::App* sandbox_app = app.add_subcommand("sandbox", "keep a sandbox running");
  sandbox_app->require_subcommand(1);
  CLI::App* up_app =
      sandbox_app->add_subcommand("up", "start it and print how to point kubectl at it");
  up_app->add_option("--nodes", sandbox.nodes, "number of nodes")->check(CLI::Range(1, 9));
  up_app->add_option("--kubeconfig-out", sandbox.kubeconfig_out, "write the kubeconfig here");
  up_app->add_option("--defect", sandbox.defects,
                     "make the sandbox wrong in this way, may be repeated (see list defects)");
  up_app->add_flag("--real-time", sandbox.real_time,
                   "use the timings of Kubernetes instead of fast ones");
  CLI::App* down_app = sandbox_app->add_subcommand("down", "stop it; nothing is left");
  CLI::App* status_app = sandbox_app->add_subcommand("status", "whether one is running");
  SandboxImageArguments image;
  CLI::App* image_app = sandbox_app->add_subcommand(
      "image", "make images of the catalogue, or list them when none is named");
  image_app->add_option("names", image.names, "such as mariadb:11.8, or all");
  CLI::App* load_app = image_app->add_subcommand(
      "load", "take an image from a file of `docker save`, or from an OCI layout");
  load_app->add_option("file", image.archive, "the tar file or directory")->required();
  load_app->add_option("--as", image.as, "the image's name, such as example/db:1");
  ControlsArguments controls;
  CLI::App* controls_app = app.add_subcommand(
      "controls", "play every defect of the sandbox and print which guarantee caught it");
  controls_app->add_flag("--json", controls.json, "print the matrix as JSON");
  controls_app->add_option("--out", controls.out, "directory of the runs");
  controls_app->add_option("--defect", controls.defects,
                           "only defects whose name matches this glob; may be repeated");
  controls_app->add_option("--parallel", controls.parallel, "play so many suites at once")
      ->check(CLI::Range(1, 16));
  controls_app->add_option("--seed", controls.seed, "seed of all the runs");
  CLI::App* list_app = app.add_subcommand("list", "list suites, workloads, faults, guarantees or defects");
  list_app->add_option("WHAT", what, "suites, workloads, faults, guarantees or defects")->required();
  bool list_json = false;
  list_app->add_flag("--json", list_json, "print the guarantees as JSON");
  CLI::App* explain_app =
      app.add_subcommand("explain", "explain a guarantee, a fault, a workload or a defect");
  explain_app->add_option("ID", id, "such as SS-ORD-2, pod-delete or postgres")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Usage(app, error);
  }
  run.command.assign(argv, argv + argc);
  if (*run_app) return CommandRun(run);
  if (*plan_app) return CommandPlan(run);
  if (*recover_app) return CommandRecover(recover);
  if (*check_app) return CommandCheck(check);
  if (*report_app) return CommandReport(report);
  if (*history_check_app) return CommandHistoryCheck(history);
  if (*up_app) return CommandSandboxUp(sandbox);
  if (*down_app) return CommandSandboxDown();
  if (*status_app) return CommandSandboxStatus();
  if (*image_app) return CommandSandboxImage(image);
  if (*controls_app) return CommandControls(controls);
  if (*list_app) return CommandList(what, list_json);
  if (*explain_app) return CommandExplain(id);
  return 2;
}

}  // namespace holdfast::cli
