// A total rate over all clients: a token bucket in its virtual-scheduling form (GCRA, ITU-T I.371).
#ifndef HOLDFAST_HARNESS_RUN_LOAD_RATE_LIMITER_H_
#define HOLDFAST_HARNESS_RUN_LOAD_RATE_LIMITER_H_

#include <mutex>

#include "harness/base/clock.h"

namespace holdfast::run {

// Thread-safe.
class RateLimiter {
 public:
  // `per_second` 0 or less means no limit.
  RateLimiter(Clock& clock, double per_second);
  // Takes the next slot and returns how long to wait for it. After a pause at most 100 ms of missed
  // slots are made up for.
  Nanos Reserve();

 private:
  Clock& clock_;
  Nanos interval_{0};
  std::mutex mutex_;
  Nanos next_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_RATE_LIMITER_H_
