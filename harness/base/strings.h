// Small text helpers that the standard library lacks.
#ifndef HOLDFAST_HARNESS_BASE_STRINGS_H_
#define HOLDFAST_HARNESS_BASE_STRINGS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/result.h"

namespace holdfast {

// "a,,b" with ',' gives {"a", "", "b"}; the empty text gives {""}.
std::vector<std::string> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view Trim(std::string_view text);
std::string ReplaceAll(std::string text, std::string_view from, std::string_view to);
// A decimal integer and nothing else.
std::optional<int64_t> ParseInt(std::string_view text);

std::string Base64Encode(std::string_view bytes);
Result<std::string> Base64Decode(std::string_view text);
// Lower-case hexadecimal SHA-256.
std::string Sha256Hex(std::string_view bytes);

// Shell-like, as fnmatch(3): '*' any run, '?' one character, '[a-c]' one of these, '\' takes the
// next one literally; the whole text must match.
bool GlobMatch(std::string_view pattern, std::string_view text);
// The candidate that a person probably meant, or nullopt when none is near.
std::optional<std::string> Nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

// "250ms", "30s", "2m", "1h", and sums like "1m30s". A bare number is an error: it has no unit.
Result<Nanos> ParseDuration(std::string_view text);
// "1.234 s", "250 ms", "2m03s": for people.
std::string FormatDuration(Nanos duration);
// 12345 -> "12,345".
std::string WithThousands(int64_t number);

}  // namespace holdfast

#endif  // HOLDFAST_HARNESS_BASE_STRINGS_H_
