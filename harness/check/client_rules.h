// The guarantees over registers, transactions and availability of a run's client history (HX-*
// beyond the accounting of rows), judged once on the whole history and told per scenario.
#ifndef HOLDFAST_HARNESS_CHECK_CLIENT_RULES_H_
#define HOLDFAST_HARNESS_CHECK_CLIENT_RULES_H_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/check/context.h"
#include "harness/check/history/verdicts.h"

namespace holdfast::check {

// A run's history in the compact form, and what was found in all of it.
struct ClientVerdicts {
  history::History record;
  std::vector<history::Judged> judged;
};

// nullptr when the file is no history; JudgeHistory's verdicts otherwise. Sets are left to the
// accounting of rows, which knows nodes and roles.
std::shared_ptr<const ClientVerdicts> JudgeClients(const std::filesystem::path& path);

CheckResult JudgeLinearizable(const Context& context, const Window& window);   // HX-LINEARIZABLE
CheckResult JudgeSession(const Context& context, const Window& window);        // HX-SESSION
CheckResult JudgeTornRegisters(const Context& context, const Window& window);  // HX-TORN
CheckResult JudgeStale(const Context& context, const Window& window);          // HX-STALE
CheckResult JudgeReadCommitted(const Context& context, const Window& window);  // HX-READ-COMMITTED
CheckResult JudgeSnapshot(const Context& context, const Window& window);       // HX-SNAPSHOT
CheckResult JudgeSerializable(const Context& context, const Window& window);   // HX-SERIALIZABLE
CheckResult JudgeStrict(const Context& context, const Window& window);         // HX-STRICT
// outages.cc: limits.write-outage, read-outage, node-write-outage, node-read-outage, recovery, catch-up.
CheckResult JudgeOutages(const Context& context, const Window& window);  // HX-RECOVERY

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_CLIENT_RULES_H_
