// The set's timeline against its definition, read by read.
#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include "harness/base/random.h"
#include "harness/check/history/sets.h"

namespace holdfast::check::history {
namespace {

using Fate = SetTimeline::Fate;

struct Read {
  int64_t start = 0;
  int64_t finish = 0;
  uint64_t present = 0;
};

// As sets.h says it: known from the acknowledgement or from the end of any read that shows it.
Fate ByDefinition(std::optional<int64_t> acknowledged, const std::vector<Read>& reads, uint32_t element) {
  int64_t known = acknowledged.value_or(kNever);
  for (const Read& read : reads)
    if ((read.present >> element & 1U) != 0) known = std::min(known, read.finish);
  if (known == kNever) return Fate::kAbsent;
  std::optional<size_t> present;
  std::optional<size_t> wrong;
  for (size_t i = 0; i < reads.size(); ++i) {
    if ((reads[i].present >> element & 1U) != 0) {
      present = i;
    } else if (reads[i].start > known) {
      wrong = i;
    }
  }
  if (wrong) return present && *present > *wrong ? Fate::kStale : Fate::kLost;
  return present ? Fate::kKept : Fate::kNeverRead;
}

TEST(Differential, SetTimelineAgreesWithItsDefinition) {
  constexpr uint32_t kElements = 8;
  Random random(5);
  int64_t by_fate[5] = {};
  constexpr int kRounds = 150'000;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Read> reads(1 + random.Below(7));
    for (Read& read : reads) {
      read.start = static_cast<int64_t>(random.Below(20));
      read.finish = read.start + static_cast<int64_t>(random.Below(15));
      read.present = random.Below(1U << kElements) | random.Below(1U << kElements);
    }
    std::stable_sort(reads.begin(), reads.end(), [](const Read& a, const Read& b) { return a.start < b.start; });
    SetTimeline timeline(kElements);
    std::vector<std::optional<int64_t>> acknowledged(kElements);
    for (uint32_t i = 0; i < kElements; ++i) {
      if (random.Below(3) == 0) continue;
      acknowledged[i] = static_cast<int64_t>(random.Below(30));
      timeline.Acknowledge(i, *acknowledged[i]);
    }
    for (const Read& read : reads)
      timeline.Read(read.start, read.finish, std::span(&read.present, 1));
    timeline.Finish();
    for (uint32_t i = 0; i < kElements; ++i) {
      const Fate expected = ByDefinition(acknowledged[i], reads, i);
      ++by_fate[static_cast<size_t>(expected)];
      ASSERT_EQ(timeline.FateOf(i), expected) << "round " << round << ", element " << i;
    }
  }
  std::printf("%d sets of %u elements against the definition\n", kRounds, kElements);
  for (const int64_t count : by_fate)
    EXPECT_GT(count, kRounds / 20);
}

}  // namespace
}  // namespace holdfast::check::history
