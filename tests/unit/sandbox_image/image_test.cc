// Names, the cache's promises, and what a person is told when an image cannot be made.
#include "harness/sandbox/image/image.h"

#include <set>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/sandbox/image/bootstrap.h"
#include "harness/sandbox/image/recipe.h"

namespace holdfast::sandbox {
namespace {

TEST(ImageName, LastPathElementAndTag) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"postgres:15", "postgres:15"},
      {"postgres", "postgres:latest"},
      {"registry.example/library/postgres:15", "postgres:15"},
      {"registry.example:5000/postgres", "postgres:latest"},
      {"postgres:15@sha256:00ff", "postgres:15"},
      {"", ":latest"}};
  for (const auto& [reference, name] : rows)
    EXPECT_EQ(ResolveImageName(reference), name) << reference;
}

TEST(ImageCache, UnknownNamesThereIs) {
  const TemporaryDirectory cache;
  const Result<Image> image = FindImage(cache.path(), "registry.example/oracle:23");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(image.error().message.find("postgres:15"), std::string::npos);
  EXPECT_FALSE(EnsureImage(cache.path(), "oracle:23", [](const std::string&) {}));
}

TEST(ImageCache, NotMadeYetAndHalfMadeAreNotFound) {
  const TemporaryDirectory cache;
  ASSERT_TRUE(MakeDirectories(cache.path() / "images" / ".making-postgres_15-1" / "root"));
  const Result<Image> image = FindImage(cache.path(), "postgres:15");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, ErrorCode::kNotFound);
}

TEST(Recipes, AreWellFormed) {
  std::set<std::string> names;
  for (const Recipe& recipe : Recipes()) {
    EXPECT_TRUE(names.insert(recipe.name).second) << recipe.name;
    EXPECT_EQ(ResolveImageName(recipe.name), recipe.name);
    EXPECT_TRUE(recipe.environment.contains("PATH")) << recipe.name;
    for (const std::string& path : recipe.remove)
      EXPECT_FALSE(path.empty() || path.starts_with('/')) << path;
    for (const ImageDirectory& directory : recipe.directories)
      EXPECT_TRUE(directory.path.starts_with('/')) << directory.path;
  }
  EXPECT_NE(FindRecipe("postgres:15").recipe->environment.at("PATH").find("/usr/lib/postgresql/15/bin"),
            std::string::npos);
}

TEST(Recipes, AliasesAndRebuiltNames) {
  EXPECT_EQ(FindRecipe("postgres:15-rebuilt").recipe, FindRecipe("postgres:15").recipe);
  EXPECT_EQ(FindRecipe("postgres:14").recipe, nullptr);
  for (const char* name : {"pause:3.10", "busybox:1.36", "agnhost:2.53", "httpd:2.4.38-4",
                           "nginx:latest", "base:1", "base:2"}) {
    const FoundRecipe found = FindRecipe(name);
    ASSERT_NE(found.recipe, nullptr) << name;
    EXPECT_NE(found.alias, nullptr) << name;
  }
  for (const char* name : {"nginx:no-such-tag", "busybox:broken", "base:latestbroken", "httpd:v",
                           "httpd:"})
    EXPECT_EQ(FindRecipe(name).recipe, nullptr) << name;
  for (const char* name : {"nginx:alpine", "nginx:stable-perl", "busybox:v1", "busybox:1-rebuilt"})
    EXPECT_NE(FindRecipe(name).recipe, nullptr) << name;
  EXPECT_EQ(FindRecipe("busybox:1").alias, nullptr);
  for (const ImageAlias& alias : ImageAliases())
    EXPECT_NE(FindRecipe(alias.recipe).recipe, nullptr) << alias.repository;
}

TEST(ImageCache, EachTagHasItsOwnDigest) {
  const TemporaryDirectory cache;
  const auto missing = FindImage(cache.path(), "registry.example/web/httpd:2.4.39");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("holdfast sandbox image httpd:2.4.39"), std::string::npos)
      << missing.error().message;
  const Recipe& recipe = *FindRecipe("agnhost:2").recipe;
  const auto folder = cache.path() / "images" /
                      ("agnhost_2-" + Sha256Hex(RecipeText(recipe)).substr(0, 12));
  ASSERT_TRUE(MakeDirectories(folder / "root"));
  ASSERT_TRUE(WriteFileAtomic(folder / "image.json", R"({"digest":"sha256:77"})"));
  const auto old = FindImage(cache.path(), "httpd:2.4.38");
  const auto update = FindImage(cache.path(), "httpd:2.4.39");
  ASSERT_TRUE(old && update);
  EXPECT_NE(old->digest, update->digest);
  EXPECT_EQ(old->root, update->root);
  EXPECT_EQ(old->command, std::vector<std::string>{"httpd-foreground"});
  EXPECT_EQ(FindImage(cache.path(), "agnhost:2")->digest, "sha256:77");
}

TEST(Recipes, TextTellsThemApart) {
  Recipe changed = *FindRecipe("postgres:15").recipe;
  changed.packages.emplace_back("less");
  EXPECT_NE(RecipeText(changed), RecipeText(*FindRecipe("postgres:15").recipe));
}

TEST(Bootstrap, ExplainsFailures) {
  const Recipe& recipe = *FindRecipe("postgres:15").recipe;
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"tar: x: Cannot write: No space left on device\nE: tar failed",
       "disk that holds /c is full"},
      {"W: Failed to fetch: Temporary failure resolving 'm.test'\nE: apt-get failed",
       "not reachable"},
      {"E: Unable to locate package nonsense", "lacks a package"},
      {"I: something\nE: a strange end", "a strange end"}};
  for (const auto& [log, words] : rows) {
    const Error error = ExplainBootstrapFailure(recipe, log, "/c");
    EXPECT_NE(error.message.find(words), std::string::npos) << error.message;
    EXPECT_EQ(error.message.find('\n'), std::string::npos);
  }
  const Error secret =
      ExplainBootstrapFailure(recipe, "E: 407 of http://joe:hunter2@proxy.test/", "/c");
  EXPECT_EQ(secret.message.find("hunter2"), std::string::npos) << secret.message;
}

TEST(Bootstrap, Stages) {
  EXPECT_EQ(StageOf("I: running apt-get update..."), "reading the package lists");
  EXPECT_EQ(StageOf("I: extracting archives..."), "unpacking");
  EXPECT_EQ(StageOf("W: something else"), "");
}

}  // namespace
}  // namespace holdfast::sandbox
