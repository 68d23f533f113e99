#include "harness/run/load/watchdog.h"

namespace holdfast::run {

Watchdog::~Watchdog() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::Start() {
  if (thread_.joinable()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    while (clock_.SleepFor(std::chrono::milliseconds(10), stop))
      Sweep();
  });
}

void Watchdog::Sweep() {
  const Nanos now = clock_.Now();
  // Interrupt never blocks, so it may run under the lock that keeps the session alive.
  const std::lock_guard lock(mutex_);
  for (auto it = watched_.begin(); it != watched_.end();) {
    if (it->second.at > now) {
      ++it;
      continue;
    }
    it->second.session->Interrupt();
    it = watched_.erase(it);
  }
}

Watchdog::Guard::Guard(Watchdog& watchdog, workloads::Session& session, Nanos deadline)
    : watchdog_(watchdog) {
  const Nanos at = watchdog.clock_.Now() + deadline;
  const std::lock_guard lock(watchdog_.mutex_);
  id_ = watchdog_.next_id_++;
  watchdog_.watched_.emplace_hint(watchdog_.watched_.end(), id_, Watched{&session, at});
}

Watchdog::Guard::~Guard() {
  const std::lock_guard lock(watchdog_.mutex_);
  watchdog_.watched_.erase(id_);
}

}  // namespace holdfast::run
