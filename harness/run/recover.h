// holdfast recover: undoes what dead runs have left behind, from any machine and as often as one
// likes.
#ifndef HOLDFAST_HARNESS_RUN_RECOVER_H_
#define HOLDFAST_HARNESS_RUN_RECOVER_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "faults/node_control.h"
#include "harness/kube/client.h"

namespace holdfast::run {

struct RecoverOptions {
  std::string run;                          // Only this one; empty: all that are found.
  std::filesystem::path journal_directory;  // The user's journals.
  std::function<void(const std::string&)> say;  // A line for people.
  // Makes a node control again from what NodeControl::Recipe gave; nullptr when that cannot be.
  std::function<std::unique_ptr<faults::NodeControl>(kube::Client&, const Json& recipe)> control;
};

struct Recovered {
  std::vector<std::string> runs;    // Undone, or found with nothing to undo.
  std::vector<std::string> living;  // Left alone: their runner lives.
  int changes = 0;                  // Undone.
  std::vector<std::string> failed;  // One sentence each.
};

// Undoes the runs of this cluster: those with a journal in it, and those with a journal of the
// user's that names it. A run whose runner lives is left alone: a process of this machine is looked
// at, for any other its heartbeat is waited for. What is there only in one of the two places is
// taken from there. What cannot be undone keeps nothing else from being undone, and its journal. A
// file that is no journal is a failure of its own. kInvalidArgument when `run` is in neither place,
// or was in another cluster.
Result<Recovered> Recover(kube::Client& client,
                          const RecoverOptions& options,
                          const std::stop_token& stop);

// What the user's journals say about where their runs were.
struct JournalClusters {
  std::vector<Json> clusters;  // Each once: {"kubeconfig","context","server","runs":[...]}.
  std::vector<std::string> unreadable;  // One sentence for each file that is no journal.
};
Result<JournalClusters> ClustersOfJournals(const std::filesystem::path& directory);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_RECOVER_H_
