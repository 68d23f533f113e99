// The API's semantics without HTTP: defaulting, validation, generation, deletion with grace and
// finalizers, patches, subresources. The HTTP server and the controllers both write through it, so
// that nobody writes an object the API would refuse.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_REGISTRY_H_
#define HOLDFAST_HARNESS_SANDBOX_API_REGISTRY_H_

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/api/decode.h"
#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {

enum class PatchFormat { kJson, kMerge, kStrategicMerge, kApply };

struct DeleteParameters {
  std::optional<int64_t> grace_seconds;
  std::string uid;                         // Precondition, when not empty.
  std::string resource_version;            // Precondition, when not empty.
  std::string propagation = "Background";  // or Foreground, Orphan.
  bool dry_run = false;                    // Everything but the writing.
};

struct WriteParameters {
  std::string subresource;  // "", "status", "scale", "binding", "finalize".
  bool through_view = false;  // Bodies and patches have the shape of the view.
  std::string field_manager;  // Empty: nobody becomes the owner of what is written.
  FieldValidation validation = FieldValidation::kIgnore;
  std::vector<std::string> duplicates{};         // Paths of the body's duplicate members.
  std::vector<std::string>* warnings = nullptr;  // Receives what kWarn finds.
  bool force = false;    // Of an apply patch.
  bool dry_run = false;  // Everything but the writing.
};

// Thread-safe. Errors carry http_status and reason as the API answers them; a 422 names its fields
// in the message.
class Registry {
 public:
  Registry(Store& store, Clock& clock) : store_(store), clock_(clock) {}

  // `object` needs no apiVersion or kind. generateName is resolved. The namespace must exist and
  // not be terminating.
  Result<ObjectPtr> Create(const std::string& resource,
                           const std::string& ns,
                           Json object,
                           const WriteParameters& parameters = {});
  // PUT: whole replacement, with the stored status kept (or, for subresource "status", everything
  // but the status kept).
  Result<ObjectPtr> Replace(const std::string& resource,
                            const std::string& ns,
                            const std::string& name,
                            Json object,
                            const WriteParameters& parameters = {});
  Result<ObjectPtr> Patch(const std::string& resource,
                          const std::string& ns,
                          const std::string& name,
                          PatchFormat format,
                          const Json& patch,
                          const WriteParameters& parameters = {});
  // For controllers: edits the stored object in place, atomically; the generation moves when the
  // spec does. `uid` empty: any.
  Result<ObjectPtr> Edit(const std::string& resource,
                         const std::string& ns,
                         const std::string& name,
                         const std::string& uid,
                         const std::function<Status(Json&)>& change);
  // A pod that runs on a node gets deletionTimestamp and grace, and goes with grace 0 (what its
  // node agent asks for in the end); an object with finalizers stays until they are gone;
  // foreground and orphan propagation add theirs. Returns the object as it was left.
  Result<ObjectPtr> Delete(const std::string& resource,
                           const std::string& ns,
                           const std::string& name,
                           const DeleteParameters& parameters);

  [[nodiscard]] Store& store() { return store_; }
  [[nodiscard]] Clock& clock() { return clock_; }

 private:
  // Server-side apply, which creates what is not there.
  Result<ObjectPtr> Apply(const ResourceInfo& info,
                          const std::string& ns,
                          const std::string& name,
                          Json wanted,
                          const WriteParameters& parameters);
  // The rest of a creation, once the object is decoded and has its place. `owned`: it carries the
  // managedFields of an apply.
  Result<ObjectPtr> Admit(const ResourceInfo& info,
                           const std::string& ns,
                           Json object,
                           bool owned,
                           const WriteParameters& parameters);
  Result<ObjectPtr> Bind(const std::string& ns,
                         const std::string& name,
                         const Json& binding,
                         bool dry_run);
  // Runs `change` on the stored object and writes the result, unless dry.
  Result<ObjectPtr> Write(const std::string& resource,
                          const std::string& ns,
                          const std::string& name,
                          const std::string& uid,
                          bool dry_run,
                          const std::function<Status(Json&)>& change);
  [[nodiscard]] std::string FreeServiceAddress() const;
  [[nodiscard]] std::string DefaultStorageClass() const;
  // Whether a larger size may be written to the claim: 403 unless its class allows expansion.
  [[nodiscard]] Status CheckExpansion(const Json& old, const Json& claim, bool class_allows) const;
  [[nodiscard]] bool ClassAllowsExpansion(const std::string& ns, const std::string& claim) const;
  // 403 for a priority class that is not there.
  Status ResolvePriority(const std::string& name, Json& spec) const;

  Store& store_;
  Clock& clock_;
  std::mutex service_mutex_;  // Held from choosing a service's address until it is stored.
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_REGISTRY_H_
