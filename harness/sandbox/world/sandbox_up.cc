// SandboxUp, SandboxDown and GetSandboxStatus: a world that stays after its maker.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "harness/base/clock.h"
#include "harness/base/strings.h"
#include "harness/sandbox/world/launch.h"
#include "harness/sandbox/world/sandbox_state.h"
#include "harness/sandbox/world/world.h"
#include "harness/sandbox/world/world_start.h"

namespace holdfast::sandbox {
namespace fs = std::filesystem;
namespace {

constexpr Nanos kUpTimeout = std::chrono::seconds(60);
constexpr Nanos kDownTimeout = std::chrono::seconds(30);

fs::path StateFile() { return StateDirectory() / "sandbox.json"; }

// One at a time starts or stops the user's sandbox.
Result<FileDescriptor> Lock() {
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(StateDirectory()));
  const fs::path path = StateDirectory() / "sandbox.lock";
  FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid() || ::flock(lock.get(), LOCK_EX) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot lock {}: {}", path.string(), ErrnoText(errno));
  return lock;
}

// Waits for the line `wanted` in the world's reports.
Status Await(StartedProcess& world, const std::string& wanted, const Deadline& deadline) {
  while (true) {
    while (const std::optional<std::string> line = world.reports.Take()) {
      if (*line == wanted) return {};
      if (line->starts_with("error ")) return Fail(ErrorCode::kUnavailable, "{}", line->substr(6));
    }
    if (world.reports.fd() < 0)
      return Fail(ErrorCode::kUnavailable, "the sandbox ended while it was starting");
    if (deadline.Passed())
      return Fail(ErrorCode::kTimedOut, "the sandbox was not ready within {}",
                  FormatDuration(kUpTimeout));
    pollfd poll{world.reports.fd(), POLLIN, 0};
    if (::poll(&poll, 1, 100) > 0) world.reports.Fill();
  }
}

Status LetGo(StartedProcess& world, const SandboxState& state) {
  const Deadline deadline(SystemClock(), kUpTimeout);
  // Recorded before it runs, so that there is never a sandbox that nobody can find.
  HOLDFAST_RETURN_IF_ERROR(WriteState(StateFile(), state));
  HOLDFAST_RETURN_IF_ERROR(WriteAll(world.commands.get(), "g", "the world's gate"));
  HOLDFAST_RETURN_IF_ERROR(Await(world, "ready", deadline));
  HOLDFAST_RETURN_IF_ERROR(WriteAll(world.commands.get(), "d", "the world's gate"));
  return Await(world, "detached", deadline);
}

void Forget(const fs::path& kubeconfig) {
  std::error_code ignored;
  if (!kubeconfig.empty()) fs::remove(kubeconfig, ignored);
  fs::remove(StateFile(), ignored);
}

}  // namespace

Result<SandboxStatus> SandboxUp(const WorldOptions& options, const fs::path& kubeconfig_out) {
  HOLDFAST_ASSIGN(const FileDescriptor lock, Lock());
  const SandboxStatus before = GetSandboxStatus();
  if (before.running)
    return Fail(ErrorCode::kConflict,
                "a sandbox is running already (process {}, KUBECONFIG={}); stop it with 'holdfast "
                "sandbox down'",
                before.pid, before.kubeconfig.string());
  std::error_code error;
  WorldPlan plan;
  plan.nodes = options.nodes;
  plan.real_time = options.real_time;
  plan.defects = options.defects;
  plan.image_cache = fs::absolute(options.image_cache, error);
  plan.mount_point = plan.image_cache / "world-mount";
  if (!options.log_directory.empty())
    plan.log_directory = fs::absolute(options.log_directory, error);
  plan.outer_kubeconfig = kubeconfig_out.empty() ? StateDirectory() / "kubeconfig"
                                                 : fs::absolute(kubeconfig_out, error);
  HOLDFAST_ASSIGN(StartedProcess world, StartWorld(plan));
  SandboxState state;
  state.pid = world.pid;
  state.start_time = StartTimeOf(world.pid).value_or(0);
  state.server = fmt::format("https://127.0.0.1:{}", plan.outer_port);
  state.kubeconfig = plan.outer_kubeconfig;
  state.nodes = plan.nodes;
  const Status up = LetGo(world, state);
  if (!up) {
    KillAndReap(world);
    Forget(plan.outer_kubeconfig);
    return Fail(up.error());
  }
  return GetSandboxStatus();
}

Status SandboxDown() {
  HOLDFAST_ASSIGN(const FileDescriptor lock, Lock());
  const Result<SandboxState> state = ReadState(StateFile());
  if (!state && state.error().code != ErrorCode::kNotFound) return Fail(state.error());
  if (!state || !IsAlive(*state)) {
    if (state) Forget(state->kubeconfig);
    return Fail(ErrorCode::kNotFound, "no sandbox is running");
  }
  const Result<FileDescriptor> process = OpenProcess(state->pid);
  // Looked at again: between the first look and the descriptor the id may have been reused.
  if (!process || !IsAlive(*state)) {
    Forget(state->kubeconfig);
    return {};
  }
  if (SignalByDescriptor(process->get(), SIGKILL) != 0 && errno != ESRCH)
    return Fail(ErrorCode::kRefused, "cannot stop the sandbox (process {}): {}", state->pid,
                ErrnoText(errno));
  const Deadline deadline(SystemClock(), kDownTimeout);
  pollfd poll{process->get(), POLLIN, 0};
  while (::poll(&poll, 1, 100) == 0)
    if (deadline.Passed())
      return Fail(ErrorCode::kTimedOut, "the sandbox (process {}) did not end within {}",
                  state->pid, FormatDuration(kDownTimeout));
  Forget(state->kubeconfig);
  return {};
}

SandboxStatus GetSandboxStatus() {
  SandboxStatus status;
  const Result<SandboxState> state = ReadState(StateFile());
  if (!state || !IsAlive(*state)) return status;
  status.running = true;
  status.pid = state->pid;
  status.server = state->server;
  status.kubeconfig = state->kubeconfig;
  status.nodes = state->nodes;
  return status;
}

}  // namespace holdfast::sandbox
