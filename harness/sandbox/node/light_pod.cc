#include "harness/sandbox/node/light_pod.h"

#include "harness/base/random.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/image/recipe.h"

namespace holdfast::sandbox::node {
namespace {

constexpr Nanos kRetry = std::chrono::milliseconds(20);
constexpr Nanos kErrorRetry = std::chrono::seconds(1);

bool IsPause(const std::string& reference) {
  constexpr std::string_view kName = "pause:";
  const std::string image = ResolveImageName(reference);
  return image.starts_with(kName) && IsReleaseTag(std::string_view(image).substr(kName.size()));
}

bool HasClaims(const Json& pod) {
  for (const Json& volume : GetArray(pod, {"spec", "volumes"}))
    if (FindPath(volume, {"persistentVolumeClaim"}) != nullptr) return true;
  return false;
}

// Of an earlier life under another agent or boot.
ContainerRecord Continue(const Json& pod, const Json& container, Nanos wall) {
  ContainerRecord record;
  record.name = GetString(container, {"name"});
  record.image = GetString(container, {"image"});
  record.image_id = "sha256:" + Sha256Hex(ResolveImageName(record.image));
  for (const Json& status : GetArray(pod, {"status", "containerStatuses"})) {
    if (GetString(status, {"name"}) != record.name) continue;
    record.restart_count = static_cast<int>(GetInt(status, {"restartCount"}));
    if (FindPath(status, {"state", "running"}) == nullptr) continue;
    ++record.restart_count;
    record.last_state = TerminatedState(255, "Unknown", "", wall, wall, "");
    record.last_state["terminated"]["startedAt"] =
        GetString(status, {"state", "running", "startedAt"});
    record.last_state["terminated"]["containerID"] = GetString(status, {"containerID"});
  }
  return record;
}

}  // namespace

bool IsLight(const Json& pod) {
  if (!GetArray(pod, {"spec", "initContainers"}).empty() || GetBool(pod, {"spec", "hostNetwork"}))
    return false;
  for (const Json& container : GetArray(pod, {"spec", "containers"})) {
    if (!IsPause(GetString(container, {"image"}))) return false;
    for (const char* own : {"command", "args", "readinessProbe", "livenessProbe", "startupProbe",
                            "lifecycle"})
      if (FindPath(container, {own}) != nullptr) return false;
  }
  return !GetArray(pod, {"spec", "containers"}).empty();
}

LightPod::LightPod(NodeServices& services, Json pod)
    : services_(services),
      key_(KeyOf(pod)),
      directory_(services.options.state_directory / "pods" / key_.uid),
      pod_(std::move(pod)),
      conditions_(GetArray(pod_, {"status", "conditions"})),
      start_time_(GetString(pod_, {"status", "startTime"}, FormatRfc3339(services.clock.Wall()))) {
  for (const Json& container : GetArray(pod_, {"spec", "containers"}))
    containers_.push_back(Continue(pod_, container, services_.clock.Wall()));
  const std::scoped_lock lock(mutex_);
  finished_ = IsTerminal(pod_);
  if (IsDeleting(pod_))
    End();
  else if (!finished_)
    Begin();
}

LightPod::~LightPod() { LetGo(); }

void LightPod::Begin() {
  if (HasClaims(pod_)) {
    // Only the claims matter to others; nobody looks into the rest.
    Json claims = pod_;
    Json kept = Json::array();
    for (const Json& volume : GetArray(pod_, {"spec", "volumes"}))
      if (FindPath(volume, {"persistentVolumeClaim"}) != nullptr) kept.push_back(volume);
    claims["spec"]["volumes"] = std::move(kept);
    const auto ready =
        PrepareVolumes(claims, MakeVolumeContext(services_, pod_, pod_ip_, directory_));
    if (!ready) {
      const bool patience = ready.error().code == ErrorCode::kUnavailable;
      if (!patience) services_.events.Record(pod_, "", true, "FailedMount", ready.error().message);
      next_try_ = services_.clock.Now() + (patience ? kRetry : kErrorRetry);
      return;
    }
  }
  auto address = services_.addresses.Take();
  if (!address) {
    services_.events.Record(pod_, "", true, "FailedCreatePodSandBox", address.error().message);
    next_try_ = services_.clock.Now() + kErrorRetry;
    return;
  }
  pod_ip_ = *std::move(address);
  running_ = true;
  const Nanos wall = services_.clock.Wall();
  for (ContainerRecord& container : containers_) {
    container.container_id = Sha256Hex(RandomToken(32));
    container.state = RunningState(wall);
    container.started = true;
    container.ready = true;
    services_.events.RecordIfQuiet(
        pod_, container.name, "Pulled",
        fmt::format("Container image \"{}\" already present on machine", container.image));
    services_.events.RecordIfQuiet(pod_, container.name, "Created", "Container created");
    services_.events.RecordIfQuiet(pod_, container.name, "Started", "Container started");
  }
  Publish();
}

void LightPod::End() {
  if (done_) return;
  const Nanos wall = services_.clock.Wall();
  for (ContainerRecord& container : containers_) {
    if (finished_) break;
    // pause ends at once and in order; what never ran is reported as the kubelet reports it.
    container.state =
        running_ ? TerminatedState(0, "Completed", "", wall, wall, container.container_id)
                 : TerminatedState(137, "ContainerStatusUnknown",
                                   "The container could not be located when the pod was terminated",
                                   wall, wall, "");
    container.started = false;
    container.ready = false;
    if (running_)
      services_.events.RecordIfQuiet(pod_, container.name, "Killing",
                                     "Stopping container " + container.name);
  }
  const bool told = std::exchange(finished_, true);
  if (!told) Publish();
  LetGo();
  services_.statuses.Delete(key_);
  done_ = true;
}

void LightPod::LetGo() {
  if (!pod_ip_.empty() && std::exchange(running_, false)) services_.addresses.Return(pod_ip_);
  services_.lives.End(key_.uid);
}

void LightPod::Publish() {
  PodRecord record;
  record.pod = pod_;
  record.containers = containers_;
  record.network_ready = running_ && !finished_;
  record.finished = finished_;
  record.pod_ip = pod_ip_;
  record.host_ip = services_.options.node_ip;
  record.start_time = start_time_;
  Json status = BuildPodStatus(record, conditions_, services_.clock.Wall());
  if (status == published_) return;
  conditions_ = status["conditions"];
  published_ = status;
  services_.statuses.Publish(key_, std::move(status));
}

void LightPod::Update(Json pod) {
  const std::scoped_lock lock(mutex_);
  pod_ = std::move(pod);
  if (done_ || vanished_) return;
  if (IsDeleting(pod_)) {
    End();
  } else if (running_ && !finished_) {
    if (ReadinessTakenByOthers(pod_)) {
      conditions_ = GetArray(pod_, {"status", "conditions"});
      published_ = nullptr;
    }
    Publish();  // A readiness gate may have changed.
  }
}

void LightPod::Vanish() {
  services_.statuses.Forget(key_);
  const std::scoped_lock lock(mutex_);
  vanished_ = true;
  done_ = true;
  LetGo();
}

void LightPod::Republish() {
  const std::scoped_lock lock(mutex_);
  if (done_ || !running_) return;
  conditions_ = GetArray(pod_, {"status", "conditions"});
  published_ = nullptr;
  Publish();
}

void LightPod::Tick() {
  const std::scoped_lock lock(mutex_);
  if (running_ || finished_ || done_ || services_.clock.Now() < next_try_) return;
  Begin();
}

bool LightPod::done() const {
  const std::scoped_lock lock(mutex_);
  return done_;
}

bool LightPod::vanished() const {
  const std::scoped_lock lock(mutex_);
  return vanished_;
}

Json LightPod::pod() const {
  const std::scoped_lock lock(mutex_);
  return pod_;
}

Result<ContainerView> LightPod::View(const std::string& container) const {
  for (const ContainerRecord& record : containers_)
    if (container.empty() || record.name == container) {
      ContainerView view;
      view.name = record.name;
      view.waiting = "pause has no output and runs no commands in the sandbox";
      return view;
    }
  return Fail(ErrorCode::kNotFound, "container {} not found in pod {}", container, key_.name);
}

Result<pid_t> LightPod::Network() const {
  return Fail(ErrorCode::kNotFound, "pod {} runs pause only: nobody listens there", key_.name);
}

}  // namespace holdfast::sandbox::node
