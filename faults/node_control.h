// Power over nodes from outside of Kubernetes: over the sandbox, or over commands that the user
// gives. The command line wires it; without one, faults that need it are refused.
#ifndef HOLDFAST_FAULTS_NODE_CONTROL_H_
#define HOLDFAST_FAULTS_NODE_CONTROL_H_

#include <stop_token>
#include <string>

#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::faults {

enum class NodeAction { kCrash, kFreeze, kPartition };

// "crash", "freeze", "partition".
std::string NodeActionName(NodeAction action);

// Thread-safe.
class NodeControl {
 public:
  NodeControl() = default;
  NodeControl(const NodeControl&) = delete;
  NodeControl& operator=(const NodeControl&) = delete;
  virtual ~NodeControl() = default;
  // Whether it can do this at all.
  [[nodiscard]] virtual bool Can(NodeAction action) const = 0;
  // `from` is what a partition cuts the node off from: control-plane, peers or all.
  virtual Status Do(const std::string& node,
                    NodeAction action,
                    const std::string& from,
                    const std::stop_token& stop) = 0;
  // Brings the node back from whatever was done to it. Harmless when nothing was.
  virtual Status Return(const std::string& node) = 0;
  // "running", "crashed", "frozen", "partitioned"; empty when it cannot tell.
  virtual Result<std::string> State(const std::string& node) = 0;
  // What `holdfast recover` needs to make the same control again; no secrets.
  [[nodiscard]] virtual Json Recipe() const = 0;
};

}  // namespace holdfast::faults

#endif  // HOLDFAST_FAULTS_NODE_CONTROL_H_
