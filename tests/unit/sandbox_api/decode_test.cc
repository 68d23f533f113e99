// Decoding, strict validation, and the documents that are made from the same tables.
#include "harness/sandbox/api/decode.h"

#include <set>

#include <gtest/gtest.h>

#include "harness/sandbox/api/openapi.h"
#include "harness/sandbox/api/quantity.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/api/yaml_body.h"

namespace holdfast::sandbox {
namespace {

TEST(DecodeTest, UnknownFieldsGoAndAreNamed) {
  Json pod = *ParseJson(R"({"metadata":{"name":"p","labels":{"free":"text"},"x":1},
    "spec":{"containers":[{"name":"a","imgae":"i"},{"name":"b","env":[{"name":"E","vlaue":""}]}]}})");
  std::vector<std::string> unknown;
  ASSERT_TRUE(DecodeObject(*FindType("core.Pod"), pod, &unknown));
  EXPECT_EQ(unknown, (std::vector<std::string>{"metadata.x", "spec.containers[0].imgae",
                                               "spec.containers[1].env[0].vlaue"}));
  EXPECT_FALSE(pod["spec"]["containers"][0].contains("imgae"));
  EXPECT_EQ(GetString(pod, {"metadata", "labels", "free"}), "text");
}

struct WrongRow {
  const char* name;
  const char* type;
  const char* object;
  const char* message;
};
class WrongTypeTest : public ::testing::TestWithParam<WrongRow> {};
TEST_P(WrongTypeTest, SaysWhichAndWhy) {
  Json object = *ParseJson(GetParam().object);
  const Status decoded = DecodeObject(*FindType(GetParam().type), object, nullptr);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message, GetParam().message);
}
constexpr WrongRow kWrong[] = {
    {"StringForNumber", "apps.StatefulSet", R"({"spec":{"replicas":"3"}})",
     "json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type "
     "int32"},
    {"NumberForString", "core.Pod", R"({"metadata":{"labels":{"a":1}}})",
     "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels.a of type "
     "string"},
    {"ObjectForList", "core.Pod", R"({"spec":{"containers":{}}})",
     "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type "
     "[]v1.Container"},
    {"StringForBool", "core.Pod", R"({"spec":{"hostNetwork":"yes"}})",
     "json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool"},
    {"Fraction", "apps.StatefulSet", R"({"spec":{"replicas":1.5}})",
     "json: cannot unmarshal number 1.5 into Go struct field StatefulSetSpec.spec.replicas of type "
     "int32"},
    {"TooLarge", "apps.StatefulSet", R"({"spec":{"replicas":3000000000}})",
     "json: cannot unmarshal number 3000000000 into Go struct field StatefulSetSpec.spec.replicas "
     "of type int32"},
    {"Quantity", "core.PersistentVolumeClaim",
     R"({"spec":{"resources":{"requests":{"storage":"much"}}}})",
     "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
    {"Base64", "core.Secret", R"({"data":{"k":"a!"}})", "illegal base64 data at input byte 1"},
};
INSTANTIATE_TEST_SUITE_P(Rows, WrongTypeTest, ::testing::ValuesIn(kWrong), [](const auto& row) {
  return row.param.name;
});

TEST(DecodeTest, NullsGoAndQuantitiesBecomeText) {
  Json claim = *ParseJson(R"({"metadata":{"creationTimestamp":null},
    "spec":{"resources":{"requests":{"storage":1024}},"volumeName":null}})");
  ASSERT_TRUE(DecodeObject(*FindType("core.PersistentVolumeClaim"), claim, nullptr));
  EXPECT_EQ(claim,
            *ParseJson(R"({"metadata":{},"spec":{"resources":{"requests":{"storage":"1024"}}}})"));
}

TEST(DecodeTest, DuplicatesAreFoundInTheText) {
  const BodyScan scan = ScanBody(
      R"({"a":1,"b":{"c":"x,\"a\":1","c":2},"l":[{"n":1},{"n":1,"m":2,"n":3}],"a":2,"e":"\\"})");
  EXPECT_EQ(scan.duplicates, (std::vector<std::string>{"b.c", "l[1].n", "a"}));
  EXPECT_EQ(scan.depth, 3);
  EXPECT_TRUE(ScanBody(R"({"a":{"a":1},"b":["a","a"]})").duplicates.empty());
  ScanBody("{\"a\\");  // Cut off: no more than it must not fail.
  ScanBody("]}\"");
}

TEST(DecodeTest, DeepBodiesAreRefused) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(ParseBody(nested(400)));
  const auto deep = ParseBody(nested(1'000'000));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().http_status, 400);
  EXPECT_FALSE(ParseYamlBody(nested(1'000'000)));
}

TEST(YamlTest, ScalarsFollowTheCoreSchema) {
  const auto parsed = ParseYamlBody(
      "a: 1\nb: true\nc: \"1\"\nd: 1.5\ne: ~\nf: [x, 2]\ng: {h: null}\ni: 1Gi\nj: &k {l: 1}\nm: "
      "*k\n");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, *ParseJson(R"({"a":1,"b":true,"c":"1","d":1.5,"e":null,"f":["x",2],
    "g":{"h":null},"i":"1Gi","j":{"l":1},"m":{"l":1}})"));
  EXPECT_FALSE(ParseYamlBody("a: ["));
}

TEST(QuantityTest, ReadsWhatKubernetesReads) {
  const auto read = [](std::string_view text) { return ParseQuantity(text); };
  EXPECT_EQ(read("1Gi"), 1073741824.0L);
  EXPECT_EQ(read("1G"), 1e9L);
  EXPECT_EQ(read("500m"), 0.5L);
  EXPECT_EQ(read("1e3"), read("1k"));
  EXPECT_EQ(read("-2"), -2.0L);
  EXPECT_EQ(ParseQuantity(Json(5)), 5.0L);
  for (const char* text : {"", "Gi", "1K", "1x", "1 Gi", "1e", "--1"})
    EXPECT_FALSE(read(text)) << text;
}

HttpRequest To(const std::string& path) {
  HttpRequest request;
  request.method = "GET";
  request.path = path;
  return request;
}

// Every reference of a document leads somewhere.
void ExpectReferencesLead(const Json& value, const Json& schemas, const std::string& prefix) {
  if (value.is_object() && value.contains("$ref")) {
    const std::string to = value["$ref"].get<std::string>();
    ASSERT_TRUE(to.starts_with(prefix)) << to;
    EXPECT_TRUE(schemas.contains(to.substr(prefix.size()))) << to;
  }
  if (value.is_structured())
    for (const Json& member : value)
      ExpectReferencesLead(member, schemas, prefix);
}

TEST(OpenApiTest, DocumentsAreWholeForEveryGroup) {
  const auto index = AnswerOpenApi(To("/openapi/v3"));
  ASSERT_TRUE(index);
  std::set<std::string> kinds;
  const Json paths = *ParseJson(index->body);
  for (const auto& [at, entry] : GetObject(paths, {"paths"}).items()) {
    const auto answer = AnswerOpenApi(To("/openapi/v3/" + at));
    ASSERT_TRUE(answer) << at;
    const Json document = *ParseJson(answer->body);
    const Json& schemas = document["components"]["schemas"];
    ExpectReferencesLead(document, schemas, "#/components/schemas/");
    for (const auto& [name, schema] : schemas.items())
      for (const Json& gvk : GetArray(schema, {"x-kubernetes-group-version-kind"}))
        kinds.insert(GetString(gvk, {"group"}) + "/" + GetString(gvk, {"kind"}));
  }
  for (const ResourceInfo& info : AllResources())
    EXPECT_TRUE(kinds.contains(info.group + "/" + info.kind)) << info.kind;
}

TEST(OpenApiTest, TheOldDocumentIsWholeToo) {
  const auto answer = AnswerOpenApi(To("/openapi/v2"));
  ASSERT_TRUE(answer);
  const Json document = *ParseJson(answer->body);
  ExpectReferencesLead(document, document["definitions"], "#/definitions/");
  HttpRequest protobuf = To("/openapi/v2");
  protobuf.accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
  EXPECT_EQ(AnswerOpenApi(protobuf)->content_type,
            "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
  HttpRequest newer = To("/openapi/v3/api/v1");
  newer.accept = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf";
  EXPECT_EQ(AnswerOpenApi(newer)->status, 406);
}

TEST(OpenApiTest, WhatDidNotChangeIsNotSentAgain) {
  const auto first = AnswerOpenApi(To("/openapi/v3/apis/apps/v1"));
  ASSERT_TRUE(first);
  ASSERT_FALSE(first->headers.empty());
  HttpRequest again = To("/openapi/v3/apis/apps/v1");
  again.if_none_match = first->headers.front().second;
  EXPECT_EQ(AnswerOpenApi(again)->status, 304);
  EXPECT_FALSE(AnswerOpenApi(To("/openapi/v3/apis/none/v1")));
}

class StrictTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(registry_.Create("namespaces", "", {{"metadata", {{"name", "ns"}}}}));
  }
  WriteParameters With(FieldValidation validation) {
    WriteParameters parameters;
    parameters.validation = validation;
    parameters.warnings = &warnings_;
    return parameters;
  }
  FakeClock clock_;
  Store store_{clock_};
  Registry registry_{store_, clock_};
  std::vector<std::string> warnings_;
};

TEST_F(StrictTest, StrictRefusesWarnWarnsIgnoreIgnores) {
  const Json map = {{"metadata", {{"name", "c"}}}, {"spec", 1}};
  WriteParameters strict = With(FieldValidation::kStrict);
  strict.duplicates = {"data.x"};
  const auto refused = registry_.Create("configmaps", "ns", map, strict);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().http_status, 400);
  EXPECT_EQ(refused.error().message,
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: "
            "duplicate field \"data.x\", unknown field \"spec\"");
  const auto warned = registry_.Create("configmaps", "ns", map, With(FieldValidation::kWarn));
  ASSERT_TRUE(warned);
  EXPECT_FALSE((*warned)->json.contains("spec"));
  EXPECT_EQ(warnings_, std::vector<std::string>{"unknown field \"spec\""});
  const auto patched = registry_.Patch("configmaps", "ns", "c", PatchFormat::kMerge,
                                       {{"nonsense", true}}, With(FieldValidation::kStrict));
  ASSERT_FALSE(patched);
  EXPECT_EQ(patched.error().http_status, 422);
  warnings_.clear();
  ASSERT_TRUE(registry_.Patch("configmaps", "ns", "c", PatchFormat::kMerge, {{"nonsense", true}},
                              With(FieldValidation::kIgnore)));
  EXPECT_TRUE(warnings_.empty());
}

}  // namespace
}  // namespace holdfast::sandbox
