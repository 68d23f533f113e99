// Positions of replicas: what they look like, and which holds which.
#include <gtest/gtest.h>

#include "harness/trace/replica_position.h"

namespace holdfast::trace {
namespace {

constexpr const char* kA = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr const char* kB = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

std::string Of(const char* source, const std::string& rest) { return std::string(source) + ":" + rest; }

TEST(ReplicaPosition, Lsn) {
  EXPECT_EQ(ParseLsn("16/B374D848"), 0x16B374D848ULL);
  EXPECT_EQ(ParseLsn("0/0"), 0U);
  for (const char* bad : {"", "/", "1/", "/1", "1", "1/2/3", "x/1", "100000000/1", "-1/1", " 1/2"})
    EXPECT_FALSE(ParseLsn(bad)) << bad;
}

TEST(ReplicaPosition, WhatIsNoSet) {
  for (const std::string& bad :
       {std::string("x"), std::string("1-2"), std::string("0-1-2-3"), std::string("0-1-2,0-1-3"),
        std::string("short:1-2"), Of(kA, ""), Of(kA, "0-3"), Of(kA, "3-1"), Of(kA, "1-"), Of(kA, "tag"),
        Of(kA, "1-2,0-1-2"), "0-1-2," + Of(kA, "1-2"), Of(kA, "1-99999999999999999999"), std::string(",")})
    EXPECT_FALSE(GtidSet::Parse(bad)) << bad;
  ASSERT_TRUE(GtidSet::Parse(""));
  EXPECT_TRUE(GtidSet::Parse(" ")->empty());
}

TEST(ReplicaPosition, WhichHoldsWhich) {
  const struct {
    std::string have;
    std::string wanted;
    std::string missing;  // Empty: nothing.
  } rows[] = {
      {Of(kA, "1-9"), Of(kA, "1-9"), ""},
      {Of(kA, "1-9"), Of(kA, "3-4:7"), ""},
      {Of(kA, "1-9"), Of(kA, "1-10"), Of(kA, "10")},
      {Of(kA, "1-3:5-9"), Of(kA, "1-9"), Of(kA, "4")},
      {Of(kA, "5-9:1-4"), Of(kA, "1-9"), ""},
      {Of(kA, "1-9"), Of(kA, "1-2") + ",\n" + Of(kB, "3"), Of(kB, "3")},
      {Of(kA, "1-9") + "," + Of(kB, "1-3"), Of(kB, "3"), ""},
      {Of("3E11FA47-71CA-11E1-9E33-C80AA9429562", "1-9"), Of(kA, "9"), ""},
      {Of(kA, "1-3:blue:1-2"), Of(kA, "blue:1-2"), ""},
      {Of(kA, "1-3:blue:1-2"), Of(kA, "blue:1-3"), Of(kA, "blue:3")},
      {Of(kA, "1-3"), Of(kA, "blue:1"), Of(kA, "blue:1")},
      {"", Of(kA, "1"), Of(kA, "1")},
      {Of(kA, "1"), "", ""},
      {"0-100-407", "0-100-407", ""},
      {"0-100-407", "0-101-406", ""},
      {"0-100-407", "0-100-408", "0-100-408"},
      {"0-100-407", "0-101-407", "0-101-407"},
      {"0-100-407,1-7-3", "1-7-3", ""},
      {"0-100-407", "1-7-3", "1-*-1"},
      {"0-100-0", "0-100-0", ""},
  };
  for (const auto& row : rows) {
    const auto have = GtidSet::Parse(row.have);
    const auto wanted = GtidSet::Parse(row.wanted);
    ASSERT_TRUE(have && wanted) << row.have << " " << row.wanted;
    EXPECT_EQ(have->Missing(*wanted).value_or(""), row.missing) << row.have << " " << row.wanted;
  }
}

TEST(ReplicaPosition, Gaps) {
  const struct {
    std::string replica;
    std::string primary;
    std::string gap;
  } rows[] = {
      {Of(kA, "1-9"), Of(kA, "1-12"), ""},
      {Of(kA, "1-3:5-9"), Of(kA, "1-12"), Of(kA, "4")},
      {Of(kA, "1-3:5-9"), Of(kA, "1-3:5-12"), ""},
      {Of(kA, "5-9"), Of(kA, "1-12"), Of(kA, "1")},
      {Of(kB, "1-3:7"), Of(kA, "1-12"), ""},
      {"0-1-5", "0-1-9", ""},
  };
  for (const auto& row : rows)
    EXPECT_EQ(GtidSet::Parse(row.replica)->Gap(*GtidSet::Parse(row.primary)).value_or(""), row.gap) << row.replica;
}

TEST(ReplicaPosition, OnlyLikeIsCompared) {
  const auto at = [](const char* kind, const char* text) { return ReadPosition({{kind, text}}); };
  EXPECT_EQ(Reached(at("lsn", "0/20"), at("lsn", "0/1F")), true);
  EXPECT_EQ(Reached(at("lsn", "0/20"), at("lsn", "0/21")), false);
  EXPECT_EQ(Reached(at("gtid", "0-1-5"), at("gtid", "0-1-5")), true);
  EXPECT_EQ(Reached(at("gtid", "0-1-5"), at("gtid", "0-1-6")), false);
  EXPECT_EQ(Reached(at("gtid", "0-1-5"), at("lsn", "0/20")), std::nullopt);
  EXPECT_EQ(Reached(at("gtid", "nonsense"), at("gtid", "0-1-5")), std::nullopt);
  EXPECT_FALSE(ReadPosition(nullptr).known());
}

}  // namespace
}  // namespace holdfast::trace
