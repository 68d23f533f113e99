// What an error number says about an operation (MySQL Error Message Reference; MariaDB shares the
// numbers).
#ifndef HOLDFAST_WORKLOADS_MYSQL_OUTCOME_H_
#define HOLDFAST_WORKLOADS_MYSQL_OUTCOME_H_

#include <string>

#include "workloads/call_error.h"

namespace holdfast::workloads::mysql {

struct StatementError : CallError {
  int code = 0;  // 0 when the client library did not say.
  std::string sqlstate;
};

// kFail only when the server certainly rolled back and went on serving the connection; an error
// during COMMIT (1180), an interrupted statement (1317), a shutdown (1053) and every lost connection
// are kInfo, as is whatever is not known here.
Outcome WriteOutcome(const StatementError& error);
// Always kFail: a read has no effect.
Outcome ReadOutcome(const StatementError& error);
// "connection-refused", "connect-timeout", "unreachable", or the number ("1045", "1040").
std::string ConnectErrorClass(int code, const std::string& text);

}  // namespace holdfast::workloads::mysql

#endif  // HOLDFAST_WORKLOADS_MYSQL_OUTCOME_H_
