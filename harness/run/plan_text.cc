// The plan for people (plan.h).
#include "harness/base/strings.h"
#include "harness/run/cluster_journal.h"
#include "harness/run/plan.h"

namespace holdfast::run {
namespace {

std::string RenderRules(const std::vector<faults::PolicyRule>& rules) {
  std::string text;
  for (const faults::PolicyRule& rule : rules) {
    text += fmt::format("- {{apiGroups: [\"{}\"], resources: [{}], verbs: [{}]}}\n", rule.api_group,
                        rule.resource, Join(rule.verbs, ", "));
  }
  return text;
}

std::string RenderScenario(const PlannedScenario& scenario) {
  std::string text = fmt::format("\nscenario {} (about {})\n", scenario.name,
                                 FormatDuration(scenario.estimate));
  for (const PlannedFault& step : scenario.steps) {
    text += fmt::format("  {}{}\n", step.step, step.background ? " (in the background)" : "");
    for (const std::string& write : step.writes)
      text += "    " + write + "\n";
  }
  return text;
}

std::string RenderRole(const std::string& ns, const std::vector<faults::PolicyRule>& rules) {
  return fmt::format(
             "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: "
             "holdfast, namespace: {}}}\nrules:\n",
             ns) +
         RenderRules(rules);
}

std::string RenderPermissions(const Plan& plan) {
  // One ClusterRole: the namespace that most rules are for is made, and named, by the run itself,
  // unless it was given one.
  std::string text =
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: holdfast}\n"
      "rules:\n";
  text += RenderRules(plan.cluster_rules);
  if (plan.given_namespace.empty())
    text += RenderRules(plan.namespace_rules);
  else
    text += RenderRole(plan.given_namespace, plan.namespace_rules);
  return text + RenderRole(kJournalNamespace, plan.journal_rules);
}

}  // namespace

std::string RenderPlan(const Plan& plan) {
  std::string text = fmt::format("suite {}\n  workload  {}: {}\n  images    {}\n  seed      {}\n",
                                 plan.suite, plan.workload, plan.target, Join(plan.images, ", "),
                                 plan.seed);
  text += fmt::format("  time      about {}\n\ndeploy\n", FormatDuration(plan.estimate));
  for (const std::string& line : plan.deploy)
    text += "  " + line + "\n";
  for (const PlannedScenario& scenario : plan.scenarios)
    text += RenderScenario(scenario);
  text += "\nundo\n  every change of a node, when its scenario heals\n";
  text += plan.given_namespace.empty()
              ? std::string("  delete Namespace holdfast-<run>\n")
              : fmt::format("  delete everything labelled {}=<run> in namespace {}\n", kRunLabel,
                            plan.given_namespace);
  text += "\nconcerns\n";
  for (const std::string& line : plan.blast)
    text += "  " + line + "\n";
  return text + "\npermissions\n" + RenderPermissions(plan) + "\nplan " + plan.hash + "\n";
}

}  // namespace holdfast::run
