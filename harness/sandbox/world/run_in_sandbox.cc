// RunInSandbox: a world around one command, with the user's terminal.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "harness/sandbox/world/launch.h"
#include "harness/sandbox/world/world.h"
#include "harness/sandbox/world/world_start.h"

namespace holdfast::sandbox {
namespace {

// Blocks the signals that a terminal or a service manager sends, and hands them out as a
// descriptor; the old mask comes back in the end.
class CaughtSignals {
 public:
  CaughtSignals() {
    sigset_t caught{};
    sigemptyset(&caught);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH})
      sigaddset(&caught, signal);
    pthread_sigmask(SIG_BLOCK, &caught, &before_);
    fd_ = FileDescriptor(::signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  CaughtSignals(const CaughtSignals&) = delete;
  CaughtSignals& operator=(const CaughtSignals&) = delete;
  ~CaughtSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  void PassOn(int pidfd) const {
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == sizeof info)
      SignalByDescriptor(pidfd, static_cast<int>(info.ssi_signo));
  }

 private:
  sigset_t before_{};
  FileDescriptor fd_;
};

// The sentence of the world's failure, or empty, once the world has closed its reports.
std::string FollowUntilEnd(StartedProcess& world, const CaughtSignals& signals) {
  std::string failure;
  bool ended = false;
  while (!ended || world.reports.fd() >= 0) {
    std::array<pollfd, 3> polls{pollfd{signals.fd(), POLLIN, 0},
                                pollfd{ended ? -1 : world.process.get(), POLLIN, 0},
                                pollfd{world.reports.fd(), POLLIN, 0}};
    ::poll(polls.data(), polls.size(), -1);
    if (polls[0].revents != 0) signals.PassOn(world.process.get());
    if (polls[1].revents != 0) ended = true;
    if (polls[2].revents != 0) world.reports.Fill();
    while (const std::optional<std::string> line = world.reports.Take())
      if (line->starts_with("error ")) failure = line->substr(6);
  }
  return failure;
}

}  // namespace

Result<int> RunInSandbox(const WorldOptions& options, const std::vector<std::string>& argv) {
  if (argv.empty()) return Fail(ErrorCode::kInvalidArgument, "no command to run in the sandbox");
  WorldPlan plan;
  plan.nodes = options.nodes;
  plan.real_time = options.real_time;
  plan.defects = options.defects;
  plan.image_cache = options.image_cache;
  plan.mount_point = options.image_cache / "world-mount";
  plan.log_directory = options.log_directory;
  plan.command = argv;
  const CaughtSignals signals;
  HOLDFAST_ASSIGN(StartedProcess world, StartWorld(plan));
  HOLDFAST_RETURN_IF_ERROR(WriteAll(world.commands.get(), "g", "the world's gate"));
  const std::string failure = FollowUntilEnd(world, signals);
  int status = 0;
  while (::waitpid(world.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!failure.empty()) return Fail(ErrorCode::kUnavailable, "{}", failure);
  if (WIFSIGNALED(status))
    return Fail(ErrorCode::kUnavailable, "the sandbox was killed by signal {}", WTERMSIG(status));
  return WEXITSTATUS(status);
}

}  // namespace holdfast::sandbox
