// Images that were loaded from an archive: "<cache>/loaded/<name>/image.json" and "root".
#ifndef HOLDFAST_HARNESS_SANDBOX_IMAGE_LOADED_IMAGE_H_
#define HOLDFAST_HARNESS_SANDBOX_IMAGE_LOADED_IMAGE_H_

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/sandbox/image/image.h"

namespace holdfast::sandbox {

// Where the image of a resolved name lives.
std::filesystem::path LoadedImageFolder(const std::filesystem::path& cache,
                                        const std::string& name);
// nullopt when no image of this resolved name was loaded.
std::optional<Image> FindLoadedImage(const std::filesystem::path& cache, const std::string& name);
std::vector<std::string> LoadedImageNames(const std::filesystem::path& cache);

// "root", "1000", "1000:1000", "mysql:mysql" of an image's config, by its passwd and group files;
// nullopt when a name is not in them.
struct UserAndGroup {
  int uid = 0;
  int gid = 0;
};
std::optional<UserAndGroup> ParseImageUser(const std::string& user,
                                           const std::string& passwd,
                                           const std::string& group);

// Of an OCI or docker image config ("config" and what is in it) to our own record.
Json LoadedImageRecord(const std::string& name,
                       const std::string& digest,
                       const Json& config,
                       const UserAndGroup& user);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_IMAGE_LOADED_IMAGE_H_
