// Exponential back-off with jitter: how long to wait before the next try.
#ifndef HOLDFAST_HARNESS_KUBE_BACKOFF_H_
#define HOLDFAST_HARNESS_KUBE_BACKOFF_H_

#include <algorithm>

#include "harness/base/clock.h"
#include "harness/base/random.h"

namespace holdfast::kube {

// The k-th delay after a Reset is uniform in [b, 1.5 b) with b = first * 2^k, never above `most`.
// The jitter keeps the watches of many resources from coming back all at once. Not thread-safe.
class Backoff {
 public:
  Backoff(Random random, Nanos first, Nanos most)
      : random_(random),
        first_(first),
        most_(most),
        base_(first) {}

  Nanos Next() {
    const auto half = static_cast<uint64_t>(base_.count() / 2) + 1;
    const Nanos delay = base_ + Nanos(static_cast<int64_t>(random_.Below(half)));
    base_ = std::min(base_ * 2, most_);
    return std::min(delay, most_);
  }
  void Reset() { base_ = first_; }

 private:
  Random random_;
  Nanos first_;
  Nanos most_;
  Nanos base_;
};

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_BACKOFF_H_
