// Lines come out whole however the bytes are cut.
#include "harness/kube/line_splitter.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::kube {
namespace {

struct Row {
  std::string name;
  std::vector<std::string> fragments;
  std::vector<std::string> lines;
  bool fits = true;
};

class Splitting : public ::testing::TestWithParam<Row> {};

TEST_P(Splitting, GivesWholeLines) {
  LineSplitter splitter(10);
  std::vector<std::string> lines;
  bool fits = true;
  for (const std::string& fragment : GetParam().fragments) {
    fits = fits && splitter.Feed(fragment, [&](std::string_view line) {
      lines.emplace_back(line);
      return true;
    });
  }
  EXPECT_EQ(lines, GetParam().lines);
  EXPECT_EQ(fits, GetParam().fits);
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    Splitting,
    ::testing::Values(Row{"one", {"abc\n"}, {"abc"}},
                      Row{"two_in_one", {"abc\nde\n"}, {"abc", "de"}},
                      Row{"byte_by_byte", {"a", "b", "\n", "c", "\n"}, {"ab", "c"}},
                      Row{"newline_alone", {"abc", "\n", "d\n"}, {"abc", "d"}},
                      Row{"carriage_return", {"abc\r", "\nd\r\n"}, {"abc", "d"}},
                      Row{"empty_lines", {"\n\n", "a\n\r\n"}, {"a"}},
                      Row{"torn_last", {"abc\nde"}, {"abc"}},
                      Row{"nothing", {""}, {}},
                      Row{"just_fits", {"0123456789\n"}, {"0123456789"}},
                      Row{"too_long", {"a\n0123456789x\n"}, {"a"}, false},
                      Row{"too_long_in_parts", {"012345", "67890"}, {}, false}),
    [](const auto& row) { return row.param.name; });

TEST(LineSplitter, DropsTheRestWhenToldToStop) {
  LineSplitter splitter(10);
  int lines = 0;
  EXPECT_TRUE(splitter.Feed("a\nb\nc", [&](std::string_view) { return ++lines < 2; }));
  EXPECT_EQ(lines, 2);
  std::string next;
  EXPECT_TRUE(splitter.Feed("d\n", [&](std::string_view line) {
    next = line;
    return true;
  }));
  EXPECT_EQ(next, "d") << "the dropped rest must not come back";
}

}  // namespace
}  // namespace holdfast::kube
