// What the controllers of one loop look things up in: pods by namespace, owner, node and claim,
// volumes by claim, attachments by volume; kept from the events, so that nobody searches all pods.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_CLUSTER_INDEX_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_CLUSTER_INDEX_H_

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/base/clock.h"
#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {

// A pod, and what is asked about it most, read once per version. Immutable.
struct IndexedPod {
  ObjectPtr stored;
  std::string key;  // "namespace/name".
  std::string ns;
  std::string name;
  std::string uid;
  std::string owner;                // Uid of its controller, or empty.
  std::string node;                 // Empty while it has none.
  std::string revision;             // The label controller-revision-hash.
  std::vector<std::string> claims;  // Names of the claims that its volumes name.
  bool terminating = false;
  bool terminal = false;  // Phase Failed or Succeeded.
  bool running = false;   // Phase Running.
  bool pending = false;   // Phase Pending.
  bool ready = false;     // Condition Ready is True.
  Nanos ready_since{0};   // Wall time at which it became ready; 0 when it is not or does not say.

  [[nodiscard]] const Json& json() const { return stored->json; }
  // Ready for at least `min_ready_seconds` at the wall time `now`. When it is only too young,
  // `remaining` (may be nullptr) receives the time to wait.
  [[nodiscard]] bool Available(int64_t min_ready_seconds, Nanos now, Nanos* remaining) const;
};
using PodPtr = std::shared_ptr<const IndexedPod>;
PodPtr IndexPod(ObjectPtr stored);

using PodGroup = std::map<std::string, PodPtr>;        // By key.
using ObjectGroup = std::map<std::string, ObjectPtr>;  // By name.

// Belongs to the thread of its loop, which brings it up to date between any two syncs: within one
// sync it is the state in which the sync began, with all that earlier syncs wrote. References that
// it returns hold until then.
class ClusterIndex {
 public:
  void Rebuild(const Store& store);
  void Apply(const StoreEvent& event);

  [[nodiscard]] std::vector<PodPtr> AllPods() const;
  [[nodiscard]] PodPtr FindPod(const std::string& key) const;
  [[nodiscard]] const PodGroup& PodsIn(const std::string& ns) const;
  [[nodiscard]] const PodGroup& PodsOwnedBy(const std::string& uid) const;
  // Without a controller.
  [[nodiscard]] const PodGroup& OrphansIn(const std::string& ns) const;
  // Empty name: those without a node.
  [[nodiscard]] const PodGroup& PodsOn(const std::string& node) const;
  [[nodiscard]] const PodGroup& PodsUsing(const std::string& ns, const std::string& claim) const;
  // All volumes whose claimRef has this namespace and name.
  [[nodiscard]] const ObjectGroup& VolumesFor(const std::string& ns,
                                              const std::string& claim) const;
  // Those without a claimRef.
  [[nodiscard]] const ObjectGroup& UnclaimedVolumes() const;
  [[nodiscard]] const ObjectGroup& AttachmentsOf(const std::string& volume) const;
  [[nodiscard]] const ObjectGroup& AttachmentsOn(const std::string& node) const;

 private:
  using Pods = std::unordered_map<std::string, PodGroup>;
  using Objects = std::unordered_map<std::string, ObjectGroup>;
  void AddPod(const PodPtr& pod);
  void DropPod(const std::string& key);
  void ApplyVolume(const Json& volume, const ObjectPtr& object);
  void ApplyAttachment(const Json& attachment, const ObjectPtr& object);

  std::unordered_map<std::string, PodPtr> pods_;
  Pods by_namespace_;
  Pods by_owner_;
  Pods orphans_;
  Pods by_node_;
  Pods by_claim_;
  Objects volumes_;
  Objects attachments_;
  Objects attachments_by_node_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_CLUSTER_INDEX_H_
