// The catalogue for people and for programs.
#ifndef HOLDFAST_HARNESS_CHECK_GUARANTEE_LIST_H_
#define HOLDFAST_HARNESS_CHECK_GUARANTEE_LIST_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/check/check.h"

namespace holdfast::check {

// One line each, by family: id, what decides it, title.
std::string RenderGuarantees();
// {"format":"holdfast-guarantees/1","guarantees":[{"id","title","family","since","decided-by",
// "applies","exceptions","paragraph"}]}.
Json GuaranteesJson();
// One guarantee in full.
std::string RenderGuarantee(const GuaranteeText& guarantee);
// In any case of letters; nullptr when there is none.
const GuaranteeText* FindGuarantee(std::string_view id);
// Ids that may have been meant, nearest first, at most three.
std::vector<std::string> NearGuarantees(std::string_view id);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_GUARANTEE_LIST_H_
