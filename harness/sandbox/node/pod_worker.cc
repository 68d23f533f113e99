// The order of a pod's life; what a single container does is in container_runner.cc.
#include "harness/sandbox/node/pod_worker.h"

#include <signal.h>

#include <algorithm>

#include "harness/base/files.h"
#include "harness/base/log.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/node/container_spec_builder.h"
#include "harness/sandbox/node/pod_files.h"

namespace holdfast::sandbox::node {
namespace {

constexpr Nanos kLongWait = std::chrono::hours(1);
constexpr Nanos kFirstVolumeRetry = std::chrono::milliseconds(20);
constexpr Nanos kLastVolumeRetry = std::chrono::milliseconds(250);
constexpr Nanos kErrorRetry = std::chrono::seconds(1);
constexpr Nanos kLongestSandboxWait = std::chrono::seconds(16);
constexpr Nanos kLinger = std::chrono::seconds(10);

RestartPolicy PolicyOf(const Json& pod) {
  const std::string policy = GetString(pod, {"spec", "restartPolicy"}, "Always");
  if (policy == "Never") return RestartPolicy::kNever;
  return policy == "OnFailure" ? RestartPolicy::kOnFailure : RestartPolicy::kAlways;
}

Json StatusOf(const Json& pod, const char* list, const std::string& name) {
  for (const Json& status : GetArray(pod, {"status", list}))
    if (GetString(status, {"name"}) == name) return status;
  return nullptr;
}

// In a pod that has ended every container has: one that never ran, or was lost with an earlier
// agent, is reported as the kubelet reports it.
void CloseRecord(ContainerRecord& record, Nanos wall) {
  if (record.state.contains("terminated")) return;
  if (record.last_state.contains("terminated"))
    record.state = std::exchange(record.last_state, Json::object());
  else
    record.state = TerminatedState(137, "ContainerStatusUnknown",
                                   "The container could not be located when the pod was terminated",
                                   wall, wall, "");
}

}  // namespace

PodWorker::PodWorker(NodeServices& services, Json pod)
    : services_(services),
      key_(KeyOf(pod)),
      directory_(services.options.state_directory / "pods" / key_.uid),
      pod_(std::move(pod)) {
  const std::filesystem::path& logs = services.options.log_directory;
  log_directory_ = logs.empty()
                       ? directory_ / "logs"
                       : logs / "pods" / fmt::format("{}_{}_{}", key_.ns, key_.name, key_.uid);
  if (IsDeleting(pod_)) deletion_seen_ = services_.clock.Now();
  conditions_ = GetArray(pod_, {"status", "conditions"});
  start_time_ = GetString(pod_, {"status", "startTime"}, FormatRfc3339(services_.clock.Wall()));
  MakeRunners();
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

PodWorker::~PodWorker() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  thread_.request_stop();
  Wake();
  if (thread_.joinable()) thread_.join();
}

void PodWorker::MakeRunners() {
  const RestartPolicy policy = PolicyOf(pod_);
  for (const Json& container : GetArray(pod_, {"spec", "initContainers"})) {
    const bool sidecar = GetString(container, {"restartPolicy"}) == "Always";
    const RestartPolicy own = sidecar                           ? RestartPolicy::kAlways
                              : policy == RestartPolicy::kNever ? RestartPolicy::kNever
                                                                : RestartPolicy::kOnFailure;
    // A new network means that the pod begins anew: init containers run again.
    init_.push_back(
        std::make_unique<ContainerRunner>(MakeRunnerContext(), container, own, nullptr));
  }
  for (const Json& container : GetArray(pod_, {"spec", "containers"})) {
    main_.push_back(std::make_unique<ContainerRunner>(
        MakeRunnerContext(), container, policy,
        StatusOf(pod_, "containerStatuses", GetString(container, {"name"}))));
    if (!init_.empty()) main_.back()->Await("PodInitializing");
  }
}

RunnerContext PodWorker::MakeRunnerContext() {
  return {.clock = services_.clock,
          .fast_probes = services_.options.fast_readiness,
          .first_restart_delay = services_.options.first_restart_delay,
          .pod_title = fmt::format("{}_{}({})", key_.name, key_.ns, key_.uid),
          .log_directory = log_directory_,
          .find_image = services_.find_image,
          .make_spec =
              [this](const Json& container, const Image& image) {
                return BuildContainerSpec(pod(), container, image,
                                          {.volumes = volumes_,
                                           .values = Volumes().pod,
                                           .network_pid = network_ ? network_->holder() : 0,
                                           .pod_directory = directory_,
                                           .wrong_host_name = services_.options.defects.Has(
                                               Defect::kWrongHostName)});
              },
          .layer_directory =
              [this](const std::string& id) {
                return services_.options.state_directory / "containers" / id;
              },
          .message_directory = directory_ / "messages",
          .pod_ip = [this] { return pod_ip_; },
          .wake = [this] { Wake(); },
          .event =
              [this](const std::string& container, bool warning, const std::string& reason,
                     const std::string& message) {
                services_.events.Record(pod(), container, warning, reason, message);
              }};
}

VolumeContext PodWorker::Volumes() const {
  return MakeVolumeContext(services_, pod(), pod_ip_, directory_);
}

void PodWorker::Update(Json pod) {
  {
    const std::scoped_lock lock(mutex_);
    if (IsDeleting(pod) && !deletion_seen_) deletion_seen_ = services_.clock.Now();
    republish_ = republish_ || ReadinessTakenByOthers(pod);
    pod_ = std::move(pod);
  }
  Wake();
}

void PodWorker::Vanish() {
  {
    const std::scoped_lock lock(mutex_);
    vanished_ = true;
  }
  services_.statuses.Forget(key_);
  Wake();
}

void PodWorker::Republish() {
  {
    const std::scoped_lock lock(mutex_);
    republish_ = true;
  }
  Wake();
}

bool PodWorker::done() const {
  const std::scoped_lock lock(mutex_);
  return done_;
}

bool PodWorker::vanished() const {
  const std::scoped_lock lock(mutex_);
  return vanished_;
}

Json PodWorker::pod() const {
  const std::scoped_lock lock(mutex_);
  return pod_;
}

void PodWorker::Wake() {
  {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

void PodWorker::WaitUntil(Nanos until) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, std::max(until - services_.clock.Now(), Nanos{0}), [&] { return woken_; });
  woken_ = false;
}

bool PodWorker::Ending() const {
  const std::scoped_lock lock(mutex_);
  return vanished_ || stopping_ || deletion_seen_.has_value();
}

bool PodWorker::AgentStops() const {
  const std::scoped_lock lock(mutex_);
  return stopping_;
}

bool PodWorker::Abandoned() const {
  const std::scoped_lock lock(mutex_);
  return vanished_ || stopping_;
}

Nanos PodWorker::GraceEnd() const {
  const std::scoped_lock lock(mutex_);
  const int64_t grace = GetInt(pod_, {"metadata", "deletionGracePeriodSeconds"},
                               GetInt(pod_, {"spec", "terminationGracePeriodSeconds"}, 30));
  return deletion_seen_.value_or(services_.clock.Now()) + std::chrono::seconds(grace);
}

Result<ContainerView> PodWorker::View(const std::string& name) const {
  for (const auto* runners : {&main_, &init_})
    for (const auto& runner : *runners)
      if (name.empty() || runner->name() == name) return runner->View();
  return Fail(ErrorCode::kNotFound, "container {} not found in pod {}", name, key_.name);
}

Result<pid_t> PodWorker::Network() const {
  const pid_t pid = network_pid_;
  if (pid < 0) return Fail(ErrorCode::kNotFound, "pod {} has no network", key_.name);
  return pid;
}

void PodWorker::Publish() {
  PodRecord record;
  {
    const std::scoped_lock lock(mutex_);
    record.pod = pod_;
    if (std::exchange(republish_, false)) {
      conditions_ = GetArray(pod_, {"status", "conditions"});
      published_ = nullptr;
    }
  }
  const Nanos wall = services_.clock.Wall();
  const auto add = [&](const auto& runners, std::vector<ContainerRecord>& records) {
    for (const auto& runner : runners) {
      records.push_back(runner->record());
      if (finished_) CloseRecord(records.back(), wall);
    }
  };
  add(init_, record.init_containers);
  add(main_, record.containers);
  for (size_t i = 0; i < record.init_containers.size(); ++i)
    record.init_containers[i].sidecar =
        GetString(GetArray(record.pod, {"spec", "initContainers"})[i], {"restartPolicy"}) ==
        "Always";
  record.network_ready = network_ready_;
  record.finished = finished_;
  record.pod_ip = pod_ip_;
  record.host_ip = services_.options.node_ip;
  record.start_time = start_time_;
  Json status = BuildPodStatus(record, conditions_, wall);
  if (status == published_) return;
  conditions_ = status["conditions"];
  published_ = status;
  services_.statuses.Publish(key_, std::move(status));
}

bool PodWorker::PrepareVolumesPatiently() {
  Nanos retry = kFirstVolumeRetry;
  while (!Ending()) {
    auto paths = PrepareVolumes(pod(), Volumes());
    if (paths) {
      volumes_ = *std::move(paths);
      return true;
    }
    const bool patience = paths.error().code == ErrorCode::kUnavailable;
    if (!patience) services_.events.Record(pod(), "", true, "FailedMount", paths.error().message);
    WaitUntil(services_.clock.Now() + (patience ? retry : kErrorRetry));
    retry = std::min(retry * 2, kLastVolumeRetry);
  }
  return false;
}

Status PodWorker::SetUpNetwork() {
  const Json current = pod();
  if (GetBool(current, {"spec", "hostNetwork"})) {
    pod_ip_ = services_.options.node_ip;
  } else {
    HOLDFAST_ASSIGN(network_, PodNetwork::Create(services_.addresses));
    pod_ip_ = network_->address();
  }
  network_pid_ = network_ ? network_->holder() : 0;
  const std::string& domain = services_.options.cluster_domain;
  HOLDFAST_RETURN_IF_ERROR(
      WriteFileAtomic(directory_ / "hosts", HostsFile(current, pod_ip_, domain)));
  HOLDFAST_RETURN_IF_ERROR(WriteFileAtomic(
      directory_ / "resolv.conf", ResolvConf(current, services_.options.dns_server, domain)));
  return WriteFileAtomic(directory_ / "hostname", PodHostname(current) + "\n");
}

bool PodWorker::SetUp() {
  if (!PrepareVolumesPatiently()) return false;
  Nanos wait = kErrorRetry;
  while (!Ending()) {
    const Status made = SetUpNetwork();
    if (made) {
      network_ready_ = true;
      Publish();
      return true;
    }
    TakeNetworkDown();
    services_.events.Record(pod(), "", true, "FailedCreatePodSandBox",
                            "Failed to create pod sandbox: " + made.error().message);
    WaitUntil(services_.clock.Now() + wait);
    wait = std::min(2 * wait, kLongestSandboxWait);
  }
  return false;
}

bool PodWorker::RunInitContainers() {
  for (size_t i = 0; i < init_.size(); ++i) {
    const bool sidecar =
        GetString(GetArray(pod(), {"spec", "initContainers"})[i], {"restartPolicy"}) == "Always";
    while (true) {
      Nanos next = services_.clock.Now() + kLongWait;
      for (size_t j = 0; j <= i; ++j)
        if (!init_[j]->completed()) next = std::min(next, init_[j]->Step());
      Publish();
      if (Ending()) return false;
      const ContainerRecord record = init_[i]->record();
      if (sidecar && record.started) break;
      if (init_[i]->completed()) {
        if (GetInt(record.state, {"terminated", "exitCode"}, 1) != 0) {
          finished_ = true;
          return false;
        }
        break;
      }
      WaitUntil(next);
    }
  }
  for (const auto& runner : main_)
    runner->Await("ContainerCreating");
  return true;
}

void PodWorker::RunContainers() {
  const bool refreshable = HasRefreshableVolumes(pod());
  const Nanos period = services_.options.volume_refresh;
  Nanos refresh = services_.clock.Now() + period;
  const DatabaseDefects defects(services_.options.defects, services_.clock, key_.uid,
                                [this] { return View(""); });
  while (!Ending()) {
    Nanos next = services_.clock.Now() + kLongWait;
    if (refreshable && services_.clock.Now() >= refresh) {
      // What cannot be read now is read the next time; the files stay as they are.
      static_cast<void>(RefreshVolumes(pod(), Volumes()));
      refresh = services_.clock.Now() + period;
    }
    if (refreshable) next = refresh;
    for (auto* runners : {&init_, &main_})
      for (const auto& runner : *runners)
        if (!runner->completed()) next = std::min(next, runner->Step());
    Publish();
    if (std::all_of(main_.begin(), main_.end(), [](const auto& r) { return r->completed(); })) {
      finished_ = true;
      return;
    }
    WaitUntil(next);
  }
}

// Stops the containers of `runners` that still run: politely, then not.
void PodWorker::Stop(const std::vector<ContainerRunner*>& runners) {
  for (ContainerRunner* runner : runners) {
    if (!runner->running() || AgentStops()) continue;
    // Also of a pod that the API has no longer: deleted by force, or while this node was cut off.
    services_.events.Record(pod(), runner->name(), false, "Killing",
                            "Stopping container " + runner->name());
    if (!Abandoned()) runner->BeginStop(GraceEnd() - services_.clock.Now());
  }
  const auto running = [&] {
    return std::any_of(runners.begin(), runners.end(), [](const auto& r) { return r->running(); });
  };
  while (running()) {
    const Nanos now = services_.clock.Now();
    const Nanos end = GraceEnd();
    Nanos next = end > now ? end : now + std::chrono::milliseconds(100);
    for (ContainerRunner* runner : runners) {
      if (Abandoned() || now >= end) runner->Kill();
      next = std::min(next, runner->StepStopping());
    }
    if (!running()) return;
    if (!Abandoned() && !finished_) Publish();
    WaitUntil(next);
  }
}

// Sidecars end after the others, the last one first.
void PodWorker::StopAll() {
  std::vector<ContainerRunner*> together;
  for (const auto& runner : main_)
    together.push_back(runner.get());
  Stop(together);
  for (auto runner = init_.rbegin(); runner != init_.rend(); ++runner)
    Stop({runner->get()});
}

// The defect two-incarnations: the API is told that the pod is gone, but its processes go on for a
// while with its volumes.
void PodWorker::Linger() {
  finished_ = true;
  network_ready_ = false;
  Publish();
  services_.statuses.Delete(key_);
  const Nanos end = services_.clock.Now() + kLinger;
  while (services_.clock.Now() < end) {
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) break;
    }
    WaitUntil(end);
  }
  for (const auto* runners : {&main_, &init_})
    for (const auto& runner : *runners)
      runner->Kill();
}

void PodWorker::Terminate() {
  if (!Abandoned()) Publish();
  if (services_.options.defects.Has(Defect::kTwoIncarnations) && !Abandoned()) Linger();
  StopAll();
  finished_ = true;
  network_ready_ = false;
  if (!Abandoned()) Publish();
}

void PodWorker::TakeNetworkDown() {
  network_pid_ = -1;
  network_.reset();
}

void PodWorker::CleanUp() {
  TakeNetworkDown();
  services_.lives.End(key_.uid);
  if (const Status removed = RemoveTree(directory_); !removed)
    Log(LogLevel::kWarning, "cannot remove the directory of pod {}: {}", key_.name,
        removed.error().message);
}

void PodWorker::Run(const std::stop_token& /*stop*/) {
  const bool over = IsTerminal(pod());
  if (!over) {
    if (const Status made = MakeDirectories(directory_); !made)
      Log(LogLevel::kError, "pod {}: {}", key_.name, made.error().message);
    if (!Ending()) {
      Publish();
      if (SetUp() && RunInitContainers()) RunContainers();
    }
    // A pod that ended by itself stays, without its processes, until it is deleted.
    if (finished_ && !Ending()) {
      StopAll();
      network_ready_ = false;
      Publish();
      TakeNetworkDown();
    }
  }
  while (!Ending() && (over || finished_))
    WaitUntil(services_.clock.Now() + kLongWait);
  if (!over) Terminate();
  CleanUp();
  if (!Abandoned()) services_.statuses.Delete(key_);
  const std::scoped_lock lock(mutex_);
  done_ = true;
}

}  // namespace holdfast::sandbox::node
