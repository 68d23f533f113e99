#include "harness/cli/signals.h"

#include <signal.h>

#include <cstdio>

namespace holdfast::cli {

StopOnSignals::StopOnSignals() {
  sigset_t signals{};
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  waiter_ = std::jthread([this, signals](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const timespec patience{0, 100'000'000};
      const int got = sigtimedwait(&signals, nullptr, &patience);
      if (got <= 0) continue;
      int none = 0;
      if (signal_.compare_exchange_strong(none, got == SIGHUP ? SIGTERM : got)) {
        std::fputs("\nstopping: undoing what was done, please wait\n", stderr);
      }
      source_.request_stop();
    }
  });
}

}  // namespace holdfast::cli
