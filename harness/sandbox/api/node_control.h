// What the harness's own faults may do to the machines of the sandbox, beyond Kubernetes' API:
//   GET  /holdfast/v1/nodes                     {"items":[{"name","state"}]}
//   POST /holdfast/v1/nodes/{name}/{operation}  the node's item; body {"from":...} for partition
// Only with the administrator's token. Errors are Status objects: 404 no such node or operation,
// 409 not in this state, 400 a wrong body.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_NODE_CONTROL_H_
#define HOLDFAST_HARNESS_SANDBOX_API_NODE_CONTROL_H_

#include <optional>
#include <string>
#include <string_view>

#include "harness/sandbox/api/http_message.h"

namespace holdfast::sandbox {

enum class NodeOperation {
  kCrash,      // All its processes are killed at once, the agent too.
  kFreeze,     // All its processes stop, as if the machine were suspended.
  kPartition,  // Its network link loses packets, silently.
  kReturn,     // Takes back whatever was done; a crashed node boots with the same state.
};
enum class PartitionFrom {
  kControlPlane,  // Its agent and its pods do not reach the API, nor the API them.
  kPeers,         // Its pods do not reach those of other nodes.
  kAll,           // Nothing leaves or enters.
};

// Thread-safe. Blocks until the operation has taken effect.
class NodeControl {
 public:
  NodeControl() = default;
  NodeControl(const NodeControl&) = delete;
  NodeControl& operator=(const NodeControl&) = delete;
  virtual ~NodeControl() = default;
  // {"items":[{"name":"node-a","state":"running|crashed|frozen|partitioned"}]}
  virtual Result<Json> List() = 0;
  // The node's item afterwards. `from` counts for a partition only. kNotFound, kConflict.
  virtual Result<Json> Operate(const std::string& node, NodeOperation operation,
                               PartitionFrom from) = 0;
};

inline constexpr const char* kNodeControlPath = "/holdfast/v1/nodes";
// Whether the path belongs to node control.
bool IsNodeControl(std::string_view path);
// `control` null: this sandbox has none (a bare API server of a test).
HttpResponse AnswerNodeControl(const HttpRequest& request, NodeControl* control);

// "crash" and "control-plane" as in paths and bodies; nullopt for anything else.
std::optional<NodeOperation> ParseNodeOperation(std::string_view text);
std::optional<PartitionFrom> ParsePartitionFrom(std::string_view text);
std::string_view NodeOperationName(NodeOperation operation);
std::string_view PartitionFromName(PartitionFrom from);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_NODE_CONTROL_H_
