// What every pod holds when a scenario is over: all rows of all keys, and what the pod says about
// itself.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_FINAL_READS_H_
#define HOLDFAST_HARNESS_RUN_LOAD_FINAL_READS_H_

#include <functional>
#include <string>
#include <vector>

#include "harness/run/load/client.h"
#include "harness/run/load/keys.h"

namespace holdfast::run {

struct FinalReadOptions {
  std::string scenario;
  std::vector<std::string> pods;
  std::vector<LoadKey> keys;
  // Each pod is read for its own keys alone, and follows nobody.
  bool own_keys = false;
  Nanos timeout = std::chrono::seconds(60);   // For all pods.
  Nanos catch_up = std::chrono::seconds(30);  // For each pod's retries, within `timeout`.
  Nanos read_deadline = std::chrono::seconds(30);
};

// The fields of a probe event but for pod, uid and scenario, or why there are none. Called once
// for each pod, by the calling thread.
using ProbeSink = std::function<void(const std::string& pod, const Result<Json>& probe)>;

// What each pod says about itself now, nothing else; load may be running.
void ProbePods(const LoadContext& context,
               const FinalReadOptions& options,
               const ProbeSink& probe,
               const std::stop_token& stop);

// REQUIRES that no load is running and the tombstones are written. For each pod: connects, waits
// until it has applied the primary's position, probes it, and records a "final-read" of each key
// by process "probe:<pod>". A pod that does not catch up is read all the same, with
// "caughtUp":false on its lines. A pod that cannot be reached gets failed final-reads, so that
// every key and pod has a line. kTimedOut names the pods that are not wholly read or have not
// caught up; what could be read is in the history.
Status FinalReads(const LoadContext& context,
                  const FinalReadOptions& options,
                  const ProbeSink& probe,
                  const std::stop_token& stop);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_FINAL_READS_H_
