// Paths inside another root: symbolic links are followed as the container would follow them.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_ROOT_PATH_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_ROOT_PATH_H_

#include <filesystem>
#include <string>

#include "harness/base/result.h"

namespace holdfast::sandbox::node {

// The path, relative to `root` and free of links and "..", that `path` means inside `root`. What
// does not exist yet is taken literally. Nothing leads out of `root`. Fails on a loop of links.
Result<std::filesystem::path> ResolveInRoot(const std::filesystem::path& root,
                                            const std::filesystem::path& path);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_ROOT_PATH_H_
