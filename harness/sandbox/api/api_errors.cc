#include "harness/sandbox/api/api_errors.h"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::sandbox {
namespace {

struct TypeWords {
  FieldError::Type type;
  std::string_view text;
  std::string_view reason;
};
constexpr std::array<TypeWords, 7> kTypes = {{
    {FieldError::Type::kRequired, "Required value", "FieldValueRequired"},
    {FieldError::Type::kInvalid, "Invalid value", "FieldValueInvalid"},
    {FieldError::Type::kForbidden, "Forbidden", "FieldValueForbidden"},
    {FieldError::Type::kNotSupported, "Unsupported value", "FieldValueNotSupported"},
    {FieldError::Type::kDuplicate, "Duplicate value", "FieldValueDuplicate"},
    {FieldError::Type::kNotFound, "Not found", "FieldValueNotFound"},
    {FieldError::Type::kTooLong, "Too long", "FieldValueTooLong"},
}};

const TypeWords& WordsOf(FieldError::Type type) {
  for (const TypeWords& words : kTypes)
    if (words.type == type) return words;
  return kTypes[1];
}

ErrorCode CodeOf(int status) {
  switch (status) {
    case 404:
      return ErrorCode::kNotFound;
    case 409:
    case 410:
      return ErrorCode::kConflict;
    case 401:
    case 403:
    case 422:
      return ErrorCode::kRefused;
    case 502:
    case 503:
    case 504:
      return ErrorCode::kUnavailable;
    case 500:
      return ErrorCode::kInternal;
    default:
      return ErrorCode::kInvalidArgument;
  }
}

// The field path that ends just before `colon`, or empty when what stands there is not one.
std::string FieldBefore(std::string_view text, size_t colon) {
  size_t start = colon;
  while (start > 0 && text[start - 1] != ' ' && text[start - 1] != '[')
    --start;
  // An index such as containers[0].image holds a bracket of its own.
  if (start > 0 && text[start - 1] == '[' && start >= 2 && text[start - 2] != ' ')
    while (start > 0 && text[start - 1] != ' ')
      --start;
  if (start < colon && text[start] == '[') ++start;
  return std::string(text.substr(start, colon - start));
}

// Reads "field: Type: detail" back out of an Invalid message.
Json Causes(std::string_view message) {
  Json causes = Json::array();
  const size_t begin = message.find(" is invalid: ");
  if (begin == std::string_view::npos) return causes;
  std::vector<std::pair<size_t, const TypeWords*>> marks;
  for (size_t at = begin + 12; at < message.size(); ++at)
    for (const TypeWords& words : kTypes)
      if (message.compare(at, 2, ": ") == 0 &&
          message.compare(at + 2, words.text.size(), words.text) == 0 && at > begin + 12)
        marks.emplace_back(at, &words);
  for (size_t i = 0; i < marks.size(); ++i) {
    const std::string field = FieldBefore(message, marks[i].first);
    size_t end = message.size();
    if (i + 1 < marks.size())
      end = marks[i + 1].first - FieldBefore(message, marks[i + 1].first).size() - 2;
    else if (marks.size() > 1 && message.back() == ']')
      --end;
    const size_t text = marks[i].first + 2;
    causes.push_back({{"reason", marks[i].second->reason},
                      {"message", std::string(message.substr(text, end - text))},
                      {"field", field}});
  }
  return causes;
}

// Reads "conflicts with MANAGER:\n- PATH" back out of the message of a refused apply.
Json ApplyConflicts(std::string_view message) {
  constexpr std::string_view kOne = "Apply failed with 1 conflict: conflict with ";
  constexpr std::string_view kMany = "conflicts with ";
  Json causes = Json::array();
  const auto add = [&](std::string_view manager, std::string_view path) {
    causes.push_back({{"reason", "FieldManagerConflict"},
                      {"message", "conflict with " + std::string(manager)},
                      {"field", path}});
  };
  if (message.starts_with(kOne)) {
    const size_t path = message.find(": .");
    if (path != std::string_view::npos)
      add(message.substr(kOne.size(), path - kOne.size()), message.substr(path + 2));
    return causes;
  }
  if (!message.starts_with("Apply failed with ")) return causes;
  std::string_view manager;
  std::string_view rest = message.substr(message.find(": ") + 2);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.starts_with(kMany)) {
      manager = line.substr(kMany.size(), line.size() - kMany.size() - 1);
    } else if (line.starts_with("- ")) {
      add(manager, line.substr(2));
    }
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return causes;
}

}  // namespace

Error ApiError(int status, std::string reason, std::string message) {
  return Error{CodeOf(status), std::move(message), status, std::move(reason)};
}
Error BadRequest(std::string message) { return ApiError(400, "BadRequest", std::move(message)); }
Error NotFound(const ResourceInfo& info, std::string_view name) {
  return ApiError(404, "NotFound", fmt::format("{} \"{}\" not found", info.Qualified(), name));
}
Error ConflictError(const ResourceInfo& info, std::string_view name, std::string_view why) {
  return ApiError(
      409, "Conflict",
      fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", info.Qualified(), name, why));
}

Error Invalid(const ResourceInfo& info,
              std::string_view name,
              const std::vector<FieldError>& errors) {
  std::string list;
  for (const FieldError& error : errors) {
    if (!list.empty()) list += ", ";
    list += fmt::format("{}: {}", error.field, WordsOf(error.type).text);
    if (!error.detail.empty()) list += ": " + error.detail;
  }
  if (errors.size() > 1) list = "[" + list + "]";
  return ApiError(422, "Invalid",
                  fmt::format("{} \"{}\" is invalid: {}", info.QualifiedKind(), name, list));
}

Json StatusBody(const Error& error, const ResourceInfo* info, std::string_view name) {
  const int code = error.http_status == 0 ? 500 : error.http_status;
  Json body = {{"kind", "Status"},
               {"apiVersion", "v1"},
               {"metadata", Json::object()},
               {"status", "Failure"},
               {"message", error.message},
               {"reason", error.http_status == 0 ? "InternalError" : error.reason},
               {"code", code}};
  Json details = Json::object();
  // A patch that does not apply is an error of the request, not of the object.
  const size_t invalid = code == 422 ? error.message.find("\" is invalid: ") : 0;
  if (info != nullptr && invalid != std::string::npos) {
    // On a creation the name stands in the message alone.
    const size_t quote = code == 422 ? error.message.rfind('"', invalid - 1) : std::string::npos;
    if (name.empty() && quote != std::string::npos)
      name = std::string_view(error.message).substr(quote + 1, invalid - quote - 1);
    if (!name.empty()) details["name"] = name;
    if (!info->group.empty()) details["group"] = info->group;
    details["kind"] = code == 422 ? info->kind : info->plural;
  }
  if (code == 422)
    if (Json causes = Causes(error.message); !causes.empty()) details["causes"] = causes;
  if (Json conflicts = ApplyConflicts(error.message); code == 409 && !conflicts.empty())
    details = {{"causes", std::move(conflicts)}};
  if (code == 403 && error.message.find("because it is being terminated") != std::string::npos)
    details["causes"] = Json::array({{{"reason", "NamespaceTerminating"},
                                      {"message", "the namespace is being terminated"},
                                      {"field", "metadata.namespace"}}});
  if (code == 504) {
    details["causes"] = Json::array(
        {{{"reason", "ResourceVersionTooLarge"}, {"message", "Too large resource version"}}});
    details["retryAfterSeconds"] = 1;
  }
  if (!details.empty()) body["details"] = std::move(details);
  return body;
}

Json SuccessStatus(const ResourceInfo& info, std::string_view name, std::string_view uid) {
  Json details = {{"name", name}, {"kind", info.plural}, {"uid", uid}};
  if (!info.group.empty()) details["group"] = info.group;
  return {{"kind", "Status"},
          {"apiVersion", "v1"},
          {"metadata", Json::object()},
          {"status", "Success"},
          {"details", std::move(details)}};
}

}  // namespace holdfast::sandbox
