#include "harness/run/plan.h"

#include <algorithm>

#include "harness/base/strings.h"

namespace holdfast::run {
namespace {

std::vector<faults::PolicyRule> NamespaceRules() {
  return {{"", "services", {"create", "list", "watch"}},
          {"", "configmaps", {"create"}},
          {"", "secrets", {"create"}},
          {"", "pods", {"list", "watch"}},
          {"", "persistentvolumeclaims", {"list", "watch"}},
          {"", "events", {"list", "watch"}},
          {"apps", "statefulsets", {"create", "list", "watch"}},
          {"apps", "controllerrevisions", {"list", "watch"}}};
}

std::vector<faults::PolicyRule> ClusterRules() {
  return {{"", "namespaces", {"create", "get", "delete"}},
          {"", "nodes", {"list", "watch"}},
          {"", "persistentvolumes", {"list", "watch"}},
          {"storage.k8s.io", "storageclasses", {"list"}}};
}

void AddRule(std::vector<faults::PolicyRule>& rules, const faults::PolicyRule& more) {
  for (faults::PolicyRule& rule : rules) {
    if (rule.api_group != more.api_group || rule.resource != more.resource) continue;
    for (const std::string& verb : more.verbs) {
      if (std::find(rule.verbs.begin(), rule.verbs.end(), verb) == rule.verbs.end())
        rule.verbs.push_back(verb);
    }
    return;
  }
  rules.push_back(more);
}

std::string RenderRules(const std::vector<faults::PolicyRule>& rules) {
  std::string text;
  for (const faults::PolicyRule& rule : rules) {
    text += fmt::format("- {{apiGroups: [\"{}\"], resources: [{}], verbs: [{}]}}\n", rule.api_group,
                        rule.resource, Join(rule.verbs, ", "));
  }
  return text;
}

PlannedScenario PlanScenario(const suite::Scenario& scenario, Plan& plan) {
  PlannedScenario planned{.name = scenario.name, .steps = {}, .writes = {}, .faults = 0};
  for (const suite::Step& step : scenario.steps) {
    planned.steps.push_back(step.text);
    const faults::Fault* fault = faults::FindFault(step.name);
    if (fault == nullptr) continue;
    ++planned.faults;
    for (const std::string& write : fault->Writes(step.parameters))
      planned.writes.push_back(write);
    for (const faults::PolicyRule& rule : fault->Text().permissions)
      AddRule(plan.namespace_rules, rule);
  }
  return planned;
}

}  // namespace

int Replicas(const Json& workload_parameters) {
  return static_cast<int>(GetInt(workload_parameters, {"replicas"}, 1));
}

Status CheckSteps(const suite::Suite& suite) {
  std::vector<std::string> mistakes;
  for (const suite::Scenario& scenario : suite.scenarios) {
    for (const suite::Step& step : scenario.steps) {
      const faults::Fault* fault = faults::FindFault(step.name);
      if (fault == nullptr) continue;
      const Status valid = fault->Validate(step.parameters);
      if (!valid)
        mistakes.push_back(fmt::format("{}:{}:{}: {}: {}", suite.path.string(), step.at.line,
                                       step.at.column, step.name, valid.error().message));
    }
  }
  if (mistakes.empty()) return {};
  return Fail(ErrorCode::kInvalidArgument, "{}", Join(mistakes, "\n"));
}

Result<Plan> MakePlan(const suite::Suite& suite, const workloads::Workload& workload) {
  const workloads::Target target = workload.GetTarget(suite.workload_parameters);
  const int replicas = Replicas(suite.workload_parameters);
  Plan plan{
      .suite = suite.name,
      .workload = suite.workload,
      .target = fmt::format("{} {}, {} replicas", target.kind, target.name, replicas),
      .images = workload.Images(suite.workload_parameters),
      .deploy = {"create Namespace holdfast-<run> (deleted at the end with everything in it)"},
      .scenarios = {},
      .namespace_rules = NamespaceRules(),
      .cluster_rules = ClusterRules()};
  const workloads::Deployment deployment{
      "holdfast-plan",          target.name, "plan", 0, replicas, "not-a-password",
      suite.workload_parameters};
  HOLDFAST_ASSIGN(const std::vector<Json> manifests, workload.Manifests(deployment));
  for (const Json& manifest : manifests) {
    plan.deploy.push_back("create " + GetString(manifest, {"kind"}) + " " +
                          GetString(manifest, {"metadata", "name"}));
  }
  for (const suite::Scenario& scenario : suite.scenarios)
    plan.scenarios.push_back(PlanScenario(scenario, plan));
  return plan;
}

std::string RenderPlan(const Plan& plan) {
  std::string text = fmt::format("suite {}\n  workload  {}: {}\n  images    {}\n\ndeploy\n",
                                 plan.suite, plan.workload, plan.target, Join(plan.images, ", "));
  for (const std::string& line : plan.deploy)
    text += "  " + line + "\n";
  for (const PlannedScenario& scenario : plan.scenarios) {
    text += fmt::format("\nscenario {}: {}\n", scenario.name, Join(scenario.steps, ", "));
    for (const std::string& write : scenario.writes)
      text += "  " + write + "\n";
  }
  text += "\nundo\n  delete Namespace holdfast-<run>\n\npermissions\n";
  // One ClusterRole: the namespace that most rules are for is made, and named, by the run itself.
  text +=
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: holdfast}\n";
  return text + "rules:\n" + RenderRules(plan.cluster_rules) + RenderRules(plan.namespace_rules);
}

}  // namespace holdfast::run
