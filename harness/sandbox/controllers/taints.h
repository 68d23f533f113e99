// Taints: the keys that the node controllers own, and sets of taints on a node.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_TAINTS_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_TAINTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"

namespace holdfast::sandbox {

inline constexpr char kTaintNotReady[] = "node.kubernetes.io/not-ready";
inline constexpr char kTaintUnreachable[] = "node.kubernetes.io/unreachable";
inline constexpr char kTaintUnschedulable[] = "node.kubernetes.io/unschedulable";
inline constexpr char kTaintOutOfService[] = "node.kubernetes.io/out-of-service";

// Has the node a taint with this key (and effect, unless empty)?
bool HasTaint(const Json& node, std::string_view key, std::string_view effect = "");
// Makes the node's taints with `effect`, among the keys `owned`, exactly `wanted`; others stay. New
// ones get `now` as timeAdded. Returns whether anything changed.
bool SetTaints(Json& node,
               std::string_view effect,
               const std::vector<std::string>& owned,
               const std::vector<std::string>& wanted,
               const std::string& now);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_TAINTS_H_
