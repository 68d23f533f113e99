// Loads an image from a file: what `docker save` writes, or an OCI image layout (a tar file or a
// directory).
#ifndef HOLDFAST_HARNESS_SANDBOX_IMAGE_IMAGE_ARCHIVE_H_
#define HOLDFAST_HARNESS_SANDBOX_IMAGE_IMAGE_ARCHIVE_H_

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/base/result.h"

namespace holdfast::sandbox {

// Loads every image in `file` into the cache and returns their resolved names; an image of the same
// name is replaced. `as`, when not empty, names the only image in it (an OCI layout may have none).
// Errors name the file and what it lacks: no manifest, a digest that does not match its blob, a
// layer that leads out of the root, a user that the image does not know.
Result<std::vector<std::string>> LoadImageArchive(
    const std::filesystem::path& cache,
    const std::filesystem::path& file,
    const std::string& as,
    const std::function<void(const std::string&)>& progress);

// Unpacks one layer (tar, compressed or not) over `root`: whiteouts remove what lower layers
// brought, links are followed inside the root only, devices are left out. Everything belongs to the
// caller, and no file is set-uid.
Status ApplyLayer(const std::filesystem::path& layer, const std::filesystem::path& root);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_IMAGE_IMAGE_ARCHIVE_H_
