// When operations are to begin: a total rate over all clients.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_SCHEDULE_H_
#define HOLDFAST_HARNESS_RUN_LOAD_SCHEDULE_H_

#include <mutex>

#include "harness/base/clock.h"

namespace holdfast::run {

enum class Loop {
  // A client begins its next operation when the last one has ended; missed slots are lost (a token
  // bucket in its virtual-scheduling form, GCRA, ITU-T I.371).
  kClosed,
  // Operations are due at fixed times whatever the server does; one that finds no free client waits,
  // and its latency counts from when it was due, so that a stall is not hidden by clients that wait
  // with it (coordinated omission; Tene, "How NOT to Measure Latency"; wrk2).
  kOpen,
};

// Thread-safe.
class Schedule {
 public:
  // `per_second` 0 or less means no limit, which only a closed loop has.
  Schedule(Clock& clock, double per_second, Loop loop = Loop::kClosed);
  struct Slot {
    Nanos due;   // On the clock; in the past for an operation that is late.
    Nanos wait;  // Until then, not negative.
  };
  // Takes the next slot. A closed loop makes up for at most 100 ms of missed ones.
  Slot Take();
  // After a pause of the load's own nothing is due that was not done in it. Returns the time.
  Nanos Restart();

 private:
  Clock& clock_;
  const Loop loop_;
  Nanos interval_{0};
  std::mutex mutex_;
  Nanos next_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_SCHEDULE_H_
