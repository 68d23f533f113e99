// See heartbeat.h.
#include "harness/observe/heartbeat.h"

namespace holdfast::observe {
namespace {

Json WithoutHeartbeat(Json node) {
  if (const auto metadata = node.find("metadata");
      metadata != node.end() && metadata->is_object()) {
    metadata->erase("resourceVersion");
    metadata->erase("managedFields");
  }
  const auto status = node.find("status");
  if (status == node.end() || !status->is_object()) return node;
  const auto conditions = status->find("conditions");
  if (conditions == status->end() || !conditions->is_array()) return node;
  for (Json& condition : *conditions) {
    if (condition.is_object()) condition.erase("lastHeartbeatTime");
  }
  return node;
}

}  // namespace

bool OnlyHeartbeatDiffers(const Json& before, const Json& after) {
  if (!before.is_object() || !after.is_object()) return false;
  return WithoutHeartbeat(before) == WithoutHeartbeat(after);
}

}  // namespace holdfast::observe
