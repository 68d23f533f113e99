// The guarantees, one family per file: their texts beside their judges, which are pure functions of
// the record and a window. catalogue.cc puts the families together.
#ifndef HOLDFAST_HARNESS_CHECK_FAMILIES_H_
#define HOLDFAST_HARNESS_CHECK_FAMILIES_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/check/context.h"

namespace holdfast::check {

using Judge = CheckResult (*)(const Context& context, const Window& window);

// Which targets owe a guarantee.
enum class Scope {
  kSets,      // StatefulSets.
  kOrdered,   // With podManagementPolicy OrderedReady.
  kParallel,  // With podManagementPolicy Parallel.
};

// One guarantee: its text and its judge. Texts are sentences without a final full stop where they
// are clauses (`exercised`, `seen`).
struct Guarantee {
  const char* id;
  const char* title;
  const char* paragraph;
  const char* since;
  // When a scenario exercises it: "a pod of the set is created".
  const char* exercised;
  const char* exceptions = "";
  const char* decided = "trace";
  Scope scope = Scope::kSets;
  // Resources that must have been watched without a hole.
  std::vector<std::string> needs = {"pods", "statefulsets"};
  // Resources that a record may lack: the guarantee is then not applicable.
  std::vector<std::string> wants = {};
  // Findings rest on the order of lines.
  bool order = false;
  // What a pass rests on; "{}" is the number of things seen.
  const char* seen;
  void (*judge)(Judgement& judge);
};

std::vector<Guarantee> IdentityFamily();    // identity_more.cc: SS-ID-8 to 11
std::vector<Guarantee> OrderFamily();       // order.cc: SS-ORD-1, 2, 3, 7, 8, 9, 10
std::vector<Guarantee> HaltFamily();        // halts.cc: SS-ORD-4, 5, 6, 11 to 15
std::vector<Guarantee> UpdateFamily();      // updates.cc: SS-UPD, order and pace
std::vector<Guarantee> RevisionOfPodFamily();  // pod_revisions.cc: SS-UPD, revisions of pods
std::vector<Guarantee> RevisionFamily();       // revisions.cc: SS-REV
std::vector<Guarantee> StatusFamily();      // status.cc: SS-STAT, SS-VAL
void JudgeCounts(Judgement& judge);         // status_counts.cc: a part of SS-STAT-2
void JudgeRest(Judgement& judge);           // status_rest.cc: SS-STAT-3
std::vector<Guarantee> ClaimFamily();       // claim_rules.cc: SS-PVC-3 to 10
std::vector<Guarantee> RetentionFamily();   // retention.cc: SS-RET
std::vector<Guarantee> SingleFamily();      // single.cc: SS-AMO-3 to 7
std::vector<Guarantee> RecoveryFamily();    // recovery.cc: SS-REC-2 to 6
std::vector<Guarantee> AdoptionFamily();    // adoption.cc: SS-ADOPT, SS-DEL
std::vector<Guarantee> NetworkFamily();     // network.cc: SS-NET
std::vector<Guarantee> BudgetFamily();      // budgets.cc: SS-PDB
std::vector<Guarantee> OrdinalFamily();     // ordinals.cc: SS-ORDI
std::vector<Guarantee> NodeFamily();        // nodes.cc: SS-NODE
std::vector<Guarantee> InsideFamily();      // inside_more.cc: SS-DATA-4, 6, 7, 8

// The guarantee's verdict on one window.
CheckResult JudgeGuarantee(const Guarantee& guarantee,
                           const Context& context,
                           const Window& window);

// A rule of the catalogue, in its order. RUN-EXPECT and RUN-COMPLETE are judged on the whole run, by
// summary.cc.
struct Rule {
  std::string id;
  std::function<CheckResult(const Context& context, const Window& window)> judge;
};
const std::vector<Rule>& Rules();

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
// The set wants a pod of that ordinal.
bool Wants(const trace::SetState* set, int64_t ordinal);
// The set wanted the deleted pod then and wants it at the window's end. REQUIRES life.term.
bool IsOwed(const Context& context, const Window& window, const Member& member);
// A deleted pod is replaced and the replacement Ready within the limit.
void JudgeReplacement(Judgement& judge, const Member& member);
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
CheckResult JudgeTorn(const Context& context, const Window& window);         // HX-TORN
// replica.cc
CheckResult JudgePrefix(const Context& context, const Window& window);  // HX-PREFIX
// validity.cc
CheckResult JudgeFaults(const Context& context, const Window& window);       // RUN-FAULT
CheckResult JudgeWatches(const Context& context, const Window& window);      // RUN-WATCH
CheckResult JudgeLoad(const Context& context, const Window& window);         // RUN-LOAD
CheckResult JudgeSteps(const Context& context, const Window& window);        // RUN-SETTLE
CheckResult JudgeLimits(const Context& context, const Window& window);       // RUN-LIMITS
CheckResult JudgeLeftAsFound(const Context& context, const Window& window);  // RUN-LEFT-AS-FOUND

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_FAMILIES_H_
