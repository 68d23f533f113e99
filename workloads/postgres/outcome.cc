#include "workloads/postgres/outcome.h"

#include <algorithm>
#include <array>

#include "harness/base/strings.h"

namespace holdfast::workloads::postgres {
namespace {

// Of these classes every ERROR is raised before the commit record is written.
constexpr std::array<std::string_view, 19> kRollbackClasses = {
    "0A", "21", "22", "23", "24", "25", "26", "28", "2B", "2D",
    "2F", "3D", "3F", "40", "42", "44", "53", "54", "55"};

bool CertainlyRolledBack(std::string_view sqlstate) {
  if (sqlstate == "40003") return false;  // statement_completion_unknown
  if (sqlstate == "57014") return true;   // query_canceled
  const std::string_view group = sqlstate.substr(0, 2);
  return std::find(kRollbackClasses.begin(), kRollbackClasses.end(), group) !=
         kRollbackClasses.end();
}

}  // namespace

Outcome WriteOutcome(const StatementError& error) {
  const bool failed =
      !error.connection_lost && !error.interrupted && CertainlyRolledBack(error.sqlstate);
  return FromError(failed ? OutcomeType::kFail : OutcomeType::kInfo, error, error.sqlstate);
}

Outcome ReadOutcome(const StatementError& error) {
  return FromError(OutcomeType::kFail, error, error.sqlstate);
}

std::string ConnectErrorClass(std::string_view text) {
  struct Row {
    std::string_view fragment;
    const char* name;
  };
  static constexpr std::array<Row, 11> kRows = {{
      {"Connection refused", "connection-refused"},
      {"timeout expired", "connect-timeout"},
      {"Connection timed out", "connect-timeout"},
      {"No route to host", "unreachable"},
      {"Network is unreachable", "unreachable"},
      {"could not translate host name", "unreachable"},
      {"starting up", "57P03"},
      {"shutting down", "57P03"},
      {"not yet accepting connections", "57P03"},
      {"password authentication failed", "28P01"},
      {"too many clients", "53300"},
  }};
  for (const Row& row : kRows) {
    if (text.find(row.fragment) != std::string_view::npos) return row.name;
  }
  return "connect-failed";
}

std::string SqlstateOf(std::string_view text) {
  const size_t colon = text.find(":  ");
  if (colon == std::string_view::npos) return "";
  const std::string_view severity = text.substr(0, colon);
  if (severity != "ERROR" && severity != "FATAL" && severity != "PANIC") return "";
  const std::string_view code = text.substr(colon + 3, 5);
  const std::string_view after = text.substr(std::min(colon + 3 + code.size(), text.size()));
  const bool plain = std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
  });
  return code.size() == 5 && plain && after.starts_with(": ") ? std::string(code) : "";
}

std::string FirstLine(std::string_view text) {
  return std::string(Trim(text.substr(0, text.find('\n'))));
}

}  // namespace holdfast::workloads::postgres
