// Linearizability of registers and texts: chooses the engine for each key and collects what they
// found.
//
//   zones     written values are unique (the rule): linear, whatever the concurrency
//   replay    answers carry revisions: the whole store at once, beside the zones
//   frontier  everything else: exact, given up at a limit
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_REGISTERS_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_REGISTERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "harness/check/history/frontier.h"
#include "harness/check/history/model.h"
#include "harness/check/history/violation.h"

namespace holdfast::check::history {

struct KeyViolation {
  uint32_t key = 0;  // Into History::keys.
  const char* engine = "";
  Violation violation;
};

struct RegisterReport {
  std::vector<KeyViolation> violations;  // One per violated key, at most kMostViolations.
  int64_t violated_keys = 0;
  std::vector<std::string> undecided;  // One clause per key that was given up, at most kMostViolations.
  int64_t undecided_keys = 0;
  int64_t keys = 0;
  int64_t operations = 0;  // That were judged, crashed ones included.
  int64_t crashed = 0;
  int64_t unobserved = 0;  // Crashed and seen by nobody.
  int64_t by_zones = 0;    // Keys.
  int64_t by_search = 0;   // Keys.
  int64_t replayed = 0;    // Operations.
  int64_t holes = 0;       // Revisions without an owner in the record.
  uint64_t steps = 0;      // Of the search.
  size_t peak = 0;         // Of the search.
};
inline constexpr size_t kMostViolations = 20;

struct RegisterOptions {
  FrontierLimits limits;
  bool minimise = true;  // Counterexamples of the search.
  bool starts_empty = false;  // As History::starts_empty, whatever that says.
};

// Every key starts at nil; of a map of texts (some key is appended to, or it is said to be one) at "",
// which then is the same.
RegisterReport CheckRegisters(const History& history, const RegisterOptions& options);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_REGISTERS_H_
