// Plays one scenario: load on, steps and faults with their proofs, heal, settle, final reads from
// every pod.
#ifndef HOLDFAST_HARNESS_RUN_SCENARIO_RUNNER_H_
#define HOLDFAST_HARNESS_RUN_SCENARIO_RUNNER_H_

#include <stop_token>
#include <string>

#include "faults/fault.h"
#include "harness/base/random.h"
#include "harness/run/live_cluster.h"
#include "harness/run/load/final_reads.h"
#include "harness/run/load/load_generator.h"
#include "harness/run/progress.h"
#include "harness/suite/suite.h"

namespace holdfast::run {

// What a scenario is played with. Nothing is owned.
struct Stage {
  LiveCluster* cluster = nullptr;
  NodeChanges* nodes = nullptr;
  trace::TraceWriter* trace = nullptr;
  LoadGenerator* load = nullptr;
  LoadContext load_context;
  LoadOptions load_options;
  ProgressObserver* observer = nullptr;
  Clock* clock = nullptr;
  std::string claim_template;  // Of the volume that witness files are on.
  int replicas = 0;      // That the set had before the first scenario, and has again after each.
  int minimum_acks = 0;  // The load goes on after the faults until the scenario has so many.
  uint64_t seed = 0;
  bool probed = false;  // What the pods say about themselves before the first fault is recorded.
};

// kCancelled on a stop; kRefused with reason "Fence" when the safety fence forbids a fault;
// kUnavailable when the disk refuses the evidence. Whatever else goes wrong
// (a fault that cannot be done, a set that does not settle, a pod that cannot be read) is in the
// trace, for the checkers to judge, and the run goes on.
Status PlayScenario(Stage& stage, const suite::Scenario& scenario, const std::stop_token& stop);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_SCENARIO_RUNNER_H_
