// The two sides of a binding, and who may run on it.
#ifndef HOLDFAST_HARNESS_CHECK_CLAIMS_BOUND_H_
#define HOLDFAST_HARNESS_CHECK_CLAIMS_BOUND_H_

#include "harness/check/context.h"

namespace holdfast::check {

// The volume of each claim of the set that is Bound at the window's end belongs to that claim.
void JudgeBoundSides(Judgement& judge);
// No pod of the set is Ready on a claim that is not yet Bound.
void JudgeUnboundUse(Judgement& judge);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_CLAIMS_BOUND_H_
