// Restarts, probes and stops of one container.
#include "harness/sandbox/node/container_runner.h"

#include <signal.h>

#include <algorithm>

#include "harness/base/files.h"
#include "harness/base/random.h"
#include "harness/base/strings.h"
#include "harness/sandbox/node/container_log.h"

namespace holdfast::sandbox::node {
namespace {

constexpr Nanos kNever = std::chrono::hours(1);
constexpr Nanos kLongestDelay = std::chrono::minutes(5);
constexpr Nanos kHealthyRun = std::chrono::minutes(10);  // Longer runs forget earlier failures.
constexpr Nanos kErrorRetry = std::chrono::seconds(1);
constexpr Nanos kLongestImageWait = std::chrono::seconds(16);
constexpr Nanos kShowBackOff = std::chrono::seconds(1);  // The end itself is shown so long first.
constexpr Nanos kDefaultGrace = std::chrono::seconds(30);
constexpr Nanos kHookPatience = std::chrono::minutes(2);

constexpr size_t kLongestMessage = 4096;
constexpr size_t kLongestLogTail = 2048;

// A handler's exec, httpGet, tcpSocket or sleep.
ProbeAttempt RunHook(const Json& handler,
                     const Json& ports,
                     const Container& container,
                     const std::string& pod_ip,
                     Nanos timeout,
                     Clock& clock,
                     const std::stop_token& stop) {
  if (const Json* pause = FindPath(handler, {"sleep"})) {
    clock.SleepFor(std::min<Nanos>(std::chrono::seconds(GetInt(*pause, {"seconds"})), timeout),
                   stop);
    return {true, {}};
  }
  return TryProbe(handler, ports, container, pod_ip, timeout, stop);
}

// The text of the last lines of a log, as FallbackToLogsOnError takes them.
std::string LogTail(const std::filesystem::path& log, Clock& clock) {
  std::string text;
  LogReadOptions options;
  options.tail_lines = 80;
  const Status read = ReadContainerLog(
      log, options, clock,
      [&](std::string_view piece) {
        text += piece;
        return true;
      },
      [] { return true; }, {});
  if (!read) return "";
  return text.size() > kLongestLogTail ? text.substr(text.size() - kLongestLogTail) : text;
}

}  // namespace

Nanos RestartDelay(int failures, Nanos first) {
  if (failures <= 1) return Nanos{0};
  Nanos delay = first;
  for (int i = 2; i < failures && delay < kLongestDelay; ++i)
    delay *= 2;
  return std::min(delay, kLongestDelay);
}

ContainerRunner::ContainerRunner(RunnerContext context,
                                 Json container,
                                 RestartPolicy policy,
                                 const Json& previous)
    : context_(std::move(context)),
      spec_(std::move(container)),
      name_(GetString(spec_, {"name"})),
      policy_(policy) {
  record_.name = name_;
  record_.image = GetString(spec_, {"image"});
  record_.restart_count = static_cast<int>(GetInt(previous, {"restartCount"}));
  if (FindPath(previous, {"state", "terminated"}) != nullptr && policy_ != RestartPolicy::kAlways) {
    record_.state = previous["state"];
    record_.container_id = GetString(record_.state, {"terminated", "containerID"});
    constexpr std::string_view kPrefix = "containerd://";
    if (record_.container_id.starts_with(kPrefix)) record_.container_id.erase(0, kPrefix.size());
    completed_ =
        policy_ == RestartPolicy::kNever || GetInt(record_.state, {"terminated", "exitCode"}) == 0;
  } else if (FindPath(previous, {"state", "running"}) != nullptr) {
    // It ran under an agent that died, and died with it.
    ++record_.restart_count;
    const Nanos now = context_.clock.Wall();
    record_.last_state = TerminatedState(137, "ContainerStatusUnknown",
                                         "The container died with the node's agent", now, now, "");
    record_.last_state["terminated"]["startedAt"] =
        GetString(previous, {"state", "running", "startedAt"});
  } else if (FindPath(previous, {"state", "terminated"}) != nullptr) {
    ++record_.restart_count;
    record_.last_state = previous["state"];
  } else if (!GetObject(previous, {"lastState"}).empty()) {
    ++record_.restart_count;
    record_.last_state = previous["lastState"];
  }
}

ContainerRunner::~ContainerRunner() {
  probers_.clear();
  startup_prober_.reset();
  Kill();
  if (stopper_.joinable()) {
    stopper_.request_stop();
    stopper_.join();
  }
}

ContainerRecord ContainerRunner::record() const {
  ContainerRecord record = record_;
  record.started = container_ != nullptr && startup_done_;
  record.ready = record.started && ready_;
  return record;
}

ContainerView ContainerRunner::View() const {
  const std::scoped_lock lock(mutex_);
  return {.name = name_,
          .container = container_,
          .log = log_,
          .previous_log = previous_log_,
          .waiting = waiting_,
          .input_once = GetBool(spec_, {"stdinOnce"})};
}

void ContainerRunner::Await(const std::string& reason) {
  if (record_.state.contains("waiting")) Waits(WaitingState(reason));
}

void ContainerRunner::Waits(Json state) {
  record_.state = std::move(state);
  const std::scoped_lock lock(mutex_);
  waiting_ = GetString(record_.state, {"waiting", "message"},
                       GetString(record_.state, {"waiting", "reason"}));
}

Nanos ContainerRunner::Step() {
  const bool ran = running();
  const Nanos next = StepStopping();
  const Nanos now = context_.clock.Now();
  if (ran && !running()) return now;  // The end is published before the restart.
  if (container_ || completed_ || stopping_) return next;
  if (show_back_off_ && now >= *show_back_off_) {
    show_back_off_.reset();
    record_.last_state = record_.state;
    Waits(WaitingState("CrashLoopBackOff", back_off_message_));
    context_.event(name_, true, "BackOff",
                   fmt::format("Back-off restarting failed container {} in pod {}", name_,
                               context_.pod_title));
  }
  if (now >= due_) {
    Start();
    return container_ ? now + kNever : due_;
  }
  return show_back_off_ ? std::min(*show_back_off_, due_) : due_;
}

Nanos ContainerRunner::StepStopping() {
  const Nanos now = context_.clock.Now();
  if (!container_) return now + kNever;
  if (container_->exit()) {
    NoticeEnd();
    return now;
  }
  if (startup_done_ && !probes_started_) StartProbes();
  if (unhealthy_.exchange(false) && !kill_at_ && !stopping_) {
    const Nanos grace = std::chrono::seconds(
        GetInt(spec_, {"livenessProbe", "terminationGracePeriodSeconds"},
               std::chrono::duration_cast<std::chrono::seconds>(kDefaultGrace).count()));
    context_.event(name_, false, "Killing",
                   fmt::format("Container {} failed liveness probe, will be restarted", name_));
    kill_at_ = now + grace;
    BeginStop(grace);
    stopping_ = false;
  }
  if (kill_at_ && now >= *kill_at_) container_->Signal(SIGKILL);
  return kill_at_ ? std::max(*kill_at_, now + std::chrono::milliseconds(100)) : now + kNever;
}

void ContainerRunner::NoticeEnd() {
  const ContainerExit exit = *container_->exit();
  probers_.clear();
  startup_prober_.reset();
  if (stopper_.joinable()) {
    stopper_.request_stop();
    stopper_.join();
  }
  const std::string reason = !exit.start_error.empty() ? "StartError"
                             : exit.exit_code == 0     ? "Completed"
                                                       : "Error";
  record_.state =
      TerminatedState(exit.exit_code, reason, TerminationMessage(exit), container_->started_wall(),
                      container_->finished_wall(), record_.container_id);
  const bool long_run = container_->finished_wall() - container_->started_wall() >= kHealthyRun;
  failures_ = long_run ? 1 : failures_ + 1;
  {
    const std::scoped_lock lock(mutex_);
    container_.reset();
  }
  ready_ = false;
  startup_done_ = false;
  unhealthy_ = false;
  probes_started_ = false;
  kill_at_.reset();
  completed_ = policy_ == RestartPolicy::kNever ||
               (policy_ == RestartPolicy::kOnFailure && exit.exit_code == 0);
  const Nanos now = context_.clock.Now();
  const Nanos delay = RestartDelay(failures_, context_.first_restart_delay);
  due_ = now + delay;
  show_back_off_.reset();
  if (delay > Nanos{0} && !completed_) {
    show_back_off_ = now + std::min(kShowBackOff, delay / 2);
    back_off_message_ = fmt::format("back-off {}s restarting failed container={} pod={}",
                                    std::chrono::duration_cast<std::chrono::seconds>(delay).count(),
                                    name_, context_.pod_title);
  }
}

void ContainerRunner::WaitAfterFailure(const std::string& reason,
                                       const std::string& message,
                                       Nanos delay) {
  if (record_.state.contains("terminated")) record_.last_state = record_.state;
  Waits(WaitingState(reason, message));
  due_ = context_.clock.Now() + delay;
  context_.event(name_, true, "Failed", "Error: " + reason);
}

std::optional<Image> ContainerRunner::FindImage() {
  const std::string reference = GetString(spec_, {"image"});
  auto image = context_.find_image(reference);
  if (image) {
    image_wait_ = kErrorRetry;
    return *std::move(image);
  }
  const std::string before = GetString(record_.state, {"waiting", "reason"});
  if (GetString(spec_, {"imagePullPolicy"}) == "Never") {
    const std::string message = fmt::format(
        "Container image \"{}\" is not present with pull policy of Never", reference);
    context_.event(name_, true, "ErrImageNeverPull", message);
    WaitAfterFailure("ErrImageNeverPull", message, kErrorRetry);
  } else if (before == "ErrImagePull" || before == "ImagePullBackOff") {
    const std::string message = fmt::format("Back-off pulling image \"{}\"", reference);
    context_.event(name_, false, "BackOff", message);
    WaitAfterFailure("ImagePullBackOff",
                     fmt::format("{}: ErrImagePull: {}", message, image.error().message),
                     image_wait_);
    image_wait_ = std::min(2 * image_wait_, kLongestImageWait);
  } else {
    context_.event(name_, false, "Pulling", fmt::format("Pulling image \"{}\"", reference));
    context_.event(name_, true, "Failed",
                   fmt::format("Failed to pull image \"{}\": {}", reference,
                               image.error().message));
    WaitAfterFailure("ErrImagePull", image.error().message, kErrorRetry);
  }
  return std::nullopt;
}

std::string ContainerRunner::TerminationMessage(const ContainerExit& exit) const {
  if (!exit.start_error.empty()) return exit.start_error;
  std::string message = ReadFile(MessageFile()).value_or("");
  if (message.size() > kLongestMessage) message.resize(kLongestMessage);
  if (message.empty() && exit.exit_code != 0 &&
      GetString(spec_, {"terminationMessagePolicy"}) == "FallbackToLogsOnError")
    message = LogTail(log_, context_.clock);
  return message;
}

void ContainerRunner::Start() {
  const std::optional<Image> image = FindImage();
  if (!image) return;
  auto spec = context_.make_spec(spec_, *image);
  if (!spec) {
    WaitAfterFailure("CreateContainerConfigError", spec.error().message, kErrorRetry);
    return;
  }
  // A fresh file for each run, writable whoever the container is.
  if (MakeDirectories(context_.message_directory) && WriteFileAtomic(MessageFile(), "", 0666))
    spec->mounts.push_back(
        {MessageFile(), GetString(spec_, {"terminationMessagePath"}, "/dev/termination-log"),
         false});
  record_.details = StatusDetails(spec_, spec->uid, spec->gid);
  const bool restart = !record_.container_id.empty();
  context_.event(name_, false, "Pulled",
                 fmt::format("Container image \"{}\" already present on machine", record_.image));
  spec->id = Sha256Hex(RandomToken(32));
  spec->layer_directory = context_.layer_directory(spec->id);
  spec->log_file = context_.log_directory / name_ /
                   fmt::format("{}.log", record_.restart_count + (restart ? 1 : 0));
  const std::filesystem::path log = spec->log_file;
  const std::string id = spec->id;
  auto started = Container::Start(*std::move(spec), context_.clock, context_.wake);
  if (!started) {
    WaitAfterFailure("CreateContainerError", started.error().message,
                     RestartDelay(++failures_ + 1, context_.first_restart_delay));
    return;
  }
  if (restart) ++record_.restart_count;
  if (record_.state.contains("terminated")) record_.last_state = record_.state;
  {
    const std::scoped_lock lock(mutex_);
    container_ = *std::move(started);
    previous_log_ = log_;
    log_ = log;
  }
  record_.container_id = id;
  record_.image_id = image->digest;
  record_.state = RunningState(container_->started_wall());
  show_back_off_.reset();
  context_.event(name_, false, "Created", "Container created");
  context_.event(name_, false, "Started", "Container started");
  RunPostStart();
  ready_ = FindPath(spec_, {"readinessProbe"}) == nullptr;
  startup_done_ = FindPath(spec_, {"startupProbe"}) == nullptr;
  if (startup_done_)
    StartProbes();
  else
    StartProbe("startupProbe");
}

void ContainerRunner::RunPostStart() {
  const Json* handler = FindPath(spec_, {"lifecycle", "postStart"});
  if (handler == nullptr) return;
  const ProbeAttempt hook = RunHook(*handler, GetArray(spec_, {"ports"}), *container_,
                                    context_.pod_ip(), kHookPatience, context_.clock, {});
  if (hook.success) return;
  context_.event(name_, true, "FailedPostStartHook", "PostStartHook failed");
  container_->Signal(SIGKILL);
}

void ContainerRunner::StartProbes() {
  probes_started_ = true;
  startup_prober_.reset();
  for (const char* kind : {"readinessProbe", "livenessProbe"})
    if (FindPath(spec_, {kind}) != nullptr &&
        !(stopping_ && std::string_view(kind) != "readinessProbe"))
      StartProbe(kind);
}

void ContainerRunner::StartProbe(const char* kind) {
  const std::string_view probe = kind;
  const bool startup = probe == "startupProbe";
  const bool readiness = probe == "readinessProbe";
  const std::string title = startup ? "Startup" : readiness ? "Readiness" : "Liveness";
  Prober::Callbacks callbacks;
  callbacks.verdict = [this, startup, readiness](bool healthy) {
    if (readiness) {
      if (ready_.exchange(healthy) == healthy) return;
    } else if (startup && healthy) {
      if (startup_done_.exchange(true)) return;
    } else if (!healthy) {
      unhealthy_ = true;
    } else {
      return;
    }
    context_.wake();
  };
  callbacks.failure = [this, title](const std::string& message) {
    context_.event(name_, true, "Unhealthy", fmt::format("{} probe failed: {}", title, message));
  };
  auto prober = std::make_unique<Prober>(
      spec_[kind], GetArray(spec_, {"ports"}), container_, context_.pod_ip(),
      context_.fast_probes && (startup || readiness), context_.clock, std::move(callbacks));
  if (startup)
    startup_prober_ = std::move(prober);
  else
    probers_.push_back(std::move(prober));
}

void ContainerRunner::BeginStop(Nanos grace) {
  if (!container_ || stopping_) return;
  stopping_ = true;
  if (stopper_.joinable()) return;  // A failed liveness probe is stopping it already.
  if (FindPath(spec_, {"lifecycle", "preStop"}) == nullptr) {
    container_->Signal(SIGTERM);
    return;
  }
  stopper_ = std::jthread([this, grace, container = container_](const std::stop_token& stop) {
    const ProbeAttempt hook =
        RunHook(spec_["lifecycle"]["preStop"], GetArray(spec_, {"ports"}), *container,
                context_.pod_ip(), grace, context_.clock, stop);
    if (!hook.success) context_.event(name_, true, "FailedPreStopHook", "PreStopHook failed");
    container->Signal(SIGTERM);
  });
}

void ContainerRunner::Kill() {
  if (container_) container_->Signal(SIGKILL);
}

}  // namespace holdfast::sandbox::node
