// The commands, one file each. Each returns the exit code and has printed its last line.
#ifndef HOLDFAST_HARNESS_CLI_COMMANDS_H_
#define HOLDFAST_HARNESS_CLI_COMMANDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::cli {

struct RunArguments {
  std::vector<std::string> suites;
  std::string kubeconfig;
  std::string context;
  std::string out;
  std::string junit;
  std::string html;
  std::optional<uint64_t> seed;
  std::string scenario;  // Glob; empty plays all.
  std::vector<std::string> set;
  int parallel = 1;
  std::string storage_class;
  std::string given_namespace;
  bool keep = false;
  std::vector<std::string> defects;  // Of the embedded sandbox.
  std::string cluster;    // How the user calls the cluster: its context, or kube-system's uid.
  std::string plan_hash;  // Of the plan that was approved.
  bool rbac = false;      // Of `plan`: only the objects that grant what the suites need.
  bool in_sandbox = false;           // Hidden: we were started inside of it.
  std::vector<std::string> command;  // As typed, for starting it again inside the sandbox.
};
int CommandRun(const RunArguments& arguments);
int CommandPlan(const RunArguments& arguments);

struct RecoverArguments {
  std::string kubeconfig;  // Empty: every cluster that the user's journals name.
  std::string context;
  std::string run;  // Empty: all.
};
int CommandRecover(const RecoverArguments& arguments);

struct CheckArguments {
  std::string path;
  bool json = false;
  std::string junit;
};
int CommandCheck(const CheckArguments& arguments);

struct ReportArguments {
  std::string run;    // The run directory.
  std::string junit;  // Empty: in the run directory.
  std::string html;
};
// Exit code and last line are those of the verdicts.
int CommandReport(const ReportArguments& arguments);

struct HistoryArguments {
  std::string path;
  std::string format = "auto";
  std::string model;      // Empty: whatever the history holds.
  std::string isolation;  // Empty: as its header says.
  bool fresh_reads = false;
  bool stream = false;
  bool json = false;
};
int CommandHistoryCheck(const HistoryArguments& arguments);

struct SandboxArguments {
  int nodes = 3;
  std::string kubeconfig_out;
  std::vector<std::string> defects;
  bool real_time = false;
};
int CommandSandboxUp(const SandboxArguments& arguments);
int CommandSandboxDown();
int CommandSandboxStatus();

struct SandboxImageArguments {
  std::vector<std::string> names;  // To be made; "all": the whole catalogue; none: list them.
  std::string archive;             // To be loaded instead.
  std::string as;                  // The name of the image in it.
};
int CommandSandboxImage(const SandboxImageArguments& arguments);

struct ControlsArguments {
  bool json = false;
  std::string out;         // Directory of the runs; a new one in holdfast-runs by default.
  std::vector<std::string> defects;  // Globs; empty: all, and the healthy system.
  int parallel = 1;
  uint64_t seed = 1;
};
// Runs every defect with the suite that can show it, and the healthy system with the same suites.
int CommandControls(const ControlsArguments& arguments);

// `what` is suites, workloads, faults or guarantees.
int CommandList(const std::string& what, bool json);
int CommandExplain(const std::string& id);

// Parses the command line and runs the command.
int Main(int argc, char** argv);

}  // namespace holdfast::cli

#endif  // HOLDFAST_HARNESS_CLI_COMMANDS_H_
