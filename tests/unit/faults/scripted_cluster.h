// A set of three pods on three nodes that a test moves by hand, for faults.
#ifndef HOLDFAST_TESTS_UNIT_FAULTS_SCRIPTED_CLUSTER_H_
#define HOLDFAST_TESTS_UNIT_FAULTS_SCRIPTED_CLUSTER_H_

#include <map>
#include <string>
#include <vector>

#include "faults/fault.h"

namespace holdfast::faults {

// What is written takes effect at once when `obedient`, and never otherwise: then there is no
// proof. Every write is in `writes`.
class ScriptedCluster : public Cluster {
 public:
  explicit ScriptedCluster(bool obedient);
  [[nodiscard]] Snapshot Look() const override { return now; }
  [[nodiscard]] std::string Primary() const override { return "pg-0"; }
  Status WaitUntil(const std::string& what, const Condition& condition, Nanos within) override;
  bool Pause(Nanos duration) override;
  Status DeletePod(const Pod& pod, std::optional<Nanos> grace) override;
  Status EvictPod(const Pod& pod, std::optional<Nanos> grace) override;
  Result<CommandOutput> Execute(const Pod& pod,
                                const std::vector<std::string>& argv,
                                Nanos within) override;
  Status Scale(int replicas) override;
  Status PatchSet(const std::string& what, const Json& patch) override;
  Status DeleteSet(const std::string& uid, const std::string& propagation) override;
  Status CreateSet(const Json& manifest) override;
  Status DeleteClaim(const Claim& claim) override;
  Result<std::string> NextImage() override { return std::string("pg:2"); }
  [[nodiscard]] std::string MainContainer() const override { return "main"; }
  Status MayLeave(const Node& node, const std::vector<Pod>& pods) override;
  Status Cordon(const Node& node) override;
  Status Taint(const Node& node, const Json& taint) override;
  Status Control(const Node& node, NodeAction action, const std::string& from) override;
  Status UndoNode(const std::string& node) override;
  [[nodiscard]] std::vector<std::string> ChangedNodes() const override { return changed; }
  Result<std::string> NodeState(const Node& node) override;
  void AtHeal(const std::string& what, std::function<Status(Cluster&)> undo) override;

  Snapshot now;
  std::vector<std::string> writes;
  std::vector<std::string> changed;
  std::map<std::string, std::string> states;  // Of nodes, for NodeState.
  std::vector<std::string> healing;
  std::vector<std::function<Status(Cluster&)>> undo;
  int refusals = 0;      // So many evictions are refused first.
  bool stopped = false;  // A stop was asked for: waits and pauses end.
  bool no_room = false;

 private:
  Pod* Find(const std::string& uid);
  Node& NodeOf(const std::string& name);
  void Replace(Pod& pod);
  void SetUp(const Json& spec);
  bool obedient_;
  int64_t uids_ = 100;
};

}  // namespace holdfast::faults

#endif  // HOLDFAST_TESTS_UNIT_FAULTS_SCRIPTED_CLUSTER_H_
