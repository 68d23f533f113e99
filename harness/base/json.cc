#include "harness/base/json.h"

#include "harness/base/strings.h"

template class nlohmann::basic_json<>;

namespace holdfast {

Result<Json> ParseJson(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    return Fail(ErrorCode::kInvalidArgument, "not valid JSON: {}", error.what());
  }
}

std::string DumpJson(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

const Json* FindPath(const Json& value, std::initializer_list<std::string_view> path) {
  const Json* at = &value;
  for (const std::string_view key : path) {
    if (at->is_object()) {
      const auto found = at->find(key);
      if (found == at->end()) return nullptr;
      at = &*found;
    } else if (at->is_array()) {
      const auto index = ParseInt(key);
      if (!index || *index < 0 || static_cast<size_t>(*index) >= at->size()) return nullptr;
      at = &(*at)[static_cast<size_t>(*index)];
    } else {
      return nullptr;
    }
  }
  return at;
}

std::string GetString(const Json& value,
                      std::initializer_list<std::string_view> path,
                      std::string_view fallback) {
  const Json* found = FindPath(value, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string(fallback);
}
int64_t GetInt(const Json& value, std::initializer_list<std::string_view> path, int64_t fallback) {
  const Json* found = FindPath(value, path);
  return found != nullptr && found->is_number_integer() ? found->get<int64_t>() : fallback;
}
bool GetBool(const Json& value, std::initializer_list<std::string_view> path, bool fallback) {
  const Json* found = FindPath(value, path);
  return found != nullptr && found->is_boolean() ? found->get<bool>() : fallback;
}
const Json& GetArray(const Json& value, std::initializer_list<std::string_view> path) {
  static const Json kEmpty = Json::array();
  const Json* found = FindPath(value, path);
  return found != nullptr && found->is_array() ? *found : kEmpty;
}
const Json& GetObject(const Json& value, std::initializer_list<std::string_view> path) {
  static const Json kEmpty = Json::object();
  const Json* found = FindPath(value, path);
  return found != nullptr && found->is_object() ? *found : kEmpty;
}

}  // namespace holdfast
