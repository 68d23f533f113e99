// The catalogue of images: what each is made of. Adding an image means adding a row here.
#ifndef HOLDFAST_HARNESS_SANDBOX_IMAGE_RECIPE_H_
#define HOLDFAST_HARNESS_SANDBOX_IMAGE_RECIPE_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sandbox {

struct ImageUser {
  std::string name = "root";
  int uid = 0;
  int gid = 0;
  std::string home = "/root";
};

struct ImageDirectory {
  std::string path;
  unsigned mode = 0755;
};

struct ImageFile {
  std::string path;
  unsigned mode = 0644;
  std::string content;
};

struct Recipe {
  std::string name;                   // "postgres:15".
  std::string suite;                  // The distribution's code name.
  std::vector<std::string> packages;  // With all that they depend on.
  std::map<std::string, std::string> environment;
  std::vector<std::string> entry_point;
  std::vector<std::string> command;
  ImageUser user;  // Known to passwd and group; the one that the image runs as.
  std::string working_directory = "/";
  std::vector<ImageDirectory> directories = {};
  std::vector<ImageFile> files = {};  // Written last; directories are made for them.
  std::map<std::string, std::string> links = {};  // Symbolic links, path -> target.
  // Removed after unpacking, relative to the root; '*' matches within one path element.
  std::vector<std::string> remove = {};
  bool busybox_links = false;  // One link in /bin for each applet of its busybox.
};

const std::vector<Recipe>& Recipes();

// A name that stands for the root of a recipe, with other things to run.
struct ImageAlias {
  std::string repository;  // "nginx": any tag of it.
  std::string recipe;      // Whose root it is.
  std::vector<std::string> entry_point;
  std::vector<std::string> command;
  std::string working_directory = "/";
};
const std::vector<ImageAlias>& ImageAliases();

// What a resolved name means: a recipe by its own name; "<name>-rebuilt", the same content under
// another digest, so that an image update can be seen where no newer version exists; an alias; or
// another tag of busybox. A null recipe: there is none, as with an alias whose tag names no release
// ("nginx:no-such-tag"): who sets such an image wants to see it missing.
struct FoundRecipe {
  const Recipe* recipe = nullptr;
  const ImageAlias* alias = nullptr;
};
FoundRecipe FindRecipe(const std::string& name);
// A version ("1.25", "v2") or one of the tags that move with it ("latest", "alpine-...").
bool IsReleaseTag(std::string_view tag);
// Everything that decides the content, as text: part of the digest.
std::string RecipeText(const Recipe& recipe);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_IMAGE_RECIPE_H_
