// Numbers that may be given as a percentage, such as maxUnavailable.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_INT_OR_STRING_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_INT_OR_STRING_H_

#include <cstdint>

#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::sandbox {

enum class Rounding { kUp, kDown };

// 3 is 3, "25%" a quarter of `total`; kInvalidArgument for anything else.
Result<int64_t> ScaledValue(const Json& value, int64_t total, Rounding rounding);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_INT_OR_STRING_H_
