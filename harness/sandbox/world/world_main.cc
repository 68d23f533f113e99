// PID 1 of the private world: sets it up, starts the control plane and the nodes, runs the command,
// reaps what is orphaned, and takes everything with it when it ends.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "harness/base/strings.h"
#include "harness/sandbox/world/launch.h"
#include "harness/sandbox/world/line_reader.h"
#include "harness/sandbox/world/node_supervisor.h"
#include "harness/sandbox/world/world_parts.h"
#include "harness/sandbox/world/world_setup.h"

namespace holdfast::sandbox {
namespace {

constexpr int kReport = 3;
constexpr int kOuterProcess = 5;
constexpr int kOuterSocket = 6;

int ExitCodeOf(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

class World {
 public:
  explicit World(const WorldPlan& plan)
      : plan_(plan),
        commands_(FileDescriptor(4)),
        outer_(kOuterProcess),
        control_plane_lines_(FileDescriptor()),
        node_requests_(FileDescriptor()),
        nodes_(plan) {}

  int Run() {
    Status done = SetUp();
    while (done && !exit_code_)
      done = Step();
    if (!done) WriteLine(kReport, "error " + done.error().message);
    return done ? *exit_code_ : 1;
  }

 private:
  Status SetUp();
  Status StartControlPlane();
  void OnNodeRequests();
  Status Step();
  Status OnControlPlane();
  void OnCommands();
  void OnSignal();
  Status Reap();
  Status StartCommand();
  Result<FileDescriptor> OpenLog(const std::string& name) const;

  const WorldPlan& plan_;
  LineReader commands_;
  FileDescriptor outer_;
  FileDescriptor signals_;
  FileDescriptor nothing_;
  LineReader control_plane_lines_;
  LineReader node_requests_;  // From the control plane; answers go back the same way.
  NodeSupervisor nodes_;
  pid_t control_plane_ = 0;
  pid_t command_ = 0;
  bool ready_ = false;
  std::optional<int> exit_code_;
};

Result<FileDescriptor> World::OpenLog(const std::string& name) const {
  const std::filesystem::path path = plan_.logs() / (name + ".log");
  FileDescriptor log(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!log.valid())
    return Fail(ErrorCode::kUnavailable, "cannot write {}: {}", path.string(), ErrnoText(errno));
  return log;
}

Status World::SetUp() {
  sigset_t wanted{};
  sigemptyset(&wanted);
  for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGWINCH})
    sigaddset(&wanted, signal);
  sigprocmask(SIG_SETMASK, &wanted, nullptr);
  signals_ = FileDescriptor(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  // Without a session of our own Ctrl-C would reach the agents directly, and the command twice.
  ::setsid();
  nothing_ = FileDescriptor(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {kReport, kOuterProcess, kOuterSocket, commands_.fd()})
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  HOLDFAST_RETURN_IF_ERROR(OwnMounts());
  HOLDFAST_RETURN_IF_ERROR(MountState(plan_.mount_point));
  for (const std::filesystem::path& folder : {plan_.volume_root(), plan_.logs()})
    HOLDFAST_RETURN_IF_ERROR(MakeDirectories(folder));
  UseClusterDns(plan_.mount_point);
  HOLDFAST_RETURN_IF_ERROR(ConfigureNetwork(WorldNetworkCommands()));
  HOLDFAST_RETURN_IF_ERROR(ForwardPackets());
  HOLDFAST_RETURN_IF_ERROR(StartControlPlane());
  return nodes_.StartAll();
}

Status World::StartControlPlane() {
  HOLDFAST_ASSIGN(const FileDescriptor inner, Listen(kWorldIp, kInnerApiPort));
  HOLDFAST_ASSIGN(const FileDescriptor log, OpenLog("control-plane"));
  HOLDFAST_ASSIGN(PipeEnds pipe, MakePipe());
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot make a socket pair: {}", ErrnoText(errno));
  node_requests_ = LineReader(FileDescriptor(pair[0]));
  const FileDescriptor theirs(pair[1]);
  LaunchOptions options;
  options.argv = {"holdfast", kControlPlanePart, EncodePlan(plan_)};
  options.descriptors = {pipe.write.get(), kOuterSocket, inner.get(), theirs.get()};
  options.input = nothing_.get();
  options.output = options.error = log.get();
  HOLDFAST_ASSIGN(control_plane_, Launch(options));
  ::close(kOuterSocket);
  control_plane_lines_ = LineReader(std::move(pipe.read));
  return {};
}

// The answer is given when the operation is done; nothing else of this world waits for longer than
// that takes.
void World::OnNodeRequests() {
  node_requests_.Fill();
  while (const std::optional<std::string> line = node_requests_.Take()) {
    const Result<Json> request = ParseJson(*line);
    const Json answer =
        request ? nodes_.Answer(*request)
                : Json{{"ok", false}, {"code", 500}, {"message", request.error().message}};
    WriteLine(node_requests_.fd(), DumpJson(answer));
  }
}

Status World::Step() {
  std::array<pollfd, 5> polls{pollfd{signals_.get(), POLLIN, 0}, pollfd{outer_.get(), POLLIN, 0},
                              pollfd{commands_.fd(), POLLIN, 0},
                              pollfd{control_plane_lines_.fd(), POLLIN, 0},
                              pollfd{node_requests_.fd(), POLLIN, 0}};
  if (::poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR)
    return Fail(ErrorCode::kInternal, "poll: {}", ErrnoText(errno));
  if (polls[1].revents != 0) exit_code_ = 1;  // Whom we serve has died.
  if (polls[0].revents != 0) OnSignal();
  if (polls[2].revents != 0) OnCommands();
  if (polls[3].revents != 0) HOLDFAST_RETURN_IF_ERROR(OnControlPlane());
  if (polls[4].revents != 0) OnNodeRequests();
  return Reap();
}

void World::OnCommands() {
  std::array<char, 16> bytes{};
  const ssize_t count = ::read(commands_.fd(), bytes.data(), bytes.size());
  if (count > 0 && bytes[0] == 'd') {
    outer_.Close();
    ::prctl(PR_SET_PDEATHSIG, 0);
    WriteLine(kReport, "detached");
  }
  if (count <= 0) commands_ = LineReader(FileDescriptor());
}

Status World::OnControlPlane() {
  control_plane_lines_.Fill();
  while (const std::optional<std::string> line = control_plane_lines_.Take()) {
    if (line->starts_with("error "))
      return Fail(ErrorCode::kUnavailable, "the sandbox's control plane does not start: {}",
                  line->substr(6));
    if (*line == "serving") HOLDFAST_RETURN_IF_ERROR(nodes_.LetAgentsGo());
    if (*line == "ready") {
      ready_ = true;
      WriteLine(kReport, "ready");
      if (!plan_.command.empty()) HOLDFAST_RETURN_IF_ERROR(StartCommand());
    }
  }
  return {};
}

Status World::StartCommand() {
  LaunchOptions options;
  options.argv = plan_.command;
  for (std::string word : {std::string("--kubeconfig"), plan_.inner_kubeconfig().string(),
                           std::string("--in-sandbox")})
    options.argv.push_back(std::move(word));
  HOLDFAST_ASSIGN(command_, Launch(options));
  return {};
}

void World::OnSignal() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) continue;
    if (command_ > 0)
      ::kill(command_, signal == SIGHUP ? SIGTERM : signal);
    else if (signal != SIGWINCH)
      exit_code_ = 128 + signal;
  }
}

Status World::Reap() {
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
       pid = ::waitpid(-1, &status, WNOHANG)) {
    if (pid == command_) exit_code_ = ExitCodeOf(status);
    if (pid == control_plane_ && !exit_code_)
      return Fail(ErrorCode::kInternal,
                  "the sandbox's control plane ended with exit code {}; see {}", ExitCodeOf(status),
                  (plan_.logs() / "control-plane.log").string());
    if (nodes_.OnExit(pid, status) && !ready_ && !exit_code_)
      return Fail(ErrorCode::kInternal, "{}", *nodes_.failure());
  }
  return {};
}

}  // namespace

int WorldMain(const WorldPlan& plan) { return World(plan).Run(); }

}  // namespace holdfast::sandbox
