// The error table: what each SQLSTATE says about a write, and what libpq's texts mean.
#include "workloads/postgres/outcome.h"

#include <gtest/gtest.h>

namespace holdfast::workloads::postgres {
namespace {

StatementError Error(const char* sqlstate, bool lost, bool interrupted = false) {
  StatementError error;
  error.sqlstate = sqlstate;
  error.text = "why";
  error.connection_lost = lost;
  error.interrupted = interrupted;
  return error;
}

TEST(OutcomeTest, WritesByTheTable) {
  struct Row {
    const char* sqlstate;
    bool lost;
    OutcomeType type;
    const char* error_class;
  };
  constexpr OutcomeType kFail = OutcomeType::kFail;
  constexpr OutcomeType kInfo = OutcomeType::kInfo;
  const Row rows[] = {
      {"40001", false, kFail, "40001"},
      {"40P01", false, kFail, "40P01"},
      {"40003", false, kInfo, "40003"},  // statement_completion_unknown
      {"25006", false, kFail, "25006"},
      {"23505", false, kFail, "23505"},
      {"42P01", false, kFail, "42P01"},
      {"53100", false, kFail, "53100"},
      {"57014", false, kFail, "57014"},
      {"53100", true, kInfo, "53100"},  // A PANIC may come after the commit record.
      {"40001", true, kInfo, "40001"},
      {"57P01", true, kInfo, "57P01"},
      {"57P02", true, kInfo, "57P02"},
      {"57P01", false, kInfo, "57P01"},
      {"08006", true, kInfo, "08006"},
      {"08P01", false, kInfo, "08P01"},
      {"XX000", false, kInfo, "XX000"},
      {"58030", false, kInfo, "58030"},
      {"", true, kInfo, "connection-lost"},
      {"", false, kInfo, "client-error"},
      {"4", false, kInfo, "4"},
  };
  for (const Row& row : rows) {
    const Outcome outcome =
        WriteOutcome(Error(row.sqlstate, row.lost));
    EXPECT_EQ(outcome.type, row.type) << row.sqlstate;
    EXPECT_EQ(outcome.error_class, row.error_class);
    EXPECT_EQ(outcome.connection_lost, row.lost);
    EXPECT_EQ(outcome.error, "why");
    // A read has no effect, whatever happened.
    EXPECT_EQ(
        ReadOutcome(Error(row.sqlstate, row.lost)).type,
        kFail);
  }
}

TEST(OutcomeTest, InterruptedWriteIsInfoWithClassDeadline) {
  const Outcome outcome =
      WriteOutcome(Error("40001", true, true));
  EXPECT_EQ(outcome.type, OutcomeType::kInfo);
  EXPECT_EQ(outcome.error_class, "deadline");
  EXPECT_EQ(ReadOutcome(Error("", true, true))
                .error_class,
            "deadline");
}

TEST(OutcomeTest, ConnectErrors) {
  struct Row {
    const char* text;
    const char* error_class;
  };
  const Row rows[] = {
      {"connection to server at \"10.0.0.1\", port 5432 failed: Connection refused\n\tIs the ...",
       "connection-refused"},
      {"connection to server at \"10.0.0.1\", port 5432 failed: timeout expired",
       "connect-timeout"},
      {"connection ... failed: No route to host", "unreachable"},
      {"FATAL:  the database system is starting up", "57P03"},
      {"FATAL:  password authentication failed for user \"postgres\"", "28P01"},
      {"FATAL:  sorry, too many clients already", "53300"},
      {"something new", "connect-failed"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(ConnectErrorClass(row.text), row.error_class);
}

TEST(OutcomeTest, SqlstateOfVerboseMessages) {
  EXPECT_EQ(SqlstateOf("FATAL:  57P01: terminating connection"), "57P01");
  EXPECT_EQ(SqlstateOf("ERROR:  40001: conflict"), "40001");
  for (const char* text : {"", "FATAL:  ", "FATAL:  57P01", "FATAL:  terminating connection",
                           "WARNING:  57P01: no", "server closed the connection"})
    EXPECT_EQ(SqlstateOf(text), "") << text;
}

}  // namespace
}  // namespace holdfast::workloads::postgres
