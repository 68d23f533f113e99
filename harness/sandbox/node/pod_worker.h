// The life of one pod on this node, on a thread of its own: volumes, network, init containers,
// containers with probes and restarts, and the orderly end.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_POD_WORKER_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_POD_WORKER_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/sandbox/image/image.h"
#include "harness/sandbox/node/api_client.h"
#include "harness/sandbox/node/container_runner.h"
#include "harness/sandbox/node/event_recorder.h"
#include "harness/sandbox/node/node_agent.h"
#include "harness/sandbox/node/pod_network.h"
#include "harness/sandbox/node/pod_status.h"
#include "harness/sandbox/node/pod_volumes.h"
#include "harness/sandbox/node/status_publisher.h"

namespace holdfast::sandbox::node {

// What a pod's worker needs of its node; outlives all workers.
struct NodeServices {
  const NodeAgentOptions& options;
  Clock& clock;
  ApiClient& api;
  AddressPool& addresses;
  EventRecorder& events;
  StatusPublisher& statuses;
  std::function<Result<Image>(const std::string& reference)> find_image;
};

class PodWorker {
 public:
  // Starts working at once.
  PodWorker(NodeServices& services, Json pod);
  PodWorker(const PodWorker&) = delete;
  PodWorker& operator=(const PodWorker&) = delete;
  // Kills what still runs and waits for it.
  ~PodWorker();

  // A newer version of the same pod (the same uid).
  void Update(Json pod);
  // The pod is not in the API any more: everything is killed at once.
  void Vanish();
  // Says the whole status again: somebody else may have changed it while the node was away.
  void Republish();
  // Nothing of the pod is left on this node and nothing more will happen.
  [[nodiscard]] bool done() const;
  [[nodiscard]] bool vanished() const;
  [[nodiscard]] Json pod() const;

  struct ContainerView {
    std::shared_ptr<Container> container;  // Null when it does not run.
    std::filesystem::path log;             // Empty before the first start.
    std::filesystem::path previous_log;    // Of the run before, or empty.
  };
  // For exec and logs. `name` empty: the only container, or the first one. kNotFound when there is
  // no such container.
  Result<ContainerView> View(const std::string& name) const;

 private:
  void Run(const std::stop_token& stop);
  bool SetUp();
  bool PrepareVolumesPatiently();
  Status SetUpNetwork();
  bool RunInitContainers();
  void RunContainers();
  void Terminate();
  void CleanUp();
  void MakeRunners();
  void Publish();
  void Stop(const std::vector<std::unique_ptr<ContainerRunner>>& runners);
  [[nodiscard]] Nanos GraceEnd() const;
  // Waits until something happened or `until`.
  void WaitUntil(Nanos until);
  void Wake();
  // Deletion was asked for, the pod vanished, or the agent ends.
  [[nodiscard]] bool Ending() const;
  // Nobody waits for an orderly end.
  [[nodiscard]] bool Abandoned() const;
  [[nodiscard]] VolumeContext Volumes() const;
  [[nodiscard]] RunnerContext MakeRunnerContext();

  NodeServices& services_;
  PodKey key_;
  std::filesystem::path directory_;
  std::filesystem::path log_directory_;
  mutable std::mutex mutex_;  // Of what other threads touch, up to `done_`.
  std::condition_variable wake_;
  bool woken_ = false;
  Json pod_;
  bool vanished_ = false;
  bool stopping_ = false;
  bool republish_ = false;
  bool done_ = false;
  std::optional<Nanos> deletion_seen_;  // Monotonic.

  // Only the worker's thread, but for the runners' views.
  Json conditions_ = Json::array();
  Json published_;
  std::string start_time_;
  bool network_ready_ = false;
  bool finished_ = false;
  VolumePaths volumes_;
  std::unique_ptr<PodNetwork> network_;
  std::string pod_ip_;
  std::vector<std::unique_ptr<ContainerRunner>> init_;
  std::vector<std::unique_ptr<ContainerRunner>> main_;
  std::jthread thread_;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_POD_WORKER_H_
