// Resource quantities such as "10Gi", "500m" or "1e3".
#ifndef HOLDFAST_HARNESS_SANDBOX_API_QUANTITY_H_
#define HOLDFAST_HARNESS_SANDBOX_API_QUANTITY_H_

#include <optional>
#include <string_view>

#include "harness/base/json.h"

namespace holdfast::sandbox {

// nullopt when the text is not a quantity. Exact for whole numbers below 2^63; comparing is what it
// is for.
std::optional<long double> ParseQuantity(std::string_view text);
// Of a string or a number.
std::optional<long double> ParseQuantity(const Json& value);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_QUANTITY_H_
