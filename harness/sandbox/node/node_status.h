// The node's own object: registration, status, and the lease that says it is alive.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_NODE_STATUS_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_NODE_STATUS_H_

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/sandbox/node/api_client.h"
#include "harness/sandbox/node/node_agent.h"
#include "harness/sandbox/node/volume_lives.h"

namespace holdfast::sandbox::node {

// The object to create, and the status to patch (strategic merge) at `wall`; a condition keeps the
// transition time of `current` while its status stays. Pure.
Json NodeObject(const NodeAgentOptions& options);
Json NodeStatusPatch(const NodeAgentOptions& options, const Json& current, Nanos wall);
// Those of status.volumesInUse alone.
Json VolumesInUsePatch(const std::vector<std::string>& in_use);

// Registers the node and keeps it alive until `stop`: the lease at each heartbeat, the status every
// ten seconds or when the API says that the node is not ready. `on_recovered` is called after the
// API had given the node up and it came back.
// A change of the volumes in use is told at once, without waiting for the next heartbeat.
void KeepNodeAlive(const NodeAgentOptions& options,
                   ApiClient& api,
                   Clock& clock,
                   VolumeLives& lives,
                   const std::function<void()>& on_recovered,
                   std::stop_token stop);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_NODE_STATUS_H_
