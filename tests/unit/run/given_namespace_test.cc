// By its label alone a run knows its objects in a namespace that it was given.
#include "harness/run/given_namespace.h"

#include <gtest/gtest.h>

namespace holdfast::run {
namespace {

TEST(MarkAsOfRun, ReachesPodsAndClaims) {
  std::vector<Json> manifests{
      {{"kind", "Service"}, {"metadata", {{"name", "s"}, {"labels", {{"app", "s"}}}}}},
      {{"kind", "Secret"}, {"metadata", {{"name", "p"}}}},
      {{"kind", "StatefulSet"},
       {"metadata", {{"name", "web"}}},
       {"spec",
        {{"selector", {{"matchLabels", {{"app", "web"}}}}},
         {"template", {{"metadata", {{"labels", {{"app", "web"}}}}}}},
         {"volumeClaimTemplates", {{{"metadata", {{"name", "data"}}}}}}}}}};
  MarkAsOfRun("abc", manifests);
  for (const Json& manifest : manifests)
    EXPECT_EQ(GetString(manifest, {"metadata", "labels", "holdfast.dev/run"}), "abc");
  EXPECT_EQ(GetString(manifests[0], {"metadata", "labels", "app"}), "s");
  const Json& set = manifests[2];
  EXPECT_EQ(GetString(set, {"spec", "template", "metadata", "labels", "holdfast.dev/run"}), "abc");
  EXPECT_EQ(GetString(set, {"spec", "volumeClaimTemplates", "0", "metadata", "labels",
                            "holdfast.dev/run"}),
            "abc");
  EXPECT_EQ(GetObject(set, {"spec", "selector", "matchLabels"}).size(), 1U);
  EXPECT_FALSE(manifests[1].contains("spec"));
}

TEST(GivenNamespaceRules, LetTheRunListAndDeleteWhatItMakes) {
  bool claims = false;
  for (const faults::PolicyRule& rule : GivenNamespaceRules()) {
    EXPECT_EQ(rule.verbs, (std::vector<std::string>{"list", "delete"})) << rule.resource;
    claims |= rule.resource == "persistentvolumeclaims";
  }
  EXPECT_TRUE(claims);
}

}  // namespace
}  // namespace holdfast::run
