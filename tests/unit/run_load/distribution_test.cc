// The histogram of latencies and the choice of keys, against what they are defined by.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "harness/run/load/latency.h"
#include "harness/run/load/zipf.h"

namespace holdfast::run {
namespace {

TEST(LatencyTest, PercentilesAreAtMostABucketAboveTheTrueOnes) {
  constexpr uint64_t kSeed = 11;
  Random random(kSeed);
  Latency latency;
  std::vector<int64_t> all;
  for (int i = 0; i < 10'000; ++i) {
    // Every order of magnitude up to a minute.
    const auto nanos = static_cast<int64_t>(random.Below(uint64_t{1} << (1 + random.Below(36))));
    all.push_back(nanos);
    latency.Add(Nanos(nanos));
  }
  std::sort(all.begin(), all.end());
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    const auto rank = static_cast<size_t>(std::ceil(percent / 100 * 10'000)) - 1;
    const int64_t found = latency.Percentile(percent).count();
    EXPECT_GE(found, all[rank]) << percent << " % with seed " << kSeed;
    EXPECT_LE(static_cast<double>(found), static_cast<double>(all[rank]) * 1.032 + 1) << percent;
  }
  EXPECT_EQ(latency.Percentile(100).count(), all.back());
}

TEST(LatencyTest, ExtremesHaveTheirPlaces) {
  Latency latency;
  EXPECT_EQ(latency.Percentile(99), Nanos{0});
  latency.Add(Nanos(-5));  // A clock that went back.
  latency.Add(Nanos::max());
  EXPECT_EQ(latency.Percentile(50), Nanos{0});
  EXPECT_EQ(latency.Percentile(100), Nanos::max());
  Latency one;
  one.Add(std::chrono::microseconds(1500));
  EXPECT_EQ(one.ToJson(), *ParseJson(R"({"count":1,"p50":1.5,"p90":1.5,"p99":1.5,"p999":1.5,
                                         "max":1.5})"));
}

// The share of each rank is its weight, within four standard deviations.
TEST(ZipfTest, RanksAreDrawnByTheirWeights) {
  constexpr uint64_t kSeed = 12;
  constexpr int kDraws = 100'000;
  for (const double exponent : {0.0, 0.99, 2.0}) {
    const Zipf zipf(8, exponent);
    Random random(kSeed);
    std::vector<int> drawn(8);
    for (int i = 0; i < kDraws; ++i)
      ++drawn.at(zipf.Draw(random));
    double sum = 0;
    for (int rank = 1; rank <= 8; ++rank)
      sum += std::pow(rank, -exponent);
    for (int rank = 1; rank <= 8; ++rank) {
      const double share = std::pow(rank, -exponent) / sum;
      const double deviation = std::sqrt(kDraws * share * (1 - share));
      EXPECT_NEAR(drawn[static_cast<size_t>(rank - 1)], kDraws * share, 4 * deviation)
          << "rank " << rank << ", exponent " << exponent << ", seed " << kSeed;
    }
  }
}

TEST(ZipfTest, OneKeyIsAlwaysChosen) {
  const Zipf zipf(1, 3);
  Random random(13);
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(zipf.Draw(random), 0U);
}

}  // namespace
}  // namespace holdfast::run
