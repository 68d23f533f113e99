// The target set as the recorder's watches show it, and the writes that faults make:
// faults::Cluster over a real API.
#ifndef HOLDFAST_HARNESS_RUN_LIVE_CLUSTER_H_
#define HOLDFAST_HARNESS_RUN_LIVE_CLUSTER_H_

#include <stop_token>
#include <string>

#include "faults/cluster.h"
#include "harness/observe/recorder.h"
#include "harness/run/actions.h"

namespace holdfast::run {

// State of the target in `view`. Pods are those whose controller is the set.
faults::Snapshot SnapshotOf(const observe::ClusterView& view, const std::string& set_name);
// "pg-0 Ready, pg-1 Pending (unschedulable: ...), 2 of 3 ready": why a wait is not over, for
// people.
std::string Explain(const observe::ClusterView& view, const std::string& set_name);
// "Pending", "Running", "Ready" or "Terminating".
std::string PodState(const Json& pod);
// observedGeneration current, all replicas there, Ready and not terminating, none beyond:
// quiescence is a state, not a duration.
bool Settled(const faults::Snapshot& now);

class LiveCluster : public faults::Cluster {
 public:
  LiveCluster(observe::Recorder& recorder,
              Actions& actions,
              kube::ObjectRef set,
              std::string primary,
              std::stop_token stop)
      : recorder_(recorder),
        actions_(actions),
        set_(std::move(set)),
        primary_(std::move(primary)),
        stop_(std::move(stop)) {}
  [[nodiscard]] faults::Snapshot Look() const override;
  [[nodiscard]] std::string Primary() const override { return primary_; }
  Status WaitUntil(const std::string& what,
                   const std::function<bool(const faults::Snapshot&)>& condition,
                   Nanos within) override;
  Status DeletePod(const faults::Pod& pod, std::optional<Nanos> grace) override;
  Status Scale(int replicas) override;
  // What may be missing in the record so far becomes a gap in it.
  void MarkTroubles() { recorder_.MarkTroubles(); }

 private:
  observe::Recorder& recorder_;
  Actions& actions_;
  kube::ObjectRef set_;
  std::string primary_;
  std::stop_token stop_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LIVE_CLUSTER_H_
