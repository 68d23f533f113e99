// The part "__container": overlay, then bubblewrap in place of this process.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "harness/sandbox/node/container.h"
#include "harness/sandbox/node/part_main.h"
#include "harness/sandbox/node/root_path.h"

namespace holdfast::sandbox::node {
namespace {

constexpr int kInfoDescriptor = 3;

bool InInitialUserNamespace() {
  const auto map = ReadFile("/proc/self/uid_map");
  return map && map->find("4294967295") != std::string::npos;
}

std::string EscapeOverlay(const std::filesystem::path& path) {
  std::string text;
  for (const char c : path.string()) {
    if (c == ',' || c == ':' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

Status EnterNamespaces(const ContainerSpec& spec) {
  if (spec.network_pid != 0) {
    const std::string path = fmt::format("/proc/{}/ns/net", spec.network_pid);
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid() || ::setns(fd.get(), CLONE_NEWNET) != 0)
      return Fail(ErrorCode::kUnavailable, "cannot enter the pod's network: {}", ErrnoText(errno));
  }
  if (::unshare(CLONE_NEWNS) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot make a mount namespace: {}", ErrnoText(errno));
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot make mounts private: {}", ErrnoText(errno));
  return {};
}

Status MountLayer(const ContainerSpec& spec) {
  const std::filesystem::path& layer = spec.layer_directory;
  std::string options =
      fmt::format("lowerdir={},upperdir={},workdir={}", EscapeOverlay(spec.image_root),
                  EscapeOverlay(layer / "upper"), EscapeOverlay(layer / "work"));
  // Without privilege over the whole machine, overlay keeps its marks in user attributes.
  if (!InInitialUserNamespace()) options += ",userxattr";
  if (::mount("overlay", (layer / "merged").c_str(), "overlay", 0, options.c_str()) == 0) return {};
  const int error = errno;
  std::string hint = "see the kernel's log";
  if (error == EPERM) hint = "this kernel refuses overlay in a user namespace: it needs Linux 5.11";
  if (error == ENODEV) hint = "this kernel has no overlay: load the module 'overlay'";
  if (error == EINVAL)
    hint =
        "the state directory must not itself be on overlay or a network file system: choose "
        "another one";
  return Fail(ErrorCode::kUnavailable, "cannot mount a writable layer in {}: {} ({})",
              layer.string(), ErrnoText(error), hint);
}

// Files are bound on files: bubblewrap makes a missing target of the right kind.
Result<std::vector<std::string>> MountArguments(const ContainerSpec& spec) {
  std::vector<BindMount> mounts = spec.mounts;
  // Outer mounts first, whatever the order in the manifest.
  std::stable_sort(mounts.begin(), mounts.end(), [](const BindMount& a, const BindMount& b) {
    return std::count(a.target.begin(), a.target.end(), '/') <
           std::count(b.target.begin(), b.target.end(), '/');
  });
  std::vector<std::string> arguments;
  for (const BindMount& mount : mounts) {
    HOLDFAST_ASSIGN(const auto target,
                    ResolveInRoot(spec.layer_directory / "merged", mount.target));
    arguments.insert(arguments.end(), {mount.read_only ? "--ro-bind" : "--bind",
                                       mount.source.string(), "/" + target.string()});
  }
  return arguments;
}

Result<std::vector<std::string>> BubblewrapArguments(const ContainerSpec& spec,
                                                     const std::string& program) {
  HOLDFAST_ASSIGN(const std::vector<std::string> mounts, MountArguments(spec));
  std::vector<std::string> argv = {program,
                                   "--unshare-user",
                                   "--uid",
                                   std::to_string(spec.uid),
                                   "--gid",
                                   std::to_string(spec.gid),
                                   "--unshare-pid",
                                   "--unshare-ipc",
                                   "--unshare-uts",
                                   "--hostname",
                                   spec.hostname,
                                   "--as-pid-1",
                                   "--die-with-parent",
                                   "--info-fd",
                                   std::to_string(kInfoDescriptor),
                                   "--bind",
                                   (spec.layer_directory / "merged").string(),
                                   "/",
                                   "--proc",
                                   "/proc",
                                   "--dev",
                                   "/dev",
                                   "--tmpfs",
                                   "/dev/shm"};
  if (std::filesystem::exists("/sys/kernel"))
    argv.insert(argv.end(), {"--ro-bind", "/sys", "/sys"});
  argv.insert(argv.end(), mounts.begin(), mounts.end());
  // Afterwards, since mount points must be made first.
  if (spec.read_only_root) argv.insert(argv.end(), {"--remount-ro", "/"});
  argv.insert(argv.end(), {"--chdir", spec.working_directory, "--"});
  argv.insert(argv.end(), spec.argv.begin(), spec.argv.end());
  return argv;
}

Status Become(const ContainerSpec& spec) {
  // PATH is the container's by now, so the usual places are tried.
  std::string program;
  for (const char* candidate : {"/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"})
    if (program.empty() && ::access(candidate, X_OK) == 0) program = candidate;
  if (program.empty())
    return Fail(ErrorCode::kNotFound, "bwrap is not installed: install the package 'bubblewrap'");
  HOLDFAST_RETURN_IF_ERROR(EnterNamespaces(spec));
  HOLDFAST_RETURN_IF_ERROR(MountLayer(spec));
  // A working directory that the image lacks is made, as container runtimes do.
  const std::filesystem::path merged = spec.layer_directory / "merged";
  HOLDFAST_ASSIGN(const auto working, ResolveInRoot(merged, spec.working_directory));
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(merged / working));
  HOLDFAST_ASSIGN(std::vector<std::string> argv, BubblewrapArguments(spec, program));
  std::vector<char*> pointers;
  for (std::string& word : argv)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execv(program.c_str(), pointers.data());
  return Fail(ErrorCode::kUnavailable, "cannot execute {}: {}", program, ErrnoText(errno));
}

}  // namespace

int ContainerMain(const Json& json) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();
  const ContainerSpec spec = DecodeContainerSpec(json);
  if (spec.terminal) ::ioctl(STDIN_FILENO, TIOCSCTTY, 0);
  const Status status = Become(spec);
  static_cast<void>(
      WriteAll(kInfoDescriptor, DumpJson({{"error", status.error().message}}), "the agent's pipe"));
  return 128;
}

}  // namespace holdfast::sandbox::node
