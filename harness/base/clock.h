// The only door to time: durations are measured on the monotonic clock, wall time is for people and
// for comparing with a server's stamps. Tests hand in a FakeClock.
#ifndef HOLDFAST_HARNESS_BASE_CLOCK_H_
#define HOLDFAST_HARNESS_BASE_CLOCK_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace holdfast {

using Nanos = std::chrono::nanoseconds;

// Thread-safe.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  // Monotonic; the origin is arbitrary but fixed for the process.
  [[nodiscard]] virtual Nanos Now() const = 0;
  // Nanoseconds since the Unix epoch.
  [[nodiscard]] virtual Nanos Wall() const = 0;
  // Blocks for `duration` or until `stop`. Returns false when it was stopped.
  virtual bool SleepFor(Nanos duration, std::stop_token stop) = 0;
};

// The machine's clock; one instance for the process.
Clock& SystemClock();

// Stands still until a test moves it; SleepFor moves it at once and returns.
class FakeClock : public Clock {
 public:
  [[nodiscard]] Nanos Now() const override;
  [[nodiscard]] Nanos Wall() const override;
  bool SleepFor(Nanos duration, std::stop_token stop) override;
  void Advance(Nanos duration);

 private:
  mutable std::mutex mutex_;
  Nanos now_{0};
};

// A point on a clock after which waiting is pointless.
class Deadline {
 public:
  Deadline(const Clock& clock, Nanos from_now) : clock_(&clock), at_(clock.Now() + from_now) {}
  [[nodiscard]] bool Passed() const { return clock_->Now() >= at_; }
  // Never negative.
  [[nodiscard]] Nanos Left() const {
    const Nanos left = at_ - clock_->Now();
    return left > Nanos{0} ? left : Nanos{0};
  }

 private:
  const Clock* clock_;
  Nanos at_;
};

}  // namespace holdfast

#endif  // HOLDFAST_HARNESS_BASE_CLOCK_H_
