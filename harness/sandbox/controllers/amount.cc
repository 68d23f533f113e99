#include "harness/sandbox/controllers/amount.h"

#include <cmath>

#include "harness/sandbox/api/quantity.h"

namespace holdfast::sandbox {

int64_t AmountOf(const Json* value, int64_t fallback) {
  if (value == nullptr) return fallback;
  const auto quantity = ParseQuantity(*value);
  if (!quantity) return fallback;
  // What is a hair above a whole number is one that could not be written in binary.
  const long double milli = std::ceil(*quantity * 1000 - 1e-6L);
  if (!(std::fabs(milli) < 9e18L)) return fallback;
  return static_cast<int64_t>(milli);
}

}  // namespace holdfast::sandbox
