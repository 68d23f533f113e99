// Ends operations on servers that have stopped answering: one thread that interrupts every session
// whose operation is past its deadline.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_WATCHDOG_H_
#define HOLDFAST_HARNESS_RUN_LOAD_WATCHDOG_H_

#include <map>
#include <mutex>
#include <thread>

#include "harness/base/clock.h"
#include "workloads/workload.h"

namespace holdfast::run {

// Thread-safe.
class Watchdog {
 public:
  explicit Watchdog(Clock& clock) : clock_(clock) {}
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Starts the thread, which looks every 10 ms; it ends with the watchdog.
  void Start();
  // Interrupts what is overdue now, each operation once.
  void Sweep();

  // Watches one operation for as long as it lives. Destroyed before the session, so that the
  // session cannot vanish under Interrupt and a late interrupt cannot hit the next operation.
  class Guard {
   public:
    Guard(Watchdog& watchdog, workloads::Session& session, Nanos deadline);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Watchdog& watchdog_;
    uint64_t id_;
  };

 private:
  struct Watched {
    workloads::Session* session;
    Nanos at;
  };

  Clock& clock_;
  std::mutex mutex_;
  uint64_t next_id_ = 0;
  std::map<uint64_t, Watched> watched_;
  std::jthread thread_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_WATCHDOG_H_
