// What a run of a suite would do: every write in order, the images, the permissions. Changes
// nothing.
#ifndef HOLDFAST_HARNESS_RUN_PLAN_H_
#define HOLDFAST_HARNESS_RUN_PLAN_H_

#include <string>
#include <vector>

#include "faults/fault.h"
#include "harness/suite/suite.h"
#include "workloads/workload.h"

namespace holdfast::run {

struct PlannedScenario {
  std::string name;
  std::vector<std::string> steps;   // As the suite says them.
  std::vector<std::string> writes;  // What they send to the API.
  int faults = 0;
};

struct Plan {
  std::string suite;
  std::string workload;
  std::string target;  // "StatefulSet pg, 3 replicas".
  std::vector<std::string> images;
  std::vector<std::string> deploy;  // "create Namespace ...", ...
  std::vector<PlannedScenario> scenarios;
  std::vector<faults::PolicyRule> namespace_rules;  // Needed in the run's namespace.
  std::vector<faults::PolicyRule> cluster_rules;
};

// `suite` has been checked by CheckSteps.
Result<Plan> MakePlan(const suite::Suite& suite, const workloads::Workload& workload);
// For people, ending with a ClusterRole as YAML.
std::string RenderPlan(const Plan& plan);
// The mistakes that only a fault knows of: `file:line:column: sentence`, one per line.
Status CheckSteps(const suite::Suite& suite);
// Number of replicas of the workload.
int Replicas(const Json& workload_parameters);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_PLAN_H_
