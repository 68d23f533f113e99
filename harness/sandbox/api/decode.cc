#include "harness/sandbox/api/decode.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/quantity.h"

namespace holdfast::sandbox {
namespace {

using Base = ValueSchema::Base;

constexpr int kDeepest = 500;

// The path from the object to a value, as a chain on the stack: text is made only when needed.
struct Place {
  const Place* parent = nullptr;
  std::string_view member;
  size_t index = 0;

  [[nodiscard]] std::string Text() const {
    if (parent == nullptr) return "";
    const std::string before = parent->Text();
    if (member.empty()) return fmt::format("{}[{}]", before, index);
    return before.empty() ? std::string(member) : fmt::format("{}.{}", before, member);
  }
  // As Go's decoder writes it: without indices.
  [[nodiscard]] std::string Fields() const {
    if (parent == nullptr) return "";
    const std::string before = parent->Fields();
    if (member.empty()) return before;
    return before.empty() ? std::string(member) : fmt::format("{}.{}", before, member);
  }
};

std::string GoType(const ValueSchema& value) {
  switch (value.base) {
    case Base::kString:
      return "string";
    case Base::kInt32:
      return "int32";
    case Base::kInt64:
      return "int64";
    case Base::kBool:
      return "bool";
    case Base::kTime:
      return "v1.Time";
    case Base::kMicroTime:
      return "v1.MicroTime";
    case Base::kQuantity:
      return "resource.Quantity";
    case Base::kIntOrString:
      return "intstr.IntOrString";
    case Base::kBytes:
      return "[]uint8";
    case Base::kAny:
      return "runtime.RawExtension";
    case Base::kStruct:
      return "v1." + value.type->name;
    case Base::kList:
      return "[]" + GoType(*value.element);
    case Base::kMap:
      return "map[string]" + GoType(*value.element);
  }
  return "string";
}

std::string_view JsonWord(const Json& value) {
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "bool";
  if (value.is_array()) return "array";
  if (value.is_object()) return "object";
  return "number";
}

class Decoder {
 public:
  explicit Decoder(std::vector<std::string>* unknown) : unknown_(unknown) {}

  Status Struct(const TypeSchema& type, Json& object, const Place& place, int depth) {
    if (depth > kDeepest) return Fail(ErrorCode::kInvalidArgument, "exceeded max depth");
    for (auto at = object.begin(); at != object.end();) {
      const FieldSchema* field = type.Find(at.key());
      if (field == nullptr || at->is_null()) {
        if (field == nullptr && unknown_ != nullptr)
          unknown_->push_back(Place{&place, at.key(), 0}.Text());
        at = object.erase(at);
        continue;
      }
      HOLDFAST_RETURN_IF_ERROR(
          Value(field->value, *at, Place{&place, field->name, 0}, type.name, depth + 1));
      ++at;
    }
    return {};
  }

 private:
  static tl::unexpected<Error> WrongType(const ValueSchema& schema,
                                         const Json& value,
                                         const Place& place,
                                         const std::string& holder) {
    std::string_view word = JsonWord(value);
    const std::string text = value.is_number_float() ? "number " + DumpJson(value) : "";
    return Fail(ErrorCode::kInvalidArgument,
                "json: cannot unmarshal {} into Go struct field {}.{} of type {}",
                text.empty() ? word : std::string_view(text), holder, place.Fields(),
                GoType(schema));
  }

  Status Value(const ValueSchema& schema,
               Json& value,
               const Place& place,
               const std::string& holder,
               int depth) {
    const auto wrong = [&] { return WrongType(schema, value, place, holder); };
    switch (schema.base) {
      case Base::kString:
        if (!value.is_string()) return wrong();
        break;
      case Base::kInt32:
        if (!value.is_number_integer()) return wrong();
        if (const auto number = value.get<int64_t>();
            number > std::numeric_limits<int32_t>::max() ||
            number < std::numeric_limits<int32_t>::min())
          return Fail(ErrorCode::kInvalidArgument,
                      "json: cannot unmarshal number {} into Go struct field {}.{} of type int32",
                      number, holder, place.Fields());
        break;
      case Base::kInt64:
        if (!value.is_number_integer()) return wrong();
        break;
      case Base::kBool:
        if (!value.is_boolean()) return wrong();
        break;
      case Base::kTime:
      case Base::kMicroTime:
        if (!value.is_string()) return wrong();
        if (!ParseRfc3339(value.get_ref<const std::string&>()))
          return Fail(ErrorCode::kInvalidArgument,
                      "parsing time \"{}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{}\" "
                      "as \"2006\"",
                      value.get_ref<const std::string&>(), value.get_ref<const std::string&>());
        break;
      case Base::kQuantity:
        return Quantity(value);
      case Base::kIntOrString:
        if (!value.is_string() && !value.is_number_integer()) return wrong();
        break;
      case Base::kBytes:
        if (!value.is_string()) return wrong();
        if (!Base64Decode(value.get_ref<const std::string&>()))
          return Fail(ErrorCode::kInvalidArgument, "illegal base64 data at input byte {}",
                      BadByte(value.get_ref<const std::string&>()));
        break;
      case Base::kAny:
        return Anything(value, depth);
      case Base::kStruct:
        if (!value.is_object()) return wrong();
        return Struct(*schema.type, value, place, depth);
      case Base::kList:
        return List(schema, value, place, holder, depth);
      case Base::kMap:
        if (!value.is_object()) return wrong();
        return Map(schema, value, place, holder, depth);
    }
    return {};
  }

  Status List(const ValueSchema& schema,
              Json& value,
              const Place& place,
              const std::string& holder,
              int depth) {
    if (!value.is_array()) return WrongType(schema, value, place, holder);
    for (size_t i = 0; i < value.size(); ++i) {
      if (value[i].is_null()) {
        // A null element decodes to an empty one.
        if (schema.element->base == Base::kStruct) value[i] = Json::object();
        if (schema.element->base == Base::kString) value[i] = "";
      }
      HOLDFAST_RETURN_IF_ERROR(
          Value(*schema.element, value[i], Place{&place, {}, i}, holder, depth + 1));
    }
    return {};
  }

  Status Map(const ValueSchema& schema,
             Json& value,
             const Place& place,
             const std::string& holder,
             int depth) {
    for (auto at = value.begin(); at != value.end();) {
      if (at->is_null()) {
        at = value.erase(at);
        continue;
      }
      HOLDFAST_RETURN_IF_ERROR(
          Value(*schema.element, *at, Place{&place, at.key(), 0}, holder, depth + 1));
      ++at;
    }
    return {};
  }

  static Status Quantity(Json& value) {
    if (value.is_number_integer()) value = std::to_string(value.get<int64_t>());
    if (value.is_number_float()) value = DumpJson(value);
    if (!value.is_string() || !ParseQuantity(value))
      return Fail(ErrorCode::kInvalidArgument,
                  "quantities must match the regular expression "
                  "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    return {};
  }

  static Status Anything(const Json& value, int depth) {
    if (depth > kDeepest) return Fail(ErrorCode::kInvalidArgument, "exceeded max depth");
    if (value.is_structured())
      for (const Json& member : value)
        HOLDFAST_RETURN_IF_ERROR(Anything(member, depth + 1));
    return {};
  }

  static size_t BadByte(const std::string& text) {
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const bool good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
      if (!good) return i;
    }
    return text.size();
  }

  std::vector<std::string>* unknown_;
};

}  // namespace

Status DecodeObject(const TypeSchema& type, Json& object, std::vector<std::string>* unknown) {
  return Decoder(unknown).Struct(type, object, Place{}, 0);
}

BodyScan ScanBody(std::string_view text) {
  struct Level {
    bool is_object = false;
    bool wants_key = false;
    std::string_view key;
    size_t index = 0;
    std::vector<std::string_view> keys;
  };
  BodyScan scan;
  std::vector<Level> levels;
  const auto path = [&] {
    std::string out;
    for (const Level& level : levels) {
      if (level.is_object) {
        out += (out.empty() ? "" : ".") + std::string(level.key);
      } else {
        out += fmt::format("[{}]", level.index);
      }
    }
    return out;
  };
  for (size_t at = 0; at < text.size(); ++at) {
    switch (text[at]) {
      case '{':
      case '[':
        levels.push_back({text[at] == '{', text[at] == '{', {}, 0, {}});
        scan.depth = std::max(scan.depth, static_cast<int>(levels.size()));
        if (scan.depth > kDeepest) return scan;
        break;
      case '}':
      case ']':
        if (!levels.empty()) levels.pop_back();
        break;
      case ',':
        if (!levels.empty()) {
          levels.back().wants_key = levels.back().is_object;
          ++levels.back().index;
        }
        break;
      case '"': {
        size_t end = at + 1;
        while (end < text.size() && text[end] != '"')
          end += text[end] == '\\' ? 2 : 1;
        if (!levels.empty() && levels.back().wants_key) {
          Level& level = levels.back();
          level.key = text.substr(at + 1, std::min(end, text.size()) - at - 1);
          level.wants_key = false;
          if (std::find(level.keys.begin(), level.keys.end(), level.key) != level.keys.end()) {
            scan.duplicates.push_back(path());
          } else if (level.keys.size() < 256) {
            level.keys.push_back(level.key);
          }
        }
        at = end;
        break;
      }
      default:
        break;
    }
  }
  return scan;
}

Result<Json> ParseBody(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepest) return Fail(BadRequest("the body is nested too deeply"));
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  auto parsed = ParseJson(text);
  if (!parsed) return Fail(BadRequest(parsed.error().message));
  return parsed;
}

}  // namespace holdfast::sandbox
