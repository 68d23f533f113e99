// After printPod in Kubernetes' pkg/printers/internalversion.
#include "harness/sandbox/api/pod_cells.h"

#include <algorithm>
#include <set>

#include "harness/base/time_format.h"
#include "harness/sandbox/api/table.h"

namespace holdfast::sandbox {
namespace {

std::set<std::string> Sidecars(const Json& pod) {
  std::set<std::string> names;
  for (const Json& container : GetArray(pod, {"spec", "initContainers"}))
    if (GetString(container, {"restartPolicy"}) == "Always")
      names.insert(GetString(container, {"name"}));
  return names;
}

bool IsReady(const Json& status) {
  return GetBool(status, {"ready"}) && FindPath(status, {"state", "running"}) != nullptr;
}

std::string ExitText(const Json& terminated) {
  if (const std::string reason = GetString(terminated, {"reason"}); !reason.empty()) return reason;
  if (const int64_t signal = GetInt(terminated, {"signal"}); signal != 0)
    return fmt::format("Signal:{}", signal);
  return fmt::format("ExitCode:{}", GetInt(terminated, {"exitCode"}));
}

// "Init:..." when an init container is what the pod waits for, else empty.
std::string InitText(const Json& pod) {
  const std::set<std::string> sidecars = Sidecars(pod);
  const Json& statuses = GetArray(pod, {"status", "initContainerStatuses"});
  for (size_t i = 0; i < statuses.size(); ++i) {
    const Json& status = statuses[i];
    const Json* terminated = FindPath(status, {"state", "terminated"});
    if (terminated != nullptr && GetInt(*terminated, {"exitCode"}) == 0) continue;
    if (sidecars.contains(GetString(status, {"name"})) && GetBool(status, {"started"})) continue;
    if (terminated != nullptr) return "Init:" + ExitText(*terminated);
    const std::string waiting = GetString(status, {"state", "waiting", "reason"});
    if (!waiting.empty() && waiting != "PodInitializing") return "Init:" + waiting;
    return fmt::format("Init:{}/{}", i, GetArray(pod, {"spec", "initContainers"}).size());
  }
  return "";
}

}  // namespace

std::string PodReadyCell(const Json& pod) {
  const std::set<std::string> sidecars = Sidecars(pod);
  size_t ready = 0;
  for (const Json& status : GetArray(pod, {"status", "containerStatuses"}))
    ready += IsReady(status) ? 1 : 0;
  for (const Json& status : GetArray(pod, {"status", "initContainerStatuses"}))
    ready += sidecars.contains(GetString(status, {"name"})) && IsReady(status) ? 1 : 0;
  return fmt::format("{}/{}", ready,
                     GetArray(pod, {"spec", "containers"}).size() + sidecars.size());
}

std::string PodStatusCell(const Json& pod) {
  const std::string phase = GetString(pod, {"status", "phase"}, "Unknown");
  std::string text = GetString(pod, {"status", "reason"}, phase);
  for (const Json& condition : GetArray(pod, {"status", "conditions"}))
    if (GetString(condition, {"type"}) == "PodScheduled" &&
        GetString(condition, {"reason"}) == "SchedulingGated")
      text = "SchedulingGated";
  if (const std::string init = InitText(pod); !init.empty()) {
    text = init;
  } else {
    bool any_running = false;
    const Json& statuses = GetArray(pod, {"status", "containerStatuses"});
    for (auto status = statuses.rbegin(); status != statuses.rend(); ++status) {
      const std::string waiting = GetString(*status, {"state", "waiting", "reason"});
      if (!waiting.empty()) {
        text = waiting;
      } else if (const Json* terminated = FindPath(*status, {"state", "terminated"})) {
        text = ExitText(*terminated);
      } else {
        any_running = any_running || IsReady(*status);
      }
    }
    if (text == "Completed" && any_running) text = "Running";
  }
  if (GetString(pod, {"metadata", "deletionTimestamp"}).empty()) return text;
  if (GetString(pod, {"status", "reason"}) == "NodeLost") return "Unknown";
  return phase == "Succeeded" || phase == "Failed" ? text : "Terminating";
}

std::string PodRestartsCell(const Json& pod, Nanos now) {
  int64_t restarts = 0;
  Nanos last{0};
  for (const Json& status : GetArray(pod, {"status", "containerStatuses"})) {
    restarts += GetInt(status, {"restartCount"});
    const auto finished =
        ParseRfc3339(GetString(status, {"lastState", "terminated", "finishedAt"}));
    if (finished) last = std::max(last, *finished);
  }
  if (restarts == 0 || last == Nanos{0}) return std::to_string(restarts);
  return fmt::format("{} ({} ago)", restarts, HumanDuration(now - last));
}

}  // namespace holdfast::sandbox
