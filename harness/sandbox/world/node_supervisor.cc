#include "harness/sandbox/world/node_supervisor.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>

#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "harness/base/process.h"
#include "harness/base/process_tree.h"
#include "harness/base/strings.h"
#include "harness/sandbox/node/volume_copies.h"
#include "harness/sandbox/world/launch.h"
#include "harness/sandbox/world/node_links.h"
#include "harness/sandbox/world/world_parts.h"
#include "harness/sandbox/world/world_setup.h"

namespace holdfast::sandbox {
namespace {

int HttpCode(ErrorCode code) {
  if (code == ErrorCode::kNotFound) return 404;
  return code == ErrorCode::kConflict ? 409 : 500;
}

// `ip -batch` inside the network namespace of process `pid`.
Status ConfigureInside(pid_t pid, const std::string& commands) {
  if (commands.empty()) return {};
  ProcessOptions options;
  options.argv = {"nsenter", "-t", std::to_string(pid), "-n", "ip", "-batch", "-"};
  options.input = commands;
  options.timeout = std::chrono::seconds(20);
  HOLDFAST_ASSIGN(const ProcessResult result, RunProcess(options));
  if (result.exit_code != 0)
    return Fail(ErrorCode::kUnavailable, "cannot change a node's network: {}", Trim(result.err));
  return {};
}

Status Apply(pid_t pid, const LinkCommands& commands) {
  HOLDFAST_RETURN_IF_ERROR(ConfigureInside(pid, commands.node));
  return commands.world.empty() ? Status() : ConfigureNetwork(commands.world);
}

}  // namespace

Status NodeSupervisor::StartAll() {
  nodes_.resize(static_cast<size_t>(plan_.nodes));
  for (int index = 0; index < plan_.nodes; ++index)
    HOLDFAST_RETURN_IF_ERROR(Start(index));
  for (int index = 0; index < plan_.nodes; ++index)
    HOLDFAST_RETURN_IF_ERROR(Connect(index));
  return {};
}

Status NodeSupervisor::Start(int index) {
  const std::filesystem::path path = plan_.logs() / (NodeName(index) + ".log");
  const FileDescriptor log(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!log.valid() || !nothing.valid())
    return Fail(ErrorCode::kUnavailable, "cannot write {}: {}", path.string(), ErrnoText(errno));
  HOLDFAST_ASSIGN(PipeEnds gate, MakePipe());
  LaunchOptions options;
  options.argv = {"holdfast", kNodeInitPart, EncodePlan(plan_), std::to_string(index)};
  options.namespaces = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
  options.descriptors = {gate.read.get()};
  options.input = nothing.get();
  options.output = options.error = log.get();
  Node& node = nodes_[static_cast<size_t>(index)];
  HOLDFAST_ASSIGN(node.pid, Launch(options));
  node.gate = std::move(gate.write);
  node.state = "running";
  return {};
}

Status NodeSupervisor::Connect(int index) {
  Node& node = nodes_[static_cast<size_t>(index)];
  HOLDFAST_RETURN_IF_ERROR(ConfigureNetwork(NodeLinkCommands(index, node.pid)));
  return WriteAll(node.gate.get(), api_serves_ ? "na" : "n", "a node's gate");
}

Status NodeSupervisor::LetAgentsGo() {
  api_serves_ = true;
  for (const Node& node : nodes_)
    if (node.pid != 0) HOLDFAST_RETURN_IF_ERROR(WriteAll(node.gate.get(), "a", "a node's gate"));
  return {};
}

bool NodeSupervisor::OnExit(pid_t pid, int status) {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    if (pid != node.pid) continue;
    const std::string name = NodeName(static_cast<int>(i));
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    Log(LogLevel::kWarning, "{} ended with exit code {}", name, code);
    failure_ = fmt::format("{} of the sandbox ended with exit code {}; see {}", name, code,
                           plan_.logs().string());
    node.pid = 0;
    node.gate.Close();
    node.state = "crashed";
    return true;
  }
  return false;
}

Json NodeSupervisor::Item(int index) const {
  const Node& node = nodes_[static_cast<size_t>(index)];
  Json item = {{"name", NodeName(index)}, {"state", node.state}};
  if (node.cut) item["from"] = PartitionFromName(*node.cut);
  return item;
}

Json NodeSupervisor::Answer(const Json& request) {
  if (GetString(request, {"op"}) == "list") {
    Json items = Json::array();
    for (int index = 0; index < plan_.nodes; ++index)
      items.push_back(Item(index));
    return {{"ok", true}, {"answer", {{"items", items}}}};
  }
  const auto operation = ParseNodeOperation(GetString(request, {"op"}));
  const auto from = ParsePartitionFrom(GetString(request, {"from"}, "all"));
  if (!operation || !from)
    return {{"ok", false}, {"code", 500}, {"message", "this is no operation on a node"}};
  const auto done = Operate(GetString(request, {"node"}), *operation, *from);
  if (done) return {{"ok", true}, {"answer", *done}};
  return {{"ok", false},
          {"code", HttpCode(done.error().code)},
          {"message", done.error().message}};
}

Result<Json> NodeSupervisor::Operate(const std::string& name,
                                     NodeOperation operation,
                                     PartitionFrom from) {
  int index = 0;
  while (index < plan_.nodes && NodeName(index) != name)
    ++index;
  if (index == plan_.nodes)
    return Fail(ErrorCode::kNotFound, "the sandbox has no node '{}'; it has {} to {}", name,
                NodeName(0), NodeName(plan_.nodes - 1));
  const std::string& state = nodes_[static_cast<size_t>(index)].state;
  const auto wrong_state = [&] {
    return Fail(ErrorCode::kConflict, "{} is {}: let it return first", name, state);
  };
  switch (operation) {
    case NodeOperation::kCrash:
      if (state == "crashed") return wrong_state();
      HOLDFAST_RETURN_IF_ERROR(Crash(index));
      break;
    case NodeOperation::kFreeze:
      if (state != "running") return wrong_state();
      HOLDFAST_RETURN_IF_ERROR(Freeze(index));
      break;
    case NodeOperation::kPartition:
      if (state != "running" && state != "partitioned") return wrong_state();
      HOLDFAST_RETURN_IF_ERROR(Partition(index, from));
      break;
    case NodeOperation::kReturn:
      HOLDFAST_RETURN_IF_ERROR(Return(index));
      break;
  }
  return Item(index);
}

// The first process of a pid namespace takes all others with it, containers included.
Status NodeSupervisor::Crash(int index) {
  HOLDFAST_RETURN_IF_ERROR(Mend(index));
  Node& node = nodes_[static_cast<size_t>(index)];
  ::kill(node.pid, SIGKILL);
  while (::waitpid(node.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  node.pid = 0;
  node.gate.Close();
  node.state = "crashed";
  // The kernel takes the link down with the namespace, but not at once; so it may be gone already.
  static_cast<void>(ConfigureNetwork(RemoveNodeLinkCommands(index)));
  if (plan_.defects.Has(Defect::kLastSecondLostOnCrash))
    return node::PutOldCopiesBack(plan_.mount_point / "nodes" / NodeName(index) / "copies",
                                  plan_.volume_root(), SystemClock().Now());
  return {};
}

Status NodeSupervisor::Freeze(int index) {
  Node& node = nodes_[static_cast<size_t>(index)];
  HOLDFAST_RETURN_IF_ERROR(StopTree(node.pid));
  node.state = "frozen";
  return {};
}

Status NodeSupervisor::Partition(int index, PartitionFrom from) {
  HOLDFAST_RETURN_IF_ERROR(Mend(index));
  Node& node = nodes_[static_cast<size_t>(index)];
  HOLDFAST_RETURN_IF_ERROR(Apply(node.pid, CutCommands(index, from)));
  node.cut = from;
  node.state = "partitioned";
  return {};
}

Status NodeSupervisor::Mend(int index) {
  Node& node = nodes_[static_cast<size_t>(index)];
  if (!node.cut) return {};
  HOLDFAST_RETURN_IF_ERROR(Apply(node.pid, MendCommands(index, *node.cut)));
  node.cut.reset();
  node.state = "running";
  return {};
}

Status NodeSupervisor::Return(int index) {
  Node& node = nodes_[static_cast<size_t>(index)];
  if (node.state == "crashed") {
    static_cast<void>(ConfigureNetwork(RemoveNodeLinkCommands(index)));
    HOLDFAST_RETURN_IF_ERROR(Start(index));
    return Connect(index);
  }
  if (node.state == "frozen") {
    HOLDFAST_RETURN_IF_ERROR(ContinueTree(node.pid));
    node.state = "running";
  }
  return Mend(index);
}

}  // namespace holdfast::sandbox
