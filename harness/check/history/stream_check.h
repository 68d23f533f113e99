// Linearizability of registers while the file is read: memory is bounded by keys, clients and crashed
// writes that nobody saw. For histories too long to be held.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_STREAM_CHECK_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_STREAM_CHECK_H_

#include <filesystem>
#include <string>

#include "harness/base/result.h"
#include "harness/check/history/violation.h"

namespace holdfast::check::history {

struct StreamReport {
  // kNotApplicable: something occurred that needs the whole history; `sentence` says what.
  Decision decision = Decision::kLinearizable;
  Violation::Type type = Violation::Type::kOrder;  // Of kViolated.
  std::string sentence;   // The first violation, or why it is not applicable.
  int64_t line = 0;       // Where it became visible.
  int64_t operations = 0; // That were answered.
  int64_t keys = 0;
  int64_t crashed = 0;
  size_t peak = 0;        // Most values of one key held at once.
  int64_t damaged = 0;    // Lines.
  std::string damage;     // The first of them.
};

// Reads JSON lines whose operations are reads, writes and compare-and-swaps of unique integers. An
// error when the file cannot be read or is no history.
Result<StreamReport> StreamRegisters(const std::filesystem::path& path);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_STREAM_CHECK_H_
