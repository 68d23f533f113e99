// Deletion: grace periods of pods, finalizers, propagation.
#include <algorithm>

#include "harness/base/time_format.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/api/resources.h"

namespace holdfast::sandbox {
namespace {

constexpr const char* kForeground = "foregroundDeletion";
constexpr const char* kOrphan = "orphan";

Status CheckPreconditions(const ResourceInfo& info,
                          const Json& object,
                          const DeleteParameters& parameters) {
  const std::string name = GetString(object, {"metadata", "name"});
  const std::string uid = GetString(object, {"metadata", "uid"});
  const std::string version = GetString(object, {"metadata", "resourceVersion"});
  if (!parameters.uid.empty() && parameters.uid != uid)
    return Fail(ConflictError(
        info, name,
        fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}",
                    parameters.uid, uid)));
  if (!parameters.resource_version.empty() && parameters.resource_version != version)
    return Fail(ConflictError(info, name,
                              fmt::format("Precondition failed: ResourceVersion in precondition: "
                                          "{}, ResourceVersion in object meta: {}",
                                          parameters.resource_version, version)));
  return {};
}

void SetPropagation(Json& metadata, const std::string& propagation) {
  Json kept = Json::array();
  for (const Json& name : GetArray(metadata, {"finalizers"}))
    if (name != kForeground && name != kOrphan) kept.push_back(name);
  if (propagation == "Foreground") kept.push_back(kForeground);
  if (propagation == "Orphan") kept.push_back(kOrphan);
  if (kept.empty()) {
    metadata.erase("finalizers");
  } else {
    metadata["finalizers"] = std::move(kept);
  }
}

// How long a pod may take to stop: what was asked, else its own period; nothing for a pod that no
// node runs.
int64_t PodGrace(const Json& pod, const DeleteParameters& parameters) {
  const std::string phase = GetString(pod, {"status", "phase"});
  if (GetString(pod, {"spec", "nodeName"}).empty() || phase == "Succeeded" || phase == "Failed")
    return 0;
  const int64_t own = GetInt(pod, {"spec", "terminationGracePeriodSeconds"}, 30);
  const int64_t grace = parameters.grace_seconds.value_or(own);
  return grace < 0 ? 1 : grace;
}

// Marks `object`, or shortens the grace of one that is already marked; the generation moves with
// the first mark only.
void Mark(Json& object, int64_t grace, Nanos now) {
  Json& metadata = object["metadata"];
  const auto at = ParseRfc3339(GetString(metadata, {"deletionTimestamp"}));
  if (!at) {
    metadata["deletionTimestamp"] = FormatRfc3339(now + std::chrono::seconds(grace));
    metadata["deletionGracePeriodSeconds"] = grace;
    if (const int64_t generation = GetInt(metadata, {"generation"}); generation > 0)
      metadata["generation"] = generation + 1;
    return;
  }
  const int64_t before = GetInt(metadata, {"deletionGracePeriodSeconds"});
  if (grace >= before) return;
  // Counted from the first request, never into the past.
  Nanos until = *at - std::chrono::seconds(before) + std::chrono::seconds(grace);
  if (until < now) {
    until = now;
    if (grace != 0) grace = 1;
  }
  metadata["deletionTimestamp"] = FormatRfc3339(until);
  metadata["deletionGracePeriodSeconds"] = grace;
}

}  // namespace

Result<ObjectPtr> Registry::Delete(const std::string& resource,
                                   const std::string& ns,
                                   const std::string& name,
                                   const DeleteParameters& parameters) {
  const ResourceInfo* info = FindResource(resource);
  if (info == nullptr)
    return Fail(ApiError(404, "NotFound", "the server could not find the requested resource"));
  if (parameters.propagation != "Background" && parameters.propagation != "Foreground" &&
      parameters.propagation != "Orphan")
    return Fail(Invalid(*info, name,
                        {{FieldError::Type::kNotSupported, "propagationPolicy",
                          fmt::format("\"{}\": supported values: \"Background\", \"Foreground\", "
                                      "\"Orphan\"",
                                      parameters.propagation)}}));
  std::string removed_uid;  // Of an object that nothing holds back: it goes without being marked.
  auto written = Write(resource, ns, name, "", parameters.dry_run, [&](Json& object) -> Status {
    HOLDFAST_RETURN_IF_ERROR(CheckPreconditions(*info, object, parameters));
    const bool marked = !GetString(object, {"metadata", "deletionTimestamp"}).empty();
    // Background is also what a request without a policy means: it keeps an earlier choice.
    if (!marked || parameters.propagation != "Background")
      SetPropagation(object["metadata"], parameters.propagation);
    const Nanos now = clock_.Wall();
    if (resource == "pods") {
      Mark(object, PodGrace(object, parameters), now);
    } else if (!marked) {
      if (GetArray(object, {"metadata", "finalizers"}).empty() && resource != "namespaces") {
        removed_uid = GetString(object, {"metadata", "uid"});
        return {};
      }
      Mark(object, 0, now);
      if (resource == "namespaces") object["status"]["phase"] = "Terminating";
    }
    return {};
  });
  if (!written || removed_uid.empty() || parameters.dry_run) return written;
  return store_.Remove(resource, ns, name, removed_uid);
}

}  // namespace holdfast::sandbox
