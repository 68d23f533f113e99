// The judges, one per guarantee: pure functions of the record and a window. The catalogue
// (catalogue.cc) gives their texts.
#ifndef HOLDFAST_HARNESS_CHECK_FAMILIES_H_
#define HOLDFAST_HARNESS_CHECK_FAMILIES_H_

#include <string>
#include <vector>

#include "harness/check/context.h"

namespace holdfast::check {

using Judge = CheckResult (*)(const Context& context, const Window& window);

struct Rule {
  const char* id;
  Judge judge;
};

// identity.cc
CheckResult JudgeNames(const Context& context, const Window& window);        // SS-ID-1
CheckResult JudgeLabels(const Context& context, const Window& window);       // SS-ID-4
CheckResult JudgeHostnames(const Context& context, const Window& window);    // SS-ID-5
CheckResult JudgeOwners(const Context& context, const Window& window);       // SS-ID-6
CheckResult JudgeVolumeNames(const Context& context, const Window& window);  // SS-ID-7
// lives.cc
CheckResult JudgeOneLife(const Context& context, const Window& window);    // SS-ID-2
CheckResult JudgeStableUid(const Context& context, const Window& window);  // SS-ID-3
CheckResult JudgeAtMostOne(const Context& context, const Window& window);  // SS-AMO-1
CheckResult JudgeRecovery(const Context& context, const Window& window);   // SS-REC-1
// order.cc
CheckResult JudgeAscending(const Context& context, const Window& window);  // SS-ORD-1
CheckResult JudgeReadyGate(const Context& context, const Window& window);  // SS-ORD-2
CheckResult JudgeScaleDown(const Context& context, const Window& window);  // SS-ORD-7
// claims.cc
CheckResult JudgeClaimNames(const Context& context, const Window& window);  // SS-PVC-1
CheckResult JudgeClaimChain(const Context& context, const Window& window);  // SS-PVC-2
CheckResult JudgeBijection(const Context& context, const Window& window);   // SS-PVC-4
// witness.cc
CheckResult JudgeWitness(const Context& context, const Window& window);  // SS-AMO-2
// inside.cc
CheckResult JudgeHostnameInside(const Context& context, const Window& window);    // SS-ID-5P
CheckResult JudgeMarkers(const Context& context, const Window& window);           // SS-DATA-2
CheckResult JudgeMounts(const Context& context, const Window& window);            // SS-DATA-3
CheckResult JudgeDatabaseIdentity(const Context& context, const Window& window);  // SS-DATA-5
// data.cc
CheckResult JudgeDurability(const Context& context, const Window& window);   // SS-DATA-1
CheckResult JudgeLost(const Context& context, const Window& window);         // HX-LOST
CheckResult JudgeResurrected(const Context& context, const Window& window);  // HX-RESURRECTED
CheckResult JudgeDuplicated(const Context& context, const Window& window);   // HX-DUPLICATED
CheckResult JudgePhantom(const Context& context, const Window& window);      // HX-PHANTOM
// replica.cc
CheckResult JudgePrefix(const Context& context, const Window& window);  // HX-PREFIX
// validity.cc
CheckResult JudgeFaults(const Context& context, const Window& window);   // RUN-FAULT
CheckResult JudgeWatches(const Context& context, const Window& window);  // RUN-WATCH
CheckResult JudgeLoad(const Context& context, const Window& window);     // RUN-LOAD
CheckResult JudgeSteps(const Context& context, const Window& window);    // RUN-SETTLE

// All of them in the order of the catalogue. RUN-EXPECT and RUN-COMPLETE are judged on the whole run, by
// check.cc.
const std::vector<Rule>& Rules();

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_FAMILIES_H_
