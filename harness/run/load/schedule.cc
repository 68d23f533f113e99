#include "harness/run/load/schedule.h"

#include <algorithm>

namespace holdfast::run {
namespace {
constexpr Nanos kBurst = std::chrono::milliseconds(100);
}  // namespace

Schedule::Schedule(Clock& clock, double per_second, Loop loop)
    : clock_(clock),
      loop_(loop),
      next_(clock.Now()) {
  if (per_second > 0) interval_ = Nanos(static_cast<int64_t>(1e9 / per_second));
}

Schedule::Slot Schedule::Take() {
  const Nanos now = clock_.Now();
  if (interval_ == Nanos{0}) return {now, Nanos{0}};
  const std::lock_guard lock(mutex_);
  const Nanos due = loop_ == Loop::kOpen ? next_ : std::max(next_, now - kBurst);
  next_ = due + interval_;
  // In a closed loop a late operation is one that begins now.
  return {loop_ == Loop::kOpen ? due : std::max(due, now), std::max(due - now, Nanos{0})};
}

Nanos Schedule::Restart() {
  const std::lock_guard lock(mutex_);
  const Nanos now = clock_.Now();
  next_ = now;
  return now;
}

}  // namespace holdfast::run
