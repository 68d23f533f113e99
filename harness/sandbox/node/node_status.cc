// Heartbeats.
#include "harness/sandbox/node/node_status.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "harness/base/log.h"
#include "harness/base/time_format.h"

namespace holdfast::sandbox::node {
namespace {

constexpr Nanos kStatusPeriod = std::chrono::seconds(10);
constexpr int kLeaseSeconds = 40;
constexpr int kPodCapacity = 1000;  // Below the addresses of a node; pause pods cost next to nothing.
constexpr const char* kVersion = "v1.36.2";

Json NodeCondition(const char* type,
                   bool status,
                   const char* reason,
                   const char* message,
                   const Json& current,
                   Nanos wall) {
  const std::string stamp = FormatRfc3339(wall);
  Json condition = {
      {"type", type},       {"status", status ? "True" : "False"}, {"reason", reason},
      {"message", message}, {"lastHeartbeatTime", stamp},          {"lastTransitionTime", stamp}};
  for (const Json& old : GetArray(current, {"status", "conditions"}))
    if (GetString(old, {"type"}) == type &&
        GetString(old, {"status"}) == GetString(condition, {"status"}))
      condition["lastTransitionTime"] = GetString(old, {"lastTransitionTime"}, stamp);
  return condition;
}

Json Capacity() {
  struct sysinfo info {};
  ::sysinfo(&info);
  const uint64_t memory = static_cast<uint64_t>(info.totalram) * info.mem_unit / 1024;
  return {{"cpu", std::to_string(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L))},
          {"memory", std::to_string(memory) + "Ki"},
          {"ephemeral-storage", "100Gi"},
          {"pods", std::to_string(kPodCapacity)}};
}

std::string ReadyStatus(const Json& node) {
  for (const Json& condition : GetArray(node, {"status", "conditions"}))
    if (GetString(condition, {"type"}) == "Ready") return GetString(condition, {"status"});
  return "";
}

Json LeaseObject(const NodeAgentOptions& options, Nanos wall) {
  return {{"apiVersion", "coordination.k8s.io/v1"},
          {"kind", "Lease"},
          {"metadata", {{"name", options.node_name}, {"namespace", "kube-node-lease"}}},
          {"spec",
           {{"holderIdentity", options.node_name},
            {"leaseDurationSeconds", kLeaseSeconds},
            {"renewTime", FormatRfc3339(wall, 6)}}}};
}

Status RenewLease(const NodeAgentOptions& options,
                  ApiClient& api,
                  Nanos wall,
                  const std::stop_token& stop) {
  const std::string path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
  const Json lease = LeaseObject(options, wall);
  auto renewed =
      api.Patch(path + "/" + options.node_name, kMergePatch, {{"spec", lease["spec"]}}, stop);
  if (!renewed && renewed.error().code == ErrorCode::kNotFound)
    renewed = api.Post(path, lease, stop);
  if (!renewed) return Fail(renewed.error());
  return {};
}

}  // namespace

Json NodeObject(const NodeAgentOptions& options) {
  return {{"apiVersion", "v1"},
          {"kind", "Node"},
          {"metadata",
           {{"name", options.node_name},
            {"labels",
             {{"kubernetes.io/hostname", options.node_name},
              {"kubernetes.io/os", "linux"},
              {"kubernetes.io/arch", "amd64"},
              {"beta.kubernetes.io/os", "linux"},
              {"beta.kubernetes.io/arch", "amd64"}}},
            {"annotations",
             {{"volumes.kubernetes.io/controller-managed-attach-detach", "true"},
              {"sandbox.holdfast/id-map", options.single_id_map ? "single" : "full"}}}}},
          {"spec", {{"podCIDR", options.pod_cidr}, {"podCIDRs", {options.pod_cidr}}}}};
}

Json NodeStatusPatch(const NodeAgentOptions& options, const Json& current, Nanos wall) {
  utsname name{};
  ::uname(&name);
  const auto condition = [&](const char* type, bool status, const char* reason,
                             const char* message) {
    return NodeCondition(type, status, reason, message, current, wall);
  };
  const Json capacity = Capacity();
  return {
      {"status",
       {{"capacity", capacity},
        {"allocatable", capacity},
        {"addresses", Json::array({{{"type", "InternalIP"}, {"address", options.node_ip}},
                                   {{"type", "Hostname"}, {"address", options.node_name}}})},
        {"daemonEndpoints", {{"kubeletEndpoint", {{"Port", 10250}}}}},
        {"nodeInfo",
         {{"kubeletVersion", kVersion},
          {"kubeProxyVersion", ""},
          {"operatingSystem", "linux"},
          {"architecture", "amd64"},
          {"kernelVersion", name.release},
          {"osImage", "holdfast sandbox"},
          {"containerRuntimeVersion", "bubblewrap://0"},
          {"machineID", options.node_name},
          {"systemUUID", options.node_name},
          {"bootID", options.boot_id}}},
        {"conditions", Json::array({condition("MemoryPressure", false, "KubeletHasSufficientMemory",
                                              "kubelet has sufficient memory available"),
                                    condition("DiskPressure", false, "KubeletHasNoDiskPressure",
                                              "kubelet has no disk pressure"),
                                    condition("PIDPressure", false, "KubeletHasSufficientPID",
                                              "kubelet has sufficient PID available"),
                                    condition("Ready", true, "KubeletReady",
                                              "kubelet is posting ready status")})}}}};
}

Json VolumesInUsePatch(const std::vector<std::string>& in_use) {
  return {{"status", {{"volumesInUse", in_use}}}};
}

namespace {

// Tells the volumes in use each time they change, on a thread of its own.
class VolumeTeller {
 public:
  VolumeTeller(const NodeAgentOptions& options, ApiClient& api, Clock& clock, VolumeLives& lives)
      : path_("/api/v1/nodes/" + options.node_name + "/status"),
        api_(api),
        clock_(clock),
        lives_(lives),
        thread_([this](const std::stop_token& stop) { Run(stop); }) {
    lives_.OnChange([this] { Tell(); });
  }
  VolumeTeller(const VolumeTeller&) = delete;
  VolumeTeller& operator=(const VolumeTeller&) = delete;
  ~VolumeTeller() {
    lives_.OnChange([] {});
  }
  void Tell() {
    {
      const std::scoped_lock lock(mutex_);
      due_ = true;
    }
    changed_.notify_all();
  }

 private:
  void Run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return due_; })) {
      due_ = false;
      lock.unlock();
      const auto told = api_.Patch(path_, kMergePatch, VolumesInUsePatch(lives_.InUse()), stop);
      if (!told) clock_.SleepFor(std::chrono::milliseconds(200), stop);
      lock.lock();
      if (!told) due_ = true;
    }
  }

  std::string path_;
  ApiClient& api_;
  Clock& clock_;
  VolumeLives& lives_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool due_ = false;
  std::jthread thread_;
};

}  // namespace

void KeepNodeAlive(const NodeAgentOptions& options,
                   ApiClient& api,
                   Clock& clock,
                   VolumeLives& lives,
                   const std::function<void()>& on_recovered,
                   std::stop_token stop) {
  const std::string path = "/api/v1/nodes/" + options.node_name;
  VolumeTeller volumes(options, api, clock, lives);
  Nanos next_status{0};
  while (!stop.stop_requested()) {
    const Nanos began = clock.Now();
    auto node = api.Get(path, stop);
    if (!node && node.error().code == ErrorCode::kNotFound) {
      node = api.Post("/api/v1/nodes", NodeObject(options), stop);
      next_status = Nanos{0};
      volumes.Tell();
    }
    Nanos wait = options.heartbeat;
    if (!node) {
      Log(LogLevel::kInfo, "node {}: {}", options.node_name, node.error().message);
      wait = std::min<Nanos>(wait, std::chrono::milliseconds(200));
    } else {
      if (const Status renewed = RenewLease(options, api, clock.Wall(), stop); !renewed)
        Log(LogLevel::kWarning, "lease of {}: {}", options.node_name, renewed.error().message);
      const std::string ready = ReadyStatus(*node);
      if (ready != "True" || began >= next_status) {
        const auto patched = api.Patch(path + "/status", kStrategicMergePatch,
                                       NodeStatusPatch(options, *node, clock.Wall()), stop);
        if (patched) {
          if (next_status == Nanos{0}) volumes.Tell();  // Once after each start of the agent.
          next_status = began + kStatusPeriod;
          if (!ready.empty() && ready != "True") on_recovered();
        } else {
          Log(LogLevel::kWarning, "status of {}: {}", options.node_name, patched.error().message);
        }
      }
    }
    clock.SleepFor(std::max(wait - (clock.Now() - began), Nanos(std::chrono::milliseconds(20))),
                   stop);
  }
}

}  // namespace holdfast::sandbox::node
