// Runs controllers over the event stream of the store: on a thread of its own, or step by step for
// tests.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_CONTROLLER_LOOP_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_CONTROLLER_LOOP_H_

#include <memory>
#include <thread>
#include <vector>

#include "harness/base/clock.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"
#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {

// `store` and `clock` must outlive the loop. Controllers take turns, one key each, in the order
// given, and new events are handed out between any two syncs, so that none works on an old view
// for long. A key whose sync took long rests for several times as long before it is due again: what
// happens meanwhile is dealt with in one go, and a set of a thousand pods does not starve the rest.
class ControllerLoop {
 public:
  // `index`, which may be nullptr, is kept up to date before events are handed out; the controllers
  // may refer to it.
  ControllerLoop(Store& store,
                 Clock& clock,
                 std::vector<std::unique_ptr<Controller>> controllers,
                 std::unique_ptr<ClusterIndex> index = nullptr);
  ~ControllerLoop();
  ControllerLoop(const ControllerLoop&) = delete;
  ControllerLoop& operator=(const ControllerLoop&) = delete;

  // Hands out what happened since the last call and does one due sync, if there is one; false when
  // nothing is due. Never waits. Only while no thread runs.
  bool SyncOnce();
  // SyncOnce until nothing is due, at most `limit` times; returns the number of syncs.
  size_t SyncAll(size_t limit = 10000);

  // Runs on a thread of its own until Stop, which waits for it.
  void Start();
  void Stop();

 private:
  struct Member {
    std::unique_ptr<Controller> controller;
    WorkQueue queue;
  };
  void TakeEvents(Nanos wait);
  void ResyncAll();
  void Run(const std::stop_token& stop);
  [[nodiscard]] Nanos UntilDue() const;

  Store& store_;
  Clock& clock_;
  std::unique_ptr<ClusterIndex> index_;  // Before the controllers, which refer to it.
  std::vector<Member> members_;
  size_t turn_ = 0;
  uint64_t seen_ = 0;
  bool started_ = false;
  std::jthread thread_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_CONTROLLER_LOOP_H_
