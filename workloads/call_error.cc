#include "workloads/call_error.h"

#include <poll.h>

namespace holdfast::workloads {

Outcome FromError(OutcomeType type, const CallError& error, const std::string& server_class) {
  Outcome outcome;
  outcome.type = type;
  outcome.connection_lost = error.connection_lost;
  outcome.error = error.text;
  if (error.interrupted) {
    outcome.error_class = "deadline";
    outcome.error = "no answer within the operation's deadline";
  } else if (!server_class.empty()) {
    outcome.error_class = server_class;
  } else {
    outcome.error_class = error.connection_lost ? "connection-lost" : "client-error";
  }
  return outcome;
}

Outcome ClosedBefore() {
  Outcome closed;
  closed.type = OutcomeType::kFail;
  closed.error_class = "connection-closed";
  closed.error = "the connection was closed before anything was sent";
  closed.connection_lost = true;
  return closed;
}

bool ClosedByPeer(int socket) {
  pollfd state{socket, POLLRDHUP, 0};
  return socket >= 0 && ::poll(&state, 1, 0) > 0 &&
         (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace holdfast::workloads
