// A pod on this node, as the manager of all of them sees it.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_POD_LIFE_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_POD_LIFE_H_

#include <functional>
#include <string>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/sandbox/image/image.h"
#include "harness/sandbox/node/api_client.h"
#include "harness/sandbox/node/event_recorder.h"
#include "harness/sandbox/node/node_agent.h"
#include "harness/sandbox/node/pod_directory.h"
#include "harness/sandbox/node/pod_network.h"
#include "harness/sandbox/node/pod_volumes.h"
#include "harness/sandbox/node/status_publisher.h"
#include "harness/sandbox/node/volume_lives.h"

namespace holdfast::sandbox::node {

// What a pod needs of its node; outlives all pods.
struct NodeServices {
  const NodeAgentOptions& options;
  Clock& clock;
  ApiClient& api;
  AddressPool& addresses;
  EventRecorder& events;
  StatusPublisher& statuses;
  VolumeLives& lives;
  std::function<Result<Image>(const std::string& reference)> find_image;
};

// Thread-safe. Starts with its construction; the destructor kills what still runs and waits for it.
class PodLife {
 public:
  PodLife() = default;
  PodLife(const PodLife&) = delete;
  PodLife& operator=(const PodLife&) = delete;
  virtual ~PodLife() = default;

  // A newer version of the same pod (the same uid).
  virtual void Update(Json pod) = 0;
  // The pod is not in the API any more: everything is killed at once.
  virtual void Vanish() = 0;
  // Says the whole status again: somebody else may have changed it while the node was away.
  virtual void Republish() = 0;
  // What is due, if this pod has no thread of its own.
  virtual void Tick() {}
  // Nothing of the pod is left on this node and nothing more will happen.
  [[nodiscard]] virtual bool done() const = 0;
  [[nodiscard]] virtual bool vanished() const = 0;
  [[nodiscard]] virtual Json pod() const = 0;
  [[nodiscard]] virtual const PodKey& key() const = 0;
  // As PodDirectory has them.
  [[nodiscard]] virtual Result<ContainerView> View(const std::string& container) const = 0;
  [[nodiscard]] virtual Result<pid_t> Network() const = 0;
};

PodKey KeyOf(const Json& pod);
bool IsDeleting(const Json& pod);
// Its phase is Succeeded or Failed.
bool IsTerminal(const Json& pod);
// What volumes and the downward API need, for a pod with this address.
VolumeContext MakeVolumeContext(NodeServices& services,
                                const Json& pod,
                                const std::string& pod_ip,
                                const std::filesystem::path& directory);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_POD_LIFE_H_
