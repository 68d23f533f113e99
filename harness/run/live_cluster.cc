#include "harness/run/live_cluster.h"

#include <algorithm>

#include "harness/base/strings.h"

namespace holdfast::run {
namespace {

bool OwnedBy(const Json& pod, const std::string& set_name) {
  for (const Json& owner : GetArray(pod, {"metadata", "ownerReferences"})) {
    if (GetBool(owner, {"controller"}) && GetString(owner, {"kind"}) == "StatefulSet" &&
        GetString(owner, {"name"}) == set_name)
      return true;
  }
  return false;
}

const Json* Condition(const Json& pod, std::string_view type) {
  for (const Json& condition : GetArray(pod, {"status", "conditions"})) {
    if (GetString(condition, {"type"}) == type) return &condition;
  }
  return nullptr;
}

// The most telling sentence that the API has on why a pod is not ready.
std::string Obstacle(const Json& pod) {
  if (const Json* scheduled = Condition(pod, "PodScheduled");
      scheduled != nullptr && GetString(*scheduled, {"status"}) == "False") {
    return GetString(*scheduled, {"reason"}) + ": " + GetString(*scheduled, {"message"});
  }
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Json& status : GetArray(pod, {"status", list})) {
      const Json& waiting = GetObject(status, {"state", "waiting"});
      if (!waiting.empty() && GetString(waiting, {"reason"}) != "PodInitializing") {
        return GetString(status, {"name"}) + " " + GetString(waiting, {"reason"}) + " " +
               GetString(waiting, {"message"});
      }
    }
  }
  return "";
}

}  // namespace

std::string PodState(const Json& pod) {
  if (FindPath(pod, {"metadata", "deletionTimestamp"}) != nullptr) return "Terminating";
  const std::string phase = GetString(pod, {"status", "phase"}, "Pending");
  const Json* ready = Condition(pod, "Ready");
  return phase == "Running" && ready != nullptr && GetString(*ready, {"status"}) == "True" ? "Ready"
                                                                                           : phase;
}

faults::Snapshot SnapshotOf(const observe::ClusterView& view, const std::string& set_name) {
  faults::Snapshot now;
  if (const auto set = view.Find("statefulsets", set_name)) {
    now.replicas = static_cast<int>(GetInt(*set, {"spec", "replicas"}, 1));
    now.start = static_cast<int>(GetInt(*set, {"spec", "ordinals", "start"}));
    now.observed =
        GetInt(*set, {"status", "observedGeneration"}) >= GetInt(*set, {"metadata", "generation"});
  }
  for (const auto& [name, pod] : view.All("pods")) {
    if (!OwnedBy(*pod, set_name)) continue;
    const auto ordinal = ParseInt(std::string_view(name).substr(name.rfind('-') + 1));
    const Json* ready = Condition(*pod, "Ready");
    now.pods.push_back(
        {.name = name,
         .uid = GetString(*pod, {"metadata", "uid"}),
         .node = GetString(*pod, {"spec", "nodeName"}),
         .ordinal = static_cast<int>(ordinal.value_or(-1)),
         .ready = GetString(*pod, {"status", "phase"}) == "Running" && ready != nullptr &&
                  GetString(*ready, {"status"}) == "True",
         .terminating = FindPath(*pod, {"metadata", "deletionTimestamp"}) != nullptr});
  }
  std::sort(now.pods.begin(), now.pods.end(),
            [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; });
  return now;
}

bool Settled(const faults::Snapshot& now) {
  if (!now.observed || now.pods.size() != static_cast<size_t>(now.replicas)) return false;
  return std::all_of(now.pods.begin(), now.pods.end(),
                     [](const faults::Pod& pod) { return pod.ready && !pod.terminating; });
}

std::string Explain(const observe::ClusterView& view, const std::string& set_name) {
  const faults::Snapshot now = SnapshotOf(view, set_name);
  std::vector<std::string> parts;
  int ready = 0;
  for (const faults::Pod& pod : now.pods) {
    const auto object = view.Find("pods", pod.name);
    const std::string state = object ? PodState(*object) : "gone";
    const std::string obstacle = object && state != "Ready" ? Obstacle(*object) : "";
    ready += state == "Ready" ? 1 : 0;
    parts.push_back(pod.name + " " + state + (obstacle.empty() ? "" : " (" + obstacle + ")"));
  }
  return fmt::format("{} of {} replicas ready{}{}", ready, now.replicas,
                     parts.empty() ? "; no pod exists" : ": ", Join(parts, ", "));
}

faults::Snapshot LiveCluster::Look() const {
  faults::Snapshot now;
  recorder_.Look([&](const observe::ClusterView& view) { now = SnapshotOf(view, set_.name); });
  return now;
}

Status LiveCluster::WaitUntil(const std::string& what,
                              const std::function<bool(const faults::Snapshot&)>& condition,
                              Nanos within) {
  return recorder_.WaitUntil(
      what,
      [&](const observe::ClusterView& view) { return condition(SnapshotOf(view, set_.name)); },
      [&](const observe::ClusterView& view) { return Explain(view, set_.name); },
      Deadline(SystemClock(), within), stop_);
}

Status LiveCluster::DeletePod(const faults::Pod& pod, std::optional<Nanos> grace) {
  std::optional<int> seconds;
  if (grace)
    seconds = static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(*grace).count());
  return actions_.DeletePod(set_.ns, pod.name, pod.uid, seconds);
}

Status LiveCluster::Scale(int replicas) { return actions_.Scale(set_, replicas); }

}  // namespace holdfast::run
