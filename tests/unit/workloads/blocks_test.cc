// Blocks of the workload "volume": checksums, torn ends, cut beginnings.
#include "workloads/volume/blocks.h"

#include <gtest/gtest.h>

namespace holdfast::workloads::volume {
namespace {

using Values = std::vector<int64_t>;

TEST(BlocksTest, ChecksumIsCrc32c) {
  // RFC 3720, appendix B.4, and the usual check value.
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(Crc32c(""), 0U);
}

TEST(BlocksTest, WhatIsMadeIsRead) {
  const std::string text = "\n" + MakeBlock("w0", 41, 0) + "\n\n" + MakeBlock("w0", 42, 100) +
                           "\n\n" + MakeBlock("w0", 41, 0) + "\n";
  const Blocks blocks = ParseBlocks("w0", text, false);
  EXPECT_EQ(blocks.values, (Values{41, 42, 41}));
  EXPECT_EQ(blocks.torn, 0);
  EXPECT_EQ(ParseBlocks("w0", "", false).values, Values{});
}

TEST(BlocksTest, AnyChangedByteIsTorn) {
  const std::string good = MakeBlock("w0", 4711, 8);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = bad[at] == '3' ? '4' : '3';
    const Blocks blocks = ParseBlocks("w0", bad + "\n", false);
    EXPECT_EQ(blocks.values, Values{}) << bad;
    EXPECT_EQ(blocks.torn, 1) << bad;
  }
  EXPECT_EQ(ParseBlocks("w1", good, false).torn, 1) << "a block of another key";
  for (size_t length = 1; length < good.size(); ++length)
    EXPECT_EQ(ParseBlocks("w0", good.substr(0, length), false).torn, 1) << length;
}

TEST(BlocksTest, ATornBlockDoesNotSwallowTheNext) {
  const std::string text =
      "\n" + MakeBlock("k", 1, 0).substr(0, 5) + "\n" + MakeBlock("k", 2, 0) + "\n";
  const Blocks blocks = ParseBlocks("k", text, false);
  EXPECT_EQ(blocks.values, (Values{2}));
  EXPECT_EQ(blocks.torn, 1);
}

TEST(BlocksTest, OnlyTheFirstLineOfACutTextMayBeHalf) {
  const std::string half = MakeBlock("k", 123, 0).substr(2);
  const std::string text = half + "\n\n" + MakeBlock("k", 2, 0) + "\n";
  EXPECT_EQ(ParseBlocks("k", text, true).torn, 0);
  EXPECT_EQ(ParseBlocks("k", text, false).torn, 1);
  EXPECT_EQ(ParseBlocks("k", MakeBlock("k", 2, 0) + "\n" + half, true).torn, 1);
}

}  // namespace
}  // namespace holdfast::workloads::volume
