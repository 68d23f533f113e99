// Changes of the number of replicas of a system whose pods are members of one quorum: each is told
// to the system first, as its operator would.
#ifndef HOLDFAST_HARNESS_RUN_MEMBERSHIP_H_
#define HOLDFAST_HARNESS_RUN_MEMBERSHIP_H_

#include <stop_token>

#include "harness/run/actions.h"
#include "harness/run/load/client.h"

namespace holdfast::run {

// What the workload wants before the target's replicas go from `from` to `to`, one more or one less:
// asked of the primary until it is done, for at most `within`, each try recorded as an action; then
// the objects it gives are patched. The error of the last try; kCancelled on a stop.
Status PrepareResize(const LoadContext& context,
                     Actions& actions,
                     int from,
                     int to,
                     Nanos within,
                     const std::stop_token& stop);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_MEMBERSHIP_H_
