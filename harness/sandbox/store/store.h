// The one store of the sandbox: every object, one resource-version counter, and the events of the
// recent past.
#ifndef HOLDFAST_HARNESS_SANDBOX_STORE_STORE_H_
#define HOLDFAST_HARNESS_SANDBOX_STORE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::sandbox {

// A stored object, immutable. `json` has metadata.resourceVersion; `text` is its compact
// serialisation, made once and shared by all watches.
struct StoredObject {
  Json json;
  std::string text;
  uint64_t version = 0;
};
using ObjectPtr = std::shared_ptr<const StoredObject>;

struct StoreEvent {
  enum class Type { kAdded, kModified, kDeleted };
  Type type = Type::kAdded;
  std::string resource;  // Plural, such as "pods"; unique over all groups here.
  ObjectPtr object;      // Of a deletion: the last state, with the version of the deletion.
  ObjectPtr previous;    // Before a modification or deletion, else nullptr.
  uint64_t version = 0;
};

// Thread-safe; every write is one atomic step with its own version. Errors carry http_status and
// reason as the API would answer: NotFound 404, AlreadyExists 409, Conflict 409, Expired 410.
//
// The store knows nothing of kinds: validation, defaulting, subresources and deletion with grace
// belong to the layers above. It does know metadata: uid, creationTimestamp and resourceVersion are
// set here, and an update that changes nothing but the version is not written (same object
// returned, no event).
class Store {
 public:
  explicit Store(Clock& clock);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // metadata.name must be set. Sets uid and creationTimestamp when absent.
  Result<ObjectPtr> Create(const std::string& resource, Json object);
  [[nodiscard]] Result<ObjectPtr> Get(const std::string& resource,
                                      const std::string& ns,
                                      const std::string& name) const;
  // Namespace empty: all namespaces. In order of namespace, name. `version`, when not null,
  // receives the store's version of this moment.
  [[nodiscard]] std::vector<ObjectPtr> List(const std::string& resource,
                                            const std::string& ns,
                                            uint64_t* version = nullptr) const;
  // Reads, lets `change` edit the copy, writes; atomic, so it never conflicts. `change` returns an
  // error to give up. `uid`, when not empty, must be the stored one (else Conflict). An object that
  // has a deletionTimestamp and no finalizers left afterwards (and, for a pod,
  // metadata.deletionGracePeriodSeconds 0; for a namespace, no spec.finalizers) is removed in the
  // same step, as its deletion; the step in which a pod's grace becomes 0 is a modification of its
  // own before that. `change` must not call the store.
  Result<ObjectPtr> Update(const std::string& resource,
                           const std::string& ns,
                           const std::string& name,
                           const std::string& uid,
                           const std::function<Status(Json&)>& change);
  // The same for a change that wants to see the state before it, without a copy of its own.
  Result<ObjectPtr> Update(const std::string& resource,
                           const std::string& ns,
                           const std::string& name,
                           const std::string& uid,
                           const std::function<Status(const Json& before, Json& object)>& change);
  // Removes at once, whatever its finalizers say.
  Result<ObjectPtr> Remove(const std::string& resource,
                           const std::string& ns,
                           const std::string& name,
                           const std::string& uid = "");

  [[nodiscard]] uint64_t Version() const;
  // The state of `version`, which is not newer than now, put together from the events since. Expired
  // when they are no longer kept.
  Result<std::vector<ObjectPtr>> ListAt(const std::string& resource,
                                        const std::string& ns,
                                        uint64_t version) const;
  // Events of `resource` (empty: of every resource) with version > `after`, in order; waits up to
  // `wait` for the first. Expired when `after` is older than what is kept. An empty answer means
  // that nothing came in time; `up_to`, when not null, receives the version up to which the answer
  // is complete.
  Result<std::vector<StoreEvent>> EventsAfter(const std::string& resource,
                                              uint64_t after,
                                              Nanos wait,
                                              uint64_t* up_to = nullptr) const;
  // Wakes all waiters for ever; EventsAfter then returns at once. For shutting down.
  void Close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_STORE_STORE_H_
