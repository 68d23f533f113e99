#include "harness/run/cleanup.h"

#include "harness/base/strings.h"
#include "harness/run/crash_point.h"

namespace holdfast::run {
namespace {

constexpr Nanos kPoll = std::chrono::milliseconds(100);

// What the namespace's own conditions say about what holds it.
std::string Holding(const Json& ns) {
  std::vector<std::string> reasons;
  for (const Json& condition : GetArray(ns, {"status", "conditions"})) {
    if (GetString(condition, {"status"}) == "True")
      reasons.push_back(GetString(condition, {"message"}));
  }
  return reasons.empty() ? "its content is still being deleted" : Join(reasons, "; ");
}

Result<std::vector<std::string>> VolumesOf(kube::Client& client, const std::string& ns) {
  HOLDFAST_ASSIGN(const kube::ObjectList volumes,
                  client.List(kube::resources::kPersistentVolumes, "", {}));
  std::vector<std::string> names;
  for (const Json& volume : volumes.items) {
    if (GetString(volume, {"spec", "claimRef", "namespace"}) == ns) {
      names.push_back(GetString(volume, {"metadata", "name"}) + " (" +
                      GetString(volume, {"spec", "persistentVolumeReclaimPolicy"}) + ")");
    }
  }
  return names;
}

bool OnlyRetained(const std::vector<std::string>& volumes) {
  for (const std::string& volume : volumes) {
    if (!volume.ends_with("(Retain)")) return false;
  }
  return true;
}

}  // namespace

Status RemoveNamespace(kube::Client& client, const std::string& ns, Clock& clock, Nanos timeout) {
  const kube::ObjectRef ref{kube::resources::kNamespaces, "", ns};
  const Deadline deadline(clock, timeout);
  bool asked = false;
  Error last{ErrorCode::kTimedOut, "no answer", 0, {}};
  while (!deadline.Passed()) {
    if (!asked) {
      const auto deleted = client.Delete(ref, {});
      // 409: it is being deleted already.
      asked = deleted || deleted.error().code == ErrorCode::kConflict ||
              deleted.error().code == ErrorCode::kNotFound;
      if (!deleted) last = deleted.error();
      CrashPoint();
    }
    const auto left = client.Get(ref);
    if (!left && left.error().code == ErrorCode::kNotFound) {
      const auto volumes = VolumesOf(client, ns);
      if (volumes && volumes->empty()) return {};
      if (volumes && OnlyRetained(*volumes)) {
        return Fail(ErrorCode::kTimedOut,
                    "volumes are left because their class retains them: {}; delete them with "
                    "kubectl delete pv when they are of no use",
                    Join(*volumes, ", "));
      }
      last = volumes ? Error{ErrorCode::kTimedOut,
                             "volumes are still being deleted: " + Join(*volumes, ", "),
                             0,
                             {}}
                     : volumes.error();
    } else if (left) {
      last = Error{ErrorCode::kTimedOut, Holding(*left), 0, {}};
    } else {
      last = left.error();
    }
    clock.SleepFor(kPoll, {});
  }
  return Fail(ErrorCode::kTimedOut,
              "namespace {} or its volumes are not gone after {}: {}; delete it with kubectl "
              "delete namespace {}",
              ns, FormatDuration(timeout), last.message, ns);
}

}  // namespace holdfast::run
