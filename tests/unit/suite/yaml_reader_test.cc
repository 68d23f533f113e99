// The YAML adapter: kinds, quotes, places; and hostile texts, which must end at once in a sentence.
#include "harness/suite/yaml_reader.h"

#include <string>

#include <gtest/gtest.h>

namespace holdfast::suite {
namespace {

std::string Repeat(const std::string& text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

TEST(YamlReader, KeepsOrderQuotesAndPlaces) {
  Mistakes mistakes;
  const auto root = ReadYaml("b: no\na: 'no'\nc: |\n  text\nd:\n  - x\n  - {y: ~}\n", mistakes);
  ASSERT_TRUE(root && mistakes.empty());
  ASSERT_EQ(root->entries.size(), 4U);
  EXPECT_EQ(root->entries[0].key, "b");
  EXPECT_EQ(root->entries[0].value.text, "no");
  EXPECT_FALSE(root->entries[0].value.quoted);
  EXPECT_TRUE(root->entries[1].value.quoted);
  EXPECT_EQ(root->entries[2].value.text, "text\n");
  EXPECT_TRUE(root->entries[2].value.quoted);
  const Node& list = root->entries[3].value;
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[0].place.at.line, 6);
  EXPECT_EQ(list.items[0].place.at.column, 5);
  EXPECT_EQ(list.items[1].entries[0].value.kind, NodeKind::kNull);
  EXPECT_EQ(list.items[1].entries[0].value.place.at.column, 6);
}

TEST(YamlReader, EmptyTextIsNoTreeAndNoMistake) {
  for (const char* text : {"", "\n\n", "# only a comment\n"}) {
    Mistakes mistakes;
    const auto root = ReadYaml(text, mistakes);
    EXPECT_TRUE(!root || root->kind == NodeKind::kNull) << text;
    EXPECT_TRUE(mistakes.empty());
  }
}

struct Hostile {
  const char* name;
  std::string text;
};

class HostileText : public testing::TestWithParam<Hostile> {};

TEST_P(HostileText, EndsInAMistake) {
  Mistakes mistakes;
  EXPECT_FALSE(ReadYaml(GetParam().text, mistakes));
  EXPECT_FALSE(mistakes.empty());
  EXPECT_LT(mistakes.Render("f").size(), 1000U);
}
INSTANTIATE_TEST_SUITE_P(
    Table,
    HostileText,
    testing::Values(Hostile{"deep_flow", Repeat("[", 500'000)},
                    Hostile{"deep_maps", Repeat("{a: ", 200'000)},
                    Hostile{"deep_block", Repeat("- ", 400'000)},
                    Hostile{"deep_keys", Repeat("? ", 400'000)},
                    Hostile{"wide", "[" + Repeat("a,", 500'000) + "]"},
                    Hostile{"wide_block", Repeat("- a\n", 250'000)},
                    Hostile{"nested_anchors",
                            Repeat("&a [", 30) + Repeat("x,", 30'000) + Repeat("]", 30)},
                    Hostile{"open_quote", "a: \"" + std::string(1'000'000, 'x')},
                    Hostile{"anchors", Repeat("- &a x\n", 100'000)},
                    Hostile{"nul", std::string("a: b\0c", 6)},
                    Hostile{"overlong_utf8", "a: \xc0\xaf"},
                    Hostile{"surrogate", "a: \xed\xa0\x80"},
                    Hostile{"utf16", std::string("\xff\xfe"
                                                 "a\0:\0",
                                                 6)},
                    Hostile{"tab", "a:\n\tb: c\n"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(YamlReader, OneMistakePerDuplicateKeyEvenAmongMany) {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += fmt::format("key{}: 1\n", i);
  Mistakes mistakes;
  const auto root = ReadYaml(text + "key17: 2\n", mistakes);
  ASSERT_TRUE(root);
  EXPECT_EQ(mistakes.Render("f"),
            "f:5001:1: duplicate key 'key17'; it is given in line 18 already");
}

TEST(Mistakes, AreSortedAndCapped) {
  Mistakes mistakes;
  for (int line = 200; line > 0; --line)
    mistakes.Add({{line, 1}, {}}, "wrong");
  const std::string text = mistakes.Render("f");
  EXPECT_EQ(text.substr(0, 12), "f:1:1: wrong");
  EXPECT_TRUE(text.ends_with("f: and 150 more mistakes")) << text;
}

}  // namespace
}  // namespace holdfast::suite
