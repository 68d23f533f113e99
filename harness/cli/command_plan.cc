// holdfast plan: says what a run would do. With a kubeconfig it also asks the cluster whether it
// could, and still changes nothing.
#include <cstdio>
#include <optional>

#include "harness/cli/commands.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/suites.h"
#include "harness/cli/vocabulary.h"
#include "harness/kube/client.h"
#include "harness/run/cluster_journal.h"
#include "harness/run/fence.h"
#include "harness/run/plan.h"
#include "harness/run/preflight.h"
#include "workloads/workload.h"

namespace holdfast::cli {
namespace {

Status CheckCluster(const RunArguments& arguments,
                    const suite::Suite& suite,
                    const run::Plan& plan,
                    kube::Client& client,
                    const Json& cluster) {
  std::printf("cluster %s (context %s, kube-system %s), Kubernetes %s, %ld of %ld nodes ready\n",
              GetString(cluster, {"server"}).c_str(), GetString(cluster, {"context"}).c_str(),
              GetString(cluster, {"uid"}).c_str(), GetString(cluster, {"version"}).c_str(),
              static_cast<long>(GetInt(cluster, {"readyNodes"})),
              static_cast<long>(GetInt(cluster, {"nodes"})));
  std::fflush(stdout);
  const run::FenceRules rules{suite.cluster, NamedCluster(arguments), false};
  HOLDFAST_RETURN_IF_ERROR(run::CheckCluster(rules, cluster, plan.touches_nodes));
  const workloads::Workload& workload = *workloads::FindWorkload(suite.workload);
  HOLDFAST_RETURN_IF_ERROR(run::CheckImages(cluster, suite, workload));
  HOLDFAST_RETURN_IF_ERROR(run::CheckNamespaceParameters(suite));
  if (!workload.GetTarget(suite.workload_parameters).claim_templates.empty())
    HOLDFAST_RETURN_IF_ERROR(
        run::CheckStorageClass(client, GetString(suite.workload_parameters, {"storageClass"})));
  const std::string ns = plan.given_namespace.empty() ? "holdfast-plan" : plan.given_namespace;
  return run::CheckPermissions(client, ns, plan.permissions);
}

Status PlanOne(const RunArguments& arguments, const suite::Suite& suite) {
  std::unique_ptr<kube::Client> client;
  Json cluster;
  if (!arguments.kubeconfig.empty()) {
    HOLDFAST_ASSIGN(kube::ClusterAccess access,
                    kube::LoadKubeconfig(arguments.kubeconfig, arguments.context));
    HOLDFAST_ASSIGN(client, kube::Client::Create(std::move(access)));
    HOLDFAST_ASSIGN(cluster, run::Fingerprint(*client));
  }
  HOLDFAST_ASSIGN(const run::Plan plan,
                  run::MakePlan(suite, *workloads::FindWorkload(suite.workload),
                                SeedFor(arguments, suite, true), cluster));
  std::fputs(run::RenderPlan(plan).c_str(), stdout);
  std::fflush(stdout);
  const workloads::Workload& workload = *workloads::FindWorkload(suite.workload);
  HOLDFAST_RETURN_IF_ERROR(run::CheckPlannedBudgets(
      plan, suite, workload.GetTarget(suite.workload_parameters).kind));
  if (!client) return {};
  return CheckCluster(arguments, suite, plan, *client, cluster);
}

// What all of the suites need, for an administrator to grant.
Status PrintPermissions(const RunArguments& arguments, const std::vector<suite::Suite>& suites) {
  std::optional<run::Permissions> needed;
  for (const suite::Suite& suite : suites) {
    HOLDFAST_ASSIGN(const run::Plan plan,
                    run::MakePlan(suite, *workloads::FindWorkload(suite.workload),
                                  SeedFor(arguments, suite, true), Json()));
    if (!needed) needed = plan.permissions;
    if (needed->given_namespace != plan.permissions.given_namespace)
      return Fail(ErrorCode::kInvalidArgument,
                  "suite {} plays in another namespace than suite {}; ask for the roles of one "
                  "namespace at a time",
                  suite.name, suites.front().name);
    needed->Add(plan.permissions);
  }
  std::fputs(run::RenderPermissions(*needed).c_str(), stdout);
  std::fflush(stdout);
  return {};
}

}  // namespace

int CommandPlan(const RunArguments& arguments) {
  const auto suites = LoadSuites(arguments);
  if (!suites) {
    std::fprintf(stderr, "%s\n", suites.error().message.c_str());
    return Finish({2, "the suite is wrong; nothing was changed"}, true);
  }
  if (arguments.rbac) {
    const Status printed = PrintPermissions(arguments, *suites);
    return Finish(printed ? Exit{0, "nothing was changed"} : ExitOf(printed.error()), true);
  }
  for (const suite::Suite& suite : *suites) {
    const Status planned = PlanOne(arguments, suite);
    if (!planned) return Finish(ExitOf(planned.error()), true);
  }
  return Finish({0, "nothing was changed"});
}

}  // namespace holdfast::cli
