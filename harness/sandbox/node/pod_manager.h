// All pods of this node: one worker for each uid.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_POD_MANAGER_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_POD_MANAGER_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/node/pod_worker.h"

namespace holdfast::sandbox::node {

// Thread-safe.
class PodManager {
 public:
  explicit PodManager(NodeServices& services) : services_(services) {}
  void Replace(const std::vector<Json>& pods);
  void Changed(Json pod);
  void Deleted(const Json& pod);
  void RepublishAll();
  // Lets go of workers that are done.
  void Sweep();
  // kNotFound when no such pod or container is on this node. Of two pods with one name the one
  // that is not being deleted is meant.
  Result<PodWorker::ContainerView> View(const std::string& ns,
                                        const std::string& name,
                                        const std::string& container) const;

 private:
  NodeServices& services_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<PodWorker>> workers_;  // By uid.
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_POD_MANAGER_H_
