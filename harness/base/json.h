// nlohmann/json behind functions that return errors and defaults instead of throwing.
#ifndef HOLDFAST_HARNESS_BASE_JSON_H_
#define HOLDFAST_HARNESS_BASE_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "harness/base/result.h"

// Instantiated once, in json.cc.
extern template class nlohmann::basic_json<>;

namespace holdfast {

using Json = nlohmann::json;

Result<Json> ParseJson(std::string_view text);
// Compact text; invalid UTF-8 becomes U+FFFD instead of an exception.
std::string DumpJson(const Json& value, int indent = -1);

// The value at a path of object keys and array indices such as {"metadata", "labels", "app"}, or
// nullptr. Never throws; the pointer lives as long as `value`.
const Json* FindPath(const Json& value, std::initializer_list<std::string_view> path);
// The string, integer or boolean at the path, or the default when it is missing or of another type.
std::string GetString(const Json& value,
                      std::initializer_list<std::string_view> path,
                      std::string_view fallback = "");
int64_t GetInt(const Json& value,
               std::initializer_list<std::string_view> path,
               int64_t fallback = 0);
bool GetBool(const Json& value,
             std::initializer_list<std::string_view> path,
             bool fallback = false);
// The array at the path, or a shared empty one.
const Json& GetArray(const Json& value, std::initializer_list<std::string_view> path);
// The object at the path, or a shared empty one.
const Json& GetObject(const Json& value, std::initializer_list<std::string_view> path);

}  // namespace holdfast

#endif  // HOLDFAST_HARNESS_BASE_JSON_H_
