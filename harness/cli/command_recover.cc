// holdfast recover: undoes whatever a dead run left behind, in one cluster or in all that the
// user's journals name.
#include <algorithm>
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

// "1 change", "2 changes".
std::string Counted(int count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
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
  HOLDFAST_ASSIGN(const run::JournalClusters found,
                  run::ClustersOfJournals(run::JournalDirectory()));
  for (const std::string& sentence : found.unreadable)
    total.failed.push_back(sentence + "; mend or remove it");
  bool known = run.empty();
  for (const Json& cluster : found.clusters) {
    const Json& runs = cluster["runs"];
    if (!run.empty() && std::find(runs.begin(), runs.end(), Json(run)) == runs.end()) continue;
    known = true;
    const Status done = RecoverOne(GetString(cluster, {"kubeconfig"}),
                                   GetString(cluster, {"context"}), run, stop, total);
    if (!done && done.error().code == ErrorCode::kCancelled) return done;
    if (!done)
      total.failed.push_back(fmt::format("the cluster at {}: {}", GetString(cluster, {"server"}),
                                         done.error().message));
  }
  if (known) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "no journal of run '{}' is in {}; if it ran on another machine, name its cluster with "
              "--kubeconfig. Nothing was done",
              run, run::JournalDirectory().string());
}

// Without journals of the user's own, only a cluster that is named can be looked into.
std::string NothingFound(const RecoverArguments& arguments) {
  if (!arguments.kubeconfig.empty()) return "nothing was left behind";
  return fmt::format("nothing was left behind by runs of this machine's user (no journal is in {}); "
                     "to look into a cluster, name it with --kubeconfig",
                     run::JournalDirectory().string());
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
    return Finish({3, fmt::format("{} undone, but not everything ({}): {}",
                                  Counted(total.changes, "change"),
                                  Counted(static_cast<int>(total.failed.size()), "failure"),
                                  total.failed.front())},
                  true);
  if (total.runs.empty() && total.living.empty()) return Finish({0, NothingFound(arguments)});
  std::string sentence =
      total.runs.empty() ? "no dead run was found"
                         : fmt::format("{} of {} {} undone", Counted(total.changes, "change"),
                                       Counted(static_cast<int>(total.runs.size()), "dead run"),
                                       total.changes == 1 ? "is" : "are");
  if (!total.living.empty())
    sentence += fmt::format("; {} left alone: {}",
                            Counted(static_cast<int>(total.living.size()), "living run"),
                            Join(total.living, ", "));
  return Finish({0, sentence});
}

}  // namespace holdfast::cli
