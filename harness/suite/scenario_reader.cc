// From nodes to scenarios and steps.
#include "harness/suite/scenario_reader.h"

#include <map>

#include "harness/base/strings.h"
#include "harness/suite/value_reader.h"

namespace holdfast::suite {
namespace {

const ParameterSchema& LimitSchema() {
  static const ParameterSchema kSchema = {
      {"settle", ParameterType::kDuration, "2m",
       "how long the workload may take to be whole again after the last fault"},
      {.name = "write-outage",
       .type = ParameterType::kDuration,
       .fallback = nullptr,
       .description = "the longest time without an acknowledged write",
       .optional = true},
      {.name = "read-outage",
       .type = ParameterType::kDuration,
       .fallback = nullptr,
       .description = "the longest time without a read",
       .optional = true},
      {.name = "node-write-outage",
       .type = ParameterType::kDuration,
       .fallback = nullptr,
       .description = "the longest time without an acknowledged write of one node",
       .optional = true},
      {.name = "node-read-outage",
       .type = ParameterType::kDuration,
       .fallback = nullptr,
       .description = "the longest time without a read of one node",
       .optional = true},
      {.name = "recovery",
       .type = ParameterType::kDuration,
       .fallback = nullptr,
       .description = "how long a deleted pod may take until it answers clients again",
       .optional = true},
      {.name = "catch-up",
       .type = ParameterType::kDuration,
       .fallback = nullptr,
       .description = "how long a replica that is Ready may take until it has what the primary had then",
       .optional = true},
      {.name = "minimum-acks",
       .type = ParameterType::kInteger,
       .fallback = nullptr,
       .description = "fewer acknowledged writes in this scenario decide nothing",
       .min = 0,
       .max = 1'000'000'000,
       .optional = true},
  };
  return kSchema;
}

// "pod-delete(pod=pg-0, grace=30s)" of what is written, in the written order.
std::string StepText(const std::string& name, const Node& parameters) {
  std::vector<std::string> parts;
  for (const Entry& entry : parameters.entries)
    parts.push_back(entry.key + "=" + entry.value.text);
  return parts.empty() ? name : fmt::format("{}({})", name, Join(parts, ", "));
}

void ReadStep(const std::string& name,
              const Place& place,
              const Node& parameters,
              const Vocabulary& vocabulary,
              Mistakes& mistakes,
              std::vector<Step>& steps) {
  const auto schema = vocabulary.steps.find(name);
  if (schema == vocabulary.steps.end()) {
    std::vector<std::string> known;
    for (const auto& [step, unused] : vocabulary.steps)
      known.push_back(step);
    mistakes.Add(place, "unknown step '{}'{}", Excerpt(name), Suggestion(name, known));
    return;
  }
  Step step;
  step.name = name;
  step.parameters =
      ReadParameters(parameters, fmt::format("step '{}'", name), schema->second, mistakes);
  step.at = place.at;
  step.text = StepText(name, parameters);
  steps.push_back(std::move(step));
}

// An item is a bare word (`- settle`) or a map of one or more steps in their order.
std::vector<Step> ReadSteps(const Node& list, const Vocabulary& vocabulary, Mistakes& mistakes) {
  std::vector<Step> steps;
  if (!ExpectSequence(list, "steps", mistakes)) return steps;
  if (list.items.empty()) mistakes.Add(list.place, "steps is empty; add at least one step");
  for (const Node& item : list.items) {
    if (item.kind == NodeKind::kScalar) {
      ReadStep(item.text, item.place, Node{}, vocabulary, mistakes, steps);
    } else if (item.kind == NodeKind::kMap && !item.entries.empty()) {
      for (const Entry& entry : item.entries)
        ReadStep(entry.key, entry.place, entry.value, vocabulary, mistakes, steps);
    } else {
      mistakes.Add(item.place, "a step must be 'name: {{parameters}}' or a bare name, not {}",
                   item.kind == NodeKind::kMap ? "an empty map" : Describe(item));
    }
  }
  return steps;
}

// A whole number from 1 to 1000 under `key`, or the fallback.
int ReadCount(const Node& node, const char* key, int fallback, Mistakes& mistakes) {
  const Entry* entry = node.Find(key);
  if (entry == nullptr) return fallback;
  Parameter parameter{key, ParameterType::kInteger, fallback, ""};
  parameter.min = 1;
  parameter.max = 1000;
  const auto value = ReadValue(entry->value, key, parameter, mistakes);
  return value ? value->get<int>() : fallback;
}

Scenario ReadScenario(const Node& node,
                      const Vocabulary& vocabulary,
                      std::map<std::string, Place>& names,
                      Mistakes& mistakes) {
  Scenario scenario;
  if (node.kind != NodeKind::kMap) {
    mistakes.Add(node.place, "a scenario must be a map with 'name' and 'steps', not {}",
                 Describe(node));
    return scenario;
  }
  RefuseUnknownKeys(node, {"name", "steps", "limits", "repeat", "random"}, mistakes);
  if (const Entry* name = node.Find("name")) {
    if (auto label = ReadLabel(name->value, "name", mistakes)) {
      if (*label == "left-as-found" || *label == "deploy")
        mistakes.Add(name->value.place, "'{}' is a scenario of every run; choose another name",
                     *label);
      const auto [first, is_new] = names.emplace(*label, name->value.place);
      if (!is_new) {
        mistakes.Add(name->value.place, "scenario '{}' exists already, in line {}; rename one",
                     *label, first->second.at.line);
      }
      scenario.name = std::move(*label);
    }
  } else {
    mistakes.Add(node.place, "the scenario has no 'name'; add one, such as 'name: pod-delete'");
  }
  if (const Entry* steps = node.Find("steps")) {
    scenario.steps = ReadSteps(steps->value, vocabulary, mistakes);
  } else {
    mistakes.Add(node.place, "the scenario has no 'steps'; add a list of what to do");
  }
  scenario.repeat = ReadCount(node, "repeat", 1, mistakes);
  scenario.random = ReadCount(node, "random", 0, mistakes);
  const Entry* limits = node.Find("limits");
  scenario.limits =
      ReadParameters(limits != nullptr ? limits->value : Node{}, "limits", LimitSchema(), mistakes);
  return scenario;
}

}  // namespace

std::vector<Scenario> ReadScenarios(const Node& list,
                                    const Vocabulary& vocabulary,
                                    Mistakes& mistakes) {
  std::vector<Scenario> scenarios;
  if (!ExpectSequence(list, "scenarios", mistakes)) return scenarios;
  if (list.items.empty()) mistakes.Add(list.place, "scenarios is empty; add at least one scenario");
  std::map<std::string, Place> names;
  for (const Node& item : list.items)
    scenarios.push_back(ReadScenario(item, vocabulary, names, mistakes));
  return scenarios;
}

}  // namespace holdfast::suite
