// What a run would do, before it does anything: every write in order with its targets, what it
// needs, how long it takes, and a hash of all that.
#ifndef HOLDFAST_HARNESS_RUN_PLAN_H_
#define HOLDFAST_HARNESS_RUN_PLAN_H_

#include <string>
#include <vector>

#include "faults/fault.h"
#include "harness/base/result.h"
#include "harness/run/permissions.h"
#include "harness/suite/suite.h"
#include "workloads/workload.h"

namespace holdfast::run {

struct PlannedFault {
  std::string step;                 // As the suite says it.
  std::vector<std::string> writes;  // What it sends to the API, in order.
  bool background = false;
};

struct PlannedScenario {
  std::string name;
  std::vector<PlannedFault> steps;
  int faults = 0;
  Nanos estimate{0};
};

struct Plan {
  std::string suite;
  std::string workload;
  std::string target;  // "StatefulSet pg, 3 replicas".
  uint64_t seed = 0;
  std::vector<std::string> images;
  std::string next_image;           // What an update to `next` goes to; empty: there is none.
  std::vector<std::string> deploy;  // "create Namespace ...", ...
  std::vector<PlannedScenario> scenarios;
  Permissions permissions;
  std::vector<std::string> blast;  // What can be hurt, one sentence each.
  std::string given_namespace;     // Empty: the run makes its own.
  bool touches_nodes = false;
  bool evicts = false;
  std::vector<Json> manifests;
  Nanos estimate{0};
  std::string hash;  // 64 hexadecimal digits.
};

// `suite` has been checked by CheckSteps. `cluster` is preflight's fingerprint, or null when it is
// not known; the hash changes with the cluster, the seed, and whatever would be done otherwise, but
// not with comments or the order of keys in the suite. Targets are those of a set at full strength;
// what depends on where pods run is said in words.
Result<Plan> MakePlan(const suite::Suite& suite,
                      const workloads::Workload& workload,
                      uint64_t seed,
                      const Json& cluster);
// Refused by the fence when the suite evicts pods that the budgets of its own workload never let go,
// unless it wants to see just that. `kind` is the target's.
Status CheckPlannedBudgets(const Plan& plan, const suite::Suite& suite, const std::string& kind);
// For people, ending with the Role and ClusterRole as YAML.
std::string RenderPlan(const Plan& plan);
// A seed for a suite that has none, so that plan and run agree: made of what the suite says.
uint64_t SeedOf(const suite::Suite& suite);
// The mistakes that only a fault or the workload knows of: `file:line:column: sentence`, one per line.
Status CheckSteps(const suite::Suite& suite);
// Every image that the suite's pods run: the workload's, and those that its updates go to.
std::vector<std::string> ImagesOf(const suite::Suite& suite, const workloads::Workload& workload);
// Number of replicas of the workload.
int Replicas(const Json& workload_parameters);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_PLAN_H_
