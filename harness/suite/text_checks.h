// What can be said about a suite's bytes before YAML is parsed.
#ifndef HOLDFAST_HARNESS_SUITE_TEXT_CHECKS_H_
#define HOLDFAST_HARNESS_SUITE_TEXT_CHECKS_H_

#include <string_view>

#include "harness/suite/mistakes.h"

namespace holdfast::suite {

// Reports the first byte that is not UTF-8, the first control character, and tabs in indentation.
// Returns false when the text must not be parsed.
bool CheckText(std::string_view text, Mistakes& mistakes);

// Length of the UTF-8 sequence at the start of `text` (RFC 3629: no overlong forms, no surrogates),
// or 0 when it is not one.
size_t Utf8Length(std::string_view text);

}  // namespace holdfast::suite

#endif  // HOLDFAST_HARNESS_SUITE_TEXT_CHECKS_H_
