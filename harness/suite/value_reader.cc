// Strict parsing of every parameter type.
#include "harness/suite/value_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "harness/base/strings.h"

namespace holdfast::suite {
namespace {

// "12", "-3"; no "+", no "012", no "1_000", no "0x10".
std::optional<int64_t> ParseDecimal(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  return ParseInt(text);
}

// "12" or "0.5": digits with at most one point inside, nothing else.
std::optional<double> ParseDecimalFraction(std::string_view text) {
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const auto digits_only = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (!digits_only(whole) || (whole.size() > 1 && whole.front() == '0')) return std::nullopt;
  if (point != std::string_view::npos && !digits_only(text.substr(point + 1))) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool IsQuantity(std::string_view text) {
  static const std::vector<std::string> kSuffixes = {"Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "m",
                                                     "k",  "M",  "G",  "T",  "P",  "E"};
  for (const std::string& suffix : kSuffixes) {
    if (text.ends_with(suffix)) {
      text.remove_suffix(suffix.size());
      break;
    }
  }
  return ParseDecimalFraction(text).has_value();
}

// "200/s", "0.5/s", "30/m" as operations per second.
std::optional<double> ParseRate(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view unit = text.substr(slash + 1);
  const double divisor = unit == "s" ? 1 : unit == "m" ? 60 : 0;
  const auto number = ParseDecimalFraction(text.substr(0, slash));
  if (!number || divisor == 0 || !std::isfinite(*number) || *number > 1e9) return std::nullopt;
  return *number / divisor;
}

std::string Range(const Parameter& parameter) {
  if (parameter.min && parameter.max)
    return fmt::format(" from {} to {}", *parameter.min, *parameter.max);
  if (parameter.min) return fmt::format(" of at least {}", *parameter.min);
  if (parameter.max) return fmt::format(" of at most {}", *parameter.max);
  return "";
}

std::optional<Json> ReadInteger(const Node& node,
                                std::string_view name,
                                const Parameter& parameter,
                                Mistakes& mistakes) {
  const auto number = node.quoted ? std::nullopt : ParseDecimal(node.text);
  if (number && (!parameter.min || *number >= *parameter.min) &&
      (!parameter.max || *number <= *parameter.max)) {
    return Json(*number);
  }
  mistakes.Add(node.place, "{} must be a whole number{} in plain decimal digits, not {}", name,
               Range(parameter), Describe(node));
  return std::nullopt;
}

std::optional<Json> ReadText(const Node& node,
                             std::string_view name,
                             const Parameter& parameter,
                             Mistakes& mistakes) {
  const auto& allowed = parameter.allowed;
  if (allowed.empty() || std::find(allowed.begin(), allowed.end(), node.text) != allowed.end())
    return Json(node.text);
  mistakes.Add(node.place, "{} must be one of {}, not {}{}", name, Join(allowed, ", "),
               Describe(node),
               Nearest(Excerpt(node.text), allowed) ? Suggestion(Excerpt(node.text), allowed) : "");
  return std::nullopt;
}

}  // namespace

std::optional<uint64_t> ParseUnsigned(std::string_view text) {
  uint64_t value = 0;
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Json> ReadValue(const Node& node,
                              std::string_view name,
                              const Parameter& parameter,
                              Mistakes& mistakes) {
  if (node.kind != NodeKind::kScalar) {
    mistakes.Add(node.place, "{} must be a single value, not {}", name, Describe(node));
    return std::nullopt;
  }
  switch (parameter.type) {
    case ParameterType::kString:
      return ReadText(node, name, parameter, mistakes);
    case ParameterType::kInteger:
      return ReadInteger(node, name, parameter, mistakes);
    case ParameterType::kBoolean:
      if (!node.quoted && node.text == "true") return Json(true);
      if (!node.quoted && node.text == "false") return Json(false);
      mistakes.Add(node.place, "{} must be true or false, not {}", name, Describe(node));
      return std::nullopt;
    case ParameterType::kDuration:
      if (ParseDuration(node.text)) return Json(node.text);
      mistakes.Add(node.place, "{} must be a duration such as 250ms, 30s, 2m or 1h, not {}", name,
                   Describe(node));
      return std::nullopt;
    case ParameterType::kQuantity:
      if (IsQuantity(node.text)) return Json(node.text);
      mistakes.Add(node.place, "{} must be a quantity such as 512Mi or 1Gi, not {}", name,
                   Describe(node));
      return std::nullopt;
    case ParameterType::kRate:
      if (const auto rate = ParseRate(node.text)) return Json(*rate);
      mistakes.Add(node.place,
                   "{} must be a rate such as 200/s (0/s is as fast as possible), not {}", name,
                   Describe(node));
      return std::nullopt;
  }
  return std::nullopt;
}

void RefuseUnknownKeys(const Node& map, const std::vector<std::string>& known, Mistakes& mistakes) {
  for (const Entry& entry : map.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    mistakes.Add(entry.place, "unknown key '{}'{}", Excerpt(entry.key),
                 Suggestion(entry.key, known));
  }
}

bool ExpectMap(const Node& node, std::string_view name, Mistakes& mistakes) {
  if (node.kind == NodeKind::kMap || node.kind == NodeKind::kNull) return true;
  mistakes.Add(node.place, "{} must be a map of 'key: value', not {}", name, Describe(node));
  return false;
}

bool ExpectSequence(const Node& node, std::string_view name, Mistakes& mistakes) {
  if (node.kind == NodeKind::kSequence) return true;
  mistakes.Add(node.place, "{} must be a list, not {}", name, Describe(node));
  return false;
}

Json ReadParameters(const Node& node,
                    std::string_view owner,
                    const ParameterSchema& schema,
                    Mistakes& mistakes) {
  Json values = Json::object();
  if (!ExpectMap(node, owner, mistakes)) return values;
  std::vector<std::string> known;
  for (const Parameter& parameter : schema)
    known.push_back(parameter.name);
  if (known.empty() && !node.entries.empty()) {
    mistakes.Add(node.entries.front().place, "{} takes no parameters, remove '{}'", owner,
                 Excerpt(node.entries.front().key));
  } else {
    RefuseUnknownKeys(node, known, mistakes);
  }
  for (const Parameter& parameter : schema) {
    if (const Entry* entry = node.Find(parameter.name)) {
      if (auto value = ReadValue(entry->value, parameter.name, parameter, mistakes))
        values[parameter.name] = std::move(*value);
    } else if (!parameter.fallback.is_null()) {
      values[parameter.name] = parameter.fallback;
    } else if (!parameter.optional) {
      mistakes.Add(node.place, "{} needs '{}': {}", owner, parameter.name, parameter.description);
    }
  }
  return values;
}

std::optional<std::string> ReadLabel(const Node& node, std::string_view name, Mistakes& mistakes) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  const std::string& text = node.text;
  if (node.kind == NodeKind::kScalar && !text.empty() && text.size() <= 63 &&
      text.find_first_not_of(kLetters) == std::string::npos && text.front() != '-' &&
      text.back() != '-') {
    return text;
  }
  mistakes.Add(node.place, "{} must be at most 63 lower-case letters, digits and inner '-', not {}",
               name, Describe(node));
  return std::nullopt;
}

}  // namespace holdfast::suite
