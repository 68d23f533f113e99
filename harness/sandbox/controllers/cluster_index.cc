// Groups of objects, moved with every event.
#include "harness/sandbox/controllers/cluster_index.h"

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/storage.h"

namespace holdfast::sandbox {
namespace {

template <typename Groups>
const typename Groups::mapped_type& GroupOf(const Groups& groups, const std::string& key) {
  static const typename Groups::mapped_type kNone;
  const auto found = groups.find(key);
  return found == groups.end() ? kNone : found->second;
}

template <typename Groups>
void Erase(Groups& groups, const std::string& group, const std::string& key) {
  const auto found = groups.find(group);
  if (found == groups.end()) return;
  found->second.erase(key);
  if (found->second.empty()) groups.erase(found);
}

// Puts `object` in the group, or takes it out when it is nullptr.
void Place(std::unordered_map<std::string, ObjectGroup>& groups,
           const std::string& group,
           const std::string& name,
           const ObjectPtr& object) {
  if (object != nullptr) {
    groups[group][name] = object;
  } else {
    Erase(groups, group, name);
  }
}

}  // namespace

bool IndexedPod::Available(int64_t min_ready_seconds, Nanos now, Nanos* remaining) const {
  if (!ready) return false;
  if (min_ready_seconds == 0) return true;
  if (ready_since == Nanos{0}) return false;
  const Nanos for_good = ready_since + std::chrono::seconds(min_ready_seconds);
  if (for_good <= now) return true;
  if (remaining != nullptr) *remaining = for_good - now;
  return false;
}

PodPtr IndexPod(ObjectPtr stored) {
  const Json& json = stored->json;
  auto pod = std::make_shared<IndexedPod>();
  pod->key = KeyOf(json);
  pod->ns = NamespaceOf(json);
  pod->name = NameOf(json);
  pod->uid = UidOf(json);
  if (const Json* owner = ControllerRef(json)) pod->owner = GetString(*owner, {"uid"});
  pod->node = GetString(json, {"spec", "nodeName"});
  pod->revision = GetString(json, {"metadata", "labels", "controller-revision-hash"});
  pod->claims = ClaimsUsedBy(json);
  pod->terminating = IsTerminating(json);
  const std::string phase = GetString(json, {"status", "phase"});
  pod->terminal = phase == "Failed" || phase == "Succeeded";
  pod->running = phase == "Running";
  pod->pending = phase == "Pending";
  if (const Json* ready = FindCondition(json, "Ready")) {
    pod->ready = GetString(*ready, {"status"}) == "True";
    if (pod->ready) {
      pod->ready_since =
          ParseRfc3339(GetString(*ready, {"lastTransitionTime"})).value_or(Nanos{0});
    }
  }
  pod->stored = std::move(stored);
  return pod;
}

void ClusterIndex::AddPod(const PodPtr& pod) {
  pods_[pod->key] = pod;
  by_namespace_[pod->ns][pod->key] = pod;
  (pod->owner.empty() ? orphans_[pod->ns] : by_owner_[pod->owner])[pod->key] = pod;
  by_node_[pod->node][pod->key] = pod;
  for (const std::string& claim : pod->claims)
    by_claim_[MakeKey(pod->ns, claim)][pod->key] = pod;
}

void ClusterIndex::DropPod(const std::string& key) {
  const auto found = pods_.find(key);
  if (found == pods_.end()) return;
  const PodPtr pod = found->second;
  pods_.erase(found);
  Erase(by_namespace_, pod->ns, key);
  if (pod->owner.empty()) {
    Erase(orphans_, pod->ns, key);
  } else {
    Erase(by_owner_, pod->owner, key);
  }
  Erase(by_node_, pod->node, key);
  for (const std::string& claim : pod->claims)
    Erase(by_claim_, MakeKey(pod->ns, claim), key);
}

void ClusterIndex::ApplyVolume(const Json& volume, const ObjectPtr& object) {
  // No claim has an empty name: the unclaimed ones are a group of their own.
  const std::string claim = GetString(volume, {"spec", "claimRef", "name"});
  Place(volumes_, MakeKey(GetString(volume, {"spec", "claimRef", "namespace"}), claim),
        NameOf(volume), object);
}

void ClusterIndex::ApplyAttachment(const Json& attachment, const ObjectPtr& object) {
  const std::string name = NameOf(attachment);
  Place(attachments_, GetString(attachment, {"spec", "source", "persistentVolumeName"}), name,
        object);
  Place(attachments_by_node_, GetString(attachment, {"spec", "nodeName"}), name, object);
}

void ClusterIndex::Rebuild(const Store& store) {
  *this = {};
  for (const ObjectPtr& pod : store.List("pods", ""))
    AddPod(IndexPod(pod));
  for (const ObjectPtr& volume : store.List("persistentvolumes", ""))
    ApplyVolume(volume->json, volume);
  for (const ObjectPtr& attachment : store.List("volumeattachments", ""))
    ApplyAttachment(attachment->json, attachment);
}

void ClusterIndex::Apply(const StoreEvent& event) {
  const bool gone = event.type == StoreEvent::Type::kDeleted;
  if (event.resource == "pods") {
    DropPod(KeyOf(event.object->json));
    if (!gone) AddPod(IndexPod(event.object));
  } else if (event.resource == "persistentvolumes") {
    if (event.previous != nullptr) ApplyVolume(event.previous->json, nullptr);
    if (!gone) ApplyVolume(event.object->json, event.object);
  } else if (event.resource == "volumeattachments") {
    ApplyAttachment(event.object->json, gone ? nullptr : event.object);
  }
}

std::vector<PodPtr> ClusterIndex::AllPods() const {
  std::vector<PodPtr> all;
  for (const auto& [ns, pods] : by_namespace_) {
    for (const auto& [key, pod] : pods)
      all.push_back(pod);
  }
  return all;
}
PodPtr ClusterIndex::FindPod(const std::string& key) const {
  const auto found = pods_.find(key);
  return found == pods_.end() ? nullptr : found->second;
}
const PodGroup& ClusterIndex::PodsIn(const std::string& ns) const {
  return GroupOf(by_namespace_, ns);
}
const PodGroup& ClusterIndex::PodsOwnedBy(const std::string& uid) const {
  return GroupOf(by_owner_, uid);
}
const PodGroup& ClusterIndex::OrphansIn(const std::string& ns) const {
  return GroupOf(orphans_, ns);
}
const PodGroup& ClusterIndex::PodsOn(const std::string& node) const {
  return GroupOf(by_node_, node);
}
const PodGroup& ClusterIndex::PodsUsing(const std::string& ns, const std::string& claim) const {
  return GroupOf(by_claim_, MakeKey(ns, claim));
}
const ObjectGroup& ClusterIndex::VolumesFor(const std::string& ns, const std::string& claim) const {
  return GroupOf(volumes_, MakeKey(ns, claim));
}
const ObjectGroup& ClusterIndex::UnclaimedVolumes() const { return GroupOf(volumes_, ""); }
const ObjectGroup& ClusterIndex::AttachmentsOf(const std::string& volume) const {
  return GroupOf(attachments_, volume);
}
const ObjectGroup& ClusterIndex::AttachmentsOn(const std::string& node) const {
  return GroupOf(attachments_by_node_, node);
}

}  // namespace holdfast::sandbox
