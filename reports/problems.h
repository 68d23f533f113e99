// What a person came for: fails and unknowns, each reason told once.
#ifndef HOLDFAST_REPORTS_PROBLEMS_H_
#define HOLDFAST_REPORTS_PROBLEMS_H_

#include <string>
#include <vector>

#include "harness/check/verdict.h"

namespace holdfast::reports {

// Results of one scenario with the same verdict and the same reason: a lost row breaks several
// guarantees, a gap in the watch leaves many open.
struct Problem {
  const check::CheckResult* first = nullptr;       // Of the verdicts; told in full.
  std::vector<const check::CheckResult*> others;
};

enum class Kind { kFail, kUnknown, kAccepted };
// In the order of the verdicts. The results stay those of `verdicts`.
std::vector<Problem> ProblemsOf(const check::Verdicts& verdicts, Kind kind);

// "HX-LOST, SS-DATA-4", or their number when they are many; empty without others.
std::string OthersText(const Problem& problem);

// "during pod-delete of pg-0", "after create StatefulSet vol": empty when the sentence says it.
std::string DuringText(const check::Finding& finding);

// Whether the finding says nothing but the reason of its result, which is told already.
bool OnlyRepeats(const check::CheckResult& result, const check::Finding& finding);

}  // namespace holdfast::reports

#endif  // HOLDFAST_REPORTS_PROBLEMS_H_
