// What a control loop is: events name keys, a sync brings the object behind a key to where it
// should be.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_CONTROLLER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_CONTROLLER_H_

#include <string>
#include <string_view>

#include "harness/base/result.h"
#include "harness/sandbox/controllers/work_queue.h"
#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {

// All calls come from the one thread of the loop that owns the controller. Level-triggered: Sync
// reads the state of the world itself, events say only where to look.
class Controller {
 public:
  Controller() = default;
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;
  virtual ~Controller() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  // Adds the keys that `event` concerns. Never writes to the store.
  virtual void Observe(const StoreEvent& event, WorkQueue& queue) = 0;
  // Adds every key there is: at the start, and after events were missed.
  virtual void Resync(WorkQueue& queue) = 0;
  // Must be repeatable. After an error the key comes back, later each time.
  virtual Status Sync(const std::string& key, WorkQueue& queue) = 0;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_CONTROLLER_H_
