// The watchdog: whom it interrupts, and whom it leaves alone.
#include "harness/run/load/watchdog.h"

#include <future>
#include <optional>

#include <gtest/gtest.h>

#include "tests/unit/run_load/fake_workload.h"

namespace holdfast::run {
namespace {

class CountingSession : public workloads::Session {
 public:
  workloads::Outcome Execute(const workloads::Operation&) override { return {}; }
  workloads::Outcome CaughtUp(const Json&) override { return {}; }
  workloads::Outcome Position() override { return {}; }
  Result<Json> Probe() override { return Json(); }
  void Interrupt() override { ++interrupts; }
  int interrupts = 0;
};

TEST(WatchdogTest, InterruptsOnceWhenTheDeadlineHasPassed) {
  FakeClock clock;
  Watchdog watchdog(clock);
  CountingSession late;
  CountingSession early;
  const Watchdog::Guard first(watchdog, late, std::chrono::seconds(1));
  const Watchdog::Guard second(watchdog, early, std::chrono::seconds(3));
  watchdog.Sweep();
  EXPECT_EQ(late.interrupts, 0);
  clock.Advance(std::chrono::seconds(1));
  watchdog.Sweep();
  watchdog.Sweep();
  EXPECT_EQ(late.interrupts, 1);
  EXPECT_EQ(early.interrupts, 0);
}

TEST(WatchdogTest, FinishedOperationIsLeftAlone) {
  FakeClock clock;
  Watchdog watchdog(clock);
  CountingSession session;
  std::optional<Watchdog::Guard> guard(std::in_place, watchdog, session, std::chrono::seconds(1));
  guard.reset();
  clock.Advance(std::chrono::seconds(9));
  watchdog.Sweep();
  EXPECT_EQ(session.interrupts, 0);
}

TEST(WatchdogTest, FrozenNodeEndsAsInfoWithClassDeadline) {
  FakeClock clock;
  FakeLoad load(clock);
  load.cluster.SetFrozen(true);
  Client client(load.context, 0, 10);
  auto pending = std::async(std::launch::async, [&] { return client.Add("n-0", "w0", 1); });
  load.cluster.WaitForHanging();
  load.watchdog.Sweep();  // Not yet.
  clock.Advance(load.context.deadline);
  load.watchdog.Sweep();
  EXPECT_EQ(pending.get().type, workloads::OutcomeType::kInfo);
  EXPECT_EQ(load.Lines().back()["error"][0], "deadline");
  EXPECT_EQ(load.Lines().back()["time"], load.context.deadline.count());
}

}  // namespace
}  // namespace holdfast::run
