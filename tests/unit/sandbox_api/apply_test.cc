// Server-side apply: ownership, conflicts, removal, and what other writes do to ownership.
#include <gtest/gtest.h>

#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/field_sets.h"
#include "harness/sandbox/api/registry.h"

namespace holdfast::sandbox {
namespace {

constexpr const char* kNs = "ns";

Json SetOf(int replicas, const std::string& image) {
  return {{"apiVersion", "apps/v1"},
          {"kind", "StatefulSet"},
          {"metadata", {{"name", "web"}, {"labels", {{"app", "web"}}}}},
          {"spec",
           {{"serviceName", "web"},
            {"replicas", replicas},
            {"selector", {{"matchLabels", {{"app", "web"}}}}},
            {"template",
             {{"metadata", {{"labels", {{"app", "web"}}}}},
              {"spec", {{"containers", {{{"name", "main"}, {"image", image}}}}}}}}}}};
}

Json MapOf(Json data) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", "c"}}},
          {"data", std::move(data)}};
}

class ApplyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    clock_.Advance(std::chrono::hours(1000));
    ASSERT_TRUE(registry_.Create("namespaces", "", {{"metadata", {{"name", kNs}}}}));
  }
  static WriteParameters By(const std::string& manager, bool force = false) {
    WriteParameters parameters;
    parameters.field_manager = manager;
    parameters.force = force;
    return parameters;
  }
  Result<ObjectPtr> Apply(const std::string& manager, const Json& wanted, bool force = false) {
    const std::string kind = GetString(wanted, {"kind"});
    return registry_.Patch(kind == "ConfigMap" ? "configmaps" : "statefulsets", kNs,
                           GetString(wanted, {"metadata", "name"}), PatchFormat::kApply, wanted,
                           By(manager, force));
  }
  Json Stored(const std::string& resource, const std::string& name) {
    const auto found = store_.Get(resource, kNs, name);
    return found ? (*found)->json : Json();
  }
  // The fields of a manager's entry, or null.
  Json FieldsBy(const Json& object, const std::string& manager, const std::string& operation) {
    for (const Json& entry : GetArray(object, {"metadata", "managedFields"}))
      if (GetString(entry, {"manager"}) == manager && GetString(entry, {"operation"}) == operation)
        return entry["fieldsV1"];
    return {};
  }

  FakeClock clock_;
  Store store_{clock_};
  Registry registry_{store_, clock_};
};

TEST_F(ApplyTest, CreatesWhatIsNotThereAndOwnsWhatItGave) {
  const auto made = Apply("a", SetOf(3, "i:1"));
  ASSERT_TRUE(made) << made.error().message;
  const Json& set = (*made)->json;
  EXPECT_EQ(GetInt(set, {"spec", "replicas"}), 3);
  EXPECT_EQ(GetString(set, {"spec", "podManagementPolicy"}), "OrderedReady");
  const Json& entry = GetArray(set, {"metadata", "managedFields"}).at(0);
  EXPECT_EQ(GetString(entry, {"operation"}), "Apply");
  EXPECT_EQ(GetString(entry, {"apiVersion"}), "apps/v1");
  EXPECT_EQ(GetString(entry, {"fieldsType"}), "FieldsV1");
  const Json expected = *ParseJson(R"({
    "f:metadata":{"f:labels":{"f:app":{}}},
    "f:spec":{"f:replicas":{},"f:selector":{},"f:serviceName":{},
      "f:template":{"f:metadata":{"f:labels":{"f:app":{}}},
        "f:spec":{"f:containers":{"k:{\"name\":\"main\"}":{".":{},"f:image":{},"f:name":{}}}}}}})");
  EXPECT_EQ(entry["fieldsV1"], expected) << entry["fieldsV1"];
}

TEST_F(ApplyTest, ARepeatedApplyWritesNothing) {
  ASSERT_TRUE(Apply("a", SetOf(3, "i:1")));
  const uint64_t before = store_.Version();
  clock_.Advance(std::chrono::hours(1));
  ASSERT_TRUE(Apply("a", SetOf(3, "i:1")));
  EXPECT_EQ(store_.Version(), before);
}

// Claim templates are one value, which the server completes: stored they never look as they were sent.
TEST_F(ApplyTest, ARepeatedApplyOfClaimTemplatesWritesNothing) {
  Json set = SetOf(3, "i:1");
  set["spec"]["volumeClaimTemplates"] = Json::array(
      {{{"metadata", {{"name", "data"}}},
        {"spec",
         {{"accessModes", {"ReadWriteOnce"}},
          {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}}});
  set["spec"]["template"]["spec"]["containers"][0]["ports"] =
      Json::array({{{"containerPort", 80}}});
  ASSERT_TRUE(Apply("a", set));
  const uint64_t before = store_.Version();
  clock_.Advance(std::chrono::hours(1));
  ASSERT_TRUE(Apply("a", set));
  EXPECT_EQ(store_.Version(), before) << DumpJson(Stored("statefulsets", "web"));
}

TEST_F(ApplyTest, AnotherManagersValueIsAConflict) {
  ASSERT_TRUE(Apply("a", SetOf(3, "i:1")));
  const auto refused = Apply("b", SetOf(5, "i:1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().http_status, 409);
  EXPECT_EQ(refused.error().message,
            "Apply failed with 1 conflict: conflict with \"a\": .spec.replicas");
  const Json body = StatusBody(refused.error(), FindResource("statefulsets"), "web");
  EXPECT_EQ(GetString(body, {"details", "causes", "0", "reason"}), "FieldManagerConflict");
  EXPECT_EQ(GetString(body, {"details", "causes", "0", "message"}), "conflict with \"a\"");
  EXPECT_EQ(GetString(body, {"details", "causes", "0", "field"}), ".spec.replicas");
  const auto two = Apply("b", SetOf(5, "i:2"));
  ASSERT_FALSE(two);
  const Json causes =
      GetArray(StatusBody(two.error(), FindResource("statefulsets"), "web"), {"details", "causes"});
  ASSERT_EQ(causes.size(), 2U) << two.error().message;
  EXPECT_EQ(GetString(causes[1], {"field"}), ".spec.template.spec.containers[name=\"main\"].image");
  // The same values are shared, not fought over.
  EXPECT_TRUE(Apply("b", SetOf(3, "i:1")));
}

TEST_F(ApplyTest, ForceTakesTheFieldOver) {
  ASSERT_TRUE(Apply("a", SetOf(3, "i:1")));
  const auto forced = Apply("b", SetOf(5, "i:1"), true);
  ASSERT_TRUE(forced) << forced.error().message;
  EXPECT_EQ(GetInt((*forced)->json, {"spec", "replicas"}), 5);
  EXPECT_EQ(GetInt((*forced)->json, {"metadata", "generation"}), 2);
  EXPECT_EQ(FindPath(FieldsBy((*forced)->json, "a", "Apply"), {"f:spec", "f:replicas"}), nullptr);
  EXPECT_NE(FindPath(FieldsBy((*forced)->json, "b", "Apply"), {"f:spec", "f:replicas"}), nullptr);
}

TEST_F(ApplyTest, WhatNobodyWantsAnyLongerGoes) {
  ASSERT_TRUE(Apply("a", MapOf({{"x", "1"}, {"y", "2"}, {"z", "3"}})));
  ASSERT_TRUE(Apply("b", MapOf({{"y", "2"}})));
  ASSERT_TRUE(Apply("a", MapOf({{"z", "3"}})));
  // x had one owner, y has another one still.
  EXPECT_EQ(Stored("configmaps", "c")["data"], (Json{{"y", "2"}, {"z", "3"}}));
  Json none = MapOf(Json::object());
  none.erase("data");
  ASSERT_TRUE(Apply("b", none));
  EXPECT_EQ(Stored("configmaps", "c")["data"], (Json{{"z", "3"}}));
}

TEST_F(ApplyTest, DefaultsGoWithTheFieldTheyBelongTo) {
  Json set = SetOf(1, "i:1");
  set["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = {
      {"tcpSocket", {{"port", 80}}}};
  ASSERT_TRUE(Apply("a", set));
  EXPECT_EQ(GetInt(Stored("statefulsets", "web"), {"spec", "template", "spec", "containers", "0",
                                                   "readinessProbe", "periodSeconds"}),
            10);
  ASSERT_TRUE(Apply("a", SetOf(1, "i:1")));
  EXPECT_EQ(FindPath(Stored("statefulsets", "web"),
                     {"spec", "template", "spec", "containers", "0", "readinessProbe"}),
            nullptr);
  EXPECT_EQ(GetInt(Stored("statefulsets", "web"), {"spec", "revisionHistoryLimit"}), 10);
}

TEST_F(ApplyTest, ElementsOfKeyedListsHaveTheirOwners) {
  ASSERT_TRUE(Apply("a", SetOf(1, "i:1")));
  Json sidecar = {
      {"apiVersion", "apps/v1"},
      {"kind", "StatefulSet"},
      {"metadata", {{"name", "web"}}},
      {"spec",
       {{"template", {{"spec", {{"containers", {{{"name", "side"}, {"image", "s:1"}}}}}}}}}}};
  ASSERT_TRUE(Apply("b", sidecar));
  EXPECT_EQ(
      GetArray(Stored("statefulsets", "web"), {"spec", "template", "spec", "containers"}).size(),
      2U);
  // a does not know the sidecar and leaves it.
  ASSERT_TRUE(Apply("a", SetOf(1, "i:2")));
  const Json containers =
      GetArray(Stored("statefulsets", "web"), {"spec", "template", "spec", "containers"});
  ASSERT_EQ(containers.size(), 2U);
  sidecar["spec"]["template"]["spec"]["containers"] = Json::array();
  ASSERT_TRUE(Apply("b", sidecar));
  EXPECT_EQ(
      GetArray(Stored("statefulsets", "web"), {"spec", "template", "spec", "containers"}).size(),
      1U);
}

TEST_F(ApplyTest, UpdatesTakeFieldsToo) {
  ASSERT_TRUE(Apply("a", SetOf(3, "i:1")));
  WriteParameters scale = By("kubectl");
  scale.subresource = "scale";
  ASSERT_TRUE(registry_.Patch("statefulsets", kNs, "web", PatchFormat::kMerge,
                              {{"spec", {{"replicas", 7}}}}, scale));
  const Json set = Stored("statefulsets", "web");
  EXPECT_EQ(FieldsBy(set, "kubectl", "Update"),
            (Json{{"f:spec", {{"f:replicas", Json::object()}}}}));
  EXPECT_EQ(FindPath(FieldsBy(set, "a", "Apply"), {"f:spec", "f:replicas"}), nullptr);
  const auto refused = Apply("a", SetOf(3, "i:1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "Apply failed with 1 conflict: conflict with \"kubectl\" with subresource \"scale\" "
            "using apps/v1 at 2020-01-30T16:00:00Z: .spec.replicas");
  const Json body = StatusBody(refused.error(), FindResource("statefulsets"), "web");
  EXPECT_EQ(GetString(body, {"details", "causes", "0", "field"}), ".spec.replicas");
  // Without the field there is nothing to fight about.
  Json quiet = SetOf(3, "i:1");
  quiet["spec"].erase("replicas");
  ASSERT_TRUE(Apply("a", quiet));
  EXPECT_EQ(GetInt(Stored("statefulsets", "web"), {"spec", "replicas"}), 7);
}

TEST_F(ApplyTest, CreationsAreTracked) {
  ASSERT_TRUE(registry_.Create("configmaps", kNs, MapOf({{"x", "1"}}), By("kubectl-create")));
  EXPECT_NE(
      FindPath(FieldsBy(Stored("configmaps", "c"), "kubectl-create", "Update"), {"f:data", "f:x"}),
      nullptr);
  EXPECT_FALSE(Apply("a", MapOf({{"x", "2"}})));
  // A write of nobody in particular keeps what is known.
  ASSERT_TRUE(registry_.Patch("configmaps", kNs, "c", PatchFormat::kMerge,
                              {{"metadata", {{"labels", {{"l", "1"}}}}}}));
  EXPECT_FALSE(FieldsBy(Stored("configmaps", "c"), "kubectl-create", "Update").is_null());
}

TEST_F(ApplyTest, ManagedFieldsCanBeForgotten) {
  ASSERT_TRUE(Apply("a", MapOf({{"x", "1"}})));
  ASSERT_TRUE(registry_.Patch("configmaps", kNs, "c", PatchFormat::kMerge,
                              {{"metadata", {{"managedFields", Json::array({Json::object()})}}}}));
  EXPECT_EQ(FindPath(Stored("configmaps", "c"), {"metadata", "managedFields"}), nullptr);
  EXPECT_TRUE(Apply("b", MapOf({{"x", "2"}})));
}

TEST_F(ApplyTest, DryRunsWriteNothing) {
  WriteParameters parameters = By("a");
  parameters.dry_run = true;
  const auto made =
      registry_.Patch("configmaps", kNs, "c", PatchFormat::kApply, MapOf({{"x", "1"}}), parameters);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(store_.Get("configmaps", kNs, "c"));
}

TEST_F(ApplyTest, MistakesAreToldApart) {
  Json wrong = MapOf({{"x", "1"}});
  wrong["spec"] = {{"a", 1}};
  auto refused = Apply("a", wrong);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().http_status, 500);
  EXPECT_EQ(refused.error().message,
            "failed to create typed patch object (ns/c; v1, Kind=ConfigMap): .spec: field not "
            "declared in schema");
  Json keyless = SetOf(1, "i:1");
  keyless["spec"]["template"]["spec"]["containers"][0].erase("name");
  EXPECT_FALSE(Apply("a", keyless));
  Json owned = MapOf({{"x", "1"}});
  owned["metadata"]["managedFields"] = Json::array(
      {{{"manager", "x"}, {"operation", "Apply"}, {"fieldsV1", {{"f:data", Json::object()}}}}});
  refused = Apply("a", owned);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().http_status, 400);
  Json untyped = MapOf({{"x", "1"}});
  untyped.erase("kind");
  EXPECT_EQ(registry_.Patch("configmaps", kNs, "c", PatchFormat::kApply, untyped, By("a"))
                .error()
                .http_status,
            400);
  Json other_uid = MapOf({{"x", "1"}});
  other_uid["metadata"]["uid"] = "not-there";
  EXPECT_EQ(Apply("a", other_uid).error().http_status, 409);
}

TEST_F(ApplyTest, StatusIsAppliedByItself) {
  ASSERT_TRUE(Apply("a", SetOf(3, "i:1")));
  WriteParameters parameters = By("controller");
  parameters.subresource = "status";
  const Json status = {{"apiVersion", "apps/v1"},
                       {"kind", "StatefulSet"},
                       {"metadata", {{"name", "web"}}},
                       {"status", {{"replicas", 2}}}};
  const auto written =
      registry_.Patch("statefulsets", kNs, "web", PatchFormat::kApply, status, parameters);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(GetInt((*written)->json, {"status", "replicas"}), 2);
  EXPECT_EQ(GetInt((*written)->json, {"spec", "replicas"}), 3);
  EXPECT_EQ(FieldsBy((*written)->json, "controller", "Apply"),
            (Json{{"f:status", {{"f:replicas", Json::object()}}}}));
}

TEST(FieldSetTest, TheOperationsAreThoseOfSets) {
  const Json a = *ParseJson(R"({"f:x":{},"f:y":{".":{},"f:z":{}},"f:w":{"f:v":{}}})");
  const Json b = *ParseJson(R"({"f:y":{"f:z":{},"f:q":{}},"f:w":{}})");
  EXPECT_EQ(SetUnion(a, b),
            *ParseJson(R"({"f:x":{},"f:y":{".":{},"f:z":{},"f:q":{}},"f:w":{".":{},"f:v":{}}})"));
  EXPECT_EQ(SetDifference(a, b), *ParseJson(R"({"f:x":{},"f:y":{},"f:w":{"f:v":{}}})"));
  EXPECT_EQ(SetIntersection(a, b), *ParseJson(R"({"f:y":{"f:z":{}}})"));
  EXPECT_EQ(
      SetPaths(*ParseJson(R"j({"f:a":{"k:{\"name\":\"x\",\"port\":1}":{".":{}},"v:\"q\"":{}}})j")),
      (std::vector<std::string>{".a[name=\"x\",port=1]", ".a[=\"q\"]"}));
}

}  // namespace
}  // namespace holdfast::sandbox
