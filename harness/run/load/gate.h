// Lets operations through or holds them back, and knows when none is under way.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_GATE_H_
#define HOLDFAST_HARNESS_RUN_LOAD_GATE_H_

#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace holdfast::run {

// Thread-safe. What happened between Enter and Leave is visible to the thread that Close returns
// to.
class Gate {
 public:
  // Blocks while the gate is closed. False when stopped; then Leave is not called.
  bool Enter(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    // To wait with a stop token costs a registration with all the others.
    if (!open_ && !changed_.wait(lock, stop, [this] { return open_; })) return false;
    if (stop.stop_requested()) return false;
    ++inside_;
    return true;
  }
  void Leave() {
    const std::lock_guard lock(mutex_);
    if (--inside_ == 0 && !open_) changed_.notify_all();
  }
  // Returns when nobody is inside.
  void Close() {
    std::unique_lock lock(mutex_);
    open_ = false;
    changed_.wait(lock, [this] { return inside_ == 0; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool open_ = true;
  int inside_ = 0;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_GATE_H_
