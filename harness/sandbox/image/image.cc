#include "harness/sandbox/image/image.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/strings.h"
#include "harness/sandbox/image/bootstrap.h"
#include "harness/sandbox/image/loaded_image.h"
#include "harness/sandbox/image/recipe.h"
#include "harness/sandbox/image/root_finish.h"

namespace holdfast::sandbox {
namespace fs = std::filesystem;
namespace {

constexpr Nanos kLockPoll = std::chrono::milliseconds(100);

// A changed recipe is another folder, so that a root is never replaced under a running container.
std::string FolderName(const Recipe& recipe) {
  return ReplaceAll(recipe.name, ":", "_") + "-" + Sha256Hex(RecipeText(recipe)).substr(0, 12);
}

struct Wanted {
  std::string name;
  FoundRecipe found;
};

Result<Wanted> RecipeOf(const std::string& reference) {
  Wanted wanted{ResolveImageName(reference), {}};
  wanted.found = FindRecipe(wanted.name);
  if (wanted.found.recipe == nullptr)
    return Fail(ErrorCode::kInvalidArgument,
                "no recipe for image '{}' (asked for as '{}'); there is {}; your own can be loaded "
                "with `holdfast sandbox image load FILE`",
                wanted.name, reference, Join(ImageNames(), ", "));
  return wanted;
}

Result<Image> Load(const Wanted& wanted, const fs::path& folder) {
  HOLDFAST_ASSIGN(const std::string text, ReadFile(folder / "image.json"));
  const Result<Json> json = ParseJson(text);
  if (!json) return Fail(json.error().In((folder / "image.json").string()));
  const Recipe& recipe = *wanted.found.recipe;
  Image image;
  image.name = wanted.name;
  image.root = folder / "root";
  image.environment = recipe.environment;
  image.entry_point = recipe.entry_point;
  image.command = recipe.command;
  image.uid = recipe.user.uid;
  image.gid = recipe.user.gid;
  image.working_directory = recipe.working_directory;
  image.digest = GetString(*json, {"digest"});
  if (const ImageAlias* alias = wanted.found.alias) {
    image.entry_point = alias->entry_point;
    image.command = alias->command;
    image.working_directory = alias->working_directory;
  }
  // Each tag has a digest of its own, or an update from one to the other could not be seen.
  if (wanted.name != recipe.name)
    image.digest = "sha256:" + Sha256Hex(image.digest + " " + wanted.name);
  return image;
}

// Held while one process makes an image; released by the kernel when it dies.
Result<FileDescriptor> Lock(const fs::path& path,
                            const std::string& image,
                            const std::function<void(const std::string&)>& progress,
                            const std::stop_token& stop) {
  FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock.valid())
    return Fail(ErrorCode::kUnavailable, "cannot create {}: {}", path.string(), ErrnoText(errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  progress(fmt::format("image {}: waiting for another process that is making it", image));
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EINTR && errno != EWOULDBLOCK)
      return Fail(ErrorCode::kUnavailable, "cannot lock {}: {}", path.string(), ErrnoText(errno));
    if (!SystemClock().SleepFor(kLockPoll, stop))
      return Fail(ErrorCode::kCancelled, "stopped while another process was making {}", image);
  }
  return lock;
}

// What makers that were killed left behind; the lock is ours, so nobody uses it.
void RemoveHalfMade(const fs::path& images, const std::string& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(images, error))
    if (entry.path().filename().string().starts_with(".making-" + folder))
      fs::remove_all(entry.path(), error);
}

Status Make(const Recipe& recipe,
            const fs::path& making,
            const std::function<void(const std::string&)>& progress,
            const std::stop_token& stop) {
  const Nanos start = SystemClock().Now();
  progress(fmt::format("image {}: making it from the distribution's packages, once", recipe.name));
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(making));
  HOLDFAST_ASSIGN(const std::vector<std::string> packages,
                  Bootstrap(recipe, making, progress, stop));
  HOLDFAST_RETURN_IF_ERROR(FinishRoot(recipe, making / "root"));
  const std::string content = Join(packages, "\n") + "\n" + RecipeText(recipe);
  const Json json = {
      {"name", recipe.name}, {"digest", "sha256:" + Sha256Hex(content)}, {"packages", packages}};
  HOLDFAST_RETURN_IF_ERROR(WriteFileAtomic(making / "image.json", DumpJson(json, 1) + "\n"));
  for (const char* name : {"network.conf", "mirror.sources", "packages", "log"})
    HOLDFAST_RETURN_IF_ERROR(RemoveTree(making / name));
  progress(fmt::format("image {}: ready after {}", recipe.name,
                       FormatDuration(SystemClock().Now() - start)));
  return {};
}

}  // namespace

std::string ResolveImageName(const std::string& reference) {
  std::string name = reference.substr(0, reference.find('@'));
  const size_t slash = name.rfind('/');
  if (slash != std::string::npos) name = name.substr(slash + 1);
  return name.find(':') == std::string::npos ? name + ":latest" : name;
}

std::vector<std::string> ImageNames() {
  std::vector<std::string> names;
  for (const Recipe& recipe : Recipes())
    names.push_back(recipe.name);
  for (const ImageAlias& alias : ImageAliases())
    names.push_back(alias.repository + ":*");
  return names;
}

std::vector<std::string> LightImageNames() { return {"busybox:1", "agnhost:2"}; }

Result<Image> FindImage(const fs::path& cache, const std::string& reference) {
  if (const auto loaded = FindLoadedImage(cache, ResolveImageName(reference))) return *loaded;
  HOLDFAST_ASSIGN(const Wanted wanted, RecipeOf(reference));
  const fs::path folder = cache / "images" / FolderName(*wanted.found.recipe);
  std::error_code error;
  if (!fs::exists(folder / "image.json", error))
    return Fail(ErrorCode::kNotFound,
                "image {} has not been made yet: make it with `holdfast sandbox image {}`",
                wanted.name, wanted.name);
  return Load(wanted, folder);
}

Result<Image> EnsureImage(const fs::path& cache,
                          const std::string& reference,
                          const std::function<void(const std::string&)>& progress,
                          const std::stop_token& stop) {
  Result<Image> found = FindImage(cache, reference);
  if (found || found.error().code != ErrorCode::kNotFound) return found;
  HOLDFAST_ASSIGN(const Wanted wanted, RecipeOf(reference));
  const Recipe& recipe = *wanted.found.recipe;
  const fs::path images = cache / "images";
  const std::string folder = FolderName(recipe);
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(images));
  HOLDFAST_ASSIGN(const FileDescriptor lock,
                  Lock(images / (".lock-" + folder), recipe.name, progress, stop));
  found = FindImage(cache, reference);  // Another process may have made it while we waited.
  if (found) return found;
  RemoveHalfMade(images, folder);
  const fs::path making = images / fmt::format(".making-{}-{}", folder, ::getpid());
  Status made = Make(recipe, making, progress, stop);
  std::error_code error;
  if (made) {
    fs::rename(making, images / folder, error);
    if (error)
      made =
          Fail(ErrorCode::kUnavailable, "cannot rename {}: {}", making.string(), error.message());
  }
  if (!made) {
    fs::remove_all(making, error);
    return Fail(std::move(made).error());
  }
  return FindImage(cache, reference);
}

}  // namespace holdfast::sandbox
