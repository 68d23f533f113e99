// Images: root file systems in a cache, made from the distribution's packages by a catalogue of
// recipes.
#ifndef HOLDFAST_HARNESS_SANDBOX_IMAGE_IMAGE_H_
#define HOLDFAST_HARNESS_SANDBOX_IMAGE_IMAGE_H_

#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/base/result.h"

namespace holdfast::sandbox {

// What a node agent needs to start a container from an image.
struct Image {
  std::string name;                                // "postgres:15", after resolution.
  std::filesystem::path root;                      // The root file system, read-only by convention.
  std::map<std::string, std::string> environment;  // PATH among it.
  std::vector<std::string> entry_point;
  std::vector<std::string> command;
  int uid = 0;  // User and group that the image runs as when the pod says nothing.
  int gid = 0;
  std::string working_directory = "/";
  std::string digest;  // "sha256:...": changes when the content does.
};

// "registry.example/library/postgres:15" resolves to "postgres:15", "postgres" to
// "postgres:latest", by last path element and tag.
std::string ResolveImageName(const std::string& reference);
// The names that the catalogue can make; "nginx:*" stands for any tag.
std::vector<std::string> ImageNames();
// Those that are small and quick to make.
std::vector<std::string> LightImageNames();
// The cached image: one that was loaded (image_archive.h) before one of the catalogue. kNotFound
// when it is in the catalogue but not made yet, kInvalidArgument (naming what there is) when no
// recipe has this name. The error says which command makes it.
Result<Image> FindImage(const std::filesystem::path& cache, const std::string& reference);
// Makes what is missing. `progress` is told one short sentence at each stage. Safe against a
// concurrent maker of the same image (one makes, the other waits) and against being killed (a
// half-made image is never found). Errors name the program or package that is missing and how to
// get it, or the full disk. kCancelled on a stop, soon; nothing goes on being made then.
Result<Image> EnsureImage(const std::filesystem::path& cache,
                          const std::string& reference,
                          const std::function<void(const std::string&)>& progress,
                          const std::stop_token& stop = {});

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_IMAGE_IMAGE_H_
