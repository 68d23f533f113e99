// holdfast sandbox up, down, status: a sandbox that outlives the command, for kubectl.
#include <cstdio>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/cli/commands.h"
#include "harness/cli/exit_code.h"
#include "harness/sandbox/image/image.h"
#include "harness/sandbox/world/world.h"

namespace holdfast::cli {
namespace {

void PrintStatus(const sandbox::SandboxStatus& status) {
  std::fputs(fmt::format("sandbox is running: {} nodes, API at {}\n\n  export KUBECONFIG={}\n\n",
                         status.nodes, status.server, status.kubeconfig.string())
                 .c_str(),
             stdout);
}

}  // namespace

int CommandSandboxUp(const SandboxArguments& arguments) {
  const std::vector<std::string> missing = sandbox::MissingForSandbox();
  if (!missing.empty())
    return Finish({3, "the embedded sandbox cannot start here: " + Join(missing, " ")}, true);
  sandbox::WorldOptions options;
  options.nodes = arguments.nodes;
  options.real_time = arguments.real_time;
  const auto defects = sandbox::Defects::FromNames(arguments.defects);
  if (!defects) return Finish(ExitOf(defects.error()), true);
  options.defects = *defects;
  options.image_cache = CacheDirectory() / "images";
  options.log_directory = StateDirectory() / "sandbox-logs";
  // Pods cannot reach a registry: every image of the catalogue is made beforehand.
  for (const std::string& image : sandbox::ImageNames()) {
    const auto made = sandbox::EnsureImage(options.image_cache, image, [](const std::string& line) {
      std::fputs((line + "\n").c_str(), stdout);
    });
    if (!made) return Finish(ExitOf(made.error()), true);
  }
  const auto status = sandbox::SandboxUp(options, arguments.kubeconfig_out);
  if (!status) return Finish(ExitOf(status.error()), true);
  PrintStatus(*status);
  return Finish({0, "the sandbox stays until `holdfast sandbox down`"});
}

int CommandSandboxDown() {
  const Status down = sandbox::SandboxDown();
  if (!down && down.error().code == ErrorCode::kNotFound)
    return Finish({0, "no sandbox was running"});
  if (!down) return Finish(ExitOf(down.error()), true);
  return Finish({0, "the sandbox is gone"});
}

int CommandSandboxStatus() {
  const sandbox::SandboxStatus status = sandbox::GetSandboxStatus();
  if (!status.running)
    return Finish({3, "no sandbox is running; start one with `holdfast sandbox up`"});
  PrintStatus(status);
  return Finish({0, "a sandbox is running"});
}

}  // namespace holdfast::cli
