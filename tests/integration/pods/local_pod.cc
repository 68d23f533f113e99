#include "tests/integration/pods/local_pod.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "harness/base/process_tree.h"
#include "harness/base/strings.h"
#include "harness/sandbox/image/image.h"

namespace holdfast::workloads {
namespace {

std::string MountPoint(const std::string& volume) { return "/tmp/mounts/" + volume; }

std::string Expand(std::string text, const LocalPod::Environment& environment) {
  for (const auto& [name, value] : environment)
    text = ReplaceAll(text, "$(" + name + ")", value);
  return text;
}

constexpr int kFirstPort = 20'000;
constexpr int kPorts = 12'000;

bool CanListen(int port) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  void* const generic = &address;
  return ::bind(socket.get(), static_cast<sockaddr*>(generic), sizeof address) == 0;
}

}  // namespace

int FreePort() {
  // Processes that run beside each other begin at different places.
  static std::atomic<int> next = ::getpid() * 64;
  for (int tried = 0; tried < kPorts; tried += 2) {
    const int port = kFirstPort + (next += 2) % kPorts;
    if (CanListen(port) && CanListen(port + 1)) return port;
  }
  return 0;
}

LocalPod::LocalPod(const Workload& workload,
                   Deployment deployment,
                   int ordinal,
                   const std::string& image,
                   Environment environment)
    : workload_(workload),
      deployment_(std::move(deployment)),
      name_(deployment_.name + "-" + std::to_string(ordinal)) {
  if (!deployment_.parameters.contains("port")) deployment_.parameters["port"] = FreePort();
  port_ = workload_.Port(deployment_.parameters);
  const auto made = sandbox::EnsureImage(CacheDirectory() / "images", image,
                                         [](const std::string& /*line*/) {});
  const auto manifests = workload_.Manifests(deployment_);
  if (!made || !manifests || !FindProgram("bwrap")) {
    trouble_ = !made        ? "this test needs a real server: " + made.error().message
               : !manifests ? manifests.error().message
                            : "this test needs bwrap: install the Debian package bubblewrap";
    return;
  }
  image_root_ = made->root.string();
  image_environment_ = made->environment;
  const auto set = std::find_if(manifests->begin(), manifests->end(), [](const Json& manifest) {
    return GetString(manifest, {"kind"}) == "StatefulSet";
  });
  const Json& pod = GetObject(*set, {"spec", "template", "spec"});
  const std::string service = GetString(*set, {"spec", "serviceName"});
  static_cast<void>(WriteFileAtomic(
      directory_.path() / "hosts",
      fmt::format("127.0.0.1 localhost\n127.0.0.1 {0}.{1}.{2}.svc.cluster.local {0}.{1}.{2}.svc "
                  "{0}.{1} {0}\n",
                  name_, service, deployment_.ns),
      0644));
  MakeDirectories(Temporary());
  WriteVolumes(*manifests, pod);
  for (const Json& claim : GetArray(*set, {"spec", "volumeClaimTemplates"}))
    MakeDirectories(volume(GetString(claim, {"metadata", "name"})));
  for (const Json& container : GetArray(pod, {"initContainers"}))
    AddContainer(container, environment, false);
  for (const Json& container : GetArray(pod, {"containers"}))
    AddContainer(container, environment, true);
}

LocalPod::~LocalPod() {
  if (wrapper_ > 0) Stop(SIGKILL);
}

// ConfigMaps and Secrets of the manifests as files; every other volume as an empty folder.
void LocalPod::WriteVolumes(const std::vector<Json>& manifests, const Json& pod) {
  for (const Json& wanted : GetArray(pod, {"volumes"})) {
    const std::filesystem::path folder = volume(GetString(wanted, {"name"}));
    MakeDirectories(folder);
    const std::string map = GetString(wanted, {"configMap", "name"});
    const auto mode = static_cast<unsigned>(GetInt(wanted, {"configMap", "defaultMode"}, 0644));
    for (const Json& manifest : manifests) {
      if (map.empty() || GetString(manifest, {"metadata", "name"}) != map ||
          GetString(manifest, {"kind"}) != "ConfigMap")
        continue;
      std::map<std::string, std::string> places;
      for (const Json& item : GetArray(wanted, {"configMap", "items"}))
        places[GetString(item, {"key"})] = GetString(item, {"path"});
      for (const auto& [key, text] : GetObject(manifest, {"data"}).items()) {
        const std::filesystem::path file = folder / (places.contains(key) ? places[key] : key);
        MakeDirectories(file.parent_path());
        static_cast<void>(WriteFileAtomic(file, text.get<std::string>(), mode));
      }
    }
  }
}

void LocalPod::AddContainer(const Json& container, const Environment& replaced, bool main) {
  Container ours;
  std::map<std::string, std::string> paths;
  for (const Json& mount : GetArray(container, {"volumeMounts"})) {
    const std::string name = GetString(mount, {"name"});
    paths[GetString(mount, {"mountPath"})] = MountPoint(name);
    ours.volumes.push_back(name);
  }
  const auto moved = [&](std::string text) {
    for (const auto& [path, place] : paths)
      text = ReplaceAll(text, path, place);
    return text;
  };
  ours.environment = image_environment_;
  for (const Json& variable : GetArray(container, {"env"}))
    ours.environment[GetString(variable, {"name"})] = moved(GetString(variable, {"value"}));
  // What a cluster would fill in.
  for (const Json& variable : GetArray(container, {"env"})) {
    const std::string field = GetString(variable, {"valueFrom", "fieldRef", "fieldPath"});
    std::string& value = ours.environment[GetString(variable, {"name"})];
    if (field == "metadata.name") value = name_;
    if (field == "metadata.namespace") value = deployment_.ns;
    if (field == "metadata.uid") value = "uid-of-" + name_;
    if (field == "spec.nodeName") value = "local";
    if (field == "status.podIP") value = "127.0.0.1";
    if (FindPath(variable, {"valueFrom", "secretKeyRef"}) != nullptr) value = deployment_.password;
  }
  for (const auto& [name, value] : replaced)
    ours.environment[name] = value;
  for (auto& [name, value] : ours.environment)
    value = Expand(value, ours.environment);
  for (const char* list : {"command", "args"})
    for (const Json& word : GetArray(container, {list}))
      ours.command.push_back(Expand(moved(word.get<std::string>()), ours.environment));
  const std::string name = GetString(container, {"name"});
  containers_[name] = ours;
  if (!main) return init_.push_back(name);
  main_ = name;
  if (const Json* probe = FindPath(container, {"readinessProbe", "exec", "command"})) {
    ours.command.clear();
    for (const Json& word : *probe)
      ours.command.push_back(Expand(moved(word.get<std::string>()), ours.environment));
    containers_["ready"] = ours;
  }
}

std::vector<std::string> LocalPod::CommandLine(const Container& container) const {
  const std::string user = std::to_string(GetInt(deployment_.parameters, {"uid"}, 999));
  std::vector<std::string> line = {"bwrap",           "--unshare-user", "--uid",
                                   user,              "--gid",          user,
                                   "--unshare-uts",   "--hostname",     name_,
                                   "--unshare-pid",   "--as-pid-1",     "--die-with-parent",
                                   "--new-session",   "--ro-bind",      image_root_,
                                   "/",               "--dev",          "/dev",
                                   "--proc",          "/proc",          "--bind",
                                   Temporary(),       "/tmp",           "--chdir",
                                   "/",               "--clearenv"};
  line.insert(line.end(),
              {"--ro-bind", (directory_.path() / "hosts").string(), "/etc/hosts"});
  for (const std::string& name : container.volumes)
    line.insert(line.end(), {"--bind", volume(name).string(), MountPoint(name)});
  for (const auto& [name, value] : container.environment)
    line.insert(line.end(), {"--setenv", name, value});
  line.insert(line.end(), container.command.begin(), container.command.end());
  return line;
}

Result<ProcessResult> LocalPod::RunContainer(const std::string& name) {
  return RunProcess({.argv = CommandLine(containers_.at(name)),
                     .add_environment = {},
                     .input = {},
                     .timeout = std::chrono::seconds(120)});
}

Result<ProcessResult> LocalPod::RunProgram(const std::vector<std::string>& command, Nanos timeout) {
  Container container = containers_.at(main_);
  container.command = command;
  return RunProcess({.argv = CommandLine(container),
                     .add_environment = {},
                     .input = {},
                     .timeout = timeout});
}

Status LocalPod::Answers() const {
  const auto session = Connect();
  if (!session) return Fail(session.error());
  return workload_.Prepare(**session);
}

std::string LocalPod::Start() {
  if (!trouble_.empty()) return trouble_;
  // A container that starts again has a fresh file system.
  static_cast<void>(RemoveTree(Temporary()));
  MakeDirectories(Temporary());
  for (const std::string& init : init_) {
    const auto done = RunContainer(init);
    if (!done) return done.error().message;
    if (done->exit_code != 0) return init + ": " + done->out + done->err;
  }
  std::vector<std::string> line = CommandLine(containers_.at(main_));
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
  const Deadline deadline(SystemClock(), std::chrono::seconds(60));
  for (;;) {
    const Status answers = Answers();
    if (answers) return "";
    if (::waitpid(wrapper_, nullptr, WNOHANG) == wrapper_) {
      wrapper_ = -1;
      return "the container has ended: " + LogText();
    }
    if (deadline.Passed()) return answers.error().message + "\n" + LogText();
    SystemClock().SleepFor(std::chrono::milliseconds(20), {});
  }
}

std::vector<pid_t> LocalPod::Processes() const {
  std::vector<pid_t> ours = TreeOf(AllProcesses(), wrapper_);
  if (!ours.empty()) ours.erase(ours.begin());
  return ours;  // The container's first process is the first.
}

int64_t LocalPod::UnreadBytes() const {
  // proc_net_tcp(5): "sl local:port remote:port state tx_queue:rx_queue ...", all in hexadecimal.
  const std::string wanted = fmt::format(":{:04X}", port_);
  int64_t bytes = 0;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    for (const std::string& line : Split(ReadFile(table).value_or(""), '\n')) {
      std::vector<std::string> words = Split(line, ' ');
      std::erase(words, "");
      if (words.size() <= 4 || !words[1].ends_with(wanted) || words[3] != "01") continue;
      bytes += static_cast<int64_t>(std::strtoull(words[4].substr(9).c_str(), nullptr, 16));
    }
  }
  return bytes;
}

bool LocalPod::AwaitUnread() const {
  const Deadline deadline(SystemClock(), std::chrono::seconds(20));
  while (UnreadBytes() <= unread_at_freeze_) {
    if (deadline.Passed()) return false;
    SystemClock().SleepFor(std::chrono::milliseconds(5), {});
  }
  return true;
}

bool LocalPod::Runs(const std::string& argument) const {
  for (const pid_t pid : Processes()) {
    const auto line = ReadFile("/proc/" + std::to_string(pid) + "/cmdline");
    if (!line) continue;
    const std::vector<std::string> words = Split(*line, '\0');
    if (std::find(words.begin(), words.end(), argument) != words.end()) return true;
  }
  return false;
}

int LocalPod::Stop(int signal) {
  if (wrapper_ <= 0) return -1;
  const std::vector<pid_t> processes = Processes();
  if (!processes.empty()) ::kill(processes.front(), signal);
  if (signal == SIGKILL) ::kill(wrapper_, SIGKILL);
  int status = 0;
  ::waitpid(wrapper_, &status, 0);
  wrapper_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Status LocalPod::Freeze() {
  const std::vector<pid_t> processes = Processes();
  if (processes.empty()) return Fail(ErrorCode::kNotFound, "{} does not run", name_);
  HOLDFAST_RETURN_IF_ERROR(StopTree(processes.front()));
  unread_at_freeze_ = UnreadBytes();
  return {};
}

Status LocalPod::Thaw() {
  const std::vector<pid_t> processes = Processes();
  if (processes.empty()) return Fail(ErrorCode::kNotFound, "{} does not run", name_);
  return ContinueTree(processes.front());
}

std::string LocalPod::LogText() const { return ReadFile(directory_.path() / "log").value_or(""); }

Result<std::unique_ptr<Session>> LocalPod::Connect(Nanos timeout) const {
  return workload_.Connect(deployment_, endpoint(), timeout);
}

}  // namespace holdfast::workloads
