// mmdebstrap as a function: unpacks packages of the distribution into a directory, without root and
// without running anything of what it unpacks.
#ifndef HOLDFAST_HARNESS_SANDBOX_IMAGE_BOOTSTRAP_H_
#define HOLDFAST_HARNESS_SANDBOX_IMAGE_BOOTSTRAP_H_

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"
#include "harness/sandbox/image/recipe.h"

namespace holdfast::sandbox {

// Unpacks the recipe's packages and all that they depend on into `directory`/root, from the mirror
// that the machine's apt uses. Returns "package_version_architecture" of all, sorted. `progress` is
// told each stage with the time so far. Must be called from a thread that outlives it: the tools
// die with their caller.
Result<std::vector<std::string>> Bootstrap(const Recipe& recipe,
                                           const std::filesystem::path& directory,
                                           const std::function<void(const std::string&)>& progress,
                                           const std::stop_token& stop);

// What to tell a person about the log of a failed mmdebstrap: a full disk, no network, an unknown
// package, else its last error. Passwords in addresses are hidden.
Error ExplainBootstrapFailure(const Recipe& recipe,
                              std::string_view log,
                              const std::filesystem::path& directory);
// "running apt-get update..." -> "reading the package lists"; "" for a line that is no stage.
std::string StageOf(std::string_view log_line);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_IMAGE_BOOTSTRAP_H_
