// The cluster as faults see it: state from the recorder, writes through Actions, nodes through the
// fence and the journal.
#ifndef HOLDFAST_HARNESS_RUN_LIVE_CLUSTER_H_
#define HOLDFAST_HARNESS_RUN_LIVE_CLUSTER_H_

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "faults/cluster.h"
#include "harness/observe/recorder.h"
#include "harness/run/actions.h"
#include "harness/run/node_changes.h"
#include "harness/run/snapshot.h"

namespace holdfast::run {

// What it works with. Nothing is owned; all of it outlives the cluster.
struct LiveClusterParts {
  observe::Recorder* recorder = nullptr;
  Actions* actions = nullptr;
  NodeChanges* nodes = nullptr;
  Subject subject;
  std::function<std::string()> primary;
  std::function<std::string()> next_image;  // Empty answer: there is none.
  // Of a system with members: called before each replica more or less. Else empty.
  std::function<Status(int from, int to)> before_resize = {};
  std::stop_token stop;
};

class LiveCluster : public faults::Cluster {
 public:
  explicit LiveCluster(LiveClusterParts parts)
      : parts_(std::move(parts)),
        reader_(parts_.subject) {}
  [[nodiscard]] faults::Snapshot Look() const override;
  [[nodiscard]] std::string Primary() const override { return parts_.primary(); }
  Status WaitUntil(const std::string& what,
                   const faults::Condition& condition,
                   Nanos within) override;
  bool Pause(Nanos duration) override { return SystemClock().SleepFor(duration, parts_.stop); }
  Status DeletePod(const faults::Pod& pod, std::optional<Nanos> grace) override;
  Status EvictPod(const faults::Pod& pod, std::optional<Nanos> grace) override;
  Result<faults::CommandOutput> Execute(const faults::Pod& pod,
                                        const std::vector<std::string>& argv,
                                        Nanos within) override;
  Status Scale(int replicas) override;
  Status PatchSet(const std::string& what, const Json& patch) override;
  Status DeleteSet(const std::string& uid, const std::string& propagation) override;
  Status CreateSet(const Json& manifest) override;
  Status DeleteClaim(const faults::Claim& claim) override;
  Result<std::string> NextImage() override;
  [[nodiscard]] std::string MainContainer() const override { return parts_.subject.container; }
  Status MayLeave(const faults::Node& node, const std::vector<faults::Pod>& pods) override;
  Status Cordon(const faults::Node& node) override { return parts_.nodes->Cordon(node); }
  Status Taint(const faults::Node& node, const Json& taint) override {
    return parts_.nodes->Taint(node, taint);
  }
  Status Control(const faults::Node& node,
                 faults::NodeAction action,
                 const std::string& from) override {
    return parts_.nodes->Control(node, action, from, parts_.stop);
  }
  Status UndoNode(const std::string& node) override { return parts_.nodes->Undo(node); }
  [[nodiscard]] std::vector<std::string> ChangedNodes() const override {
    return parts_.nodes->Changed();
  }
  Result<std::string> NodeState(const faults::Node& node) override {
    return parts_.nodes->State(node.name);
  }
  void AtHeal(const std::string& what, std::function<Status(faults::Cluster&)> undo) override;

  // Runs what faults left for healing, the latest first, and forgets it. Goes on after an error and
  // returns the first.
  Status Heal();
  // What may be missing in the record so far becomes a gap in it.
  void MarkTroubles() { parts_.recorder->MarkTroubles(); }
  // Of a claim in the run's namespace; empty when there is none of that name.
  [[nodiscard]] std::string ClaimUid(const std::string& name) const;
  // The object of the target.
  [[nodiscard]] kube::ObjectRef Target() const;

 private:
  struct Healing {
    std::string what;
    std::function<Status(faults::Cluster&)> undo;
  };
  LiveClusterParts parts_;
  mutable SnapshotReader reader_;  // Guarded by the recorder's lock.
  std::mutex mutex_;
  std::vector<Healing> healing_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LIVE_CLUSTER_H_
