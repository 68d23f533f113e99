// holdfast plan: says what a run would do. With a kubeconfig it also asks the cluster whether it
// could, and still changes nothing.
#include <cstdio>

#include "harness/cli/commands.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/vocabulary.h"
#include "harness/kube/client.h"
#include "harness/run/plan.h"
#include "harness/run/preflight.h"
#include "workloads/workload.h"

namespace holdfast::cli {
namespace {

Status AskCluster(const RunArguments& arguments, const run::Plan& plan) {
  HOLDFAST_ASSIGN(kube::ClusterAccess access,
                  kube::LoadKubeconfig(arguments.kubeconfig, arguments.context));
  HOLDFAST_ASSIGN(const auto client, kube::Client::Create(std::move(access)));
  HOLDFAST_ASSIGN(const Json cluster, run::Fingerprint(*client));
  std::printf("\ncluster %s (context %s), Kubernetes %s, %ld of %ld nodes ready\n",
              GetString(cluster, {"server"}).c_str(), GetString(cluster, {"context"}).c_str(),
              GetString(cluster, {"version"}).c_str(),
              static_cast<long>(GetInt(cluster, {"readyNodes"})),
              static_cast<long>(GetInt(cluster, {"nodes"})));
  HOLDFAST_RETURN_IF_ERROR(run::CheckStorageClass(*client, arguments.storage_class));
  HOLDFAST_RETURN_IF_ERROR(run::CheckPermissions(*client, "default", plan.namespace_rules));
  return run::CheckPermissions(*client, "", plan.cluster_rules);
}

Status PlanOne(const RunArguments& arguments, const std::string& path) {
  HOLDFAST_ASSIGN(const suite::Suite suite, LoadCheckedSuite(path, arguments.set));
  HOLDFAST_ASSIGN(const run::Plan plan,
                  run::MakePlan(suite, *workloads::FindWorkload(suite.workload)));
  std::fputs(run::RenderPlan(plan).c_str(), stdout);
  if (arguments.kubeconfig.empty()) return {};
  return AskCluster(arguments, plan);
}

}  // namespace

int CommandPlan(const RunArguments& arguments) {
  for (const std::string& path : arguments.suites) {
    const Status planned = PlanOne(arguments, path);
    if (!planned) return Finish(ExitOf(planned.error()), true);
  }
  return Finish({0, "nothing was changed"});
}

}  // namespace holdfast::cli
