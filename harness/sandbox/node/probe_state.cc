// The counting behind probes.
#include "harness/sandbox/node/probe_state.h"

#include <algorithm>

namespace holdfast::sandbox::node {
namespace {

constexpr Nanos kFastRetry = std::chrono::milliseconds(100);

}  // namespace

ProbeSettings ParseProbe(const Json& probe, bool fast) {
  const auto seconds = [&](const char* key, int64_t fallback) {
    return Nanos(std::chrono::seconds(std::max<int64_t>(GetInt(probe, {key}, fallback), 0)));
  };
  const auto count = [&](const char* key, int64_t fallback) {
    return static_cast<int>(std::clamp<int64_t>(GetInt(probe, {key}, fallback), 1, 1000000));
  };
  return {.initial_delay = seconds("initialDelaySeconds", 0),
          .period = std::max(seconds("periodSeconds", 10), Nanos(std::chrono::seconds(1))),
          .timeout = std::max(seconds("timeoutSeconds", 1), Nanos(std::chrono::seconds(1))),
          .success_threshold = count("successThreshold", 1),
          .failure_threshold = count("failureThreshold", 3),
          .fast = fast};
}

ProbeState::Answer ProbeState::Record(bool success, Nanos began) {
  const bool fast = settings_.fast && !succeeded_once_ && !success;
  Answer answer;
  answer.counted = success || !fast || !last_counted_ || began - *last_counted_ >= settings_.period;
  if (answer.counted) last_counted_ = began;
  succeeded_once_ = succeeded_once_ || success;
  if (success) {
    failures_ = 0;
    if (++successes_ >= settings_.success_threshold) answer.verdict = true;
  } else {
    successes_ = 0;
    if (answer.counted && ++failures_ >= settings_.failure_threshold) answer.verdict = false;
  }
  // Successes that do not yet reach the threshold come quickly too: a start is what they delay.
  const bool starting = settings_.fast && (!succeeded_once_ || (success && !answer.verdict));
  next_ = began + (starting ? std::min(kFastRetry, settings_.period) : settings_.period);
  return answer;
}

}  // namespace holdfast::sandbox::node
