// What the harness itself costs: the time from receiving the event that ended a wait until the next
// request leaves.
#ifndef HOLDFAST_HARNESS_RUN_OVERHEAD_H_
#define HOLDFAST_HARNESS_RUN_OVERHEAD_H_

#include <mutex>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"

namespace holdfast::run {

// Thread-safe.
class Overhead {
 public:
  // A request is about to be sent by this thread. Counts only when a wait of this thread was ended
  // by an event and nothing was sent since.
  void RequestLeaves(const Clock& clock);
  // {"waits":n,"sumSeconds":s,"p99Milliseconds":ms,"share":sum / wall}, and what the whole process
  // has used so far, recording and load included: "cpuSeconds", "peakMemoryMiB".
  [[nodiscard]] Json ToJson(Nanos wall) const;

 private:
  mutable std::mutex mutex_;
  std::vector<Nanos> samples_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_OVERHEAD_H_
