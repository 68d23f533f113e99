// The steps of a scenario: which there are beside faults, and which are played in which order.
#ifndef HOLDFAST_HARNESS_RUN_STEPS_H_
#define HOLDFAST_HARNESS_RUN_STEPS_H_

#include <map>
#include <string>
#include <vector>

#include "harness/base/parameters.h"
#include "harness/base/random.h"
#include "harness/suite/suite.h"

namespace holdfast::run {

// Every step that a suite may name with its parameters: all faults, each with `background` on top,
// and settle, when and wait.
std::map<std::string, ParameterSchema> StepSchemas();

struct PlannedStep {
  const suite::Step* step = nullptr;  // Owned by the scenario.
  Random random{0};                   // For the choice of its targets.
};
// The steps in the order in which they are played: repeated, or picked by the seed, as the scenario
// says. The same seed and scenario give the same, whatever else is played.
std::vector<PlannedStep> StepsOf(const suite::Scenario& scenario, uint64_t seed);
// Of them, how many are faults.
int FaultsIn(const suite::Scenario& scenario, uint64_t seed);
// Mistakes in `when` that its schema cannot say.
Status ValidateWhen(const Json& parameters);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_STEPS_H_
