// One Parallel StatefulSet of many pause pods: how long until all are ready, updated and gone, and
// how much memory the whole sandbox takes meanwhile; with 100 watches open.
//   benchmark_sandbox_scale [PODS [WATCHES]]
#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/kube/client.h"
#include "harness/sandbox/world/world.h"

namespace holdfast {
namespace {

double Seconds(Nanos duration) { return std::chrono::duration<double>(duration).count(); }

class CountingWatch : public kube::WatchHandler {
 public:
  void OnList(const std::string& /*version*/, size_t /*items*/) override {}
  void OnEvent(const std::string& /*type*/, Json /*object*/) override { ++events; }
  void OnGap(const std::string& /*reason*/) override { ++gaps; }
  void OnTrouble(const Error& /*error*/) override {}
  std::atomic<int64_t> events = 0;
  std::atomic<int64_t> gaps = 0;
};

struct Process {
  pid_t parent = 0;
  int64_t rss_kib = 0;
};

// The field of /proc/<pid>/status, in KiB or as it is.
int64_t StatusField(const std::string& status, const std::string& name) {
  const size_t at = status.find("\n" + name + ":");
  if (at == std::string::npos) return 0;
  return std::strtoll(status.c_str() + at + name.size() + 2, nullptr, 10);
}

// Resident memory of a process and everything below it.
int64_t TreeRssKib(pid_t root) {
  std::map<pid_t, Process> all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const auto pid = ParseInt(entry.path().filename().string());
    const auto status = pid ? ReadFile(entry.path() / "status") : Result<std::string>("");
    if (!pid || !status) continue;
    all[static_cast<pid_t>(*pid)] = {static_cast<pid_t>(StatusField(*status, "PPid")),
                                     StatusField(*status, "VmRSS")};
  }
  int64_t sum = 0;
  for (const auto& [pid, process] : all) {
    std::set<pid_t> seen;
    for (pid_t at = pid; at > 0 && seen.insert(at).second;
         at = all.contains(at) ? all.at(at).parent : 0)
      if (at == root) {
        sum += process.rss_kib;
        break;
      }
  }
  return sum;
}

class Benchmark {
 public:
  Benchmark(kube::Client& client, pid_t world, int pods) : client_(client), world_(world), pods_(pods) {}

  void Run() {
    const Json set = Set();
    Phase("create until all ready", [&] { Must(client_.Create(kube::resources::kStatefulSets, "default", set)); },
          [&](const Json& s) {
            return GetInt(s, {"status", "readyReplicas"}) == pods_;
          });
    Phase("rolling update (100 pods by partition)", [&] {
            Patch({{"spec",
                    {{"updateStrategy", {{"type", "RollingUpdate"}, {"rollingUpdate", {{"partition", std::max(0, pods_ - 100)}}}}},
                     {"template", {{"metadata", {{"annotations", {{"step", "2"}}}}}}}}}});
          },
          [&](const Json& s) {
            return GetInt(s, {"status", "updatedReplicas"}) >= std::min(100, pods_) &&
                   GetInt(s, {"status", "readyReplicas"}) == pods_ &&
                   GetInt(s, {"status", "observedGeneration"}) == GetInt(s, {"metadata", "generation"});
          });
    Phase("scale to half", [&] { Patch({{"spec", {{"replicas", pods_ / 2}}}}); },
          [&](const Json& s) { return GetInt(s, {"status", "replicas"}) == pods_ / 2; });
    Phase("scale to zero", [&] { Patch({{"spec", {{"replicas", 0}}}}); },
          [&](const Json& s) { return GetInt(s, {"status", "replicas"}, 0) == 0; });
  }

 private:
  template <typename T>
  static void Must(const Result<T>& result) {
    if (result) return;
    std::printf("failed: %s\n", result.error().message.c_str());
    std::exit(1);
  }
  [[nodiscard]] kube::ObjectRef Ref() const { return {kube::resources::kStatefulSets, "default", "many"}; }
  void Patch(const Json& patch) { Must(client_.Patch(Ref(), kube::PatchType::kMerge, patch, "", "")); }
  template <typename Begin, typename Done>
  void Phase(const char* name, Begin begin, Done done) {
    const Nanos start = SystemClock().Now();
    begin();
    Nanos next = start;
    int64_t most = 0;
    while (true) {
      const auto set = client_.Get(Ref());
      if (set && done(*set)) break;
      if (SystemClock().Now() - start > std::chrono::minutes(10)) {
        std::printf("%-40s not done after 10 min: %s\n", name,
                    set ? DumpJson(GetObject(*set, {"status"})).c_str() : "no set");
        std::exit(1);
      }
      if (SystemClock().Now() >= next) {
        most = std::max(most, TreeRssKib(world_));
        next = SystemClock().Now() + std::chrono::seconds(1);
      }
      SystemClock().SleepFor(std::chrono::milliseconds(50), {});
    }
    const double seconds = Seconds(SystemClock().Now() - start);
    most = std::max(most, TreeRssKib(world_));
    std::printf("%-40s %8.2f s   most RSS %5.0f MiB\n", name, seconds,
                static_cast<double>(most) / 1024);
    std::fflush(stdout);
  }
  [[nodiscard]] Json Set() const {
    return {{"metadata", {{"name", "many"}}},
            {"spec",
             {{"serviceName", "many"},
              {"replicas", pods_},
              {"podManagementPolicy", "Parallel"},
              {"selector", {{"matchLabels", {{"app", "many"}}}}},
              {"template",
               {{"metadata", {{"labels", {{"app", "many"}}}}},
                {"spec",
                 {{"containers", Json::array({{{"name", "pause"}, {"image", "pause:1"}}})}}}}}}}};
  }

  kube::Client& client_;
  pid_t world_;
  int pods_;
};

int Main(int pods, int watches) {
  const TemporaryDirectory directory;
  ::setenv("HOLDFAST_STATE", directory.path().c_str(), 1);
  sandbox::WorldOptions options;
  options.image_cache = CacheDirectory() / "images";
  options.log_directory = directory.path() / "logs";
  const Nanos start = SystemClock().Now();
  const auto up = sandbox::SandboxUp(options, directory.path() / "config");
  if (!up) {
    std::printf("%s\n", up.error().message.c_str());
    return 1;
  }
  std::printf("%-40s %8.2f s\n", "sandbox up, three nodes ready", Seconds(SystemClock().Now() - start));
  const auto access = kube::LoadKubeconfig(directory.path() / "config", "");
  auto client = kube::Client::Create(*access);
  CountingWatch counting;
  {
    std::vector<std::unique_ptr<kube::WatchHandle>> open;
    for (int i = 0; i < watches; ++i)
      open.push_back((*client)->Watch(kube::resources::kPods, "default", counting));
    std::printf("%d pods, %d watches of all pods\n", pods, watches);
    Benchmark(**client, static_cast<pid_t>(up->pid), pods).Run();
  }
  std::printf("events delivered to watches: %lld, lost places: %lld\n",
              static_cast<long long>(counting.events), static_cast<long long>(counting.gaps));
  client->reset();
  return sandbox::SandboxDown() ? 0 : 1;
}

}  // namespace
}  // namespace holdfast

int main(int argc, char** argv) {
  int exit_code = 0;
  if (holdfast::sandbox::RunSandboxPart(argc, argv, exit_code)) return exit_code;
  ::signal(SIGPIPE, SIG_IGN);
  const auto number = [&](int index, int fallback) {
    return argc > index ? static_cast<int>(holdfast::ParseInt(argv[index]).value_or(fallback))
                        : fallback;
  };
  return holdfast::Main(number(1, 1000), number(2, 1));
}
