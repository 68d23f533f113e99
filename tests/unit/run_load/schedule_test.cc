// When operations are due, in both kinds of loop, and how their latency counts.
#include "harness/run/load/schedule.h"

#include <gtest/gtest.h>

#include "tests/unit/run_load/fake_workload.h"

namespace holdfast::run {
namespace {

constexpr Nanos kStep = std::chrono::milliseconds(10);

TEST(ScheduleTest, SlotsAreEvenAndAClosedLoopDoesNotMakeUpForAPause) {
  FakeClock clock;
  Schedule schedule(clock, 100);
  EXPECT_EQ(schedule.Take().wait, Nanos{0});
  EXPECT_EQ(schedule.Take().wait, kStep);
  EXPECT_EQ(schedule.Take().wait, 2 * kStep);
  clock.Advance(std::chrono::seconds(60));
  int at_once = 0;
  while (schedule.Take().wait == Nanos{0})
    ++at_once;
  EXPECT_EQ(at_once, 11);  // 100 ms of missed slots and the present one.
}

TEST(ScheduleTest, NoRateMeansNoWaiting) {
  FakeClock clock;
  Schedule schedule(clock, 0);
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(schedule.Take().wait, Nanos{0});
}

TEST(ScheduleTest, InAnOpenLoopEverySlotComesAndTellsWhenItWasDue) {
  FakeClock clock;
  Schedule schedule(clock, 100, Loop::kOpen);
  EXPECT_EQ(schedule.Take().due, Nanos{0});
  clock.Advance(std::chrono::seconds(1));  // Everybody was busy.
  for (int i = 1; i <= 100; ++i) {
    const Schedule::Slot slot = schedule.Take();
    EXPECT_EQ(slot.due, i * kStep);
    EXPECT_EQ(slot.wait, Nanos{0});
  }
  EXPECT_EQ(schedule.Take().wait, kStep);
  clock.Advance(std::chrono::seconds(9));
  EXPECT_EQ(schedule.Restart(), std::chrono::seconds(10));
  EXPECT_EQ(schedule.Take().due, std::chrono::seconds(10)) << "a pause of ours owes nothing";
}

// The stall of one operation is in the latency of those that were due in the meantime.
TEST(ScheduleTest, LatencyCountsFromWhenAnOperationWasDue) {
  FakeClock clock;
  FakeLoad load(clock);
  Latency latency;
  load.context.latency = &latency;
  Client client(load.context, 0, 10);
  clock.Advance(std::chrono::seconds(5));
  client.Due(std::chrono::seconds(2));
  client.Add("n-0", "w0", 1);
  client.Add("n-0", "w0", 2);
  EXPECT_EQ(latency.count(), 2);
  EXPECT_EQ(latency.Percentile(100), std::chrono::seconds(3));
  EXPECT_EQ(latency.Percentile(50), Nanos{0});
  const std::vector<Json> lines = load.Lines();
  EXPECT_EQ(GetInt(lines[0], {"due"}), 2'000'000'000);
  EXPECT_EQ(GetInt(lines[0], {"time"}), 5'000'000'000);
  EXPECT_FALSE(lines[1].contains("due"));
  EXPECT_FALSE(lines[2].contains("due")) << "it was for one operation";
}

TEST(ScheduleTest, FailedOperationsAreNotInTheLatency) {
  FakeClock clock;
  FakeLoad load(clock);
  Latency latency;
  load.context.latency = &latency;
  load.cluster.SetRefusing("n-0", true);
  Client client(load.context, 0, 10);
  client.Add("n-0", "w0", 1);
  EXPECT_EQ(latency.count(), 0);
}

}  // namespace
}  // namespace holdfast::run
