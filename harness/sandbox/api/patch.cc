#include "harness/sandbox/api/patch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "harness/sandbox/api/api_errors.h"

namespace holdfast::sandbox {
namespace {
constexpr size_t kMostOperations = 10'000;
constexpr size_t kMostCopied = 3UL << 20U;  // Bytes that the copies of one patch may add.
constexpr size_t kDeepest = 500;

// Without recursion: that is what a value may be too deep for.
bool IsTooDeep(const Json& value) {
  std::vector<std::pair<const Json*, size_t>> open{{&value, 1}};
  while (!open.empty()) {
    const auto [at, depth] = open.back();
    open.pop_back();
    if (depth > kDeepest) return true;
    if (!at->is_structured()) continue;
    for (const Json& member : *at)
      if (member.is_structured()) open.emplace_back(&member, depth + 1);
  }
  return false;
}

tl::unexpected<Error> Rejected(std::string_view why) {
  return Fail(ApiError(
      422, "Invalid",
      fmt::format("the server rejected our request due to an error in our request: {}", why)));
}

bool Copies(const Json& operation) { return GetString(operation, {"op"}) == "copy"; }

// One operation after the other: what is copied can be copied again, and grow without end.
Result<Json> ApplyOneByOne(Json object, const Json& patch) {
  size_t copied = 0;
  for (const Json& operation : patch) {
    if (Copies(operation)) {
      const Json::json_pointer from(GetString(operation, {"from"}));
      if (object.contains(from)) copied += DumpJson(object[from]).size();
      if (copied > kMostCopied)
        return Rejected(
            fmt::format("Unable to complete the copy, the accumulated size increase of "
                        "copy is {}, exceeding the limit {}",
                        copied, kMostCopied));
    }
    object = object.patch(Json::array({operation}));
    if (IsTooDeep(object)) return Rejected("the object would be nested too deeply");
  }
  return object;
}

}  // namespace

Result<Json> ApplyJsonPatch(const Json& object, const Json& patch) {
  if (!patch.is_array()) return Fail(BadRequest("a JSON patch must be a list of operations"));
  if (patch.size() > kMostOperations)
    return Fail(ApiError(413, "RequestEntityTooLarge",
                         fmt::format("Request entity too large: The allowed maximum operations in "
                                     "a JSON patch is {}, got {}",
                                     kMostOperations, patch.size())));
  try {
    if (std::any_of(patch.begin(), patch.end(), Copies)) return ApplyOneByOne(object, patch);
    Json patched = object.patch(patch);
    if (IsTooDeep(patched)) return Rejected("the object would be nested too deeply");
    return patched;
  } catch (const Json::exception& error) {
    return Rejected(error.what());
  }
}

Result<Json> ApplyMergePatch(const Json& object, const Json& patch) {
  if (!patch.is_object()) return Fail(BadRequest("a merge patch must be a JSON object"));
  Json merged = object;
  merged.merge_patch(patch);
  return merged;
}

}  // namespace holdfast::sandbox
