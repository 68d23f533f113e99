// What an engine found wrong: the kind of contradiction and the operations that make it.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_VIOLATION_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_VIOLATION_H_

#include <cstdint>
#include <vector>

#include "harness/check/history/values.h"

namespace holdfast::check::history {

struct Violation {
  enum class Type : uint8_t {
    kPhantom,      // ops[0] saw, or expected and found, a value that nobody wrote.
    kFuture,       // ops[0] had its answer before ops[1], which wrote the value, was sent.
    kTwoCas,       // ops[0] and ops[1] both replaced the same value.
    kCasCycle,     // Compare-and-swaps that each need another one before it.
    kChain,        // By the chain of swaps ops[0] is before ops[1], yet ops[1] ended before it began.
    kOrder,        // ops[0] ended before ops[1] began, so value(ops[0]) is before value(ops[1]); and
                   // ops[2] ended before ops[3] began, so it is after.
    kNoOrder,      // ops[0] fits into no order; the others are what it was tried against.
    kTwoOwners,    // ops[0] and ops[1] both claim to have made one revision.
    kBackwards,    // ops[0] began after ops[1] had ended, and answered an older revision.
    kWrongState,   // ops[0] saw something else than its revision holds; ops[1] made that, if any.
    kWrongOrigin,  // ops[0] saw a value at a revision that ops[1], its writer, did not make.
    kHole,         // A revision before ops[0] that no write can have made.
    kVersion,      // ops[0] saw a version that the writes of its key do not add up to.
  };
  Type type = Type::kPhantom;
  std::vector<uint32_t> ops;  // Into History::ops.
  uint32_t value = kNone;     // What kWrongState expected; the state of kNoOrder.
  int64_t revision = 0;
  // States in which the operation of kNoOrder was tried; kNone is "one that no read shows".
  std::vector<uint32_t> states;
};

enum class Decision : uint8_t {
  kLinearizable,
  kViolated,
  kNotApplicable,  // Not for this engine.
  kLimit,          // Given up.
};

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_VIOLATION_H_
