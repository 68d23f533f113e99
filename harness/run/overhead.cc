#include "harness/run/overhead.h"

#include <sys/resource.h>

#include <algorithm>
#include <numeric>

#include "harness/observe/recorder.h"

namespace holdfast::run {

void Overhead::RequestLeaves(const Clock& clock) {
  const std::optional<Nanos> received = observe::TakeWakeTime();
  if (!received) return;
  const std::lock_guard lock(mutex_);
  samples_.push_back(clock.Now() - *received);
}

Json Overhead::ToJson(Nanos wall) const {
  std::vector<Nanos> sorted;
  {
    const std::lock_guard lock(mutex_);
    sorted = samples_;
  }
  std::sort(sorted.begin(), sorted.end());
  const Nanos sum = std::accumulate(sorted.begin(), sorted.end(), Nanos{0});
  const Nanos p99 = sorted.empty() ? Nanos{0} : sorted[(sorted.size() * 99 + 99) / 100 - 1];
  const auto seconds = [](Nanos time) { return std::chrono::duration<double>(time).count(); };
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return {{"cpuSeconds", of(used.ru_utime) + of(used.ru_stime)},
          {"peakMemoryMiB", used.ru_maxrss / 1024},
          {"waits", sorted.size()},
          {"sumSeconds", seconds(sum)},
          {"p99Milliseconds", seconds(p99) * 1000},
          {"share", wall > Nanos{0} ? seconds(sum) / seconds(wall) : 0.0}};
}

}  // namespace holdfast::run
