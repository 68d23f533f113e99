// The nodes as machines: switched on, crashed, frozen, cut off and brought back by the world's first
// process, whose children they are.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_NODE_SUPERVISOR_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_NODE_SUPERVISOR_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/sandbox/api/node_control.h"
#include "harness/sandbox/world/world_plan.h"

namespace holdfast::sandbox {

// Used by the thread that starts it: nodes die with that thread.
class NodeSupervisor {
 public:
  explicit NodeSupervisor(const WorldPlan& plan) : plan_(plan) {}
  // All nodes up to their network; their agents wait.
  Status StartAll();
  // The API serves: agents may begin. Also those of nodes that return later.
  Status LetAgentsGo();
  // A child ended; false: it is no node of ours. A node that ends unasked counts as crashed.
  bool OnExit(pid_t pid, int status);
  // The sentence about a node that ended before it was ever let go on, if any did.
  [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }

  // {"op":"list"} or {"op":"crash","node":"node-a","from":"all"}, to {"ok":true,"answer":{...}} or
  // {"ok":false,"code":404|409|500,"message":"..."}.
  Json Answer(const Json& request);

 private:
  struct Node {
    pid_t pid = 0;  // 0: it does not run.
    FileDescriptor gate;
    std::string state = "running";
    std::optional<PartitionFrom> cut;
  };
  Status Start(int index);
  Status Connect(int index);
  [[nodiscard]] Json Item(int index) const;
  Result<Json> Operate(const std::string& name, NodeOperation operation, PartitionFrom from);
  Status Crash(int index);
  Status Freeze(int index);
  Status Partition(int index, PartitionFrom from);
  Status Return(int index);
  Status Mend(int index);

  const WorldPlan& plan_;
  std::vector<Node> nodes_;
  bool api_serves_ = false;
  std::optional<std::string> failure_;
};

// The other end, in the control plane: sends each operation over `socket` and waits for its answer.
std::unique_ptr<NodeControl> MakeWorldNodeControl(FileDescriptor socket);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_NODE_SUPERVISOR_H_
