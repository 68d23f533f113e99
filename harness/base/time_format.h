// RFC 3339 times as Kubernetes writes them, always UTC.
#ifndef HOLDFAST_HARNESS_BASE_TIME_FORMAT_H_
#define HOLDFAST_HARNESS_BASE_TIME_FORMAT_H_

#include <optional>
#include <string>
#include <string_view>

#include "harness/base/clock.h"

namespace holdfast {

// "2026-01-02T03:04:05Z", with `decimals` (0..9) digits of fraction.
std::string FormatRfc3339(Nanos since_epoch, int decimals = 0);
// Also with a fraction or a numeric offset; nullopt when it is not such a time.
std::optional<Nanos> ParseRfc3339(std::string_view text);

}  // namespace holdfast

#endif  // HOLDFAST_HARNESS_BASE_TIME_FORMAT_H_
