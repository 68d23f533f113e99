// What streams need to know of the pods of a node.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_POD_DIRECTORY_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_POD_DIRECTORY_H_

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "harness/base/result.h"
#include "harness/sandbox/node/container.h"

namespace holdfast::sandbox::node {

struct ContainerView {
  std::string name;
  std::shared_ptr<Container> container;  // Null when it does not run.
  std::filesystem::path log;             // Empty before the first start.
  std::filesystem::path previous_log;    // Of the run before, or empty.
  std::string waiting;                   // Why it does not run yet, or empty.
  bool input_once = false;               // stdinOnce: the first client's end is the input's end.
};

// Thread-safe. Of two pods with one name the one that is not being deleted is meant.
class PodDirectory {
 public:
  PodDirectory() = default;
  PodDirectory(const PodDirectory&) = delete;
  PodDirectory& operator=(const PodDirectory&) = delete;
  virtual ~PodDirectory() = default;
  // `container` empty: the only one, or the first. kNotFound when no such pod or container is here.
  [[nodiscard]] virtual Result<ContainerView> View(const std::string& ns,
                                                   const std::string& pod,
                                                   const std::string& container) const = 0;
  // A process in the pod's network namespace; 0: the node's own. kNotFound when there is none.
  [[nodiscard]] virtual Result<pid_t> Network(const std::string& ns,
                                              const std::string& pod) const = 0;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_POD_DIRECTORY_H_
