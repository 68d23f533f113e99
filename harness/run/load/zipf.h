// Which of several keys the next operation is for: evenly, or a few more often than the rest.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_ZIPF_H_
#define HOLDFAST_HARNESS_RUN_LOAD_ZIPF_H_

#include <vector>

#include "harness/base/random.h"

namespace holdfast::run {

// Zipf's law over ranks 0..count-1: rank k has weight 1/(k+1)^exponent (Knuth, TAOCP 3, 6.1). Exponent
// 0 is even, 0.99 is YCSB's default. By its cumulative table, so exact, and O(log count) a draw.
class Zipf {
 public:
  // REQUIRES count > 0, exponent >= 0.
  Zipf(size_t count, double exponent);
  // The same everywhere for the same state of `random`.
  [[nodiscard]] size_t Draw(Random& random) const;

 private:
  std::vector<double> cumulative_;  // The last is 1.
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_ZIPF_H_
