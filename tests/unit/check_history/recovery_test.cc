// Outages: what counts as one, from when to when, of which node.
#include <gtest/gtest.h>

#include "harness/check/history/recovery.h"

namespace holdfast::check::history {
namespace {

constexpr int64_t kMs = 1'000'000;

// A history of writes and reads; times are milliseconds.
class Log {
 public:
  Log() { history_.processes.Integer(0); }
  Log& Do(int64_t from, int64_t to, bool write, End end, const std::string& node = "pg-0") {
    Op op;
    op.start = from * kMs;
    op.finish = end == End::kInfo ? kNever : to * kMs;
    op.kind = write ? Kind::kWrite : Kind::kRead;
    op.end = end;
    op.index = static_cast<uint32_t>(history_.ops.size());
    Origin origin;
    origin.process = history_.processes.Integer(0);
    origin.node = history_.nodes.Text(node);
    history_.ops.push_back(op);
    history_.origins.push_back(origin);
    return *this;
  }
  Log& Write(int64_t from, int64_t to, End end = End::kOk, const std::string& node = "pg-0") {
    return Do(from, to, true, end, node);
  }
  [[nodiscard]] std::vector<Availability> Measure(int64_t from, int64_t to) const {
    return MeasureAvailability(history_, from * kMs, to * kMs);
  }

 private:
  History history_;
};

TEST(Recovery, TheLongestGapInWhichSomebodyTried) {
  const auto all = Log()
                       .Write(0, 10)
                       .Write(20, 30)
                       .Write(100, 110, End::kFail)
                       .Write(200, 0, End::kInfo)
                       .Write(2'300, 2'310)
                       .Write(2'400, 2'410)
                       .Measure(0, 5'000);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[0].writes);
  EXPECT_EQ(all[0].node, kNil);
  EXPECT_EQ(all[0].attempted, 6);
  EXPECT_EQ(all[0].acknowledged, 4);
  EXPECT_EQ(all[0].longest.from, 100 * kMs);
  EXPECT_EQ(all[0].longest.to, 2'310 * kMs);
  EXPECT_EQ(all[0].longest.before, 1U);
  EXPECT_EQ(all[0].longest.after, 4U);
  EXPECT_EQ(all[0].unavailable, 2'210 * kMs);
}

TEST(Recovery, AnIdleClientIsNoOutage) {
  const auto all = Log().Write(0, 10).Write(9'000, 9'005).Measure(0, 20'000);
  EXPECT_EQ(all.at(0).longest.length(), 10 * kMs);
  EXPECT_EQ(all.at(0).unavailable, 0);
}

TEST(Recovery, WhoWaitsAtTheLastAcknowledgementWaitsFromThere) {
  const auto all = Log().Write(0, 4'000).Write(5, 10).Measure(0, 20'000);
  EXPECT_EQ(all.at(0).longest.from, 10 * kMs);
  EXPECT_EQ(all.at(0).longest.to, 4'000 * kMs);
}

TEST(Recovery, WhatIsNeverAcknowledgedAgainDoesNotEnd) {
  const auto all = Log().Write(0, 10).Write(20, 30, End::kFail).Write(3'000, 3'010, End::kFail).Measure(0, 20'000);
  EXPECT_FALSE(all.at(0).longest.ended);
  EXPECT_EQ(all.at(0).longest.from, 20 * kMs);
  EXPECT_EQ(all.at(0).longest.to, 3'010 * kMs);
}

TEST(Recovery, NodesAndKindsAreApart) {
  const auto all = Log()
                       .Write(0, 10, End::kOk, "pg-0")
                       .Do(0, 5, false, End::kOk, "pg-1")
                       .Write(20, 30, End::kFail, "pg-0")
                       .Do(2'000, 2'005, false, End::kOk, "pg-1")
                       .Measure(0, 20'000);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].node, kNil);
  EXPECT_FALSE(all[1].writes);
  EXPECT_EQ(all[1].longest.length(), 5 * kMs);
  EXPECT_TRUE(all[2].writes);
  EXPECT_FALSE(all[3].writes);
}

TEST(Recovery, OnlyTheWindowCounts) {
  const Log log = Log().Write(0, 10).Write(20, 5'000).Write(6'000, 6'010);
  EXPECT_EQ(log.Measure(5'500, 20'000).at(0).attempted, 1);
  EXPECT_EQ(log.Measure(5'500, 20'000).at(0).longest.length(), 10 * kMs);
  EXPECT_TRUE(log.Measure(50'000, 60'000).empty());
}

}  // namespace
}  // namespace holdfast::check::history
