// PID 1 of a node's pid namespace: waits until the node has its network, runs the agent, reaps what
// is orphaned, and starts an agent that died again.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/log.h"
#include "harness/base/random.h"
#include "harness/sandbox/node/node_agent.h"
#include "harness/sandbox/world/launch.h"
#include "harness/sandbox/world/node_links.h"
#include "harness/sandbox/world/world_parts.h"
#include "harness/sandbox/world/world_setup.h"

namespace holdfast::sandbox {
namespace {

constexpr int kGate = 3;
constexpr Nanos kShortRun = std::chrono::seconds(2);
constexpr Nanos kRestartPause = std::chrono::milliseconds(500);

bool AwaitByte(char wanted) {
  while (true) {
    char byte = 0;
    const ssize_t count = ::read(kGate, &byte, 1);
    if (count == 0 || (count < 0 && errno != EINTR)) return false;
    if (count == 1 && byte == wanted) return true;
  }
}

NodeAgentOptions AgentOptions(const WorldPlan& plan, int index) {
  NodeAgentOptions options;
  options.node_name = NodeName(index);
  options.api_server = fmt::format("https://{}:{}", kWorldIp, kInnerApiPort);
  options.ca_file = plan.ca_file();
  options.token_file = plan.token_file();
  options.node_ip = NodeIp(index);
  options.pod_cidr = PodCidr(index);
  options.dns_server = kWorldIp;
  options.state_directory = plan.mount_point / "nodes" / options.node_name;
  options.volume_root = plan.volume_root();
  options.image_cache = plan.image_cache;
  options.log_directory = plan.logs() / options.node_name;
  options.boot_id = RandomToken(16);
  options.single_id_map = plan.single_id_map;
  options.defects = plan.defects;
  if (plan.real_time) {
    // The kubelet's own: a lease each 10 s, probes by their period alone.
    options.heartbeat = std::chrono::seconds(10);
    options.fast_readiness = false;
    options.volume_refresh = std::chrono::seconds(60);
  } else {
    // Many within the node controller's shortened grace of ten seconds, so that a machine under
    // load does not make a node look dead.
    options.heartbeat = std::chrono::seconds(1);
    options.first_restart_delay = std::chrono::seconds(1);
  }
  return options;
}

Status SetUp(const NodeAgentOptions& agent, int index) {
  if (::sethostname(agent.node_name.c_str(), agent.node_name.size()) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot set the host name: {}", ErrnoText(errno));
  HOLDFAST_RETURN_IF_ERROR(OwnMounts());
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(agent.state_directory));
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(agent.log_directory));
  if (!AwaitByte('n')) return Fail(ErrorCode::kCancelled, "the world ended");
  HOLDFAST_RETURN_IF_ERROR(ConfigureNetwork(NodeNetworkCommands(index)));
  HOLDFAST_RETURN_IF_ERROR(ForwardPackets());
  if (!AwaitByte('a')) return Fail(ErrorCode::kCancelled, "the world ended");
  return {};
}

// Reaps what is orphaned until the agent itself ends.
int AwaitAgent(pid_t agent) {
  while (true) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended == agent) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (ended < 0 && errno != EINTR) return 1;
  }
}

}  // namespace

int NodeInitMain(const WorldPlan& plan, int index) {
  const NodeAgentOptions agent = AgentOptions(plan, index);
  const Status ready = SetUp(agent, index);
  if (!ready) {
    Log(LogLevel::kError, "{}: {}", agent.node_name, ready.error().message);
    return 1;
  }
  LaunchOptions options;
  options.argv = NodeAgentArguments(agent);
  options.argv.insert(options.argv.begin(), "holdfast");
  options.root_directory = true;
  while (true) {
    const Nanos began = SystemClock().Now();
    const Result<pid_t> pid = Launch(options);
    if (!pid) {
      Log(LogLevel::kError, "{}: {}", agent.node_name, pid.error().message);
      return 1;
    }
    const int code = AwaitAgent(*pid);
    // One that cannot begin is the node's failure; one that dies later is started again, as a
    // service manager does with a kubelet. Its containers died with it.
    if (SystemClock().Now() - began < kShortRun) return code;
    Log(LogLevel::kError, "the agent of {} ended with exit code {}; starting it again",
        agent.node_name, code);
    SystemClock().SleepFor(kRestartPause, {});
  }
}

}  // namespace holdfast::sandbox
