// A pod of nothing but pause containers: what the API sees of it is whole, but it costs neither a
// process nor a thread, so that thousands fit on one machine.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_LIGHT_POD_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_LIGHT_POD_H_

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "harness/sandbox/node/pod_life.h"
#include "harness/sandbox/node/pod_status.h"

namespace holdfast::sandbox::node {

// Whether the pod can be a light one: every container runs the image "pause" (any registry, any
// tag) as it is, without probes, hooks and init containers, on the pod network.
bool IsLight(const Json& pod);

// Has an address, but nobody answers there. Volumes are waited for, not mounted; claims count as in
// use. A pod without claims is ready when the constructor returns.
class LightPod : public PodLife {
 public:
  LightPod(NodeServices& services, Json pod);
  ~LightPod() override;

  void Update(Json pod) override;
  void Vanish() override;
  void Republish() override;
  void Tick() override;
  [[nodiscard]] bool done() const override;
  [[nodiscard]] bool vanished() const override;
  [[nodiscard]] Json pod() const override;
  [[nodiscard]] const PodKey& key() const override { return key_; }
  [[nodiscard]] Result<ContainerView> View(const std::string& container) const override;
  [[nodiscard]] Result<pid_t> Network() const override;

 private:
  // REQUIRES mutex_ for all of these.
  void Begin();
  void End();
  void Publish();
  void LetGo();

  NodeServices& services_;
  PodKey key_;
  std::filesystem::path directory_;
  mutable std::mutex mutex_;
  Json pod_;
  Json conditions_;
  Json published_;
  std::string start_time_;
  std::string pod_ip_;
  std::vector<ContainerRecord> containers_;
  Nanos next_try_{0};
  bool running_ = false;
  bool finished_ = false;  // Its containers have ended.
  bool done_ = false;
  bool vanished_ = false;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_LIGHT_POD_H_
