#include "harness/run/steps.h"

#include <algorithm>

#include "faults/fault.h"
#include "harness/base/strings.h"

namespace holdfast::run {
namespace {

Parameter Within(const char* description) {
  return {.name = "within",
          .type = ParameterType::kDuration,
          .fallback = nullptr,
          .description = description,
          .optional = true};
}

Parameter Count(const char* name, const char* description) {
  return {.name = name,
          .type = ParameterType::kInteger,
          .fallback = nullptr,
          .description = description,
          .min = 0,
          .optional = true};
}

ParameterSchema WhenSchema() {
  return {{.name = "pod",
           .type = ParameterType::kString,
           .fallback = nullptr,
           .description = "name of a pod, together with phase",
           .optional = true},
          {.name = "phase",
           .type = ParameterType::kString,
           .fallback = nullptr,
           .description = "the pod is in this phase",
           .allowed = {"Pending", "Running", "Ready", "Terminating", "Gone"},
           .optional = true},
          Count("acks", "so many writes were acknowledged since this step began"),
          Count("updated", "so many pods run the update revision"),
          Count("pods", "so many pods exist"),
          Within("how long it may take, 2m when not given")};
}

}  // namespace

std::map<std::string, ParameterSchema> StepSchemas() {
  std::map<std::string, ParameterSchema> schemas;
  for (const faults::Fault* fault : faults::AllFaults()) {
    ParameterSchema schema = fault->Text().parameters;
    schema.push_back({.name = "background",
                      .type = ParameterType::kBoolean,
                      .fallback = false,
                      .description = "go on with the next step before this fault is proven"});
    schemas[fault->Text().name] = std::move(schema);
  }
  schemas["settle"] = {
      Within("how long the set may take; the scenario's settle limit when not given")};
  schemas["when"] = WhenSchema();
  schemas["wait"] = {{.name = "for",
                      .type = ParameterType::kDuration,
                      .fallback = nullptr,
                      .description = "how long to do nothing but load"}};
  return schemas;
}

Status ValidateWhen(const Json& parameters) {
  const bool pod = parameters.contains("pod");
  if (pod != parameters.contains("phase"))
    return Fail(ErrorCode::kInvalidArgument, "pod and phase belong together");
  if (pod || parameters.contains("acks") || parameters.contains("updated") ||
      parameters.contains("pods"))
    return {};
  return Fail(ErrorCode::kInvalidArgument,
              "it waits for nothing; give it pod and phase, acks, updated or pods");
}

std::vector<PlannedStep> StepsOf(const suite::Scenario& scenario, uint64_t seed) {
  const Random base = Random(seed).Fork(scenario.name);
  std::vector<PlannedStep> steps;
  const auto add = [&](const suite::Step& step) {
    steps.push_back({&step, base.Fork(fmt::format("step {}", steps.size()))});
  };
  Random picks = base.Fork("picks");
  for (int round = 0; round < scenario.repeat; ++round) {
    for (int i = 0; i < scenario.random; ++i)
      add(scenario.steps[picks.Below(scenario.steps.size())]);
    if (scenario.random > 0) continue;
    for (const suite::Step& step : scenario.steps)
      add(step);
  }
  return steps;
}

int FaultsIn(const suite::Scenario& scenario, uint64_t seed) {
  const auto steps = StepsOf(scenario, seed);
  return static_cast<int>(
      std::count_if(steps.begin(), steps.end(), [](const PlannedStep& planned) {
        return faults::FindFault(planned.step->name) != nullptr;
      }));
}

}  // namespace holdfast::run
