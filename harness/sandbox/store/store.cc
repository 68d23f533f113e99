// Maps under one mutex, and per resource a bounded queue of the events that changed them.
#include "harness/sandbox/store/store.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "harness/base/random.h"
#include "harness/base/time_format.h"

namespace holdfast::sandbox {
namespace {

// Per resource; what is crossed first.
constexpr size_t kEventsKept = 20'000;
constexpr size_t kBytesKept = 64UL << 20U;
using Key = std::pair<std::string, std::string>;

struct Shelf {
  std::map<Key, ObjectPtr> objects;
  std::deque<StoreEvent> events;
  size_t bytes = 0;        // Of the texts of the events.
  uint64_t forgotten = 0;  // The version of the newest event that is no longer kept.
  std::condition_variable changed;
};

std::string Uuid() {
  std::array<uint64_t, 2> words{OsEntropy(), OsEntropy()};
  words[0] = (words[0] & 0xFFFFFFFFFFFF0FFFULL) | 0x4000ULL;
  words[1] = (words[1] & 0x3FFFFFFFFFFFFFFFULL) | 0x8000000000000000ULL;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", words[0] >> 32U,
                     (words[0] >> 16U) & 0xFFFFU, words[0] & 0xFFFFU, words[1] >> 48U,
                     words[1] & 0xFFFFFFFFFFFFULL);
}

tl::unexpected<Error> ApiFail(ErrorCode code, int status, std::string reason, std::string message) {
  return Fail(Error{code, std::move(message), status, std::move(reason)});
}
tl::unexpected<Error> Missing(const std::string& resource, const std::string& name) {
  return ApiFail(ErrorCode::kNotFound, 404, "NotFound",
                 fmt::format("{} \"{}\" not found", resource, name));
}

ObjectPtr Seal(Json object, uint64_t version) {
  object["metadata"]["resourceVersion"] = std::to_string(version);
  auto sealed = std::make_shared<StoredObject>();
  sealed->text = DumpJson(object);
  sealed->json = std::move(object);
  sealed->version = version;
  return sealed;
}

bool HasFinalGrace(const Json& pod) {
  return GetInt(pod, {"metadata", "deletionGracePeriodSeconds"}, -1) == 0;
}

// Whether nothing holds back the removal of an object that somebody deleted.
bool Removable(const std::string& resource, const Json& object) {
  if (GetString(object, {"metadata", "deletionTimestamp"}).empty()) return false;
  if (!GetArray(object, {"metadata", "finalizers"}).empty()) return false;
  if (resource == "pods") return HasFinalGrace(object);
  if (resource == "namespaces") return GetArray(object, {"spec", "finalizers"}).empty();
  return true;
}

}  // namespace

struct Store::Impl {
  explicit Impl(Clock& the_clock) : clock(the_clock) {}

  Shelf& At(const std::string& resource) { return shelves[resource]; }
  void Publish(StoreEvent::Type type,
               const std::string& resource,
               ObjectPtr object,
               ObjectPtr previous) {
    Shelf& shelf = At(resource);
    shelf.bytes += object->text.size();
    shelf.events.push_back(
        StoreEvent{type, resource, std::move(object), std::move(previous), version});
    while (shelf.events.size() > kEventsKept || shelf.bytes > kBytesKept) {
      shelf.forgotten = shelf.events.front().version;
      shelf.bytes -= shelf.events.front().object->text.size();
      shelf.events.pop_front();
    }
    shelf.changed.notify_all();
    any_changed.notify_all();
  }
  ObjectPtr Erase(const std::string& resource, const Key& key, Json last) {
    Shelf& shelf = At(resource);
    const auto found = shelf.objects.find(key);
    const ObjectPtr previous = found->second;
    shelf.objects.erase(found);
    ObjectPtr gone = Seal(std::move(last), ++version);
    Publish(StoreEvent::Type::kDeleted, resource, gone, previous);
    return gone;
  }
  // Appends what `shelf` has after `after`; false when part of it is forgotten.
  static bool Collect(const Shelf& shelf, uint64_t after, std::vector<StoreEvent>& out) {
    if (after < shelf.forgotten) return false;
    const auto first = std::upper_bound(
        shelf.events.begin(), shelf.events.end(), after,
        [](uint64_t version_, const StoreEvent& event) { return version_ < event.version; });
    out.insert(out.end(), first, shelf.events.end());
    return true;
  }
  bool CollectAll(const std::string& resource, uint64_t after, std::vector<StoreEvent>& out) {
    if (!resource.empty()) return Collect(At(resource), after, out);
    for (const auto& [name, shelf] : shelves)
      if (!Collect(shelf, after, out)) return false;
    std::sort(out.begin(), out.end(),
              [](const StoreEvent& a, const StoreEvent& b) { return a.version < b.version; });
    return true;
  }

  Clock& clock;
  mutable std::mutex mutex;
  std::condition_variable any_changed;
  std::map<std::string, Shelf> shelves;  // Nodes of a map stay where they are.
  uint64_t version = 1;
  bool closed = false;
};

Store::Store(Clock& clock) : impl_(std::make_unique<Impl>(clock)) {}
Store::~Store() = default;

Result<ObjectPtr> Store::Create(const std::string& resource, Json object) {
  const std::string name = GetString(object, {"metadata", "name"});
  if (name.empty())
    return ApiFail(ErrorCode::kInvalidArgument, 422, "Invalid",
                   fmt::format("{}: metadata.name is missing", resource));
  Json& metadata = object["metadata"];
  if (GetString(metadata, {"uid"}).empty()) metadata["uid"] = Uuid();
  if (GetString(metadata, {"creationTimestamp"}).empty())
    metadata["creationTimestamp"] = FormatRfc3339(impl_->clock.Wall());
  const Key key{GetString(metadata, {"namespace"}), name};
  const std::lock_guard lock(impl_->mutex);
  Shelf& shelf = impl_->At(resource);
  if (shelf.objects.contains(key))
    return ApiFail(ErrorCode::kConflict, 409, "AlreadyExists",
                   fmt::format("{} \"{}\" already exists", resource, name));
  ObjectPtr created = Seal(std::move(object), ++impl_->version);
  shelf.objects.emplace(key, created);
  impl_->Publish(StoreEvent::Type::kAdded, resource, created, nullptr);
  return created;
}

Result<ObjectPtr> Store::Get(const std::string& resource,
                             const std::string& ns,
                             const std::string& name) const {
  const std::lock_guard lock(impl_->mutex);
  const Shelf& shelf = impl_->At(resource);
  const auto found = shelf.objects.find(Key{ns, name});
  if (found == shelf.objects.end()) return Missing(resource, name);
  return found->second;
}

std::vector<ObjectPtr> Store::List(const std::string& resource,
                                   const std::string& ns,
                                   uint64_t* version) const {
  const std::lock_guard lock(impl_->mutex);
  if (version != nullptr) *version = impl_->version;
  const auto& objects = impl_->At(resource).objects;
  std::vector<ObjectPtr> listed;
  for (auto at = ns.empty() ? objects.begin() : objects.lower_bound(Key{ns, ""});
       at != objects.end() && (ns.empty() || at->first.first == ns); ++at)
    listed.push_back(at->second);
  return listed;
}

Result<std::vector<ObjectPtr>> Store::ListAt(const std::string& resource,
                                             const std::string& ns,
                                             uint64_t version) const {
  const std::lock_guard lock(impl_->mutex);
  const Shelf& shelf = impl_->At(resource);
  std::vector<StoreEvent> since;
  if (!Impl::Collect(shelf, version, since))
    return ApiFail(ErrorCode::kConflict, 410, "Expired",
                   fmt::format("too old resource version: {} ({})", version, impl_->version));
  std::map<Key, ObjectPtr> objects = shelf.objects;
  for (auto event = since.rbegin(); event != since.rend(); ++event) {
    const Json& json = event->object->json;
    Key key{GetString(json, {"metadata", "namespace"}), GetString(json, {"metadata", "name"})};
    if (event->type == StoreEvent::Type::kAdded) {
      objects.erase(key);
    } else {
      objects[std::move(key)] = event->previous;
    }
  }
  std::vector<ObjectPtr> listed;
  for (auto& [key, object] : objects)
    if (ns.empty() || key.first == ns) listed.push_back(std::move(object));
  return listed;
}

Result<ObjectPtr> Store::Update(const std::string& resource,
                                const std::string& ns,
                                const std::string& name,
                                const std::string& uid,
                                const std::function<Status(Json&)>& change) {
  return Update(resource, ns, name, uid,
                [&](const Json&, Json& object) -> Status { return change(object); });
}

Result<ObjectPtr> Store::Update(
    const std::string& resource,
    const std::string& ns,
    const std::string& name,
    const std::string& uid,
    const std::function<Status(const Json& before, Json& object)>& change) {
  const std::lock_guard lock(impl_->mutex);
  Shelf& shelf = impl_->At(resource);
  const Key key{ns, name};
  const auto found = shelf.objects.find(key);
  if (found == shelf.objects.end()) return Missing(resource, name);
  const ObjectPtr previous = found->second;
  if (const std::string have = GetString(previous->json, {"metadata", "uid"});
      !uid.empty() && uid != have)
    return ApiFail(ErrorCode::kConflict, 409, "Conflict",
                   fmt::format("Operation cannot be fulfilled on {} \"{}\": Precondition failed: "
                               "UID in precondition: {}, UID in object meta: {}",
                               resource, name, uid, have));
  Json object = previous->json;
  HOLDFAST_RETURN_IF_ERROR(change(previous->json, object));
  object["metadata"]["resourceVersion"] = previous->json["metadata"]["resourceVersion"];
  const bool unchanged = object == previous->json;
  if (!Removable(resource, object)) {
    if (unchanged) return previous;
    found->second = Seal(std::move(object), ++impl_->version);
    impl_->Publish(StoreEvent::Type::kModified, resource, found->second, previous);
    return found->second;
  }
  // A watcher of pods always sees the grace reach zero before it sees the pod go.
  if (resource == "pods" && !unchanged && !HasFinalGrace(previous->json)) {
    found->second = Seal(std::move(object), ++impl_->version);
    impl_->Publish(StoreEvent::Type::kModified, resource, found->second, previous);
  }
  // The last stored state goes into the deletion (with the finalizer that was just taken away), as
  // it does where etcd deletes the key.
  return impl_->Erase(resource, key, Json(found->second->json));
}

Result<ObjectPtr> Store::Remove(const std::string& resource,
                                const std::string& ns,
                                const std::string& name,
                                const std::string& uid) {
  const std::lock_guard lock(impl_->mutex);
  const Shelf& shelf = impl_->At(resource);
  const Key key{ns, name};
  const auto found = shelf.objects.find(key);
  if (found == shelf.objects.end()) return Missing(resource, name);
  if (const std::string have = GetString(found->second->json, {"metadata", "uid"});
      !uid.empty() && uid != have)
    return ApiFail(ErrorCode::kConflict, 409, "Conflict",
                   fmt::format("Operation cannot be fulfilled on {} \"{}\": Precondition failed: "
                               "UID in precondition: {}, UID in object meta: {}",
                               resource, name, uid, have));
  return impl_->Erase(resource, key, Json(found->second->json));
}

uint64_t Store::Version() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->version;
}

Result<std::vector<StoreEvent>> Store::EventsAfter(const std::string& resource,
                                                   uint64_t after,
                                                   Nanos wait,
                                                   uint64_t* up_to) const {
  std::unique_lock lock(impl_->mutex);
  std::condition_variable& changed =
      resource.empty() ? impl_->any_changed : impl_->At(resource).changed;
  std::vector<StoreEvent> events;
  bool complete = true;
  const auto ready = [&] {
    complete = impl_->CollectAll(resource, after, events);
    return !complete || !events.empty() || impl_->closed;
  };
  if (wait > Nanos{0}) {
    changed.wait_for(lock, wait, ready);
  } else {
    ready();
  }
  if (!complete)
    return ApiFail(ErrorCode::kConflict, 410, "Expired",
                   fmt::format("too old resource version: {} ({})", after, impl_->version));
  if (up_to != nullptr) *up_to = std::max(after, impl_->version);
  return events;
}

void Store::Close() {
  const std::lock_guard lock(impl_->mutex);
  impl_->closed = true;
  impl_->any_changed.notify_all();
  for (auto& [name, shelf] : impl_->shelves)
    shelf.changed.notify_all();
}

}  // namespace holdfast::sandbox
