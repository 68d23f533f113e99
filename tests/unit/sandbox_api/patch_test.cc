// The three patch formats, and the directives of strategic merge.
#include "harness/sandbox/api/patch.h"

#include <gtest/gtest.h>

namespace holdfast::sandbox {
namespace {

Json Parsed(std::string_view text) {
  auto parsed = ParseJson(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Json());
}

struct StrategicRow {
  const char* name;
  const char* object;
  const char* patch;
  const char* expected;  // nullptr: refused with 400.
  const char* resource = "pods";
};

class StrategicPatchTest : public ::testing::TestWithParam<StrategicRow> {};

TEST_P(StrategicPatchTest, GivesWhatKubernetesGives) {
  const StrategicRow& row = GetParam();
  const auto result = ApplyStrategicMergePatch(Parsed(row.object), Parsed(row.patch), row.resource);
  if (row.expected == nullptr) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().http_status, 400);
  } else {
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(*result, Parsed(row.expected));
  }
}

constexpr StrategicRow kRows[] = {
    {"NestedMembersAndNull", R"({"a":{"b":1,"c":2},"d":3})", R"({"a":{"b":9,"c":null},"d":null})",
     R"({"a":{"b":9}})"},
    {"ContainersMergeByName",
     R"({"spec":{"containers":[{"name":"a","image":"1","env":[{"name":"X","value":"1"}]},{"name":"b"}]}})",
     R"({"spec":{"containers":[{"name":"a","image":"2","env":[{"name":"X","value":"2"}]}]}})",
     R"({"spec":{"containers":[{"name":"a","image":"2","env":[{"name":"X","value":"2"}]},{"name":"b"}]}})"},
    {"NewElementsComeFirst", R"({"volumes":[{"name":"a"},{"name":"b"}]})",
     R"({"volumes":[{"name":"c"}]})", R"({"volumes":[{"name":"c"},{"name":"a"},{"name":"b"}]})"},
    {"SetElementOrder", R"({"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]})",
     R"({"$setElementOrder/containers":[{"name":"c"},{"name":"n"},{"name":"a"}],"containers":[{"name":"n","image":"i"}]})",
     R"({"containers":[{"name":"b"},{"name":"c"},{"name":"n","image":"i"},{"name":"a"}]})"},
    {"SetElementOrderOfANewElement", R"({"volumes":[{"name":"a"},{"name":"b"}]})",
     R"({"$setElementOrder/volumes":[{"name":"n"},{"name":"a"}],"volumes":[{"name":"n"}]})",
     R"({"volumes":[{"name":"n"},{"name":"a"},{"name":"b"}]})"},
    {"DeleteAnElement", R"({"containers":[{"name":"a"},{"name":"b"}]})",
     R"({"containers":[{"name":"a","$patch":"delete"}]})", R"({"containers":[{"name":"b"}]})"},
    {"ReplaceAList", R"({"env":[{"name":"a"},{"name":"b"}]})",
     R"({"env":[{"$patch":"replace"},{"name":"z"}]})", R"({"env":[{"name":"z"}]})"},
    {"ReplaceAMap", R"({"m":{"a":1,"b":2}})", R"({"m":{"$patch":"replace","c":3}})",
     R"({"m":{"c":3}})"},
    {"DeleteAMap", R"({"m":{"a":1},"n":1})", R"({"m":{"$patch":"delete"}})", R"({"n":1})"},
    {"RetainKeys", R"({"volumes":[{"name":"v","emptyDir":{}}]})",
     R"({"volumes":[{"name":"v","$retainKeys":["name","secret"],"secret":{"secretName":"s"}}]})",
     R"({"volumes":[{"name":"v","secret":{"secretName":"s"}}]})"},
    {"DeleteFromPrimitiveList", R"({"finalizers":["a","b","c"]})",
     R"({"$deleteFromPrimitiveList/finalizers":["b"]})", R"({"finalizers":["a","c"]})"},
    {"FinalizersMerge", R"({"finalizers":["a"]})", R"({"finalizers":["a","b"]})",
     R"({"finalizers":["a","b"]})"},
    {"TolerationsAreAtomic", R"({"tolerations":[{"key":"a"}]})", R"({"tolerations":[{"key":"b"}]})",
     R"({"tolerations":[{"key":"b"}]})"},
    {"ConditionsMergeByType", R"({"conditions":[{"type":"Ready","status":"True"},{"type":"X"}]})",
     R"({"conditions":[{"type":"Ready","status":"False"}]})",
     R"({"conditions":[{"type":"Ready","status":"False"},{"type":"X"}]})"},
    {"TaintsMergeByKey", R"({"taints":[{"key":"a","effect":"NoSchedule"}]})",
     R"({"taints":[{"key":"a","effect":"NoExecute"}]})",
     R"({"taints":[{"key":"a","effect":"NoExecute"}]})", "nodes"},
    {"OwnersMergeByUid", R"({"ownerReferences":[{"uid":"1","name":"a"}]})",
     R"({"ownerReferences":[{"uid":"1","$patch":"delete"}]})", R"({"ownerReferences":[]})"},
    {"ContainerPortsMergeByContainerPort", R"({"ports":[{"containerPort":1,"name":"a"}]})",
     R"({"ports":[{"containerPort":1,"name":"b"}]})",
     R"({"ports":[{"containerPort":1,"name":"b"}]})"},
    {"ServicePortsMergeByPort", R"({"spec":{"ports":[{"port":1,"name":"a"}]}})",
     R"({"spec":{"ports":[{"port":1,"name":"b"}]}})",
     R"({"spec":{"ports":[{"port":1,"name":"b"}]}})", "services"},
    {"SliceEndpointsAreAtomic", R"({"ports":[{"port":1}]})", R"({"ports":[{"port":2}]})",
     R"({"ports":[{"port":2}]})", "endpointslices"},
    {"ElementWithoutKey", R"({"containers":[]})", R"({"containers":[{"image":"x"}]})", nullptr},
    {"ElementThatIsNoObject", R"({"containers":[]})", R"({"containers":[7]})", nullptr},
    {"UnknownDirective", R"({})", R"({"$patch":"explode"})", nullptr},
    {"NotAnObject", R"({})", R"([1])", nullptr},
};
INSTANTIATE_TEST_SUITE_P(Rows, StrategicPatchTest, ::testing::ValuesIn(kRows), [](const auto& row) {
  return row.param.name;
});

TEST(JsonPatchTest, AppliesOrSaysWhyNot) {
  const Json object = {{"a", 1}, {"list", {1, 2}}};
  const auto good = ApplyJsonPatch(
      object,
      Parsed(R"([{"op":"test","path":"/a","value":1},{"op":"add","path":"/list/-","value":3}])"));
  ASSERT_TRUE(good);
  EXPECT_EQ((*good)["list"], Json::array({1, 2, 3}));
  const auto status = [&](const Json& patch) {
    const auto result = ApplyJsonPatch(object, patch);
    return result ? 200 : result.error().http_status;
  };
  EXPECT_EQ(status(Parsed(R"([{"op":"test","path":"/a","value":2}])")), 422);
  EXPECT_EQ(status(Parsed(R"([{"op":"remove","path":"/nothing"}])")), 422);
  EXPECT_EQ(status(Parsed(R"([{"op":"fly","path":"/a"}])")), 422);
  EXPECT_EQ(status(Parsed(R"([7])")), 422);
  EXPECT_EQ(status(Parsed(R"({})")), 400);
  Json many = Json::array();
  for (int i = 0; i < 10'001; ++i)
    many.push_back({{"op", "test"}, {"path", "/a"}, {"value", 1}});
  EXPECT_EQ(status(many), 413);
}

TEST(JsonPatchTest, CopiesMovesAndKnowsWhenToStop) {
  const Json object = {{"a", {{"b", 1}}}};
  const auto moved = ApplyJsonPatch(
      object,
      Parsed(R"([{"op":"copy","from":"/a","path":"/c"},{"op":"move","from":"/a/b","path":"/d"},)"
             R"({"op":"remove","path":"/a"}])"));
  ASSERT_TRUE(moved) << moved.error().message;
  EXPECT_EQ(*moved, Parsed(R"({"c":{"b":1},"d":1})"));
  // Each copy doubles the object; without a limit 40 of them would fill any machine.
  Json doubling = Json::array();
  for (int i = 0; i < 40; ++i)
    doubling.push_back({{"op", "copy"}, {"from", ""}, {"path", "/x" + std::to_string(i)}});
  const auto refused = ApplyJsonPatch({{"text", std::string(1000, 'x')}}, doubling);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().http_status, 422);
  Json deepening = Json::array();
  std::string path = "/a";
  for (int i = 0; i < 20; ++i) {
    deepening.push_back({{"op", "copy"}, {"from", ""}, {"path", path}});
    path = path + path;
  }
  EXPECT_FALSE(ApplyJsonPatch({{"a", {{"a", Json::object()}}}}, deepening));
}

TEST(MergePatchTest, ReplacesLists) {
  const auto merged =
      ApplyMergePatch({{"list", {1, 2}}, {"a", 1}}, {{"list", Json::array({3})}, {"a", nullptr}});
  ASSERT_TRUE(merged);
  EXPECT_EQ(*merged, (Json{{"list", Json::array({3})}}));
  EXPECT_FALSE(ApplyMergePatch(Json::object(), Json::array()));
}

}  // namespace
}  // namespace holdfast::sandbox
