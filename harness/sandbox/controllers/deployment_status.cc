// Counters and conditions.
#include "harness/sandbox/controllers/deployment_status.h"

#include <algorithm>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kTimedOut[] = "ProgressDeadlineExceeded";
constexpr char kPaused[] = "DeploymentPaused";
constexpr char kComplete[] = "NewReplicaSetAvailable";

// `holder` is an object with the status in it.
void Put(Json& holder,
         const char* type,
         const char* value,
         const char* reason,
         const std::string& message,
         const std::string& now) {
  const Json* old = FindCondition(holder, type);
  const bool same = old != nullptr && GetString(*old, {"reason"}) == reason &&
                    GetString(*old, {"status"}) == value;
  const std::string updated = same ? GetString(*old, {"lastUpdateTime"}, now) : now;
  SetCondition(holder,
               {{"type", type},
                {"status", value},
                {"lastUpdateTime", updated},
                {"reason", reason},
                {"message", message}},
               now);
}

// The time of the last sign of progress starts anew.
void Touch(Json& holder, const std::string& now) {
  for (Json& condition : holder["status"]["conditions"])
    if (GetString(condition, {"type"}) == "Progressing") condition["lastUpdateTime"] = now;
}

bool HasProgressed(const Json& before, const Json& after) {
  const auto grew = [&](const char* counter) {
    return GetInt(after, {counter}) > GetInt(before, {counter});
  };
  const auto old_pods = [](const Json& status) {
    return GetInt(status, {"replicas"}) - GetInt(status, {"updatedReplicas"});
  };
  return grew("updatedReplicas") || grew("readyReplicas") || grew("availableReplicas") ||
         old_pods(after) < old_pods(before);
}

void PutProgress(Json& holder, const Json& deployment, const DeploymentSets& sets, Nanos now) {
  const std::string stamp = FormatRfc3339(now);
  const Json& before = GetObject(deployment, {"status"});
  const std::string name = sets.current == nullptr ? "" : NameOf(sets.current->json);
  const std::string known = FindCondition(holder, "Progressing") == nullptr
                                ? ""
                                : GetString(*FindCondition(holder, "Progressing"), {"reason"});
  if (GetBool(deployment, {"spec", "paused"})) {
    Put(holder, "Progressing", "Unknown", kPaused, "Deployment is paused", stamp);
  } else if (known == kPaused) {
    Put(holder, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed", stamp);
  } else if (sets.current == nullptr) {
    return;
  } else if (sets.created) {
    Put(holder, "Progressing", "True", "NewReplicaSetCreated",
        fmt::format("Created new replica set \"{}\"", name), stamp);
  } else if (DeploymentIsComplete(deployment, holder["status"])) {
    Put(holder, "Progressing", "True", kComplete,
        fmt::format("ReplicaSet \"{}\" has successfully progressed.", name), stamp);
  } else if (known.empty()) {
    Put(holder, "Progressing", "True", "FoundNewReplicaSet",
        fmt::format("Found new replica set \"{}\"", name), stamp);
  } else if (known == kComplete && GetInt(holder, {"status", "replicas"}) ==
                                       GetInt(holder, {"status", "updatedReplicas"})) {
    return;  // It was complete, and has only lost a pod that comes back.
  } else if (HasProgressed(before, holder["status"])) {
    Put(holder, "Progressing", "True", "ReplicaSetUpdated",
        fmt::format("ReplicaSet \"{}\" is progressing.", name), stamp);
    Touch(holder, stamp);
  } else if (const auto left = UntilDeadline(deployment, holder["status"], now);
             left && *left <= Nanos{0}) {
    Put(holder, "Progressing", "False", kTimedOut,
        fmt::format("ReplicaSet \"{}\" has timed out progressing.", name), stamp);
  }
}

}  // namespace

bool DeploymentIsComplete(const Json& deployment, const Json& status) {
  const int64_t replicas = DeploymentReplicas(deployment);
  return GetInt(status, {"updatedReplicas"}) == replicas &&
         GetInt(status, {"replicas"}) == replicas &&
         GetInt(status, {"availableReplicas"}) == replicas &&
         GetInt(status, {"observedGeneration"}) >= GetInt(deployment, {"metadata", "generation"});
}

std::optional<Nanos> UntilDeadline(const Json& deployment, const Json& status, Nanos now) {
  const int64_t seconds = GetInt(deployment, {"spec", "progressDeadlineSeconds"}, 600);
  const Json holder = {{"status", status}};
  const Json* progress = FindCondition(holder, "Progressing");
  if (progress == nullptr || seconds >= INT32_MAX || GetBool(deployment, {"spec", "paused"}) ||
      GetString(*progress, {"reason"}) == kComplete ||
      GetString(*progress, {"reason"}) == kTimedOut) {
    return std::nullopt;
  }
  const auto updated = ParseRfc3339(GetString(*progress, {"lastUpdateTime"}));
  if (!updated) return std::nullopt;
  return *updated + std::chrono::seconds(seconds) - now;
}

Json DeploymentStatus(const Json& deployment, const DeploymentSets& sets, Nanos now) {
  const int64_t available = sets.StatusSum("availableReplicas");
  const int64_t unavailable = std::max<int64_t>(0, sets.SpecReplicas() - available);
  Json status = {{"observedGeneration", GetInt(deployment, {"metadata", "generation"})},
                 {"terminatingReplicas", sets.StatusSum("terminatingReplicas")}};
  const auto put = [&](const char* counter, int64_t value) {
    if (value != 0) status[counter] = value;
  };
  put("replicas", sets.StatusSum("replicas"));
  put("updatedReplicas",
      sets.current == nullptr ? 0 : GetInt(sets.current->json, {"status", "replicas"}));
  put("readyReplicas", sets.StatusSum("readyReplicas"));
  put("availableReplicas", available);
  put("unavailableReplicas", unavailable);
  if (const Json* count = FindPath(deployment, {"status", "collisionCount"}))
    status["collisionCount"] = *count;
  Json holder = {{"status", std::move(status)}};
  const Json& conditions = GetArray(deployment, {"status", "conditions"});
  if (!conditions.empty()) holder["status"]["conditions"] = conditions;
  const bool enough =
      available >= DeploymentReplicas(deployment) - LimitsOf(deployment).max_unavailable;
  Put(holder, "Available", enough ? "True" : "False",
      enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
      enough ? "Deployment has minimum availability."
             : "Deployment does not have minimum availability.",
      FormatRfc3339(now));
  PutProgress(holder, deployment, sets, now);
  return std::move(holder["status"]);
}

}  // namespace holdfast::sandbox
