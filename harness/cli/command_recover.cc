// holdfast recover: undoes whatever a dead run left behind, in one cluster or in all that the
// user's journals name.
#include <csignal>
#include <cstdio>

#include "harness/base/strings.h"
#include "harness/cli/commands.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/node_controls.h"
#include "harness/cli/signals.h"
#include "harness/kube/client.h"
#include "harness/run/journal.h"
#include "harness/run/recover.h"

namespace holdfast::cli {
namespace {

void Say(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

// Adds what was done in one cluster to `total`.
Status RecoverOne(const std::string& kubeconfig,
                  const std::string& context,
                  const std::string& run,
                  const std::stop_token& stop,
                  run::Recovered& total) {
  HOLDFAST_ASSIGN(kube::ClusterAccess access, kube::LoadKubeconfig(kubeconfig, context));
  HOLDFAST_ASSIGN(const auto client, kube::Client::Create(std::move(access)));
  const run::RecoverOptions options{.run = run,
                                    .journal_directory = run::JournalDirectory(),
                                    .say = Say,
                                    .control = NodeControlFromRecipe};
  HOLDFAST_ASSIGN(const run::Recovered recovered, run::Recover(*client, options, stop));
  total.changes += recovered.changes;
  total.runs.insert(total.runs.end(), recovered.runs.begin(), recovered.runs.end());
  total.living.insert(total.living.end(), recovered.living.begin(), recovered.living.end());
  total.failed.insert(total.failed.end(), recovered.failed.begin(), recovered.failed.end());
  return {};
}

// Every cluster that the user's own journals name.
Status RecoverAll(const std::string& run, const std::stop_token& stop, run::Recovered& total) {
  HOLDFAST_ASSIGN(const auto clusters, run::ClustersOfJournals(run::JournalDirectory()));
  for (const Json& cluster : clusters) {
    const Status done = RecoverOne(GetString(cluster, {"kubeconfig"}),
                                   GetString(cluster, {"context"}), run, stop, total);
    if (!done && done.error().code == ErrorCode::kCancelled) return done;
    if (!done && !(done.error().code == ErrorCode::kInvalidArgument && !run.empty()))
      total.failed.push_back(done.error().message);
  }
  return {};
}

}  // namespace

int CommandRecover(const RecoverArguments& arguments) {
  const StopOnSignals signals;
  run::Recovered total;
  const Status done = arguments.kubeconfig.empty()
                          ? RecoverAll(arguments.run, signals.token(), total)
                          : RecoverOne(arguments.kubeconfig, arguments.context, arguments.run,
                                       signals.token(), total);
  if (signals.signal() != 0)
    return Finish({signals.signal() == SIGTERM ? 143 : 130,
                   "interrupted; run `holdfast recover` again to undo the rest"});
  if (!done) return Finish(ExitOf(done.error()), true);
  for (const std::string& failure : total.failed)
    std::fprintf(stderr, "%s\n", failure.c_str());
  if (!total.failed.empty())
    return Finish({3, fmt::format("{} things could not be undone: {}", total.failed.size(),
                                  total.failed.front())},
                  true);
  if (total.runs.empty() && total.living.empty()) return Finish({0, "nothing was left behind"});
  return Finish({0, fmt::format("{} changes of {} dead runs are undone{}", total.changes,
                                total.runs.size(),
                                total.living.empty()
                                    ? ""
                                    : fmt::format(", {} living runs were left alone",
                                                  total.living.size()))});
}

}  // namespace holdfast::cli
