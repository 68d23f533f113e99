// All pods of this node: one life for each uid.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_POD_MANAGER_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_POD_MANAGER_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/node/pod_directory.h"
#include "harness/sandbox/node/pod_life.h"

namespace holdfast::sandbox::node {

// Thread-safe.
class PodManager : public PodDirectory {
 public:
  explicit PodManager(NodeServices& services) : services_(services) {}
  void Replace(const std::vector<Json>& pods);
  void Changed(Json pod);
  void Deleted(const Json& pod);
  void RepublishAll();
  // Lets go of pods that are done, and lets those without a thread do what is due.
  void Sweep();
  void Tick();
  [[nodiscard]] Result<ContainerView> View(const std::string& ns,
                                           const std::string& pod,
                                           const std::string& container) const override;
  [[nodiscard]] Result<pid_t> Network(const std::string& ns,
                                      const std::string& pod) const override;

 private:
  // REQUIRES mutex_. No other pod here has one of the node's ports that this one wants.
  [[nodiscard]] bool PortsAreFree(const Json& pod) const;
  // REQUIRES mutex_.
  [[nodiscard]] Result<const PodLife*> Find(const std::string& ns, const std::string& pod) const;

  NodeServices& services_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<PodLife>> lives_;  // By uid.
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_POD_MANAGER_H_
