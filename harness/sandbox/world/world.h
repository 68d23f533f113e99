// The private world: user (when not root), network, mount and pid namespaces in which the sandbox
// lives. Everything started in it dies with it.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_H_

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/sandbox/defects/defects.h"

namespace holdfast::sandbox {

struct WorldOptions {
  int nodes = 3;
  std::filesystem::path image_cache;
  std::filesystem::path
      log_directory;  // Of the control plane and the agents; may be empty: no logs are kept.
  bool real_time = false;  // Kubernetes' own timings (grace, back-off) instead of fast ones.
  Defects defects{};
};

// What this machine lacks for a sandbox, one sentence each with the remedy; empty when all is
// there. Tries the namespaces for real.
std::vector<std::string> MissingForSandbox();

// Starts a sandbox, waits until its API is ready, and runs `argv` inside it (argv[0] is this
// program) with "--kubeconfig <file> --in-sandbox" appended. SIGINT and SIGTERM are passed on to
// the command, once each. Returns the command's exit code after everything is gone: no process,
// mount, namespace or device is left, also when this process is killed with SIGKILL at any moment.
Result<int> RunInSandbox(const WorldOptions& options, const std::vector<std::string>& argv);

struct SandboxStatus {
  bool running = false;
  int pid = 0;  // Of the world's first process, as the host sees it.
  std::string server;
  std::filesystem::path kubeconfig;
  int nodes = 0;
};
// Starts a sandbox that stays after this process ends; one per user. `kubeconfig_out` empty: in the
// state directory, mode 0600. kConflict when one is running already.
Result<SandboxStatus> SandboxUp(const WorldOptions& options,
                                const std::filesystem::path& kubeconfig_out);
// Stops it and waits until all is gone; kNotFound when none runs.
Status SandboxDown();
SandboxStatus GetSandboxStatus();

// The program re-executes itself for its parts ("__world", "__node-agent", ...). Returns false when
// `argv` names none of them; else runs the part and stores its exit code. To be called first in
// main.
bool RunSandboxPart(int argc, char** argv, int& exit_code);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_H_
