// A small counterexample out of a history that fits no order.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_MINIMISE_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_MINIMISE_H_

#include <span>
#include <vector>

#include "harness/check/history/frontier.h"

namespace holdfast::check::history {

// `ops` of one register are not linearizable, and `failed` is what does not fit. Leaves out, as long
// as the rest still is not linearizable: what began after `failed` ended; single reads; single
// values with everything that writes or sees them (a swap away from such a value becomes a write).
// Each of these keeps a linearizable history linearizable, so what remains contradicts itself for
// the same reason, not because something was left out. The last operation is the one that fits
// nowhere. `budget` bounds the operations looked at over all tries.
std::vector<Op> Minimise(std::span<const Op> ops,
                         uint32_t initial,
                         uint32_t failed,
                         Frontier& frontier,
                         int64_t budget = 2'000'000);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_MINIMISE_H_
