// From the results of all checks to one verdict, one exit code and one sentence.
#ifndef HOLDFAST_HARNESS_CHECK_SUMMARY_H_
#define HOLDFAST_HARNESS_CHECK_SUMMARY_H_

#include <vector>

#include "harness/check/verdict.h"

namespace holdfast::check {

// The scenario that results about a whole run carry.
inline constexpr const char* kWholeRun = "run";

// Applies `expect` and `accept` of `run` (run.json, or null) to the results, adds what is judged on
// the whole run (RUN-COMPLETE, RUN-EXPECT) and sums up. An acceptance counts until the end of its day,
// compared with the day on which the run started.
Verdicts Summarize(std::vector<CheckResult> checks, const Json& run);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_SUMMARY_H_
