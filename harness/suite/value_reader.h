// Turns a written value into a typed one, strictly: YAML 1.1's surprises (no, 012, 1_000, 1e3) are
// either a text that stays as it is written or a mistake.
#ifndef HOLDFAST_HARNESS_SUITE_VALUE_READER_H_
#define HOLDFAST_HARNESS_SUITE_VALUE_READER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/parameters.h"
#include "harness/suite/mistakes.h"
#include "harness/suite/node.h"

namespace holdfast::suite {

// The value as its parameter's type says, or nullopt with a mistake. `name` is how the sentence
// calls it.
std::optional<Json> ReadValue(const Node& node,
                              std::string_view name,
                              const Parameter& parameter,
                              Mistakes& mistakes);

// All values of a map (or of nothing at all) by a schema, defaults filled in. Unknown keys, wrong
// values and missing required ones are mistakes. `owner` is how sentences call the thing, such as
// "step 'scale'".
Json ReadParameters(const Node& node,
                    std::string_view owner,
                    const ParameterSchema& schema,
                    Mistakes& mistakes);

// Reports every key of the map that `known` does not name.
void RefuseUnknownKeys(const Node& map, const std::vector<std::string>& known, Mistakes& mistakes);

// A map or nothing at all; anything else is a mistake and false.
bool ExpectMap(const Node& node, std::string_view name, Mistakes& mistakes);
bool ExpectSequence(const Node& node, std::string_view name, Mistakes& mistakes);

// A word of [a-z0-9-] that starts and ends with a letter or digit, at most 63 long (RFC 1123), or
// nullopt with a mistake.
std::optional<std::string> ReadLabel(const Node& node, std::string_view name, Mistakes& mistakes);

// A whole decimal number without sign, leading zero or separator, in [0, 2^64).
std::optional<uint64_t> ParseUnsigned(std::string_view text);

}  // namespace holdfast::suite

#endif  // HOLDFAST_HARNESS_SUITE_VALUE_READER_H_
