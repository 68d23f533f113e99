// Resource quantities as whole numbers that can be added up.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_AMOUNT_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_AMOUNT_H_

#include <cstdint>

#include "harness/base/json.h"

namespace holdfast::sandbox {

// The quantity in thousandths, rounded up; `fallback` when `value` is nullptr, not a quantity, or too
// large.
int64_t AmountOf(const Json* value, int64_t fallback = 0);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_AMOUNT_H_
