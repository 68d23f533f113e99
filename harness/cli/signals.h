// SIGINT and SIGTERM become a stop request; a run then undoes what it did.
#ifndef HOLDFAST_HARNESS_CLI_SIGNALS_H_
#define HOLDFAST_HARNESS_CLI_SIGNALS_H_

#include <atomic>
#include <stop_token>
#include <thread>

namespace holdfast::cli {

// To be made before any other thread, because it blocks the signals for all threads made later.
// Repeated signals change nothing: undoing goes on.
class StopOnSignals {
 public:
  StopOnSignals();
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;
  ~StopOnSignals() = default;
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  // SIGINT, SIGTERM, or 0 when none came.
  [[nodiscard]] int signal() const { return signal_; }

 private:
  std::stop_source source_;
  std::atomic<int> signal_{0};
  std::jthread waiter_;
};

}  // namespace holdfast::cli

#endif  // HOLDFAST_HARNESS_CLI_SIGNALS_H_
