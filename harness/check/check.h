// The judge: reads a run directory or a bare trace, and nothing else.
#ifndef HOLDFAST_HARNESS_CHECK_CHECK_H_
#define HOLDFAST_HARNESS_CHECK_CHECK_H_

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/check/verdict.h"

namespace holdfast::check {

// The text of one guarantee, for `explain` and `list guarantees`.
struct GuaranteeText {
  std::string id;          // "SS-ORD-2".
  std::string title;       // A few words.
  std::string paragraph;   // For people.
  std::string since;       // Kubernetes versions, or the database's.
  std::string applies;     // When it is judged.
  std::string exceptions;  // What is not a violation; may be empty.
};

// In the order of the families; ids are unique.
const std::vector<GuaranteeText>& Guarantees();

// Judges every guarantee on every scenario. An error only when `path` is neither a run directory
// nor a trace, or cannot be read; damaged lines inside give unknown verdicts.
Result<Verdicts> CheckPath(const std::filesystem::path& path);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_CHECK_H_
