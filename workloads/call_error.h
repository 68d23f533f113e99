// What the drivers over TCP connections have in common: how a call ended that did not end well.
#ifndef HOLDFAST_WORKLOADS_CALL_ERROR_H_
#define HOLDFAST_WORKLOADS_CALL_ERROR_H_

#include <string>

#include "workloads/workload.h"

namespace holdfast::workloads {

struct CallError {
  std::string text;              // One line, without secrets.
  bool connection_lost = false;  // Afterwards the connection is of no further use.
  bool interrupted = false;      // By Session::Interrupt.
};

// The class is "deadline" for an interrupted call, else `server_class` (what the server gave for a
// reason), else "connection-lost" or "client-error".
Outcome FromError(OutcomeType type, const CallError& error, const std::string& server_class);

// The end of a call that was not sent because the connection was closed before: a fail.
Outcome ClosedBefore();

// Whether the peer has closed its end of the socket, so that what is sent now cannot be received.
// False for -1.
bool ClosedByPeer(int socket);

}  // namespace holdfast::workloads

#endif  // HOLDFAST_WORKLOADS_CALL_ERROR_H_
