#include "harness/sandbox/api/validate_parts.h"

#include <algorithm>

#include "harness/base/strings.h"

namespace holdfast::sandbox {
namespace {

using Type = FieldError::Type;

constexpr size_t kLargestAnnotations = 256UL << 10U;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsPlain(char c) { return IsLower(c) || IsDigit(c); }
bool IsAlphanumeric(char c) { return IsPlain(c) || (c >= 'A' && c <= 'Z'); }

bool IsLabelPart(std::string_view text) {
  return !text.empty() && IsPlain(text.front()) && IsPlain(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsPlain(c) || c == '-'; });
}
bool IsMixedName(std::string_view text) {
  return !text.empty() && IsAlphanumeric(text.front()) && IsAlphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

std::string TooLong(size_t limit) {
  return fmt::format("must be no more than {} characters", limit);
}

std::string Dotted(std::initializer_list<std::string_view> path) {
  std::string field;
  for (const std::string_view part : path)
    field += (field.empty() ? "" : ".") + std::string(part);
  return field;
}

void AddNotSupported(const std::string& field,
                     const std::string& value,
                     std::initializer_list<std::string_view> allowed,
                     FieldErrors& errors) {
  std::string words;
  for (const std::string_view word : allowed)
    words += (words.empty() ? "" : ", ") + Quoted(word);
  errors.push_back(
      {Type::kNotSupported, field, fmt::format("{}: supported values: {}", Quoted(value), words)});
}

void CheckOwners(const Json& owners, const std::string& at, FieldErrors& errors) {
  std::string controller;
  for (size_t i = 0; i < owners.size(); ++i) {
    const std::string field = fmt::format("{}.ownerReferences[{}]", at, i);
    for (const char* member : {"apiVersion", "kind", "name", "uid"})
      if (GetString(owners[i], {member}).empty())
        errors.push_back({Type::kRequired, field + "." + member, "must not be empty"});
    if (!GetBool(owners[i], {"controller"})) continue;
    const std::string name = GetString(owners[i], {"kind"}) + "/" + GetString(owners[i], {"name"});
    if (!controller.empty())
      errors.push_back({Type::kInvalid, at + ".ownerReferences",
                        fmt::format("{}: Only one reference can have Controller set to true. Found "
                                    "\"true\" in references for {} and {}",
                                    DumpJson(owners), controller, name)});
    controller = name;
  }
}

void CheckFinalizers(const Json& finalizers, const std::string& at, FieldErrors& errors) {
  bool orphan = false;
  bool foreground = false;
  for (size_t i = 0; i < finalizers.size(); ++i) {
    if (!finalizers[i].is_string()) continue;
    const std::string name = finalizers[i].get<std::string>();
    orphan = orphan || name == "orphan";
    foreground = foreground || name == "foregroundDeletion";
    if (const std::string why = WhyNotQualifiedName(name); !why.empty())
      errors.push_back({Type::kInvalid, at + ".finalizers", Quoted(name) + ": " + why});
    if (name.find('/') == std::string::npos && name != "orphan" && name != "foregroundDeletion" &&
        name != "kubernetes")
      errors.push_back({Type::kInvalid, fmt::format("{}.finalizers[{}]", at, i),
                        Quoted(name) +
                            ": name is neither a standard finalizer name nor is it fully "
                            "qualified"});
  }
  if (orphan && foreground)
    errors.push_back(
        {Type::kInvalid, at + ".finalizers",
         DumpJson(finalizers) + ": finalizer orphan and foregroundDeletion cannot be both set"});
}

}  // namespace

std::string Quoted(std::string_view value) { return fmt::format("\"{}\"", value); }

std::string WhyNotDnsLabel(std::string_view text) {
  if (text.size() > 63) return TooLong(63);
  if (IsLabelPart(text)) return "";
  return "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
         "and "
         "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex "
         "used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
}

// Only the whole name is limited in length, not its parts.
std::string WhyNotDnsSubdomain(std::string_view text) {
  if (text.size() > 253) return TooLong(253);
  const std::vector<std::string> parts = Split(text, '.');
  if (std::all_of(parts.begin(), parts.end(), IsLabelPart)) return "";
  return "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' "
         "or "
         "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex "
         "used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
}

std::string WhyNotDns1035Label(std::string_view text) {
  if (text.size() > 63) return TooLong(63);
  if (IsLabelPart(text) && IsLower(text.front())) return "";
  return "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with "
         "an "
         "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
         "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
}

std::string WhyNotQualifiedName(std::string_view text) {
  std::string_view name = text;
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view prefix = text.substr(0, slash);
    name = text.substr(slash + 1);
    if (name.find('/') != std::string_view::npos)
      return "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must "
             "start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
             "'123-abc', regex used for validation is "
             "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix "
             "and "
             "'/' (e.g. 'example.com/MyName')";
    if (prefix.empty()) return "prefix part must be non-empty";
    if (const std::string why = WhyNotDnsSubdomain(prefix); !why.empty())
      return "prefix part " + why;
  }
  if (name.empty()) return "name part must be non-empty";
  if (name.size() > 63) return "name part " + TooLong(63);
  if (IsMixedName(name)) return "";
  return "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and "
         "end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex "
         "used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
}

std::string WhyNotLabelValue(std::string_view text) {
  if (text.size() > 63) return TooLong(63);
  if (text.empty() || IsMixedName(text)) return "";
  return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
         "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
         "'my_value',  or '12345', regex used for validation is "
         "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
}

void CheckNotNegative(const Json& object,
                      std::initializer_list<std::string_view> path,
                      FieldErrors& errors) {
  const int64_t value = GetInt(object, path);
  if (value >= 0) return;
  errors.push_back(
      {Type::kInvalid, Dotted(path), fmt::format("{}: must be greater than or equal to 0", value)});
}

void CheckOneOf(const Json& object,
                std::initializer_list<std::string_view> path,
                std::initializer_list<std::string_view> allowed,
                FieldErrors& errors) {
  const std::string value = GetString(object, path);
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
    AddNotSupported(Dotted(path), value, allowed, errors);
}

void CheckOptionalOneOf(const Json& object,
                        std::initializer_list<std::string_view> path,
                        std::initializer_list<std::string_view> allowed,
                        FieldErrors& errors) {
  if (FindPath(object, path) != nullptr) CheckOneOf(object, path, allowed, errors);
}

void CheckLabels(const Json& labels, const std::string& at, FieldErrors& errors) {
  for (const auto& [key, value] : labels.items()) {
    if (const std::string why = WhyNotQualifiedName(key); !why.empty())
      errors.push_back({Type::kInvalid, at, Quoted(key) + ": " + why});
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    if (const std::string why = WhyNotLabelValue(text); !why.empty())
      errors.push_back({Type::kInvalid, at, Quoted(text) + ": " + why});
  }
}

void CheckSelector(const Json& selector, const std::string& at, FieldErrors& errors) {
  CheckLabels(GetObject(selector, {"matchLabels"}), at + ".matchLabels", errors);
  const Json& expressions = GetArray(selector, {"matchExpressions"});
  for (size_t i = 0; i < expressions.size(); ++i) {
    const std::string field = fmt::format("{}.matchExpressions[{}]", at, i);
    const std::string key = GetString(expressions[i], {"key"});
    const std::string op = GetString(expressions[i], {"operator"});
    const Json& values = GetArray(expressions[i], {"values"});
    if (op == "In" || op == "NotIn") {
      if (values.empty())
        errors.push_back({Type::kRequired, field + ".values",
                          "must be specified when `operator` is 'In' or 'NotIn'"});
    } else if (op == "Exists" || op == "DoesNotExist") {
      if (!values.empty())
        errors.push_back({Type::kForbidden, field + ".values",
                          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"});
    } else {
      errors.push_back(
          {Type::kInvalid, field + ".operator", Quoted(op) + ": not a valid selector operator"});
    }
    if (const std::string why = WhyNotQualifiedName(key); !why.empty())
      errors.push_back({Type::kInvalid, field + ".key", Quoted(key) + ": " + why});
    for (size_t j = 0; j < values.size(); ++j) {
      const std::string text = values[j].is_string() ? values[j].get<std::string>() : "";
      if (const std::string why = WhyNotLabelValue(text); !why.empty())
        errors.push_back(
            {Type::kInvalid, fmt::format("{}.values[{}]", field, j), Quoted(text) + ": " + why});
    }
  }
}

void CheckIntOrPercent(const Json& value,
                       const std::string& at,
                       bool may_exceed,
                       FieldErrors& errors) {
  if (value.is_number_integer()) {
    if (value.get<int64_t>() < 0)
      errors.push_back(
          {Type::kInvalid, at,
           fmt::format("{}: must be greater than or equal to 0", value.get<int64_t>())});
    return;
  }
  const std::string text = value.is_string() ? value.get<std::string>() : DumpJson(value);
  const auto number = text.ends_with('%')
                          ? ParseInt(std::string_view(text).substr(0, text.size() - 1))
                          : std::nullopt;
  if (!number || *number < 0) {
    errors.push_back({Type::kInvalid, at,
                      Quoted(text) +
                          ": a valid percent string must be a numeric string followed by an ending "
                          "'%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"});
  } else if (*number > 100 && !may_exceed) {
    errors.push_back({Type::kInvalid, at, Quoted(text) + ": must not be greater than 100%"});
  }
}

void CheckMetadata(const Json& metadata, const std::string& at, FieldErrors& errors) {
  CheckLabels(GetObject(metadata, {"labels"}), at + ".labels", errors);
  size_t size = 0;
  for (const auto& [key, value] : GetObject(metadata, {"annotations"}).items()) {
    std::string lower = key;
    for (char& c : lower)
      c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    if (const std::string why = WhyNotQualifiedName(lower); !why.empty())
      errors.push_back({Type::kInvalid, at + ".annotations", Quoted(key) + ": " + why});
    size += key.size() + (value.is_string() ? value.get_ref<const std::string&>().size() : 0);
  }
  if (size > kLargestAnnotations)
    errors.push_back({Type::kTooLong, at + ".annotations",
                      fmt::format("may not be more than {} bytes", kLargestAnnotations)});
  CheckOwners(GetArray(metadata, {"ownerReferences"}), at, errors);
  CheckFinalizers(GetArray(metadata, {"finalizers"}), at, errors);
}

Json SpecWithout(const Json& object, std::initializer_list<const char*> members) {
  Json spec = GetObject(object, {"spec"});
  for (const char* name : members)
    spec.erase(name);
  return spec;
}

}  // namespace holdfast::sandbox
