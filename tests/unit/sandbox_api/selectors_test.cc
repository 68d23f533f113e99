// Label and field selectors: what they match, and what is refused.
#include "harness/sandbox/api/selectors.h"

#include <gtest/gtest.h>

namespace holdfast::sandbox {
namespace {

const Json kLabels = {{"app", "web"}, {"tier", "db"}, {"size", "5"}, {"example.org/x", ""}};

struct LabelRow {
  const char* text;
  bool matches;
};
class LabelSelectorTest : public ::testing::TestWithParam<LabelRow> {};
TEST_P(LabelSelectorTest, Matches) {
  const auto selector = LabelSelector::Parse(GetParam().text);
  ASSERT_TRUE(selector) << selector.error().message;
  EXPECT_EQ(selector->Matches(kLabels), GetParam().matches) << GetParam().text;
  const auto again = LabelSelector::Parse(selector->ToString());
  ASSERT_TRUE(again) << selector->ToString();
  EXPECT_EQ(again->Matches(kLabels), GetParam().matches) << selector->ToString();
}
INSTANTIATE_TEST_SUITE_P(Rows,
                         LabelSelectorTest,
                         ::testing::Values(LabelRow{"", true},
                                           LabelRow{"app=web", true},
                                           LabelRow{"app==web,tier=db", true},
                                           LabelRow{"app=web,tier=cache", false},
                                           LabelRow{"app!=web", false},
                                           LabelRow{"other!=web", true},
                                           LabelRow{"app in (api, web)", true},
                                           LabelRow{"app in (api)", false},
                                           LabelRow{"app notin (api,db),tier", true},
                                           LabelRow{"other notin (api)", true},
                                           LabelRow{"app", true},
                                           LabelRow{"other", false},
                                           LabelRow{"!other", true},
                                           LabelRow{"!app", false},
                                           LabelRow{"size>4", true},
                                           LabelRow{"size<5", false},
                                           LabelRow{"example.org/x", true},
                                           LabelRow{"example.org/x=", true}));

TEST(LabelSelectorRefusalTest, MalformedTextIs400) {
  for (const char* text : {"=web", "a=b=c", "a in b", "a in (b", "a!b", ",", "a b", "a>x", "?"}) {
    const auto selector = LabelSelector::Parse(text);
    ASSERT_FALSE(selector) << text;
    EXPECT_EQ(selector.error().http_status, 400) << text;
  }
}

TEST(LabelSelectorFromJsonTest, ReadsExpressions) {
  const Json json = {{"matchLabels", {{"app", "web"}}},
                     {"matchExpressions",
                      {{{"key", "tier"}, {"operator", "NotIn"}, {"values", {"cache"}}},
                       {{"key", "gone"}, {"operator", "DoesNotExist"}}}}};
  EXPECT_TRUE(LabelSelector::FromJson(json).Matches(kLabels));
  EXPECT_FALSE(LabelSelector::FromJson(json).Matches({{"app", "web"}, {"tier", "cache"}}));
}

const Json kPod = {{"metadata", {{"name", "web-0"}, {"namespace", "ns"}}},
                   {"spec", {{"nodeName", "n1"}}},
                   {"status", {{"phase", "Running"}, {"podIPs", {{{"ip", "10.0.0.1"}}}}}}};

struct FieldRow {
  const char* text;
  bool matches;
};
class FieldSelectorTest : public ::testing::TestWithParam<FieldRow> {};
TEST_P(FieldSelectorTest, Matches) {
  const auto selector = FieldSelector::Parse(GetParam().text, "pods");
  ASSERT_TRUE(selector) << selector.error().message;
  EXPECT_EQ(selector->Matches(kPod), GetParam().matches) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(
    Rows,
    FieldSelectorTest,
    ::testing::Values(FieldRow{"metadata.name=web-0", true},
                      FieldRow{"metadata.name==web-1", false},
                      FieldRow{"spec.nodeName=n1,status.phase!=Failed,status.phase!=Succeeded",
                               true},
                      FieldRow{"spec.nodeName=", false},
                      FieldRow{"status.podIPs=10.0.0.1", true},
                      FieldRow{"spec.hostNetwork=false", true},
                      FieldRow{"spec.hostNetwork=true", false}));

TEST(FieldSelectorRefusalTest, UnknownFieldsAre400) {
  for (const char* text : {"spec.containers=x", "metadata.uid=x", "metadata.name", "=x"}) {
    const auto selector = FieldSelector::Parse(text, "pods");
    ASSERT_FALSE(selector) << text;
    EXPECT_EQ(selector.error().http_status, 400);
  }
  EXPECT_FALSE(FieldSelector::Parse("spec.nodeName=n", "services"));
  EXPECT_TRUE(FieldSelector::Parse("involvedObject.name=web", "events"));
}

}  // namespace
}  // namespace holdfast::sandbox
