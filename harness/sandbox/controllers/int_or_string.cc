#include "harness/sandbox/controllers/int_or_string.h"

#include "harness/base/strings.h"

namespace holdfast::sandbox {

Result<int64_t> ScaledValue(const Json& value, int64_t total, Rounding rounding) {
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    if (text.ends_with('%')) {
      if (const auto percent = ParseInt(std::string_view(text).substr(0, text.size() - 1))) {
        return (*percent * total + (rounding == Rounding::kUp ? 99 : 0)) / 100;
      }
    }
  }
  return Fail(ErrorCode::kInvalidArgument,
              "invalid value for IntOrString: {} is neither a number nor a percentage",
              DumpJson(value));
}

}  // namespace holdfast::sandbox
