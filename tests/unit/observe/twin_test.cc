// Two watches of one resource, told apart by what only one of them sends.
#include "harness/observe/twin.h"

#include <gtest/gtest.h>

namespace holdfast::observe {
namespace {

using Side = Twin::Side;
constexpr Nanos kNow{1000};

Twin Listed(const std::string& recorded, const std::string& second) {
  Twin twin;
  twin.Listed(Twin::kRecorded, recorded);
  twin.Listed(Twin::kSecond, second);
  return twin;
}

std::optional<std::string> Feed(Twin& twin, Side side, const std::vector<int>& versions) {
  std::optional<std::string> first;
  for (const int version : versions) {
    auto wrong = twin.Event(side, std::to_string(version), kNow);
    if (wrong && !first) first = std::move(wrong);
  }
  return first;
}

TEST(Twin, EqualStreamsAgreeWhicheverIsAhead) {
  Twin twin = Listed("10", "10");
  EXPECT_FALSE(Feed(twin, Twin::kRecorded, {11, 14, 15}));
  EXPECT_FALSE(Feed(twin, Twin::kSecond, {11, 14, 15, 20}));
  EXPECT_FALSE(Feed(twin, Twin::kRecorded, {20}));
  EXPECT_FALSE(twin.Overdue(Nanos{99000}, Nanos{1}));
}

TEST(Twin, AnEventThatTheRecordLacksIsSeen) {
  Twin twin = Listed("10", "10");
  EXPECT_FALSE(Feed(twin, Twin::kSecond, {11, 12, 13}));
  const auto wrong = Feed(twin, Twin::kRecorded, {11, 13});
  ASSERT_TRUE(wrong);
  EXPECT_EQ(*wrong, "version 12 was sent by only one of two watches");
}

TEST(Twin, AnEventThatOnlyTheRecordHasIsSeenAndTheRestAgreesAgain) {
  Twin twin = Listed("10", "10");
  EXPECT_FALSE(Feed(twin, Twin::kRecorded, {11, 12}));
  EXPECT_TRUE(Feed(twin, Twin::kSecond, {12}));
  EXPECT_FALSE(Feed(twin, Twin::kRecorded, {15}));
  EXPECT_FALSE(Feed(twin, Twin::kSecond, {15}));
}

TEST(Twin, ARepeatedEventIsSeen) {
  Twin twin = Listed("10", "10");
  const auto wrong = Feed(twin, Twin::kRecorded, {11, 12, 11});
  ASSERT_TRUE(wrong);
  EXPECT_EQ(*wrong, "version 11 came again after version 12");
}

TEST(Twin, WhatCameBeforeTheLaterListIsNotCompared) {
  Twin twin = Listed("10", "13");
  EXPECT_FALSE(Feed(twin, Twin::kRecorded, {11, 12, 13, 14}));
  EXPECT_FALSE(Feed(twin, Twin::kSecond, {14}));
}

TEST(Twin, ALostPlaceStartsTheComparisonAnew) {
  Twin twin = Listed("10", "10");
  EXPECT_FALSE(Feed(twin, Twin::kSecond, {11, 12}));
  twin.Listed(Twin::kRecorded, "12");
  EXPECT_FALSE(Feed(twin, Twin::kSecond, {13}));
  EXPECT_FALSE(Feed(twin, Twin::kRecorded, {13}));
}

TEST(Twin, TheLastEventOfOneSideIsOverdueAfterAWhile) {
  Twin twin = Listed("10", "10");
  EXPECT_FALSE(Feed(twin, Twin::kSecond, {11}));
  EXPECT_FALSE(twin.Overdue(kNow + Nanos{5}, Nanos{10}));
  EXPECT_TRUE(twin.Overdue(kNow + Nanos{10}, Nanos{10}));
  EXPECT_FALSE(twin.Overdue(kNow + Nanos{20}, Nanos{10}));
}

TEST(Twin, VersionsThatAreNoNumbersAreNotCompared) {
  Twin twin = Listed("abc", "10");
  EXPECT_FALSE(Feed(twin, Twin::kSecond, {11}));
  EXPECT_FALSE(twin.Event(Twin::kRecorded, "x", kNow));
  EXPECT_FALSE(twin.Overdue(Nanos{99000}, Nanos{1}));
}

}  // namespace
}  // namespace holdfast::observe
