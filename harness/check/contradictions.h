// Where a record contradicts itself across resources, actions and the run's own target.
#ifndef HOLDFAST_HARNESS_CHECK_CONTRADICTIONS_H_
#define HOLDFAST_HARNESS_CHECK_CONTRADICTIONS_H_

#include "harness/check/context.h"

namespace holdfast::check {

// Adds to the problems of the trace, so that nothing which leans on them is a pass. Call once, with a
// whole record, after Prepare.
void FindContradictions(Context& context);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_CONTRADICTIONS_H_
