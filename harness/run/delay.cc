#include "harness/run/delay.h"

#include <algorithm>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/run/fence.h"

namespace holdfast::run {
namespace {

// How long the attach-detach controller waits before it takes a volume from a node that is not
// healthy and was not declared out of service.
constexpr const char* kSixMinutes =
    "Kubernetes detaches a volume from an unhealthy node only after 6 minutes, or at once when the "
    "node is declared out of service";

Nanos TimeOf(const Json& object, std::initializer_list<std::string_view> path) {
  const auto time = ParseRfc3339(GetString(object, path));
  return time ? *time : Nanos{0};
}

// The node that has the volume attached, when it is another one than `node`.
std::string AttachedElsewhere(const observe::ClusterView& view,
                              const std::string& volume,
                              const std::string& node) {
  for (const auto& [name, attachment] : view.All("volumeattachments")) {
    const std::string there = GetString(*attachment, {"spec", "nodeName"});
    if (GetString(*attachment, {"spec", "source", "persistentVolumeName"}) == volume &&
        there != node)
      return there;
  }
  return "";
}

bool NodeIsReady(const observe::ClusterView& view, const std::string& node) {
  const auto object = view.Find("nodes", node);
  return object != nullptr && IsReadyNode(*object);
}

// Detach or attach, when a volume of the pod is the obstacle.
std::optional<Delay> VolumeDelay(const observe::ClusterView& view, const Json& pod, Nanos since) {
  const std::string node = GetString(pod, {"spec", "nodeName"});
  for (const Json& volume : GetArray(pod, {"spec", "volumes"})) {
    const std::string name = GetString(volume, {"persistentVolumeClaim", "claimName"});
    if (name.empty()) continue;
    const auto claim = view.Find("persistentvolumeclaims", name);
    if (!claim) return Delay{Phase::kSchedule, since, "claim " + name + " does not exist", ""};
    const std::string bound = GetString(*claim, {"spec", "volumeName"});
    if (bound.empty()) return Delay{Phase::kSchedule, since, "claim " + name + " is not bound", ""};
    const std::string other = AttachedElsewhere(view, bound, node);
    if (!other.empty()) {
      return Delay{Phase::kDetach, since,
                   fmt::format("volume {} is still attached to node {}", bound, other),
                   NodeIsReady(view, other) ? "" : kSixMinutes};
    }
    for (const auto& [unused, attachment] : view.All("volumeattachments")) {
      if (GetString(*attachment, {"spec", "source", "persistentVolumeName"}) == bound &&
          !GetBool(*attachment, {"status", "attached"}))
        return Delay{Phase::kAttach, since,
                     fmt::format("volume {} is not attached to node {} yet", bound, node),
                     GetString(*attachment, {"status", "attachError", "message"})};
    }
  }
  return std::nullopt;
}

Delay Terminating(const observe::ClusterView& view, const Json& pod) {
  Delay delay{Phase::kTerminate, TimeOf(pod, {"metadata", "deletionTimestamp"}), "", ""};
  const int64_t grace = GetInt(pod, {"metadata", "deletionGracePeriodSeconds"});
  if (delay.since > Nanos{0}) delay.since -= std::chrono::seconds(grace);
  const std::string node = GetString(pod, {"spec", "nodeName"});
  if (!node.empty() && !NodeIsReady(view, node)) {
    delay.detail = fmt::format("its node {} is not ready", node);
    delay.cause =
        "a pod of a dead node stays Terminating until the node returns, is declared out of "
        "service, or the pod is deleted by force";
  } else if (const Json& finalizers = GetArray(pod, {"metadata", "finalizers"});
             !finalizers.empty()) {
    delay.detail = "finalizers hold it: " + DumpJson(finalizers);
    delay.cause = "whoever put a finalizer on must take it off; is its controller running?";
  } else {
    delay.detail = fmt::format("its grace period is {} s", grace);
  }
  return delay;
}

// Of a container that waits; nullopt when none does.
std::optional<Delay> ContainerDelay(const Json& pod, Nanos since) {
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Json& status : GetArray(pod, {"status", list})) {
      const Json& waiting = GetObject(status, {"state", "waiting"});
      const std::string reason = GetString(waiting, {"reason"});
      if (reason.empty() || reason == "PodInitializing") continue;
      const std::string text = GetString(status, {"name"}) + " " + reason + " " +
                               GetString(waiting, {"message"});
      const bool pull = reason == "ErrImagePull" || reason == "ImagePullBackOff" ||
                        reason == "InvalidImageName";
      return Delay{pull ? Phase::kPull : Phase::kStart, since, std::string(Trim(text)),
                   pull ? "the node cannot get the image; look at its name, the registry and the pull "
                          "secret"
                   : reason == "CrashLoopBackOff"
                       ? "the container ends again and again; its log says why"
                       : ""};
    }
  }
  return std::nullopt;
}

}  // namespace

const char* PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kCreate:
      return "create";
    case Phase::kSchedule:
      return "schedule";
    case Phase::kDetach:
      return "detach";
    case Phase::kAttach:
      return "attach";
    case Phase::kPull:
      return "pull";
    case Phase::kStart:
      return "start";
    case Phase::kReady:
      return "ready";
    case Phase::kTerminate:
      return "terminate";
    case Phase::kNone:
      return "";
  }
  return "";
}

Delay DelayOf(const observe::ClusterView& view, const Json& pod) {
  if (FindPath(pod, {"metadata", "deletionTimestamp"}) != nullptr) return Terminating(view, pod);
  if (PodState(pod) == "Ready") return {};
  const Nanos created = TimeOf(pod, {"metadata", "creationTimestamp"});
  const Json* scheduled = FindCondition(pod, "PodScheduled");
  if (scheduled != nullptr && GetString(*scheduled, {"status"}) == "False")
    return {Phase::kSchedule, created,
            GetString(*scheduled, {"reason"}) + ": " + GetString(*scheduled, {"message"}),
            "no node takes it; look at capacity, taints, selectors and the place of its volume"};
  if (GetString(pod, {"spec", "nodeName"}).empty())
    return {Phase::kSchedule, created, "no node is chosen yet", ""};
  const Nanos placed =
      scheduled != nullptr ? TimeOf(*scheduled, {"lastTransitionTime"}) : created;
  const std::string phase = GetString(pod, {"status", "phase"}, "Pending");
  if (phase == "Pending") {
    if (auto delay = VolumeDelay(view, pod, placed)) return *std::move(delay);
  }
  if (auto delay = ContainerDelay(pod, placed)) return *std::move(delay);
  if (phase == "Running") {
    const Json* ready = FindCondition(pod, "Ready");
    return {Phase::kReady,
            ready != nullptr ? TimeOf(*ready, {"lastTransitionTime"}) : placed,
            ready != nullptr ? GetString(*ready, {"message"}) : "it was never ready", ""};
  }
  return {Phase::kStart, placed, "phase " + phase, ""};
}

namespace {

// What the controller said last about pods that it could not make; empty when it said nothing.
std::string CreationFailure(const observe::ClusterView& view, const std::string& set) {
  std::string message;
  std::string latest;
  for (const auto& [name, event] : view.All("events")) {
    if (GetString(*event, {"reason"}) != "FailedCreate" ||
        GetString(*event, {"involvedObject", "name"}) != set)
      continue;
    const std::string time = GetString(*event, {"lastTimestamp"});
    if (time < latest) continue;
    latest = time;
    message = GetString(*event, {"message"});
  }
  return message;
}

// "pg-2 is missing (create: ...)" for every ordinal that has no pod.
void AddMissing(const observe::ClusterView& view,
                const faults::Snapshot& now,
                std::vector<std::string>& parts) {
  const std::string set = now.set ? GetString(*now.set, {"metadata", "name"}) : "";
  if (set.empty() || GetString(*now.set, {"kind"}) == "Deployment") return;
  for (int i = 0; i < now.replicas; ++i) {
    const std::string name = fmt::format("{}-{}", set, now.start + i);
    if (now.Find(name) != nullptr) continue;
    const std::string why = CreationFailure(view, set);
    parts.push_back(fmt::format("{} is missing ({}{})", name, PhaseName(Phase::kCreate),
                                why.empty() ? "" : ": " + why));
  }
}

}  // namespace

std::string Explain(const observe::ClusterView& view, const faults::Snapshot& now, Nanos wall) {
  if (!now.exists) return "the set does not exist";
  std::vector<std::string> parts;
  int ready = 0;
  for (const faults::Pod& pod : now.pods) {
    const auto object = view.Find("pods", pod.name);
    if (!object) continue;
    const Delay delay = DelayOf(view, *object);
    ready += delay.phase == Phase::kNone ? 1 : 0;
    std::string text = pod.name + " " + PodState(*object);
    if (delay.phase != Phase::kNone) {
      const bool known = delay.since > Nanos{0} && wall > delay.since;
      text += fmt::format(
          " ({}{}{}{})", PhaseName(delay.phase),
          known ? " for " + FormatDuration(
                                std::chrono::duration_cast<std::chrono::seconds>(wall - delay.since))
                : "",
          delay.detail.empty() ? "" : ": " + delay.detail,
          delay.cause.empty() ? "" : "; " + delay.cause);
    }
    parts.push_back(std::move(text));
  }
  AddMissing(view, now, parts);
  if (parts.size() > 10) {
    const size_t more = parts.size() - 10;
    parts.resize(10);
    parts.push_back(fmt::format("and {} more", more));
  }
  return fmt::format("{} of {} replicas ready{}{}{}", ready, now.replicas,
                     parts.empty() ? "; no pod exists" : ": ", Join(parts, ", "),
                     now.observed ? "" : "; the controller has not observed the newest spec");
}

}  // namespace holdfast::run
