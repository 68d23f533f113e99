// See sandbox.h: the commands, the processes behind them, and the manifest that the tests use.
#include "tests/integration/sandbox_kubectl/sandbox.h"

#include <set>
#include <sstream>

#include "harness/base/strings.h"

namespace holdfast {
namespace {

constexpr const char* kManifest = R"yaml(
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: None
  selector: {app: web}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 10
      containers:
      - name: main
        image: busybox:1
        command: [sh, -c, 'echo "started as $(hostname)"; trap "exit 0" TERM; sleep 100000 & wait']
        volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec:
      accessModes: [ReadWriteOnce]
      resources: {requests: {storage: 16Mi}}
)yaml";

struct Entry {
  pid_t parent = 0;
  std::string arguments;
};

std::map<pid_t, Entry> AllProcesses() {
  std::map<pid_t, Entry> all;
  const auto listed = RunChecked({"ps", "-eo", "pid=,ppid=,args="});
  EXPECT_TRUE(listed) << (listed ? "" : listed.error().message);
  for (const std::string& line : Split(listed.value_or(""), '\n')) {
    std::istringstream words(line);
    pid_t pid = 0;
    Entry entry;
    if (!(words >> pid >> entry.parent >> std::ws)) continue;
    std::getline(words, entry.arguments);
    all[pid] = entry;
  }
  return all;
}

}  // namespace

std::vector<std::vector<std::string>> Words(const std::string& text) {
  std::vector<std::vector<std::string>> lines;
  for (const std::string& line : Split(text, '\n')) {
    std::istringstream words(line);
    std::vector<std::string> found;
    for (std::string word; words >> word;)
      found.push_back(word);
    if (!found.empty()) lines.push_back(std::move(found));
  }
  return lines;
}

bool Eventually(const std::function<bool()>& condition) {
  const Deadline deadline(SystemClock(), std::chrono::seconds(30));
  while (!condition()) {
    if (deadline.Passed()) return false;
    SystemClock().SleepFor(std::chrono::milliseconds(20), {});
  }
  return true;
}

std::string StillRunning(const std::map<pid_t, std::string>& all) {
  std::string found;
  const std::map<pid_t, Entry> now = AllProcesses();
  for (const auto& [pid, arguments] : all) {
    const auto at = now.find(pid);
    if (at != now.end() && at->second.arguments == arguments)
      found += fmt::format("process {} is still there: {}\n", pid, arguments);
  }
  return found;
}

KubectlWatch::KubectlWatch(std::vector<std::string> argv, std::filesystem::path output)
    : output_(std::move(output)),
      thread_([argv = std::move(argv), path = output_.string()](const std::stop_token& stop) {
        ProcessOptions options;
        options.argv = {"sh", "-c", "exec \"$@\" >\"$0\"", path};
        options.argv.insert(options.argv.end(), argv.begin(), argv.end());
        const auto ended = RunProcess(options, stop);
        EXPECT_FALSE(ended) << "the watch ended by itself: " << ended->err;
      }) {}

std::vector<std::string> KubectlWatch::Lines() const {
  std::vector<std::string> lines;
  for (const std::vector<std::string>& words : Words(ReadFile(output_).value_or("")))
    lines.push_back(Join(words, " "));
  return lines;
}

ProcessResult SandboxTest::Holdfast(std::vector<std::string> arguments) const {
  ProcessOptions options;
  options.argv = {HOLDFAST_PROGRAM, "sandbox"};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.add_environment = {"HOLDFAST_STATE=" + (directory_.path() / "state").string()};
  options.timeout = std::chrono::minutes(4);
  const auto result = RunProcess(options);
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return result.value_or(ProcessResult{-1, "", ""});
}

void SandboxTest::TearDown() {
  const ProcessResult down = Holdfast({"down"});
  EXPECT_EQ(down.exit_code, 0) << down.out << down.err;
}

Nanos SandboxTest::Up() {
  const Nanos before = SystemClock().Now();
  const ProcessResult up = Holdfast({"up", "--kubeconfig-out", Kubeconfig().string()});
  EXPECT_EQ(up.exit_code, 0) << up.out << up.err;
  EXPECT_NE(up.out.find("export KUBECONFIG=" + Kubeconfig().string()), std::string::npos) << up.out;
  return SystemClock().Now() - before;
}

pid_t SandboxTest::World() const {
  const auto state = ReadFile(directory_.path() / "state" / "sandbox.json").and_then(ParseJson);
  return state ? static_cast<pid_t>(GetInt(*state, {"pid"})) : 0;
}

std::map<pid_t, std::string> SandboxTest::Processes() const {
  const std::map<pid_t, Entry> all = AllProcesses();
  const pid_t world = World();
  std::map<pid_t, std::string> ours;
  for (const auto& [pid, entry] : all) {
    std::set<pid_t> seen;  // The listing is no snapshot, so a loop is possible.
    for (pid_t at = pid; at > 1 && seen.insert(at).second;) {
      if (at == world) {
        ours[pid] = entry.arguments;
        break;
      }
      const auto parent = all.find(at);
      at = parent == all.end() ? 0 : parent->second.parent;
    }
  }
  return ours;
}

KubectlClient SandboxTest::Client() const {
  return {Kubeconfig(), directory_.path() / "cache", "shop"};
}

std::unique_ptr<KubectlWatch> SandboxTest::WatchPods() const {
  auto watch = std::make_unique<KubectlWatch>(
      Client().Argv({"get", "pods", "--watch", "--output-watch-events"}),
      directory_.path() / "watch");
  // The three that are there: from now on nothing is missed.
  EXPECT_TRUE(Eventually([&] { return watch->Lines().size() >= 4; }));
  return watch;
}

Nanos SandboxTest::Deploy() const {
  const Nanos before = SystemClock().Now();
  Say({"apply", "-f", "-"}, kManifest);
  Say({"rollout", "status", "sts/web", "--timeout=100s"});
  Say({"wait", "--for=condition=Ready", "pod", "-l", "app=web", "--timeout=10s"});
  return SystemClock().Now() - before;
}

}  // namespace holdfast
