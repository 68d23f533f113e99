// Hostile text: what is shown must be valid, harmless and of bounded size.
#include "reports/text.h"

#include <gtest/gtest.h>

namespace holdfast::reports {
namespace {

struct Row {
  const char* name;
  std::string in;
  std::string out;
};

class Clean : public testing::TestWithParam<Row> {};

TEST_P(Clean, Text) { EXPECT_EQ(CleanText(GetParam().in), GetParam().out); }

INSTANTIATE_TEST_SUITE_P(
    Table,
    Clean,
    testing::Values(Row{"plain", "a b", "a b"},
                    Row{"emoji", "ok \xf0\x9f\x90\x98", "ok \xf0\x9f\x90\x98"},
                    Row{"newline_and_tab", "a\n\tb", "a\n\tb"},
                    Row{"crlf", "a\r\nb\rc", "a\nb\nc"},
                    Row{"nul_and_bell", std::string("a\0b\ac", 5), "abc"},
                    Row{"colour", "\x1b[1;31mred\x1b[0m", "red"},
                    Row{"cursor", "a\x1b[2J\x1b[Hb", "ab"},
                    Row{"title",
                        "\x1b]0;evil\x07"
                        "b",
                        "b"},
                    Row{"title_by_st", "\x1b]0;evil\x1b\\b", "b"},
                    Row{"title_open", "\x1b]0;text", "0;text"},
                    Row{"lone_escape", "a\x1b", "a"},
                    Row{"cut_csi", "a\x1b[31", "a"},
                    Row{"c1_csi",
                        "a\xc2\x9b"
                        "31mb",
                        "a31mb"},
                    Row{"latin_1", "caf\xe9!", "caf\xef\xbf\xbd!"},
                    Row{"overlong", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
                    Row{"surrogate", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
                    Row{"too_big", "\xf4\x90\x80\x80",
                        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
                    Row{"cut_sequence", "a\xe2\x82", "a\xef\xbf\xbd\xef\xbf\xbd"},
                    Row{"noncharacter",
                        "a\xef\xbf\xbf"
                        "b",
                        "ab"},
                    Row{"right_to_left_override",
                        "a\xe2\x80\xae"
                        "b",
                        "ab"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(OneLine, CollapsesBlanks) {
  EXPECT_EQ(OneLine("  a \r\n\n b\t\tc \n"), "a b c");
  EXPECT_EQ(OneLine(" \n "), "");
}

TEST(Shorten, KeepsHeadAndTailAndWholeCharacters) {
  EXPECT_EQ(Shorten("short", 16), "short");
  EXPECT_EQ(Shorten("0123456789abcdefghij", 16), "0123456 ... ghij");
  std::string umlauts;
  for (int i = 0; i < 100; ++i)
    umlauts += "\xc3\xbc";
  for (size_t limit = 16; limit < 40; ++limit) {
    const std::string cut = Shorten(umlauts, limit);
    EXPECT_LE(cut.size(), limit);
    EXPECT_EQ(CleanText(cut), cut) << limit;
  }
}

TEST(EscapeMarkup, LeavesNothingThatOpensOrCloses) {
  EXPECT_EQ(EscapeMarkup("<a href='x' b=\"y\">&amp;"),
            "&lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;amp;");
}

TEST(EvidenceText, IsCapped) {
  EXPECT_EQ(EvidenceText({}), "");
  EXPECT_EQ(EvidenceText({{"trace.jsonl", 4}}), "trace.jsonl:4");
  EXPECT_EQ(EvidenceText({{"t", 1}, {"t", 2}, {"t", 3}, {"t", 4}, {"t", 5}, {"t", 6}, {"t", 7}}),
            "t:1, t:2, t:3, t:4, t:5, t:6 and 1 more");
}

}  // namespace
}  // namespace holdfast::reports
