// Plays a suite against a cluster from the first question to the last undo, and leaves the evidence
// in a run directory.
#ifndef HOLDFAST_HARNESS_RUN_RUN_SUITE_H_
#define HOLDFAST_HARNESS_RUN_RUN_SUITE_H_

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "harness/kube/client.h"
#include "harness/run/progress.h"
#include "harness/suite/suite.h"
#include "harness/trace/run_directory.h"
#include "faults/node_control.h"
#include "workloads/workload.h"

namespace holdfast::run {

struct RunOptions {
  uint64_t seed = 0;
  bool in_sandbox = false;    // The cluster was made for this run, and we are in its network.
  bool keep = false;          // Leave the namespace in place at the end.
  std::string storage_class;  // Of the workload's parameters, for the preflight; empty is the
                              // default class.
  std::string named_cluster;  // What the command line calls the cluster; empty: nothing.
  std::string plan_hash;      // Of the plan that was approved; empty: any.
  std::string kubeconfig;     // Where the access came from, for `holdfast recover`; may be empty.
  faults::NodeControl* control = nullptr;  // Not owned; nullptr when nodes cannot be controlled.
};

// run.json of a run that has not begun: it plans every scenario and gives the run its id.
// Deterministic but for the id.
Json PlanRun(const suite::Suite& suite,
             const workloads::Workload& workload,
             const RunOptions& options);

struct RunEnd {
  std::string state = "finished";  // Or "interrupted" or "failed", as in run.json.
  std::optional<Error> error;      // Why it failed, and what could not be undone.
  bool undone = true;              // Nothing is left in the cluster, but for what `keep` keeps.
};

// `run` is PlanRun's, already written to `directory`. Every change is undone before it returns (but
// for options.keep), also after a stop; nothing is deployed when a preflight question is answered
// badly.
RunEnd RunSuite(const suite::Suite& suite,
                const workloads::Workload& workload,
                kube::Client& client,
                const trace::RunDirectory& directory,
                Json run,
                const RunOptions& options,
                ProgressObserver& observer,
                const std::stop_token& stop);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_RUN_SUITE_H_
