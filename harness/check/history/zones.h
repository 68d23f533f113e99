// Linearizability of one register whose written values are unique, in O(n log n) whatever the
// number of clients and of crashed operations.
//
// All operations on a value form a block; compare-and-swaps chain blocks into units, inside of which
// the order is forced. Unit X must be before Y when some operation of X ended before one of Y began;
// a history is linearizable if and only if no two units must each be before the other (zones:
// Gibbons and Korach, SIAM J. Comput. 1997; Golab, Li and Shah, PODC 2011; here with chains of
// compare-and-swaps and operations of unknown outcome).
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_ZONES_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_ZONES_H_

#include <span>
#include <vector>

#include "harness/check/history/model.h"
#include "harness/check/history/violation.h"

namespace holdfast::check::history {

struct ZonesResult {
  Decision decision = Decision::kLinearizable;
  Violation violation;    // When violated.
  int64_t unobserved = 0; // Crashed operations that nobody saw: they decide nothing.
};

// Keeps its memory from key to key. Not thread-safe.
class Zones {
 public:
  // Operations of one key in the order of invocation: kRead that are ok, kWrite and kCas that are ok
  // or info. kNotApplicable when a value is written twice or another kind occurs.
  ZonesResult Check(std::span<const Op> ops, uint32_t initial);

 private:
  static constexpr int32_t kNobody = -1;
  struct Block {
    int64_t write_start = 0;
    int64_t write_finish = 0;
    int64_t least_read_finish = kNever;
    int64_t greatest_read_start = 0;
    int32_t writer = kNobody;  // Position in ops.
    int32_t next = kNobody;
    int32_t previous = kNobody;
    bool effective = false;
  };
  struct Unit {
    int64_t finish = 0;  // Least.
    int64_t start = 0;   // Greatest.
    int32_t root = 0;
  };
  bool MakeBlocks(std::span<const Op> ops, uint32_t initial);
  bool TakeReads(std::span<const Op> ops, ZonesResult& result);
  bool LinkChains(std::span<const Op> ops, ZonesResult& result);
  bool MakeUnits(std::span<const Op> ops, ZonesResult& result);
  bool OrderUnits(std::span<const Op> ops, ZonesResult& result);
  void ExplainOrder(std::span<const Op> ops, int32_t x, int32_t y, Violation& violation) const;
  void ExplainChain(std::span<const Op> ops, int32_t block, Violation& violation) const;
  [[nodiscard]] int32_t RootOf(int32_t block) const;
  [[nodiscard]] int32_t BlockOf(const Op& op) const;
  int32_t& Slot(uint32_t value);

  std::vector<Block> blocks_;
  std::vector<Unit> units_;
  std::vector<std::pair<int64_t, int32_t>> greatest_;  // Prefix maximum of start, and its owner.
  std::vector<int32_t> block_of_;                      // By value; kNobody outside of Check.
  std::vector<uint32_t> used_;                         // Values that stand in block_of_.
  std::vector<int32_t> work_;
};

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_ZONES_H_
