// Linearizability of one object whose values are not unique, exactly.
//
// Goes through the events in the order of time and keeps every configuration that is still possible:
// a state, which open operations have taken effect, and how many crashed operations of each class
// were used (just-in-time linearization: Lowe 2017, and Knossos). What keeps it small: crashed
// operations that look alike are one class with a count; a configuration that used fewer of them
// beats one that used more; a crashed operation is used only when its effect is consumed at once; a
// read takes effect as soon as it can; all states that no read shows are one.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_FRONTIER_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_FRONTIER_H_

#include <cstdint>
#include <memory>
#include <span>

#include "harness/check/history/model.h"
#include "harness/check/history/violation.h"

namespace holdfast::check::history {

struct FrontierLimits {
  size_t configurations = 1U << 20U;  // Per event; about 80 MB.
  uint64_t steps = 100'000'000;       // Per key; some ten seconds.
};

struct FrontierResult {
  Decision decision = Decision::kLinearizable;
  Violation violation;
  uint64_t steps = 0;  // Operations tried on states.
  size_t peak = 0;     // Most configurations kept from one event to the next.
  const char* limit = "";  // For kLimit: which one.
};

// Keeps its memory from key to key. Not thread-safe.
class Frontier {
 public:
  Frontier();
  ~Frontier();
  // Operations of one key in any order: ok reads, refused and successful compare-and-swaps, writes;
  // crashed writes and compare-and-swaps.
  FrontierResult CheckRegister(std::span<const Op> ops,
                               uint32_t initial,
                               const FrontierLimits& limits);
  // A text that is read, replaced (kWrite) and lengthened (kAppend); `values` holds the texts.
  FrontierResult CheckText(std::span<const Op> ops,
                           const Values& values,
                           const FrontierLimits& limits);

 private:
  struct Search;
  std::unique_ptr<Search> search_;
};

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_FRONTIER_H_
