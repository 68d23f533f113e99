#include "workloads/mysql/outcome.h"

#include <algorithm>
#include <array>

namespace holdfast::workloads::mysql {
namespace {

// Raised before anything is written to the binary log; in autocommit the statement is rolled back.
constexpr std::array kRolledBack = {
    1021,  // disk full
    1044,  // access denied to the database
    1046,  // no database selected
    1048,  // column cannot be null
    1049,  // unknown database
    1054,  // unknown column
    1062,  // duplicate entry
    1064,  // syntax
    1114,  // table is full
    1142,  // command denied
    1146,  // no such table
    1205,  // lock wait timeout
    1213,  // deadlock
    1223,  // conflicting read lock
    1227,  // access denied, a privilege is needed
    1264,  // out of range
    1290,  // the server runs with --read-only
    1366,  // incorrect value
    1406,  // data too long
    1792,  // read-only transaction
    1836,  // running in read-only mode
};

// A code that the client library gives to a lost connection says nothing of the server's.
std::string ServerClass(const StatementError& error) {
  return error.connection_lost || error.code <= 0 ? "" : std::to_string(error.code);
}

}  // namespace

Outcome WriteOutcome(const StatementError& error) {
  const bool failed = !error.connection_lost && !error.interrupted &&
                      std::find(kRolledBack.begin(), kRolledBack.end(), error.code) !=
                          kRolledBack.end();
  return FromError(failed ? OutcomeType::kFail : OutcomeType::kInfo, error, ServerClass(error));
}

Outcome ReadOutcome(const StatementError& error) {
  return FromError(OutcomeType::kFail, error, ServerClass(error));
}

std::string ConnectErrorClass(int code, const std::string& text) {
  // The client library gives 2002 for every way in which no connection came about; the operating
  // system's number is in brackets (115, "in progress", is left over when the server refuses).
  const auto has = [&](const char* fragment) { return text.find(fragment) != std::string::npos; };
  if (has("(111)") || has("(115)") || has("Connection refused")) return "connection-refused";
  if (has("(110)") || has("timed out") || has("timeout")) return "connect-timeout";
  if (has("(113)") || has("(101)") || code == 2005) return "unreachable";
  return code > 0 ? std::to_string(code) : "connect-failed";
}

}  // namespace holdfast::workloads::mysql
