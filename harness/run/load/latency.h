// How long operations took: a histogram of fixed size that any number of clients add to.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_LATENCY_H_
#define HOLDFAST_HARNESS_RUN_LOAD_LATENCY_H_

#include <array>
#include <atomic>

#include "harness/base/clock.h"
#include "harness/base/json.h"

namespace holdfast::run {

// Thread-safe. Buckets grow with the value: every power of two has 32 of them (as in HdrHistogram), so
// that a percentile is at most 3.2 % above the true one.
class Latency {
 public:
  void Add(Nanos duration);
  [[nodiscard]] int64_t count() const { return count_; }
  // The smallest bound that `percent` of the durations do not pass; zero without any.
  [[nodiscard]] Nanos Percentile(double percent) const;
  // {"count","p50","p90","p99","p999","max"}, durations in milliseconds.
  [[nodiscard]] Json ToJson() const;

 private:
  static constexpr int kSubBits = 5;
  static size_t Index(uint64_t nanos);
  static uint64_t UpperBound(size_t index);

  std::array<std::atomic<int64_t>, size_t{64 - kSubBits + 1} << kSubBits> buckets_{};
  std::atomic<int64_t> count_{0};
  std::atomic<int64_t> max_{0};
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_LATENCY_H_
