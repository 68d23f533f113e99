#include "harness/base/clock.h"

namespace holdfast {
namespace {

class MachineClock : public Clock {
 public:
  [[nodiscard]] Nanos Now() const override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }
  [[nodiscard]] Nanos Wall() const override {
    return std::chrono::system_clock::now().time_since_epoch();
  }
  bool SleepFor(Nanos duration, std::stop_token stop) override {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, duration, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

Clock& SystemClock() {
  static MachineClock clock;
  return clock;
}

Nanos FakeClock::Now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}
Nanos FakeClock::Wall() const { return Now() + std::chrono::hours(24 * 365 * 50); }
bool FakeClock::SleepFor(Nanos duration, std::stop_token stop) {
  Advance(duration);
  return !stop.stop_requested();
}
void FakeClock::Advance(Nanos duration) {
  const std::lock_guard lock(mutex_);
  now_ += duration;
}

}  // namespace holdfast
