// MissingForSandbox: programs are looked up, and everything that a world does to namespaces is done
// once in throw-away ones.
#include <poll.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/sandbox/world/line_reader.h"
#include "harness/sandbox/world/world.h"
#include "harness/sandbox/world/world_parts.h"
#include "harness/sandbox/world/world_setup.h"
#include "harness/sandbox/world/world_start.h"

namespace holdfast::sandbox {
namespace fs = std::filesystem;
namespace {

constexpr int kReport = 3;

Status TryOverlay(const fs::path& folder) {
  for (const char* name : {"lower", "upper", "work", "merged"})
    HOLDFAST_RETURN_IF_ERROR(MakeDirectories(folder / name));
  const std::string places =
      fmt::format("lowerdir={0}/lower,upperdir={0}/upper,workdir={0}/work", folder.string());
  if (::mount("overlay", (folder / "merged").c_str(), "overlay", 0,
              (places + ",userxattr").c_str()) != 0 &&
      ::mount("overlay", (folder / "merged").c_str(), "overlay", 0, places.c_str()) != 0)
    return Fail(ErrorCode::kUnavailable,
                "cannot mount an overlay file system, which containers need: {}; the kernel must "
                "be 5.11 or newer with the module 'overlay' loaded ('modprobe overlay')",
                ErrnoText(errno));
  return {};
}

Status TryNetwork() {
  HOLDFAST_RETURN_IF_ERROR(ConfigureNetwork(WorldNetworkCommands()));
  const Status veth = ConfigureNetwork("link add probe type veth peer name uplink\n");
  if (!veth) return Fail(veth.error().In("cannot make a veth pair ('modprobe veth')"));
  return ForwardPackets();
}

Status TryBubblewrap() {
  const Result<std::string> run =
      RunChecked({"bwrap", "--ro-bind", "/", "/", "--unshare-pid", "--unshare-uts", "--proc",
                  "/proc", "--dev", "/dev", "true"},
                 std::chrono::seconds(20));
  if (!run)
    return Fail(ErrorCode::kUnavailable, "bubblewrap does not work inside the private world: {}",
                run.error().message);
  return {};
}

std::vector<std::string> MissingPrograms() {
  std::vector<std::string> missing;
  for (const auto& [program, package] :
       {std::pair("bwrap", "bubblewrap"), std::pair("ip", "iproute2"),
        std::pair("mmdebstrap", "mmdebstrap")})
    if (!FindProgram(program))
      missing.push_back(fmt::format("the program '{}' is not installed; install the package {}",
                                    program, package));
  return missing;
}

}  // namespace

int ProbeMain() {
  const auto tell = [](const Status& status) {
    if (!status) WriteLine(kReport, status.error().message);
    return status.has_value();
  };
  if (!tell(OwnMounts())) return 1;
  if (!tell(MountState("/tmp"))) return 1;
  tell(TryOverlay("/tmp"));
  if (FindProgram("ip")) tell(TryNetwork());
  if (FindProgram("bwrap")) tell(TryBubblewrap());
  return 0;
}

std::vector<std::string> MissingForSandbox() {
  std::vector<std::string> missing = MissingPrograms();
  Result<StartedProcess> probe = StartInNamespaces(
      [](IdMap) {
        return std::vector<std::string>{"holdfast", kProbePart};
      },
      {}, true);
  if (!probe) {
    missing.push_back(probe.error().message);
    return missing;
  }
  if (WriteAll(probe->commands.get(), "g", "the probe's gate")) {
    while (probe->reports.Fill()) {
    }
    while (const std::optional<std::string> line = probe->reports.Take())
      missing.push_back(*line);
  }
  int status = 0;
  while (::waitpid(probe->pid, &status, 0) < 0 && errno == EINTR) {
  }
  if ((!WIFEXITED(status) || WEXITSTATUS(status) > 1) && missing.empty())
    missing.emplace_back("a process in new namespaces ended for no known reason");
  return missing;
}

}  // namespace holdfast::sandbox
