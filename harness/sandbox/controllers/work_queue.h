// The queue of a controller: each key is in it at most once, may be added for later, and comes back
// with exponential delay after an error.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_WORK_QUEUE_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_WORK_QUEUE_H_

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "harness/base/clock.h"

namespace holdfast::sandbox {

// Not thread-safe: it belongs to the thread of its loop. Order is first in, first out.
class WorkQueue {
 public:
  explicit WorkQueue(const Clock& clock) : clock_(clock) {}
  void Add(const std::string& key);
  // Of several times for one key the earliest counts.
  void AddAfter(const std::string& key, Nanos delay);
  // 5 ms, 10 ms, 20 ms, ... (the delays of client-go's rate limiter), at most 5 s.
  void AddRateLimited(const std::string& key);
  // `key` is not due before `duration` has passed, whoever adds it.
  void Rest(const std::string& key, Nanos duration);
  // The next failure of `key` starts at 5 ms again.
  void Forget(const std::string& key) { failures_.erase(key); }
  // The next key that is due.
  std::optional<std::string> Take();
  // How long until something is due: zero when something is, nullopt when nothing is waiting.
  [[nodiscard]] std::optional<Nanos> NextDue() const;

 private:
  void Promote();
  void Delay(const std::string& key, Nanos at);

  const Clock& clock_;
  std::deque<std::string> ready_;
  std::set<std::string> in_ready_;
  std::map<std::string, Nanos> delayed_;             // On the clock's Now().
  std::set<std::pair<Nanos, std::string>> by_time_;  // The same, by time.
  std::map<std::string, Nanos> resting_;             // Until when.
  std::map<std::string, int> failures_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_WORK_QUEUE_H_
