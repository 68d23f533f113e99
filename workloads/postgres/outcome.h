// What an error says about an operation, by SQLSTATE (PostgreSQL manual, appendix A).
#ifndef HOLDFAST_WORKLOADS_POSTGRES_OUTCOME_H_
#define HOLDFAST_WORKLOADS_POSTGRES_OUTCOME_H_

#include <string>
#include <string_view>

#include "workloads/call_error.h"

namespace holdfast::workloads::postgres {

// Everything that is known when a statement has ended in an error.
struct StatementError : CallError {
  std::string sqlstate;  // Empty when the server did not say.
};

// kFail only when the server certainly rolled back: it reported an ERROR of a class that ends the
// transaction before the commit record, and went on serving the connection. A PANIC or FATAL with
// the same code closes the connection and may come after the commit. The default is kInfo.
Outcome WriteOutcome(const StatementError& error);
// Always kFail: a read has no effect.
Outcome ReadOutcome(const StatementError& error);

// The class of a failed connection attempt, from libpq's text: "connection-refused",
// "connect-timeout", "unreachable", "57P03" (starting up or shutting down), "28P01" (wrong
// password), "53300" (too many clients), else "connect-failed".
std::string ConnectErrorClass(std::string_view text);

// The code in a message of libpq's verbose form, "FATAL:  57P01: terminating ...", or empty.
std::string SqlstateOf(std::string_view text);

// The first line of a library's message, without the trailing blanks.
std::string FirstLine(std::string_view text);

}  // namespace holdfast::workloads::postgres

#endif  // HOLDFAST_WORKLOADS_POSTGRES_OUTCOME_H_
