// Reads what the recorder has seen into the form that faults look at.
#ifndef HOLDFAST_HARNESS_RUN_SNAPSHOT_H_
#define HOLDFAST_HARNESS_RUN_SNAPSHOT_H_

#include <map>
#include <memory>
#include <string>

#include "faults/cluster.h"
#include "harness/observe/recorder.h"

namespace holdfast::run {

// The object that the run is about.
struct Subject {
  std::string kind = "StatefulSet";  // Or "Deployment".
  std::string ns;
  std::string name;
  std::string container;  // The main one; empty takes the first.
};

// Not thread-safe: use it under the recorder's lock, inside Look and WaitUntil. Objects that did
// not change since the last call are not read again, so a call costs little for each event.
class SnapshotReader {
 public:
  explicit SnapshotReader(Subject subject) : subject_(std::move(subject)) {}
  faults::Snapshot Read(const observe::ClusterView& view);

 private:
  struct Known {
    std::shared_ptr<const Json> object;
    faults::Pod pod;
    bool ours = false;
  };
  void ReadSet(const observe::ClusterView& view, faults::Snapshot& now) const;
  [[nodiscard]] faults::Pod ReadPod(const std::string& name, const Json& pod) const;
  [[nodiscard]] bool Owns(const Json& pod) const;
  const Subject subject_;
  std::map<std::string, Known> pods_;
};

// "Pending", "Running", "Ready" or "Terminating".
std::string PodState(const Json& pod);
// The condition of that type, or nullptr.
const Json* FindCondition(const Json& object, std::string_view type);
// observedGeneration current, all replicas there, Ready and not terminating, none beyond, and of
// the update revision where the strategy wants it: quiescence is a state, not a duration.
bool Settled(const faults::Snapshot& now);
faults::Node ReadNode(const Json& node);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_SNAPSHOT_H_
