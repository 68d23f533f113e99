// Evicting pods one budget at a time, as `kubectl drain` does, but never a replacement: every
// request names the uid that was chosen.
#ifndef HOLDFAST_FAULTS_EVICTION_H_
#define HOLDFAST_FAULTS_EVICTION_H_

#include "faults/fault.h"

namespace holdfast::faults {

struct EvictionResult {
  int evicted = 0;    // Accepted by the API.
  int refused = 0;    // Answers 429, each of which was tried again.
  std::string words;  // Of the last refusal.
};

// Asks for all pods until each is accepted or gone. kTimedOut after `within` names who is left and
// what the budget said; kCancelled on a stop.
Result<EvictionResult> EvictAll(Cluster& cluster,
                                const std::vector<Pod>& pods,
                                std::optional<Nanos> grace,
                                const Deadline& deadline);
// The error of a budget that says no: status 429.
bool IsBudgetRefusal(const Error& error);

}  // namespace holdfast::faults

#endif  // HOLDFAST_FAULTS_EVICTION_H_
