// A pod that the node did not admit: what it needs is taken, although it was bound here.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_REJECTED_POD_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_REJECTED_POD_H_

#include <atomic>
#include <mutex>
#include <set>
#include <string>

#include "harness/sandbox/node/pod_life.h"

namespace holdfast::sandbox::node {

// "TCP 8080" for each port of the node that the pod wants for itself.
std::set<std::string> HostPorts(const Json& pod);

// Says that it has failed, as a kubelet does, and goes when it is deleted. Nothing of it runs.
class RejectedPod : public PodLife {
 public:
  // `reason` is the predicate's name ("NodePorts"), `why` what it says.
  RejectedPod(NodeServices& services, Json pod, const std::string& reason, const std::string& why);

  void Update(Json pod) override;
  void Vanish() override;
  void Republish() override;
  [[nodiscard]] bool done() const override { return done_; }
  [[nodiscard]] bool vanished() const override { return vanished_; }
  [[nodiscard]] Json pod() const override;
  [[nodiscard]] const PodKey& key() const override { return key_; }
  [[nodiscard]] Result<ContainerView> View(const std::string& container) const override;
  [[nodiscard]] Result<pid_t> Network() const override;

 private:
  NodeServices& services_;
  const PodKey key_;
  mutable std::mutex mutex_;
  Json pod_;
  Json status_;
  std::atomic<bool> done_ = false;
  std::atomic<bool> vanished_ = false;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_REJECTED_POD_H_
