// The delays grow, stay within their bounds, differ, and repeat with the seed.
#include "harness/kube/backoff.h"

#include <vector>

#include <gtest/gtest.h>

namespace holdfast::kube {
namespace {
using std::chrono::milliseconds;

std::vector<Nanos> Delays(uint64_t seed, int count) {
  Backoff backoff(Random(seed), milliseconds(100), std::chrono::seconds(10));
  std::vector<Nanos> delays;
  for (int i = 0; i < count; ++i)
    delays.push_back(backoff.Next());
  return delays;
}

TEST(Backoff, DoublesWithinItsBounds) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Nanos base = milliseconds(100);
    for (const Nanos delay : Delays(seed, 12)) {
      EXPECT_GE(delay, base);
      EXPECT_LE(delay, std::min<Nanos>(base * 3 / 2 + Nanos(1), std::chrono::seconds(10)));
      base = std::min<Nanos>(base * 2, std::chrono::seconds(10));
    }
  }
}

TEST(Backoff, RepeatsWithItsSeedAndDiffersWithout) {
  EXPECT_EQ(Delays(7, 6), Delays(7, 6));
  EXPECT_NE(Delays(7, 6), Delays(8, 6));
}

TEST(Backoff, BeginsAgainAfterAReset) {
  Backoff backoff(Random(3), milliseconds(100), std::chrono::seconds(10));
  for (int i = 0; i < 9; ++i)
    backoff.Next();
  EXPECT_GE(backoff.Next(), std::chrono::seconds(10));
  backoff.Reset();
  EXPECT_LE(backoff.Next(), milliseconds(151));
}

}  // namespace
}  // namespace holdfast::kube
