#include "harness/run/load/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace holdfast::run {

size_t Latency::Index(uint64_t nanos) {
  const int width = static_cast<int>(std::bit_width(nanos));
  if (width <= kSubBits) return nanos;
  // The bits below the leading one choose the bucket within the power of two.
  const int shift = width - 1 - kSubBits;
  return (static_cast<size_t>(shift + 1) << kSubBits) +
         ((nanos >> shift) & ((uint64_t{1} << kSubBits) - 1));
}

uint64_t Latency::UpperBound(size_t index) {
  const size_t power = index >> kSubBits;
  const uint64_t rest = index & ((size_t{1} << kSubBits) - 1);
  if (power == 0) return rest;
  const size_t shift = power - 1;
  return (((uint64_t{1} << kSubBits) + rest + 1) << shift) - 1;
}

void Latency::Add(Nanos duration) {
  const int64_t nanos = std::max<int64_t>(duration.count(), 0);
  ++buckets_[Index(static_cast<uint64_t>(nanos))];
  ++count_;
  int64_t max = max_;
  while (nanos > max && !max_.compare_exchange_weak(max, nanos)) {
  }
}

Nanos Latency::Percentile(double percent) const {
  const int64_t all = count_;
  const auto wanted = std::max<int64_t>(
      static_cast<int64_t>(std::ceil(percent / 100 * static_cast<double>(all))), 1);
  int64_t seen = 0;
  for (size_t index = 0; index < buckets_.size(); ++index) {
    seen += buckets_[index];
    if (seen >= wanted && all > 0)
      return Nanos(std::min(static_cast<int64_t>(UpperBound(index)), max_.load()));
  }
  return Nanos(max_.load());
}

Json Latency::ToJson() const {
  const auto milliseconds = [](Nanos time) {
    return std::round(static_cast<double>(time.count()) / 1e3) / 1e3;
  };
  return {{"count", count()},
          {"p50", milliseconds(Percentile(50))},
          {"p90", milliseconds(Percentile(90))},
          {"p99", milliseconds(Percentile(99))},
          {"p999", milliseconds(Percentile(99.9))},
          {"max", milliseconds(Nanos(max_.load()))}};
}

}  // namespace holdfast::run
