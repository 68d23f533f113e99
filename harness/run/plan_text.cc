// The plan for people (plan.h).
#include "harness/base/strings.h"
#include "harness/run/cluster_journal.h"
#include "harness/run/plan.h"

namespace holdfast::run {
namespace {

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
  return text + "\npermissions\n" + RenderPermissions(plan.permissions) + "\nplan " + plan.hash + "\n";
}

}  // namespace holdfast::run
