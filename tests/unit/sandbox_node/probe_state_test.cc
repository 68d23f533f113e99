// Thresholds, delays and the fast start of probes, on a clock that stands still.
#include "harness/sandbox/node/probe_state.h"

#include <gtest/gtest.h>

#include "harness/sandbox/node/container_runner.h"

namespace holdfast::sandbox::node {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Moves the clock to each attempt; 'y' succeeds, 'n' fails. Returns one character per attempt:
// '+' healthy, '-' unhealthy, '.' nothing reached, ' ' a retry that does not count.
std::string Play(const ProbeSettings& settings, const std::string& answers, FakeClock& clock) {
  ProbeState state(settings, clock.Now());
  std::string result;
  for (const char answer : answers) {
    clock.Advance(state.next() - clock.Now());
    const ProbeState::Answer got = state.Record(answer == 'y', clock.Now());
    result += !got.counted ? ' ' : !got.verdict ? '.' : *got.verdict ? '+' : '-';
  }
  return result;
}

TEST(ProbeStateTest, ReachesThresholds) {
  struct Row {
    int success, failure;
    std::string answers, expected;
  };
  const std::vector<Row> rows = {
      {1, 3, "y", "+"},       {1, 3, "nnn", "..-"},   {1, 3, "nnynnn", "..+..-"},
      {2, 1, "yyn", ".+-"},   {1, 1, "nyny", "-+-+"}, {2, 3, "ynyy", "...+"},
      {1, 3, "nnnn", "..--"},
  };
  for (const Row& row : rows) {
    FakeClock clock;
    ProbeSettings settings;
    settings.success_threshold = row.success;
    settings.failure_threshold = row.failure;
    EXPECT_EQ(Play(settings, row.answers, clock), row.expected) << row.answers;
  }
}

TEST(ProbeStateTest, WaitsAndRepeatsInItsPeriod) {
  FakeClock clock;
  ProbeSettings settings;
  settings.initial_delay = seconds(5);
  settings.period = seconds(2);
  Play(settings, "ynn", clock);
  EXPECT_EQ(clock.Now(), Nanos(seconds(9)));
}

TEST(ProbeStateTest, FastStartRetriesQuicklyButCountsOncePerPeriod) {
  FakeClock clock;
  ProbeSettings settings;
  settings.period = seconds(1);
  settings.failure_threshold = 2;
  settings.fast = true;
  EXPECT_EQ(Play(settings, "nnnnnnnnnn", clock), ".         ");
  EXPECT_EQ(clock.Now(), Nanos(milliseconds(900)));
  FakeClock again;
  EXPECT_EQ(Play(settings, "nnnnnnnnnnn", again), ".         -");
  FakeClock healthy;
  EXPECT_EQ(Play(settings, "nyn", healthy), ".+.");
  EXPECT_EQ(healthy.Now(), Nanos(milliseconds(1100)));
}

TEST(ParseProbeTest, HasKubernetesDefaults) {
  const ProbeSettings plain = ParseProbe(Json::object(), false);
  EXPECT_EQ(plain.period, Nanos(seconds(10)));
  EXPECT_EQ(plain.timeout, Nanos(seconds(1)));
  EXPECT_EQ(plain.failure_threshold, 3);
  const ProbeSettings own = ParseProbe({{"initialDelaySeconds", 4},
                                        {"periodSeconds", 2},
                                        {"failureThreshold", 9},
                                        {"successThreshold", -1}},
                                       true);
  EXPECT_EQ(own.initial_delay, Nanos(seconds(4)));
  EXPECT_EQ(own.failure_threshold, 9);
  EXPECT_EQ(own.success_threshold, 1);
}

TEST(RestartDelayTest, DoublesUpToFiveMinutes) {
  const std::vector<std::pair<int, int>> rows = {{0, 0},  {1, 0},   {2, 10},  {3, 20},
                                                 {4, 40}, {6, 160}, {7, 300}, {1000, 300}};
  for (const auto& [failures, expected] : rows)
    EXPECT_EQ(RestartDelay(failures, seconds(10)), Nanos(seconds(expected))) << failures;
}

}  // namespace
}  // namespace holdfast::sandbox::node
