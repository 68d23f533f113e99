// Owners, dependents, and the three ways to delete.
#include "harness/sandbox/controllers/garbage_collector.h"

#include <vector>

#include "harness/sandbox/api/resources.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kForeground[] = "foregroundDeletion";
constexpr char kOrphan[] = "orphan";

const ResourceInfo* ResourceOfKind(const std::string& kind, const std::string& api_version) {
  for (const ResourceInfo& resource : AllResources()) {
    if (resource.kind == kind && resource.ApiVersion() == api_version) return &resource;
  }
  return nullptr;
}

bool WaitsForDependents(const Json& object) {
  return IsTerminating(object) && HasFinalizer(object, kForeground);
}

bool NeedsWork(const Json& object) {
  return !GetArray(object, {"metadata", "ownerReferences"}).empty() ||
         HasFinalizer(object, kForeground) || HasFinalizer(object, kOrphan);
}

enum class OwnerState { kSolid, kAbsent, kWaiting };

// An owner of a kind that is not served here counts as there: better to keep too much.
OwnerState StateOf(const Store& store, const Json& reference, const std::string& ns) {
  const ResourceInfo* info =
      ResourceOfKind(GetString(reference, {"kind"}), GetString(reference, {"apiVersion"}));
  if (info == nullptr) return OwnerState::kSolid;
  const auto owner =
      store.Get(info->plural, info->namespaced ? ns : "", GetString(reference, {"name"}));
  if (!owner || UidOf((*owner)->json) != GetString(reference, {"uid"})) {
    return OwnerState::kAbsent;
  }
  return WaitsForDependents((*owner)->json) ? OwnerState::kWaiting : OwnerState::kSolid;
}

Status IgnoreGone(const Result<ObjectPtr>& result) {
  if (result || result.error().code == ErrorCode::kNotFound) return {};
  return Fail(result.error());
}

}  // namespace

std::string GarbageCollector::KeyFor(const Item& item) {
  return item.resource + " " + MakeKey(item.ns, item.name);
}

void GarbageCollector::Index(const Item& item, const Json& object) {
  for (const Json& reference : GetArray(object, {"metadata", "ownerReferences"})) {
    dependents_[GetString(reference, {"uid"})].insert(item);
  }
}

void GarbageCollector::Unindex(const Item& item, const Json& object) {
  for (const Json& reference : GetArray(object, {"metadata", "ownerReferences"})) {
    const auto entry = dependents_.find(GetString(reference, {"uid"}));
    if (entry == dependents_.end()) continue;
    entry->second.erase(item);
    if (entry->second.empty()) dependents_.erase(entry);
  }
}

// A copy: what is done to a dependent changes the index.
std::set<GarbageCollector::Item> GarbageCollector::DependentsOf(
    const std::string& owner_uid) const {
  const auto entry = dependents_.find(owner_uid);
  return entry == dependents_.end() ? std::set<Item>() : entry->second;
}

void GarbageCollector::AddDependents(const std::string& owner_uid, WorkQueue& queue) const {
  for (const Item& item : DependentsOf(owner_uid))
    queue.Add(KeyFor(item));
}

void GarbageCollector::Resync(WorkQueue& queue) {
  dependents_.clear();
  for (const ResourceInfo& resource : AllResources()) {
    if (resource.is_view) continue;
    for (const ObjectPtr& object : registry_.store().List(resource.plural, "")) {
      const Item item{resource.plural, NamespaceOf(object->json), NameOf(object->json)};
      Index(item, object->json);
      if (NeedsWork(object->json)) queue.Add(KeyFor(item));
    }
  }
}

void GarbageCollector::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  const Item item{event.resource, NamespaceOf(object), NameOf(object)};
  // Most changes are to status; only ownership and the mark of deletion matter here.
  const bool same_owners = event.previous != nullptr &&
                           GetArray(object, {"metadata", "ownerReferences"}) ==
                               GetArray(event.previous->json, {"metadata", "ownerReferences"});
  const bool gone = event.type == StoreEvent::Type::kDeleted;
  if (event.previous != nullptr && (gone || !same_owners)) Unindex(item, event.previous->json);
  if (gone) {
    AddDependents(UidOf(object), queue);
    // An owner may be waiting for exactly this one.
    for (const Json& reference : GetArray(object, {"metadata", "ownerReferences"})) {
      const ResourceInfo* info =
          ResourceOfKind(GetString(reference, {"kind"}), GetString(reference, {"apiVersion"}));
      if (info == nullptr) continue;
      queue.Add(
          KeyFor({info->plural, info->namespaced ? item.ns : "", GetString(reference, {"name"})}));
    }
    return;
  }
  if (!same_owners) Index(item, object);
  const bool same = same_owners &&
                    GetArray(object, {"metadata", "finalizers"}) ==
                        GetArray(event.previous->json, {"metadata", "finalizers"}) &&
                    IsTerminating(object) == IsTerminating(event.previous->json);
  if (!same && NeedsWork(object)) queue.Add(KeyFor(item));
}

Status GarbageCollector::OrphanDependents(const Item& item, const Json& object) {
  for (const Item& dependent : DependentsOf(UidOf(object))) {
    HOLDFAST_RETURN_IF_ERROR(IgnoreGone(registry_.Edit(
        dependent.resource, dependent.ns, dependent.name, "", [&](Json& stored) -> Status {
          RemoveOwner(stored, UidOf(object));
          return {};
        })));
  }
  return IgnoreGone(
      registry_.Edit(item.resource, item.ns, item.name, UidOf(object), [](Json& stored) -> Status {
        RemoveFinalizer(stored, kOrphan);
        return {};
      }));
}

// The owner goes when no dependent that blocks it is left; until then its dependents are deleted.
Status GarbageCollector::FinishForeground(const Item& item, const Json& object, WorkQueue& queue) {
  bool blocked = false;
  for (const Item& dependent : DependentsOf(UidOf(object))) {
    const auto found = registry_.store().Get(dependent.resource, dependent.ns, dependent.name);
    if (!found) continue;
    if (!IsTerminating((*found)->json)) queue.Add(KeyFor(dependent));
    for (const Json& reference : GetArray((*found)->json, {"metadata", "ownerReferences"})) {
      blocked = blocked || (GetString(reference, {"uid"}) == UidOf(object) &&
                            GetBool(reference, {"blockOwnerDeletion"}));
    }
  }
  if (blocked) return {};
  return IgnoreGone(
      registry_.Edit(item.resource, item.ns, item.name, UidOf(object), [](Json& stored) -> Status {
        RemoveFinalizer(stored, kForeground);
        return {};
      }));
}

Status GarbageCollector::Collect(const Item& item, const Json& object) {
  std::vector<std::string> obsolete;
  bool solid = false;
  bool waiting = false;
  for (const Json& reference : GetArray(object, {"metadata", "ownerReferences"})) {
    const OwnerState state = StateOf(registry_.store(), reference, item.ns);
    solid = solid || state == OwnerState::kSolid;
    waiting = waiting || state == OwnerState::kWaiting;
    if (state != OwnerState::kSolid) obsolete.push_back(GetString(reference, {"uid"}));
  }
  if (obsolete.empty()) return {};
  if (solid) {
    return IgnoreGone(registry_.Edit(item.resource, item.ns, item.name, UidOf(object),
                                     [&](Json& stored) -> Status {
                                       for (const std::string& uid : obsolete)
                                         RemoveOwner(stored, uid);
                                       return {};
                                     }));
  }
  DeleteParameters parameters;
  parameters.uid = UidOf(object);
  parameters.resource_version = GetString(object, {"metadata", "resourceVersion"});
  const bool has_dependents = !DependentsOf(UidOf(object)).empty();
  if (HasFinalizer(object, kOrphan)) {
    parameters.propagation = "Orphan";
  } else if (HasFinalizer(object, kForeground) || (waiting && has_dependents)) {
    parameters.propagation = "Foreground";
  }
  return IgnoreGone(registry_.Delete(item.resource, item.ns, item.name, parameters));
}

Status GarbageCollector::Sync(const std::string& key, WorkQueue& queue) {
  const size_t space = key.find(' ');
  const auto [ns, name] = SplitKey(std::string_view(key).substr(space + 1));
  const Item item{key.substr(0, space), ns, name};
  const auto found = registry_.store().Get(item.resource, ns, name);
  if (!found) return {};
  const Json& object = (*found)->json;
  if (IsTerminating(object)) {
    if (HasFinalizer(object, kOrphan)) return OrphanDependents(item, object);
    if (HasFinalizer(object, kForeground)) return FinishForeground(item, object, queue);
    return {};
  }
  return Collect(item, object);
}

}  // namespace holdfast::sandbox
