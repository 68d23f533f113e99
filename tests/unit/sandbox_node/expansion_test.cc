// $(VAR) references, command rules and the container environment, as Kubernetes defines them.
#include "harness/sandbox/node/expansion.h"

#include <gtest/gtest.h>

namespace holdfast::sandbox::node {
namespace {

using Words = std::vector<std::string>;

TEST(ExpandReferencesTest, FollowsKubernetesRules) {
  const Environment variables = {{"A", "1"}, {"B", "two"}, {"EMPTY", ""}, {"REF", "$(A)"}};
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", ""},
      {"plain", "plain"},
      {"$(A)", "1"},
      {"x$(A)y$(B)z", "x1ytwoz"},
      {"$(EMPTY)", ""},
      {"$(REF)", "$(A)"},
      {"$(MISSING)", "$(MISSING)"},
      {"$$(A)", "$(A)"},
      {"$$$(A)", "$1"},
      {"$$", "$"},
      {"$", "$"},
      {"cost: $5", "cost: $5"},
      {"$(A", "$(A"},
      {"$(A)$(", "1$("},
      {"${A}", "${A}"},
      {"$()", "$()"},
  };
  for (const auto& [text, expected] : rows)
    EXPECT_EQ(ExpandReferences(text, variables), expected) << text;
}

TEST(ContainerCommandTest, CombinesManifestAndImage) {
  const Words entry = {"/entry"};
  const Words image = {"serve"};
  struct Row {
    Json container;
    Words expected;
  };
  const std::vector<Row> rows = {
      {Json::object(), {"/entry", "serve"}},
      {{{"args", {"-v"}}}, {"/entry", "-v"}},
      {{{"command", {"sh"}}}, {"sh"}},
      {{{"command", {"sh", "-c"}}, {"args", {"echo $(N)"}}}, {"sh", "-c", "echo 3"}},
  };
  for (const Row& row : rows) {
    const auto argv = ContainerCommand(row.container, entry, image, {{"N", "3"}});
    ASSERT_TRUE(argv) << row.container;
    EXPECT_EQ(*argv, row.expected) << row.container;
  }
  EXPECT_FALSE(ContainerCommand(Json::object(), {}, {}, {}));
}

class EnvironmentTest : public ::testing::Test {
 protected:
  EnvironmentTest() {
    context_.pod_ip = "10.244.0.5";
    context_.host_ip = "10.250.0.11";
    context_.get = [](const std::string& resource, const std::string& name) -> Result<Json> {
      if (resource == "configmaps" && name == "settings")
        return Json{{"data", {{"mode", "fast"}, {"level", "3"}}}};
      if (resource == "secrets" && name == "login") return Json{{"data", {{"word", "c2VjcmV0"}}}};
      return Fail(ErrorCode::kNotFound, "{} \"{}\" not found", resource, name);
    };
  }
  Result<Environment> Build(const Json& container) {
    return ContainerEnvironment(pod_, container, {{"PATH", "/bin"}, {"MODE", "image"}}, context_);
  }
  Json pod_ = {
      {"metadata",
       {{"name", "web-0"}, {"namespace", "ns"}, {"uid", "u1"}, {"labels", {{"app", "w"}}}}},
      {"spec", {{"nodeName", "node-a"}}}};
  PodContext context_;
};

Json FieldEntry(const std::string& name, const std::string& path) {
  return {{"name", name}, {"valueFrom", {{"fieldRef", {{"fieldPath", path}}}}}};
}

TEST_F(EnvironmentTest, TakesValuesFromEverywhereInOrder) {
  const Json container = {
      {"envFrom", Json::array({{{"prefix", "C_"}, {"configMapRef", {{"name", "settings"}}}},
                               {{"secretRef", {{"name", "none"}, {"optional", true}}}}})},
      {"env",
       Json::array({{{"name", "MODE"}, {"value", "own"}},
                    {{"name", "URL"}, {"value", "http://$(MODE):$(C_level)/$(LATER)"}},
                    {{"name", "LATER"}, {"value", "x"}},
                    FieldEntry("NAME", "metadata.name"),
                    FieldEntry("UID", "metadata.uid"),
                    FieldEntry("APP", "metadata.labels['app']"),
                    FieldEntry("NODE", "spec.nodeName"),
                    FieldEntry("IP", "status.podIP"),
                    FieldEntry("HOST", "status.hostIP"),
                    {{"name", "WORD"},
                     {"valueFrom", {{"secretKeyRef", {{"name", "login"}, {"key", "word"}}}}}}})}};
  const auto built = Build(container);
  ASSERT_TRUE(built) << built.error().message;
  const Environment expected = {{"PATH", "/bin"},      {"MODE", "own"},
                                {"HOSTNAME", "web-0"}, {"C_mode", "fast"},
                                {"C_level", "3"},      {"LATER", "x"},
                                {"NAME", "web-0"},     {"UID", "u1"},
                                {"APP", "w"},          {"NODE", "node-a"},
                                {"IP", "10.244.0.5"},  {"HOST", "10.250.0.11"},
                                {"WORD", "secret"},    {"URL", "http://own:3/$(LATER)"}};
  EXPECT_EQ(*built, expected);
}

TEST_F(EnvironmentTest, RefusesWhatIsMissingUnlessOptional) {
  const auto key = [](const std::string& map, const std::string& name, bool optional) {
    return Json{
        {"env",
         Json::array(
             {{{"name", "X"},
               {"valueFrom",
                {{"configMapKeyRef", {{"name", map}, {"key", name}, {"optional", optional}}}}}}})}};
  };
  EXPECT_FALSE(Build(key("none", "mode", false)));
  EXPECT_FALSE(Build(key("settings", "none", false)));
  EXPECT_FALSE(Build(key("settings", "mode", true))->at("X").empty());
  EXPECT_FALSE(Build(key("settings", "none", true))->contains("X"));
  EXPECT_FALSE(Build({{"env", Json::array({FieldEntry("X", "metadata.nonsense")})}}));
  EXPECT_FALSE(Build({{"envFrom", Json::array({{{"configMapRef", {{"name", "none"}}}}})}}));
}

TEST(ResourceReference, Table) {
  const Json container = {
      {"resources",
       {{"limits", {{"cpu", "1500m"}, {"memory", "1Gi"}}}, {"requests", {{"memory", "100M"}}}}}};
  struct Row {
    std::string resource;
    std::string divisor;
    std::string value;
  };
  for (const Row& row : std::vector<Row>{{"limits.cpu", "", "2"},
                                         {"limits.cpu", "1m", "1500"},
                                         {"limits.memory", "1Mi", "1024"},
                                         {"limits.memory", "0", "1073741824"},
                                         {"requests.memory", "1", "100000000"},
                                         {"requests.cpu", "1", "2"},
                                         {"requests.ephemeral-storage", "1", "0"}}) {
    Json reference = {{"resource", row.resource}};
    if (!row.divisor.empty()) reference["divisor"] = row.divisor;
    EXPECT_EQ(ResourceReference(container, reference).value_or("error"), row.value)
        << row.resource << " by " << row.divisor;
  }
  for (const char* wrong : {"", "limits", "other.cpu"})
    EXPECT_FALSE(ResourceReference(container, {{"resource", wrong}})) << wrong;
  EXPECT_FALSE(ResourceReference(container, {{"resource", "limits.cpu"}, {"divisor", "x"}}));
}

}  // namespace
}  // namespace holdfast::sandbox::node
