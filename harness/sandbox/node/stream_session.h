// One connection to the node's stream port, from its first line to the final Status.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_SESSION_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_SESSION_H_

#include <stop_token>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/sandbox/node/stream_server.h"

namespace holdfast::sandbox::node {

// Blocks until the session is over or `stop`. Takes the connection.
void ServeStream(FileDescriptor connection,
                 const PodDirectory& pods,
                 Clock& clock,
                 const std::stop_token& stop);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_SESSION_H_
