// Changes of nodes: fenced, leased, journalled with the previous value, then made; and taken back.
#ifndef HOLDFAST_HARNESS_RUN_NODE_CHANGES_H_
#define HOLDFAST_HARNESS_RUN_NODE_CHANGES_H_

#include <mutex>
#include <string>
#include <vector>

#include "faults/cluster.h"
#include "harness/run/actions.h"
#include "harness/run/fence.h"
#include "harness/run/journal.h"
#include "harness/run/undo.h"

namespace holdfast::run {

// Thread-safe.
class NodeChanges {
 public:
  // `control` may be nullptr.
  NodeChanges(Actions& actions,
              Journal& journal,
              faults::NodeControl* control,
              FenceRules rules,
              std::string run)
      : actions_(actions),
        journal_(journal),
        control_(control),
        rules_(std::move(rules)),
        run_(std::move(run)) {}

  Status Cordon(const faults::Node& node);
  Status Taint(const faults::Node& node, const Json& taint);
  Status Control(const faults::Node& node,
                 faults::NodeAction action,
                 const std::string& from,
                 const std::stop_token& stop);
  // Takes the changes of one node back, the latest first, and gives its lease up. Goes on after an
  // error and returns the first.
  Status Undo(const std::string& node);
  Status UndoAll();
  // Nodes with changes that are not undone.
  [[nodiscard]] std::vector<std::string> Changed() const;
  // Nodes that this run ever began to change.
  [[nodiscard]] std::vector<std::string> touched() const;
  // Of the node control; empty without one.
  Result<std::string> State(const std::string& node);
  [[nodiscard]] Undoer MakeUndoer() const;

 private:
  // Nobody else injures the node from here on; a second time is nothing.
  Status Lease(const faults::Node& node);
  // Reads the node, checks the fence, asks `edit` for a patch, and writes it unless others wrote in
  // between; then again.
  Status Edit(const faults::Node& node,
              const Change& change,
              const std::string& what,
              const std::function<Json(const Json& node)>& edit);
  Result<Json> Fenced(const faults::Node& node);
  Result<Injured> FindInjured();
  // After the lease: the fence once more, and the lease is given up when it refuses.
  Status FencedAgain(const faults::Node& node, const Change& lease);

  Actions& actions_;
  Journal& journal_;
  faults::NodeControl* control_;
  const FenceRules rules_;
  const std::string run_;
  mutable std::mutex mutex_;
  std::vector<std::string> touched_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_NODE_CHANGES_H_
