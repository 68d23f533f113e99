// The kubelet's status rules (pkg/kubelet/status/generate.go, kubelet_pods.go of Kubernetes 1.36).
#include "harness/sandbox/node/pod_status.h"

#include <algorithm>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"

namespace holdfast::sandbox::node {
namespace {

bool Is(const ContainerRecord& container, const char* state) {
  return container.state.contains(state);
}

int64_t ExitCode(const ContainerRecord& container) {
  return GetInt(container.state, {"terminated", "exitCode"}, -1);
}

bool InitDone(const ContainerRecord& container) {
  return container.sidecar ? container.started : ExitCode(container) == 0;
}

template <typename Predicate>
std::string Names(const std::vector<ContainerRecord>& containers, Predicate wanted) {
  std::vector<std::string> names;
  for (const ContainerRecord& container : containers)
    if (wanted(container)) names.push_back(container.name);
  return "[" + Join(names, " ") + "]";
}

// One condition, with the transition time of `previous` while the status stays the same.
Json Condition(const std::string& type,
               bool status,
               const std::string& reason,
               const std::string& message,
               const Json& previous,
               int64_t generation,
               Nanos wall) {
  Json condition = {{"type", type},
                    {"status", status ? "True" : "False"},
                    {"observedGeneration", generation},
                    {"lastProbeTime", nullptr},
                    {"lastTransitionTime", FormatRfc3339(wall)},
                    {"reason", nullptr},
                    {"message", nullptr}};
  if (!reason.empty()) condition["reason"] = reason;
  if (!message.empty()) condition["message"] = message;
  for (const Json& old : previous)
    if (GetString(old, {"type"}) == type && old.value("status", "") == condition["status"] &&
        FindPath(old, {"lastTransitionTime"}) != nullptr)
      condition["lastTransitionTime"] = old["lastTransitionTime"];
  return condition;
}

Json ContainerStatus(const ContainerRecord& container) {
  Json status = {{"name", container.name},
                 {"image", container.image},
                 {"imageID", container.image_id},
                 {"state", container.state},
                 {"lastState", container.last_state},
                 {"ready", container.ready},
                 {"started", container.started},
                 {"restartCount", container.restart_count}};
  if (!container.container_id.empty())
    status["containerID"] = "containerd://" + container.container_id;
  status.update(container.details);
  return status;
}

Json ContainerStatuses(const std::vector<ContainerRecord>& containers) {
  Json statuses = Json::array();
  for (const ContainerRecord& container : containers)
    statuses.push_back(ContainerStatus(container));
  return statuses;
}

// What the readiness gates of the pod still lack, or empty.
std::string UnmetGates(const Json& pod) {
  std::vector<std::string> unmet;
  for (const Json& gate : GetArray(pod, {"spec", "readinessGates"})) {
    const std::string type = GetString(gate, {"conditionType"});
    std::string status;
    for (const Json& condition : GetArray(pod, {"status", "conditions"}))
      if (GetString(condition, {"type"}) == type) status = GetString(condition, {"status"});
    if (status.empty())
      unmet.push_back(fmt::format(
          "corresponding condition of pod readiness gate \"{}\" does not exist.", type));
    else if (status != "True")
      unmet.push_back(fmt::format(
          "the status of pod readiness gate \"{}\" is not \"True\", but {}", type, status));
  }
  return Join(unmet, ", ");
}

Json Conditions(const PodRecord& record, const Json& previous, Nanos wall) {
  const int64_t generation = GetInt(record.pod, {"metadata", "generation"}, 1);
  const auto make = [&](const char* type, bool status, const std::string& reason,
                        const std::string& message) {
    return Condition(type, status, reason, message, previous, generation, wall);
  };
  const std::string phase = PodPhase(record);
  const bool initialized = PodInitialized(record);
  std::vector<ContainerRecord> counted = record.containers;
  std::copy_if(record.init_containers.begin(), record.init_containers.end(),
               std::back_inserter(counted), [](const auto& c) { return c.sidecar; });
  const bool ready = initialized && std::all_of(counted.begin(), counted.end(),
                                                [](const auto& c) { return c.ready; });
  std::string reason = ready ? "" : "ContainersNotReady";
  std::string message;
  if (!ready)
    message = "containers with unready status: " +
              Names(counted, [](const ContainerRecord& c) { return !c.ready; });
  if (phase == "Succeeded") reason = "PodCompleted";
  if (phase == "Failed") reason = "PodFailed";
  if (record.finished) message.clear();
  Json conditions = Json::array();
  conditions.push_back(make("PodReadyToStartContainers", record.network_ready, "", ""));
  if (initialized)
    conditions.push_back(make("Initialized", true, phase == "Succeeded" ? "PodCompleted" : "", ""));
  else
    conditions.push_back(make(
        "Initialized", false, "ContainersNotInitialized",
        "containers with incomplete status: " +
            Names(record.init_containers, [](const ContainerRecord& c) { return !InitDone(c); })));
  const std::string gates = ready && !record.finished ? UnmetGates(record.pod) : "";
  conditions.push_back(gates.empty()
                           ? make("Ready", ready && !record.finished, reason, message)
                           : make("Ready", false, "ReadinessGatesNotReady", gates));
  conditions.push_back(make("ContainersReady", ready && !record.finished, reason, message));
  conditions.push_back(make("PodScheduled", true, "", ""));
  return conditions;
}

}  // namespace

Json StatusDetails(const Json& container, int uid, int gid) {
  Json details = {
      {"resources", GetObject(container, {"resources"})},
      {"user",
       {{"linux", {{"uid", uid}, {"gid", gid}, {"supplementalGroups", Json::array({gid})}}}}}};
  Json mounts = Json::array();
  for (const Json& mount : GetArray(container, {"volumeMounts"})) {
    Json shown = {{"name", GetString(mount, {"name"})},
                  {"mountPath", GetString(mount, {"mountPath"})}};
    if (GetBool(mount, {"readOnly"})) {
      shown["readOnly"] = true;
      shown["recursiveReadOnly"] = "Disabled";
    }
    mounts.push_back(std::move(shown));
  }
  if (!mounts.empty()) details["volumeMounts"] = std::move(mounts);
  return details;
}

bool PodInitialized(const PodRecord& record) {
  // A container that started, or a pod that was initialized before its agent was restarted, proves
  // it as well; what ran once does not become uninitialized.
  const bool began = std::any_of(record.containers.begin(), record.containers.end(),
                                 [](const auto& c) { return !c.container_id.empty(); });
  return began || std::all_of(record.init_containers.begin(), record.init_containers.end(),
                              [](const auto& c) { return InitDone(c); });
}

std::string PodPhase(const PodRecord& record) {
  if (record.finished) {
    const bool good = !record.containers.empty() &&
                      std::all_of(record.containers.begin(), record.containers.end(),
                                  [](const auto& c) { return ExitCode(c) == 0; });
    return good ? "Succeeded" : "Failed";
  }
  if (!PodInitialized(record)) return "Pending";
  const bool waiting =
      std::any_of(record.containers.begin(), record.containers.end(),
                  [](const auto& c) { return Is(c, "waiting") && c.last_state.empty(); });
  return waiting ? "Pending" : "Running";
}

Json WaitingState(const std::string& reason, const std::string& message) {
  Json waiting = {{"reason", reason}};
  if (!message.empty()) waiting["message"] = message;
  return {{"waiting", waiting}};
}

Json RunningState(Nanos started_wall) {
  return {{"running", {{"startedAt", FormatRfc3339(started_wall)}}}};
}

Json TerminatedState(int exit_code,
                     const std::string& reason,
                     const std::string& message,
                     Nanos started_wall,
                     Nanos finished_wall,
                     const std::string& container_id) {
  Json state = {{"exitCode", exit_code},
                {"reason", reason},
                {"startedAt", FormatRfc3339(started_wall)},
                {"finishedAt", FormatRfc3339(finished_wall)}};
  if (!message.empty()) state["message"] = message;
  if (!container_id.empty()) state["containerID"] = "containerd://" + container_id;
  return {{"terminated", state}};
}

bool ReadinessTakenByOthers(const Json& pod) {
  const Json* ready = nullptr;
  bool containers_ready = false;
  for (const Json& condition : GetArray(pod, {"status", "conditions"})) {
    const std::string type = GetString(condition, {"type"});
    if (type == "Ready") ready = &condition;
    if (type == "ContainersReady") containers_ready = GetString(condition, {"status"}) == "True";
  }
  return ready != nullptr && containers_ready && GetString(*ready, {"status"}) == "False" &&
         GetString(*ready, {"reason"}) != "ReadinessGatesNotReady";
}

Json BuildPodStatus(const PodRecord& record, const Json& conditions, Nanos wall) {
  Json status = {{"phase", PodPhase(record)},
                 {"observedGeneration", GetInt(record.pod, {"metadata", "generation"}, 1)},
                 {"conditions", Conditions(record, conditions, wall)},
                 {"hostIP", record.host_ip},
                 {"hostIPs", Json::array({{{"ip", record.host_ip}}})},
                 {"startTime", record.start_time},
                 {"containerStatuses", ContainerStatuses(record.containers)}};
  if (!record.init_containers.empty())
    status["initContainerStatuses"] = ContainerStatuses(record.init_containers);
  if (!record.pod_ip.empty()) {
    status["podIP"] = record.pod_ip;
    status["podIPs"] = Json::array({{{"ip", record.pod_ip}}});
    // podIPs merges by address: one of an earlier life of the agent must go explicitly.
    const std::string old = GetString(record.pod, {"status", "podIP"});
    if (!old.empty() && old != record.pod_ip)
      status["podIPs"].push_back({{"ip", old}, {"$patch", "delete"}});
  }
  return status;
}

}  // namespace holdfast::sandbox::node
