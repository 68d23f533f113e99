#include "harness/run/load/rate_limiter.h"

#include <algorithm>

namespace holdfast::run {
namespace {
constexpr Nanos kBurst = std::chrono::milliseconds(100);
}  // namespace

RateLimiter::RateLimiter(Clock& clock, double per_second) : clock_(clock), next_(clock.Now()) {
  if (per_second > 0) interval_ = Nanos(static_cast<int64_t>(1e9 / per_second));
}

Nanos RateLimiter::Reserve() {
  if (interval_ == Nanos{0}) return Nanos{0};
  const Nanos now = clock_.Now();
  const std::lock_guard lock(mutex_);
  const Nanos slot = std::max(next_, now - kBurst);
  next_ = slot + interval_;
  return std::max(slot - now, Nanos{0});
}

}  // namespace holdfast::run
