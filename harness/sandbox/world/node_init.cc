// PID 1 of a node's pid namespace: waits until the node has its network, runs the agent, reaps what
// is orphaned, and takes everything with it when the agent ends.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "harness/base/files.h"
#include "harness/base/log.h"
#include "harness/sandbox/node/node_agent.h"
#include "harness/sandbox/world/launch.h"
#include "harness/sandbox/world/world_parts.h"
#include "harness/sandbox/world/world_setup.h"

namespace holdfast::sandbox {
namespace {

constexpr int kGate = 3;

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
  options.single_id_map = plan.single_id_map;
  options.defects = plan.defects;
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
  const Result<pid_t> pid = Launch(options);
  if (!pid) {
    Log(LogLevel::kError, "{}: {}", agent.node_name, pid.error().message);
    return 1;
  }
  while (true) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended == *pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (ended < 0 && errno != EINTR) return 1;
  }
}

}  // namespace holdfast::sandbox
