#include "tests/integration/postgres/server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "harness/base/strings.h"
#include "harness/sandbox/image/image.h"
#include "workloads/postgres/postgres.h"

namespace holdfast::workloads::postgres {
namespace {

constexpr const char* kMount = "/tmp/volume";  // On a tmpfs of the container's own.
constexpr const char* kUser = "999";           // The image knows it, as PostgreSQL demands.

int FreePort() {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  void* const generic = &address;
  if (::bind(socket.get(), static_cast<sockaddr*>(generic), length) != 0) return 0;
  if (::getsockname(socket.get(), static_cast<sockaddr*>(generic), &length) != 0) return 0;
  return ntohs(address.sin_port);
}

// The root file system of postgres:15: the tests need nothing of PostgreSQL's on the machine.
const Result<std::string>& ImageRoot() {
  static const Result<std::string> root = []() -> Result<std::string> {
    HOLDFAST_ASSIGN(const sandbox::Image image,
                    sandbox::EnsureImage(CacheDirectory() / "images", "postgres:15",
                                         [](const std::string& /*line*/) {}));
    return image.root.string();
  }();
  return root;
}

std::optional<pid_t> ParentOf(pid_t process) {
  const auto text = ReadFile("/proc/" + std::to_string(process) + "/stat");
  if (!text) return std::nullopt;
  // "pid (comm) state ppid ...", and comm may hold anything.
  const std::string rest = text->substr(std::min(text->rfind(')'), text->size() - 1));
  const std::vector<std::string> words = Split(rest, ' ');
  if (words.size() < 3) return std::nullopt;
  if (const auto parent = ParseInt(words[2])) return static_cast<pid_t>(*parent);
  return std::nullopt;
}

}  // namespace

const Deployment& TestDeployment() {
  static const Deployment deployment = [] {
    Deployment made;
    made.ns = "test";
    made.name = "pg";
    made.run_id = "test";
    made.run_number = 7;
    made.replicas = 2;
    made.password = "s3cret'\\ word";
    made.parameters = Json::object();
    return made;
  }();
  return deployment;
}

Server::Server(int ordinal, int primary_port)
    : name_("pg-" + std::to_string(ordinal)),
      port_(FreePort()) {
  MakeDirectories(volume());
  const auto manifests = PostgresWorkload().Manifests(TestDeployment());
  if (!manifests) return;
  const Json& pod = GetObject(manifests->back(), {"spec", "template", "spec"});
  for (const char* list : {"initContainers", "containers"}) {
    for (const Json& container : GetArray(pod, {list})) {
      Container ours;
      ours.script = GetString(container, {"command", "2"});
      for (const Json& variable : GetArray(container, {"env"}))
        ours.environment[GetString(variable, {"name"})] = GetString(variable, {"value"});
      ours.environment["PGPASSWORD"] = TestDeployment().password;
      ours.environment["HOLDFAST_MOUNT"] = kMount;
      ours.environment["HOLDFAST_PRIMARY"] = "127.0.0.1";
      ours.environment["HOLDFAST_PRIMARY_PORT"] = std::to_string(primary_port);
      ours.environment["HOLDFAST_PORT"] = std::to_string(port_);
      ours.environment["PGDATA"] = std::string(kMount) + "/pgdata";
      ours.environment["PATH"] = "/usr/bin:/bin";
      containers_[GetString(container, {"name"})] = ours;
      if (const Json* probe = FindPath(container, {"readinessProbe", "exec", "command"})) {
        ours.script = GetString(*probe, {"2"});
        containers_["ready"] = ours;
      }
    }
  }
}

Server::~Server() {
  if (wrapper_ > 0) Stop(SIGKILL);
}

std::vector<std::string> Server::CommandLine(const Container& container,
                                             const std::string& script) const {
  std::vector<std::string> line = {"bwrap",
                                   "--unshare-user",
                                   "--uid",
                                   kUser,
                                   "--gid",
                                   kUser,
                                   "--unshare-uts",
                                   "--hostname",
                                   name_,
                                   "--unshare-pid",
                                   "--as-pid-1",
                                   "--die-with-parent",
                                   "--new-session",
                                   "--ro-bind",
                                   ImageRoot().value_or("/"),
                                   "/",
                                   "--dev",
                                   "/dev",
                                   "--proc",
                                   "/proc",
                                   "--tmpfs",
                                   "/tmp",
                                   "--bind",
                                   volume().string(),
                                   kMount,
                                   "--chdir",
                                   "/",
                                   "--clearenv"};
  for (const auto& [name, value] : container.environment)
    line.insert(line.end(), {"--setenv", name, value});
  line.insert(line.end(), {"sh", "-c", script});
  return line;
}

Result<ProcessResult> Server::RunScript(const std::string& container) {
  const Container& chosen = containers_.at(container);
  return RunProcess({.argv = CommandLine(chosen, chosen.script),
                     .add_environment = {},
                     .input = {},
                     .timeout = std::chrono::seconds(60)});
}

std::string Server::Start() {
  if (!ImageRoot()) return "this test needs a real server: " + ImageRoot().error().message;
  if (!FindProgram("bwrap")) return "this test needs bwrap: install the Debian package bubblewrap";
  for (const char* init : {"own-volume", "setup"}) {
    const auto done = RunScript(init);
    if (!done) return done.error().message;
    if (done->exit_code != 0) return std::string(init) + ": " + done->out + done->err;
  }
  std::vector<std::string> line =
      CommandLine(containers_.at("postgres"), containers_.at("postgres").script);
  std::vector<char*> arguments;
  for (std::string& word : line)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string log = directory_.path() / "log";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  const int failed =
      ::posix_spawnp(&wrapper_, "bwrap", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return "cannot start bwrap: " + ErrnoText(failed);
  const Deadline deadline(SystemClock(), std::chrono::seconds(30));
  for (;;) {
    const auto session = Connect();
    if (session) return "";
    if (deadline.Passed()) return session.error().message + "\n" + LogText();
    SystemClock().SleepFor(std::chrono::milliseconds(20), {});
  }
}

std::vector<pid_t> Server::Processes() const {
  std::vector<pid_t> all;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (const auto pid = ParseInt(entry.path().filename().string()))
      all.push_back(static_cast<pid_t>(*pid));
  }
  std::vector<pid_t> ours = {wrapper_};
  for (size_t at = 0; at < ours.size(); ++at) {
    for (const pid_t pid : all) {
      if (ParentOf(pid) == ours[at]) ours.push_back(pid);
    }
  }
  ours.erase(ours.begin());
  return ours;  // The container's first process is the first.
}

int Server::Stop(int signal) {
  if (wrapper_ <= 0) return -1;
  const std::vector<pid_t> processes = Processes();
  if (!processes.empty()) ::kill(processes.front(), signal);
  if (signal == SIGKILL) ::kill(wrapper_, SIGKILL);
  int status = 0;
  ::waitpid(wrapper_, &status, 0);
  wrapper_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Server::Signal(int signal) {
  for (const pid_t pid : Processes())
    ::kill(pid, signal);
}

Result<std::string> Server::Sql(const std::string& statement) {
  const std::string port = std::to_string(port_);
  HOLDFAST_ASSIGN(const ProcessResult done,
                  RunProcess({.argv = {"bwrap",
                                       "--ro-bind",
                                       ImageRoot().value_or("/"),
                                       "/",
                                       "--dev",
                                       "/dev",
                                       "--proc",
                                       "/proc",
                                       "--tmpfs",
                                       "/tmp",
                                       "/usr/lib/postgresql/15/bin/psql",
                                       "-X",
                                       "-A",
                                       "-t",
                                       "-q",
                                       "-h",
                                       "127.0.0.1",
                                       "-p",
                                       port,
                                       "-U",
                                       "postgres",
                                       "-v",
                                       "ON_ERROR_STOP=1",
                                       "-c",
                                       statement},
                              .add_environment = {"PGPASSWORD=" + TestDeployment().password},
                              .input = {},
                              .timeout = std::chrono::seconds(30)}));
  if (done.exit_code != 0) return Fail(ErrorCode::kRefused, "psql: {}", done.err);
  return std::string(Trim(done.out));
}

std::string Server::LogText() const { return ReadFile(directory_.path() / "log").value_or(""); }

Result<std::unique_ptr<Session>> Server::Connect(Nanos timeout) const {
  return PostgresWorkload().Connect(TestDeployment(), endpoint(), timeout);
}

}  // namespace holdfast::workloads::postgres
