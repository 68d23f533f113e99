// The node's own object: registration, status, and the lease that says it is alive.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_NODE_STATUS_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_NODE_STATUS_H_

#include <functional>
#include <stop_token>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/sandbox/node/api_client.h"
#include "harness/sandbox/node/node_agent.h"

namespace holdfast::sandbox::node {

// The object to create, and the status to patch (strategic merge) at `wall`; a condition keeps the
// transition time of `current` while its status stays. Pure.
Json NodeObject(const NodeAgentOptions& options);
Json NodeStatusPatch(const NodeAgentOptions& options, const Json& current, Nanos wall);

// Registers the node and keeps it alive until `stop`: the lease at each heartbeat, the status every
// ten seconds or when the API says that the node is not ready. `on_recovered` is called after the
// API had given the node up and it came back.
void KeepNodeAlive(const NodeAgentOptions& options,
                   ApiClient& api,
                   Clock& clock,
                   const std::function<void()>& on_recovered,
                   std::stop_token stop);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_NODE_STATUS_H_
