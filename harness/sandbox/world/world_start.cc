#include "harness/sandbox/world/world_start.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "harness/sandbox/world/launch.h"
#include "harness/sandbox/world/world_parts.h"
#include "harness/sandbox/world/world_setup.h"

namespace holdfast::sandbox {
namespace {

constexpr int kNamespaces = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;

Result<StartedProcess> Start(const std::vector<std::string>& argv,
                             const std::vector<int>& descriptors,
                             bool quiet,
                             IdMap map) {
  HOLDFAST_ASSIGN(PipeEnds reports, MakePipe());
  HOLDFAST_ASSIGN(PipeEnds commands, MakePipe());
  const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  LaunchOptions options;
  options.argv = argv;
  options.namespaces = kNamespaces | (map == IdMap::kHost ? 0 : CLONE_NEWUSER);
  options.descriptors = {reports.write.get(), commands.read.get()};
  options.descriptors.insert(options.descriptors.end(), descriptors.begin(), descriptors.end());
  if (quiet) options.input = options.output = options.error = nothing.get();
  options.gate = commands.read.get();
  options.gate_writer = commands.write.get();
  options.block_signals = true;
  options.root_directory = quiet;
  StartedProcess started;
  HOLDFAST_ASSIGN(started.pid, Launch(options));
  started.commands = std::move(commands.write);
  started.reports = LineReader(std::move(reports.read));
  Status ready = WriteIdMap(started.pid, map);
  if (ready) {
    Result<FileDescriptor> process = OpenProcess(started.pid);
    if (process)
      started.process = *std::move(process);
    else
      ready = Fail(process.error());
  }
  if (!ready) {
    KillAndReap(started);
    return Fail(std::move(ready).error());
  }
  return started;
}

}  // namespace

void KillAndReap(const StartedProcess& started) {
  ::kill(started.pid, SIGKILL);
  while (::waitpid(started.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<StartedProcess> StartInNamespaces(
    const std::function<std::vector<std::string>(IdMap)>& argv_for,
    const std::vector<int>& descriptors,
    bool quiet) {
  const IdMap best = ChooseIdMap();
  Result<StartedProcess> started = Start(argv_for(best), descriptors, quiet, best);
  // Root without the right to make namespaces (in a container), or subordinate ids that
  // newuidmap does not grant: one id is what everybody can have.
  if (!started && best != IdMap::kSingle)
    started = Start(argv_for(IdMap::kSingle), descriptors, quiet, IdMap::kSingle);
  if (!started)
    return Fail(ErrorCode::kUnavailable,
                "this machine does not let us make namespaces ({}); allow unprivileged user "
                "namespaces with 'sysctl kernel.unprivileged_userns_clone=1 "
                "user.max_user_namespaces=10000' (on Ubuntu also "
                "kernel.apparmor_restrict_unprivileged_userns=0), in docker with --privileged",
                started.error().message);
  return started;
}

Result<StartedProcess> StartWorld(WorldPlan& plan) {
  if (plan.nodes < 1 || plan.nodes > kMaxNodes)
    return Fail(ErrorCode::kInvalidArgument, "a sandbox has 1 to {} nodes, not {}", kMaxNodes,
                plan.nodes);
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(plan.mount_point));
  if (!plan.log_directory.empty()) HOLDFAST_RETURN_IF_ERROR(MakeDirectories(plan.log_directory));
  HOLDFAST_ASSIGN(const FileDescriptor socket, Listen("127.0.0.1", 0));
  plan.outer_port = PortOf(socket);
  HOLDFAST_ASSIGN(const FileDescriptor self, OpenProcess(::getpid()));
  const auto argv_for = [&](IdMap map) {
    plan.single_id_map = map == IdMap::kSingle;
    plan.user_namespace = map != IdMap::kHost;
    return std::vector<std::string>{"holdfast", kWorldPart, EncodePlan(plan)};
  };
  return StartInNamespaces(argv_for, {self.get(), socket.get()}, plan.command.empty());
}

}  // namespace holdfast::sandbox
