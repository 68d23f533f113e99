// holdfast sandbox up, down, status, image: a sandbox that outlives the command, for kubectl.
#include <cstdio>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/cli/commands.h"
#include "harness/cli/exit_code.h"
#include "harness/sandbox/image/image.h"
#include "harness/sandbox/image/image_archive.h"
#include "harness/sandbox/image/loaded_image.h"
#include "harness/sandbox/world/world.h"

namespace holdfast::cli {
namespace {

void PrintStatus(const sandbox::SandboxStatus& status) {
  std::fputs(fmt::format("sandbox is running: {} nodes, API at {}\n\n  export KUBECONFIG={}\n\n",
                         status.nodes, status.server, status.kubeconfig.string())
                 .c_str(),
             stdout);
}

void PrintLine(const std::string& line) { std::fputs((line + "\n").c_str(), stdout); }

std::filesystem::path ImageCache() { return CacheDirectory() / "images"; }

// Each of the catalogue, then the loaded ones, and whether a pod could start from it.
int ListImages() {
  for (const std::string& name : sandbox::ImageNames()) {
    const bool pattern = name.ends_with(":*");
    const auto found = sandbox::FindImage(
        ImageCache(), pattern ? name.substr(0, name.size() - 1) + "latest" : name);
    PrintLine(fmt::format("{:<16} {}", name, found ? "ready" : "not made yet"));
  }
  for (const std::string& name : sandbox::LoadedImageNames(ImageCache()))
    PrintLine(fmt::format("{:<16} loaded", name));
  return Finish({0, "make one with `holdfast sandbox image NAME`"});
}

int LoadImages(const SandboxImageArguments& arguments) {
  const auto loaded =
      sandbox::LoadImageArchive(ImageCache(), arguments.archive, arguments.as, PrintLine);
  if (!loaded) return Finish(ExitOf(loaded.error()), true);
  return Finish({0, "loaded " + Join(*loaded, ", ")});
}

}  // namespace

int CommandSandboxImage(const SandboxImageArguments& arguments) {
  if (!arguments.archive.empty()) return LoadImages(arguments);
  std::vector<std::string> names = arguments.names;
  if (names.empty()) return ListImages();
  if (names == std::vector<std::string>{"all"}) {
    names = sandbox::ImageNames();
    std::erase_if(names, [](const std::string& name) { return name.ends_with(":*"); });
  }
  for (const std::string& name : names) {
    const auto made = sandbox::EnsureImage(ImageCache(), name, PrintLine);
    if (!made) return Finish(ExitOf(made.error()), true);
  }
  return Finish({0, Join(names, ", ") + (names.size() == 1 ? " is ready" : " are ready")});
}

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
  options.image_cache = ImageCache();
  options.log_directory = StateDirectory() / "sandbox-logs";
  // The small ones; a pod that wants another says how to make it.
  for (const std::string& image : sandbox::LightImageNames()) {
    const auto made = sandbox::EnsureImage(options.image_cache, image, PrintLine);
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
