// YAML templates: types, placeholders, and what is refused.
#include "workloads/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::workloads {
namespace {

TEST(ManifestTest, ScalarsTakeTheTypesOfTheCoreSchema) {
  const auto parsed = ParseManifest(
      "a: 1\nb: '1'\nc: true\nd: no\ne: null\nf: [x, -2]\ng: &g {h: \"true\"}\ni: *g\n", "t");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, *ParseJson(R"({"a":1,"b":"1","c":true,"d":"no","e":null,"f":["x",-2],
                           "g":{"h":"true"},"i":{"h":"true"}})"));
}

TEST(ManifestTest, BrokenYamlIsNamedWithItsPlace) {
  const auto parsed = ParseManifest("a: 1\nb: [1, 2\n", "broken.yaml");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, testing::HasSubstr("broken.yaml:3:"));
}

TEST(ManifestTest, PlaceholdersAreFilledIn) {
  const Json values = {
      {"N", 3}, {"S", "x\": {evil: 1}"}, {"NESTED", "${N}"}, {"NOTHING", nullptr}, {"B", true}};
  struct Row {
    const char* manifest;
    const char* expected;
  };
  const Row rows[] = {
      {R"({"a":"${N}"})", R"({"a":3})"},
      {R"({"a":"${B}"})", R"({"a":true})"},
      {R"({"a":"n-${N}-${N}."})", R"({"a":"n-3-3."})"},
      {R"({"a":"${S}"})", R"({"a":"x\": {evil: 1}"})"},
      {R"({"a":"<${NESTED}>"})", R"({"a":"<${N}>"})"},
      {R"({"a":"${NOTHING}","b":["${NOTHING}",1]})", R"({"b":[1]})"},
      {R"({"a":"$N $HOME","b":7})", R"({"a":"$N $HOME","b":7})"},
  };
  for (const Row& row : rows) {
    const auto filled = FillPlaceholders(*ParseJson(row.manifest), values);
    ASSERT_TRUE(filled) << filled.error().message;
    EXPECT_EQ(*filled, *ParseJson(row.expected)) << row.manifest;
  }
}

TEST(ManifestTest, UnknownPlaceholderIsAnError) {
  for (const char* manifest : {R"({"a":"${MISSING}"})", R"({"a":["b ${N"]})", R"({"a":"${}"})"})
    EXPECT_FALSE(FillPlaceholders(*ParseJson(manifest), {{"N", 1}})) << manifest;
}

}  // namespace
}  // namespace holdfast::workloads
