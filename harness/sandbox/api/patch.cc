#include "harness/sandbox/api/patch.h"

#include "harness/sandbox/api/api_errors.h"

namespace holdfast::sandbox {
namespace {
constexpr size_t kMostOperations = 10'000;
}

Result<Json> ApplyJsonPatch(const Json& object, const Json& patch) {
  if (!patch.is_array()) return Fail(BadRequest("a JSON patch must be a list of operations"));
  if (patch.size() > kMostOperations)
    return Fail(ApiError(413, "RequestEntityTooLarge",
                         fmt::format("Request entity too large: The allowed maximum operations in "
                                     "a JSON patch is {}, got {}",
                                     kMostOperations, patch.size())));
  try {
    return object.patch(patch);
  } catch (const Json::exception& error) {
    return Fail(ApiError(422, "Invalid",
                         fmt::format("the server rejected our request due to an error in our "
                                     "request: {}",
                                     error.what())));
  }
}

Result<Json> ApplyMergePatch(const Json& object, const Json& patch) {
  if (!patch.is_object()) return Fail(BadRequest("a merge patch must be a JSON object"));
  Json merged = object;
  merged.merge_patch(patch);
  return merged;
}

}  // namespace holdfast::sandbox
