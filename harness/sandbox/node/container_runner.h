// One container of a pod over all its restarts: start, probes, back-off, stop, and its record for
// the pod's status. Driven by the pod's worker thread.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_CONTAINER_RUNNER_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_CONTAINER_RUNNER_H_

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/image/image.h"
#include "harness/sandbox/node/container.h"
#include "harness/sandbox/node/pod_directory.h"
#include "harness/sandbox/node/pod_status.h"
#include "harness/sandbox/node/prober.h"

namespace holdfast::sandbox::node {

enum class RestartPolicy { kAlways, kOnFailure, kNever };

// What a runner needs of its pod; the functions are called on the worker's thread, but `wake` and
// `event` from any.
struct RunnerContext {
  Clock& clock;
  bool fast_probes = true;
  Nanos first_restart_delay = std::chrono::seconds(10);
  std::string pod_title;  // "web-0_ns(uid)", for messages.
  std::filesystem::path log_directory;
  std::function<Result<Image>(const std::string& reference)> find_image;
  // Everything of the spec but id, layer and log.
  std::function<Result<ContainerSpec>(const Json& container, const Image& image)> make_spec;
  std::function<std::filesystem::path(const std::string& id)> layer_directory;
  std::filesystem::path message_directory;  // For termination messages.
  std::function<std::string()> pod_ip;
  std::function<void()> wake;
  std::function<void(
      const std::string& container, bool warning, const std::string&, const std::string&)>
      event;
};

// The wait before restart number `restarts` + 1 in a row: none at first, then `first` doubling up
// to five minutes (the kubelet's back-off).
Nanos RestartDelay(int failures, Nanos first);

class ContainerRunner {
 public:
  // `previous`: this container's status as the API has it (null: none), so that a restarted agent
  // counts on.
  ContainerRunner(RunnerContext context,
                  Json container,
                  RestartPolicy policy,
                  const Json& previous);
  ContainerRunner(const ContainerRunner&) = delete;
  ContainerRunner& operator=(const ContainerRunner&) = delete;
  ~ContainerRunner();

  // Does what is due (notice an end, restart, kill after a failed liveness probe) and returns when
  // it wants to be called again at the latest.
  Nanos Step();
  // Says why it has not been started yet.
  void Await(const std::string& reason);
  // Step without ever starting anything again.
  Nanos StepStopping();
  // preStop hook, then SIGTERM; the caller kills at the end of the grace period.
  void BeginStop(Nanos grace);
  void Kill();

  [[nodiscard]] ContainerRecord record() const;
  [[nodiscard]] bool running() const { return container_ != nullptr; }
  // It ended and its policy starts it no more.
  [[nodiscard]] bool completed() const { return completed_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // Thread-safe.
  [[nodiscard]] ContainerView View() const;

 private:
  void NoticeEnd();
  void Start();
  void WaitAfterFailure(const std::string& reason, const std::string& message, Nanos delay);
  void StartProbes();
  void StartProbe(const char* kind);
  void RunPostStart();
  // The image, or the wait for it.
  std::optional<Image> FindImage();
  [[nodiscard]] std::filesystem::path MessageFile() const { return context_.message_directory / name_; }
  // What the container left as its last words.
  [[nodiscard]] std::string TerminationMessage(const ContainerExit& exit) const;

  RunnerContext context_;
  Json spec_;
  std::string name_;
  RestartPolicy policy_;
  ContainerRecord record_;
  bool completed_ = false;
  int failures_ = 0;                    // Ends in a row.
  Nanos image_wait_ = std::chrono::seconds(1);  // Until the image is looked for again.
  Nanos due_{0};                        // When to start next.
  std::optional<Nanos> show_back_off_;  // When the state turns to CrashLoopBackOff.
  std::string back_off_message_;
  std::optional<Nanos> kill_at_;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> startup_done_ = false;
  std::atomic<bool> unhealthy_ = false;
  bool probes_started_ = false;
  bool stopping_ = false;
  void Waits(Json state);

  mutable std::mutex mutex_;  // What follows to previous_log_, for views from other threads.
  std::string waiting_;       // Why it does not run.
  std::shared_ptr<Container> container_;
  std::filesystem::path log_;
  std::filesystem::path previous_log_;
  std::vector<std::unique_ptr<Prober>> probers_;
  std::unique_ptr<Prober> startup_prober_;
  std::jthread stopper_;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_CONTAINER_RUNNER_H_
