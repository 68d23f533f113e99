// Decoding of JSON into the shape of its kind, as Kubernetes' Go types would take it.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_DECODE_H_
#define HOLDFAST_HARNESS_SANDBOX_API_DECODE_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/api/schema.h"

namespace holdfast::sandbox {

// Removes null members and members that the schema does not know, whose paths go to `unknown`
// unless it is null; turns quantities that are numbers into text. The error, without a status, says
// which value has the wrong type in the words of Go's decoder. What it accepts, defaulting,
// validation and the controllers can rely on.
Status DecodeObject(const TypeSchema& type, Json& object, std::vector<std::string>* unknown);

// What the text of a body shows that a parsed object does not.
struct BodyScan {
  int depth = 0;                        // Deepest nesting.
  std::vector<std::string> duplicates;  // Paths of members that occur again.
};
BodyScan ScanBody(std::string_view text);

// 400 when the text is not JSON or nested too deeply to be handled.
Result<Json> ParseBody(std::string_view text);

// How unknown and duplicate fields of a request are dealt with (fieldValidation).
enum class FieldValidation { kIgnore, kWarn, kStrict };

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_DECODE_H_
