// When a probe runs next and what its answers mean: Kubernetes' thresholds, without doing anything.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_PROBE_STATE_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_PROBE_STATE_H_

#include <optional>

#include "harness/base/clock.h"
#include "harness/base/json.h"

namespace holdfast::sandbox::node {

struct ProbeSettings {
  Nanos initial_delay{0};
  Nanos period = std::chrono::seconds(10);
  Nanos timeout = std::chrono::seconds(1);
  int success_threshold = 1;
  int failure_threshold = 3;
  // Until the first success the probe runs every 100 ms, and a failure counts only once a period:
  // a start is noticed at once, yet never given up earlier than the thresholds say.
  bool fast = false;
};
// From a probe of a container's spec, with Kubernetes' defaults.
ProbeSettings ParseProbe(const Json& probe, bool fast);

// Not thread-safe. `since` is when the probe became active: the container's start or, for readiness
// and liveness behind a startup probe, that probe's success.
class ProbeState {
 public:
  ProbeState(const ProbeSettings& settings, Nanos since)
      : settings_(settings),
        next_(since + settings.initial_delay) {}
  // When it is to run next.
  [[nodiscard]] Nanos next() const { return next_; }
  struct Answer {
    bool counted = false;         // False for a fast retry that stands for nothing.
    std::optional<bool> verdict;  // Set when a threshold was reached: healthy or not.
  };
  // An attempt that began at `began` gave `success`.
  Answer Record(bool success, Nanos began);

 private:
  ProbeSettings settings_;
  Nanos next_;
  std::optional<Nanos> last_counted_;
  int successes_ = 0;
  int failures_ = 0;
  bool succeeded_once_ = false;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_PROBE_STATE_H_
