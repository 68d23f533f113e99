// What a fault may see and do. The runner implements it over its recorder, its fence and its
// journal, so that every write of a fault is allowed, in the journal when it must be undone, and in
// the trace before and after it happens.
#ifndef HOLDFAST_FAULTS_CLUSTER_H_
#define HOLDFAST_FAULTS_CLUSTER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faults/node_control.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::faults {

struct Pod {
  std::string name;
  std::string uid;
  std::string node;  // Empty until it is scheduled.
  int ordinal = 0;
  bool ready = false;        // Running, and condition Ready is True.
  bool terminating = false;  // Has a deletionTimestamp.
  std::string phase = "Running";
  std::string revision = {};      // Label controller-revision-hash.
  std::string image = {};         // Of its main container.
  int64_t restarts = 0;           // Of its main container.
  std::string container_id = {};  // Of its main container's running instance.
};

struct Node {
  std::string name;
  std::string uid;
  bool ready = false;
  bool unschedulable = false;
  bool control_plane = false;
  Json taints = Json::array();  // spec.taints
  std::string boot_id = {};
};

struct Claim {
  std::string name;
  std::string uid;
  std::string volume;  // Empty until it is bound.
  bool terminating = false;
};

// The newest state that the watches have shown.
struct Snapshot {
  std::vector<Pod> pods;      // Of the target set, by ordinal; a pod leaves with its DELETED event.
  std::vector<Node> nodes;    // All of the cluster.
  std::vector<Claim> claims;  // Of the run's namespace.
  bool exists = true;         // The target set is there.
  std::string set_uid = {};
  int replicas = 0;       // spec.replicas of the target.
  int start = 0;          // spec.ordinals.start.
  bool observed = false;  // status.observedGeneration is current.
  int partition = 0;      // spec.updateStrategy.rollingUpdate.partition
  bool on_delete = false;         // spec.updateStrategy.type is OnDelete.
  std::string image = {};         // Of the template's main container.
  std::string update_revision = {};   // status.updateRevision
  std::string current_revision = {};  // status.currentRevision
  std::shared_ptr<const Json> set = {};  // The whole object.
  [[nodiscard]] const Pod* Find(const std::string& name) const;
  [[nodiscard]] const Pod* FindUid(const std::string& uid) const;
  [[nodiscard]] const Node* FindNode(const std::string& name) const;
  [[nodiscard]] const Claim* FindClaim(const std::string& name) const;
  // Live pods that run the update revision.
  [[nodiscard]] int Updated() const;
};

using Condition = std::function<bool(const Snapshot&)>;

struct CommandOutput {
  int exit_code = 0;
  std::string text;  // Standard output and error.
};

// Thread-safe. Calls that write return once the server has answered, with the error codes of
// kube::Client; a write that the safety fence forbids is kRefused with reason "Fence".
class Cluster {
 public:
  Cluster() = default;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  virtual ~Cluster() = default;
  [[nodiscard]] virtual Snapshot Look() const = 0;
  // Name of the pod that takes writes.
  [[nodiscard]] virtual std::string Primary() const = 0;
  // Returns once `condition` holds. kTimedOut with what was still missing and, where it is known,
  // why; kCancelled on a stop.
  virtual Status WaitUntil(const std::string& what, const Condition& condition, Nanos within) = 0;
  // False on a stop.
  virtual bool Pause(Nanos duration) = 0;

  // Deletes the pod with this uid and no other. `grace` empty: the pod's own.
  virtual Status DeletePod(const Pod& pod, std::optional<Nanos> grace) = 0;
  // Asks the eviction API for this uid and no other. kRefused with status 429: the budget says no.
  virtual Status EvictPod(const Pod& pod, std::optional<Nanos> grace) = 0;
  // Runs a command in the main container.
  virtual Result<CommandOutput> Execute(const Pod& pod,
                                        const std::vector<std::string>& argv,
                                        Nanos within) = 0;
  // Sets spec.replicas of the target through its scale subresource.
  virtual Status Scale(int replicas) = 0;
  // A strategic merge patch of the target; `what` says it for people.
  virtual Status PatchSet(const std::string& what, const Json& patch) = 0;
  // `propagation` is Background, Foreground or Orphan; only the set with this uid.
  virtual Status DeleteSet(const std::string& uid, const std::string& propagation) = 0;
  virtual Status CreateSet(const Json& manifest) = 0;
  // Deletes the claim with this uid and no other.
  virtual Status DeleteClaim(const Claim& claim) = 0;
  // The image that the workload would be updated to next.
  virtual Result<std::string> NextImage() = 0;
  // The template's main container, for patches.
  [[nodiscard]] virtual std::string MainContainer() const = 0;

  // Whether pods of this set could run somewhere else than on `node`: capacity, taints, selectors
  // and the places where their volumes can be. kRefused with reason "Fence" says what is missing.
  virtual Status MayLeave(const Node& node, const std::vector<Pod>& pods) = 0;
  // Changes of nodes: each is leased, journalled with the previous value, and undone by UndoNode,
  // by the end of the scenario, or by `holdfast recover`.
  virtual Status Cordon(const Node& node) = 0;
  virtual Status Taint(const Node& node, const Json& taint) = 0;
  virtual Status Control(const Node& node, NodeAction action, const std::string& from) = 0;
  // Takes every change of ours to the node back; without any, nothing.
  virtual Status UndoNode(const std::string& node) = 0;
  // Nodes with a change of ours that is not undone.
  [[nodiscard]] virtual std::vector<std::string> ChangedNodes() const = 0;
  // What is known about the node from outside of Kubernetes: "running", "crashed", ...; empty when
  // nobody can say.
  virtual Result<std::string> NodeState(const Node& node) = 0;

  // `undo` runs when the scenario heals, the latest first: for what a fault changes in the run's
  // own namespace.
  virtual void AtHeal(const std::string& what, std::function<Status(Cluster&)> undo) = 0;
};

}  // namespace holdfast::faults

#endif  // HOLDFAST_FAULTS_CLUSTER_H_
