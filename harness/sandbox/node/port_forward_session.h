// Port-forward on the node: bytes between the API server and ports inside a pod's network.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_PORT_FORWARD_SESSION_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_PORT_FORWARD_SESSION_H_

#include <sys/types.h>

#include "harness/base/json.h"
#include "harness/sandbox/node/stream_peer.h"

namespace holdfast::sandbox::node {

// Connects to 127.0.0.1:`port` inside the network namespace of process `network_pid` (0: ours),
// as container runtimes do, so that servers which listen on loopback only are reached too.
Result<FileDescriptor> ConnectInside(pid_t network_pid, int port, const std::stop_token& stop);

// Serves the request of stream_protocol.h from its answer on, until both sides are done or the
// peer's stop.
void ServePortForward(StreamPeer& peer, const Json& request, pid_t network_pid);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_PORT_FORWARD_SESSION_H_
