// Turns unpacked packages, whose maintainer scripts never ran, into a root file system that a
// container can start in.
#ifndef HOLDFAST_HARNESS_SANDBOX_IMAGE_ROOT_FINISH_H_
#define HOLDFAST_HARNESS_SANDBOX_IMAGE_ROOT_FINISH_H_

#include <filesystem>

#include "harness/base/result.h"
#include "harness/sandbox/image/recipe.h"

namespace holdfast::sandbox {

// Removes what the recipe removes, writes the files of /etc that scripts would have made, makes its
// directories and links. Everything then belongs to the caller, is readable by whoever runs the
// sandbox, and no file is set-uid.
Status FinishRoot(const Recipe& recipe, const std::filesystem::path& root);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_IMAGE_ROOT_FINISH_H_
