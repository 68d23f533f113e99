// The life of one pod on this node, on a thread of its own: volumes, network, init containers,
// containers with probes and restarts, and the orderly end.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_POD_WORKER_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_POD_WORKER_H_

#include <atomic>
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
#include "harness/sandbox/node/container_runner.h"
#include "harness/sandbox/node/pod_life.h"
#include "harness/sandbox/node/database_defects.h"
#include "harness/sandbox/node/pod_network.h"
#include "harness/sandbox/node/pod_status.h"

namespace holdfast::sandbox::node {

class PodWorker : public PodLife {
 public:
  PodWorker(NodeServices& services, Json pod);
  ~PodWorker() override;

  void Update(Json pod) override;
  void Vanish() override;
  void Republish() override;
  [[nodiscard]] bool done() const override;
  [[nodiscard]] bool vanished() const override;
  [[nodiscard]] Json pod() const override;
  [[nodiscard]] const PodKey& key() const override { return key_; }
  [[nodiscard]] Result<ContainerView> View(const std::string& name) const override;
  [[nodiscard]] Result<pid_t> Network() const override;

 private:
  void Run(const std::stop_token& stop);
  bool SetUp();
  bool PrepareVolumesPatiently();
  Status SetUpNetwork();
  bool RunInitContainers();
  void RunContainers();
  void Terminate();
  void TakeNetworkDown();
  void CleanUp();
  void MakeRunners();
  void Publish();
  void Stop(const std::vector<ContainerRunner*>& runners);
  void StopAll();
  void Linger();
  [[nodiscard]] Nanos GraceEnd() const;
  // Waits until something happened or `until`.
  void WaitUntil(Nanos until);
  void Wake();
  // Deletion was asked for, the pod vanished, or the agent ends.
  [[nodiscard]] bool Ending() const;
  // Nobody waits for an orderly end.
  [[nodiscard]] bool Abandoned() const;  // By the API or by the agent.
  [[nodiscard]] bool AgentStops() const;
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
  std::atomic<pid_t> network_pid_ = -1;  // Also for streams; -1: there is no network.
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
