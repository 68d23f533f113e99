// Looking things up in the catalogue (catalogue.cc).
#include "harness/sandbox/image/recipe.h"

#include <algorithm>
#include <string_view>

#include "harness/base/json.h"

namespace holdfast::sandbox {

bool IsReleaseTag(std::string_view tag) {
  if (tag.starts_with(':')) tag.remove_prefix(1);
  for (const std::string_view moving : {"latest", "stable", "mainline", "edge", "unstable", "alpine",
                                        "slim", "glibc", "musl", "uclibc"})
    if (tag == moving || (tag.starts_with(moving) && tag[moving.size()] == '-')) return true;
  if (tag.starts_with('v')) tag.remove_prefix(1);
  return !tag.empty() && tag.front() >= '0' && tag.front() <= '9';
}

FoundRecipe FindRecipe(const std::string& name) {
  const auto exact = [](const std::string& wanted) {
    const auto found = std::ranges::find(Recipes(), wanted, &Recipe::name);
    return found == Recipes().end() ? nullptr : &*found;
  };
  if (const Recipe* recipe = exact(name)) return {recipe, nullptr};
  constexpr std::string_view kRebuilt = "-rebuilt";
  if (name.ends_with(kRebuilt))
    if (const Recipe* recipe = exact(name.substr(0, name.size() - kRebuilt.size())))
      return {recipe, nullptr};
  const std::string repository = name.substr(0, name.find(':'));
  const auto alias = std::ranges::find(ImageAliases(), repository, &ImageAlias::repository);
  if (alias == ImageAliases().end() || !IsReleaseTag(name.substr(repository.size()))) return {};
  return {exact(alias->recipe), &*alias};
}

std::string RecipeText(const Recipe& recipe) {
  Json directories = Json::array();
  for (const ImageDirectory& directory : recipe.directories)
    directories.push_back({directory.path, directory.mode});
  // The format number moves when the making itself changes what ends up in a root.
  Json text = {
      {"format", 1},
      {"name", recipe.name},
      {"suite", recipe.suite},
      {"packages", recipe.packages},
      {"environment", recipe.environment},
      {"entryPoint", recipe.entry_point},
      {"command", recipe.command},
      {"user", {recipe.user.name, recipe.user.uid, recipe.user.gid, recipe.user.home}},
      {"directories", directories},
      {"links", recipe.links},
      {"remove", recipe.remove},
      {"busyboxLinks", recipe.busybox_links}};
  // Fields that came later count only where they are used, so that roots made before stay good.
  if (!recipe.files.empty()) {
    Json files = Json::array();
    for (const ImageFile& file : recipe.files)
      files.push_back({file.path, file.mode, file.content});
    text["files"] = files;
  }
  return DumpJson(text);
}

}  // namespace holdfast::sandbox
