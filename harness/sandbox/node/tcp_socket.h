// Plain TCP connections with deadlines.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_TCP_SOCKET_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_TCP_SOCKET_H_

#include <stop_token>
#include <string>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/result.h"

namespace holdfast::sandbox::node {

// A connected non-blocking socket to an IPv4 address; kUnavailable when nobody answers.
Result<FileDescriptor> ConnectTcp(const std::string& host,
                                  int port,
                                  const Deadline& deadline,
                                  const std::stop_token& stop);
// Waits for poll(2) events in short steps, so that a stop is noticed. kTimedOut, kCancelled.
Status AwaitSocket(int fd, short events, const Deadline& deadline, const std::stop_token& stop);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_TCP_SOCKET_H_
