#include "harness/sandbox/api/quantity.h"

#include <cmath>
#include <string>

#include "harness/base/strings.h"

namespace holdfast::sandbox {

std::optional<long double> ParseQuantity(std::string_view text) {
  size_t at = 0;
  bool negative = false;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';
  long double value = 0;
  long double place = 0;  // 0 before the point, then 1/10, 1/100, ...
  bool any = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && place == 0) {
      place = 1;
      continue;
    }
    if (c < '0' || c > '9') break;
    any = true;
    if (place == 0) {
      value = value * 10 + static_cast<long double>(c - '0');
    } else {
      place /= 10;
      value += static_cast<long double>(c - '0') * place;
    }
  }
  if (!any) return std::nullopt;
  const std::string_view suffix = text.substr(at);
  constexpr std::string_view kSteps = "KMGTPE";
  long double factor = 1;
  long double divisor = 1;  // Exact where a factor below one would not be.
  if (suffix.empty()) {
    factor = 1;
  } else if (suffix.size() == 2 && suffix[1] == 'i' &&
             kSteps.find(suffix[0]) != std::string_view::npos) {
    factor = std::pow(1024.0L, static_cast<int>(kSteps.find(suffix[0])) + 1);
  } else if (suffix == "k") {
    factor = 1000;
  } else if (suffix.size() == 1 && suffix[0] != 'K' &&
             kSteps.find(suffix[0]) != std::string_view::npos) {
    factor = std::pow(1000.0L, static_cast<int>(kSteps.find(suffix[0])) + 1);
  } else if (suffix == "m") {
    divisor = 1e3L;
  } else if (suffix == "u") {
    divisor = 1e6L;
  } else if (suffix == "n") {
    divisor = 1e9L;
  } else if (suffix.front() == 'e' || suffix.front() == 'E') {
    std::string_view digits = suffix.substr(1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto exponent = ParseInt(digits);
    if (!exponent || *exponent > 30 || *exponent < -30) return std::nullopt;
    factor = std::pow(10.0L, static_cast<int>(*exponent));
  } else {
    return std::nullopt;
  }
  value = value * factor / divisor;
  return negative ? -value : value;
}

std::optional<long double> ParseQuantity(const Json& value) {
  if (value.is_string())
    return ParseQuantity(std::string_view(*value.get_ptr<const std::string*>()));
  if (value.is_number()) return static_cast<long double>(value.get<double>());
  return std::nullopt;
}

}  // namespace holdfast::sandbox
