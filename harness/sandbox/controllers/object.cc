// Object helpers: plain functions over JSON, no state.
#include "harness/sandbox/controllers/object.h"

#include <algorithm>

#include "harness/base/time_format.h"

namespace holdfast::sandbox {
namespace {

bool ContainsString(const Json& list, std::string_view wanted) {
  return std::any_of(list.begin(), list.end(), [&](const Json& entry) {
    return entry.is_string() && entry.get<std::string>() == wanted;
  });
}

bool MatchesExpression(const Json& expression, const Json& labels) {
  const std::string key = GetString(expression, {"key"});
  const std::string op = GetString(expression, {"operator"});
  const bool present = labels.is_object() && labels.contains(key);
  if (op == "Exists") return present;
  if (op == "DoesNotExist") return !present;
  const bool listed =
      present && ContainsString(GetArray(expression, {"values"}), GetString(labels, {key}));
  if (op == "In") return listed;
  if (op == "NotIn") return !listed;
  return false;
}

}  // namespace

std::string NameOf(const Json& object) { return GetString(object, {"metadata", "name"}); }
std::string NamespaceOf(const Json& object) { return GetString(object, {"metadata", "namespace"}); }
std::string UidOf(const Json& object) { return GetString(object, {"metadata", "uid"}); }

bool IsTerminating(const Json& object) {
  return !GetString(object, {"metadata", "deletionTimestamp"}).empty();
}

std::string MakeKey(std::string_view ns, std::string_view name) {
  if (ns.empty()) return std::string(name);
  return std::string(ns) + "/" + std::string(name);
}

std::string KeyOf(const Json& object) { return MakeKey(NamespaceOf(object), NameOf(object)); }

std::pair<std::string, std::string> SplitKey(std::string_view key) {
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos) return {"", std::string(key)};
  return {std::string(key.substr(0, slash)), std::string(key.substr(slash + 1))};
}

const Json* ControllerRef(const Json& object) {
  for (const Json& reference : GetArray(object, {"metadata", "ownerReferences"})) {
    if (GetBool(reference, {"controller"})) return &reference;
  }
  return nullptr;
}

bool HasOwner(const Json& object, std::string_view uid) {
  const Json& references = GetArray(object, {"metadata", "ownerReferences"});
  return std::any_of(references.begin(), references.end(),
                     [&](const Json& reference) { return GetString(reference, {"uid"}) == uid; });
}

Json MakeControllerRef(const Json& owner, std::string_view api_version, std::string_view kind) {
  return {{"apiVersion", api_version}, {"kind", kind},       {"name", NameOf(owner)},
          {"uid", UidOf(owner)},       {"controller", true}, {"blockOwnerDeletion", true}};
}

bool RemoveOwner(Json& object, std::string_view uid) {
  if (!HasOwner(object, uid)) return false;
  Json kept = Json::array();
  for (const Json& reference : GetArray(object, {"metadata", "ownerReferences"})) {
    if (GetString(reference, {"uid"}) != uid) kept.push_back(reference);
  }
  if (kept.empty()) {
    object["metadata"].erase("ownerReferences");
  } else {
    object["metadata"]["ownerReferences"] = std::move(kept);
  }
  return true;
}

void AddOwner(Json& object, Json reference) {
  Json& references = object["metadata"]["ownerReferences"];
  if (!references.is_array()) references = Json::array();
  references.push_back(std::move(reference));
}

bool MatchesLabels(const Json& wanted, const Json& labels) {
  if (!wanted.is_object()) return true;
  for (const auto& [key, value] : wanted.items()) {
    const Json* label = FindPath(labels, {key});
    if (label == nullptr || *label != value) return false;
  }
  return true;
}

bool MatchesSelector(const Json& selector, const Json& labels) {
  if (!selector.is_object()) return false;
  if (!MatchesLabels(GetObject(selector, {"matchLabels"}), labels)) return false;
  const Json& expressions = GetArray(selector, {"matchExpressions"});
  return std::all_of(expressions.begin(), expressions.end(),
                     [&](const Json& expression) { return MatchesExpression(expression, labels); });
}

bool HasFinalizer(const Json& object, std::string_view finalizer) {
  return ContainsString(GetArray(object, {"metadata", "finalizers"}), finalizer);
}

bool AddFinalizer(Json& object, std::string_view finalizer) {
  if (HasFinalizer(object, finalizer)) return false;
  Json& finalizers = object["metadata"]["finalizers"];
  if (!finalizers.is_array()) finalizers = Json::array();
  finalizers.push_back(std::string(finalizer));
  return true;
}

bool RemoveFinalizer(Json& object, std::string_view finalizer) {
  if (!HasFinalizer(object, finalizer)) return false;
  Json kept = Json::array();
  for (const Json& entry : GetArray(object, {"metadata", "finalizers"})) {
    if (!entry.is_string() || entry.get<std::string>() != finalizer) kept.push_back(entry);
  }
  if (kept.empty()) {
    object["metadata"].erase("finalizers");
  } else {
    object["metadata"]["finalizers"] = std::move(kept);
  }
  return true;
}

const Json* FindCondition(const Json& object, std::string_view type) {
  for (const Json& condition : GetArray(object, {"status", "conditions"})) {
    if (GetString(condition, {"type"}) == type) return &condition;
  }
  return nullptr;
}

bool ConditionIs(const Json& object, std::string_view type, std::string_view status) {
  const Json* condition = FindCondition(object, type);
  return condition != nullptr && GetString(*condition, {"status"}) == status;
}

bool SetCondition(Json& object, Json condition, const std::string& now) {
  Json& conditions = object["status"]["conditions"];
  if (!conditions.is_array()) conditions = Json::array();
  for (Json& old : conditions) {
    if (GetString(old, {"type"}) != GetString(condition, {"type"})) continue;
    const bool flipped = GetString(old, {"status"}) != GetString(condition, {"status"});
    for (const char* field : {"lastTransitionTime", "lastProbeTime", "lastHeartbeatTime"}) {
      if (old.contains(field)) condition[field] = old[field];
    }
    if (flipped || !condition.contains("lastTransitionTime")) {
      condition["lastTransitionTime"] = now;
    }
    if (!flipped && old == condition) return false;
    old = std::move(condition);
    return true;
  }
  condition["lastTransitionTime"] = now;
  conditions.push_back(std::move(condition));
  return true;
}

bool IsPodReady(const Json& pod) { return ConditionIs(pod, "Ready", "True"); }

bool IsPodRunningAndReady(const Json& pod) {
  return GetString(pod, {"status", "phase"}) == "Running" && IsPodReady(pod);
}

bool IsPodTerminal(const Json& pod) {
  const std::string phase = GetString(pod, {"status", "phase"});
  return phase == "Failed" || phase == "Succeeded";
}

bool IsPodAvailable(const Json& pod, int64_t min_ready_seconds, Nanos now, Nanos* remaining) {
  if (!IsPodReady(pod)) return false;
  if (min_ready_seconds == 0) return true;
  const std::string since = GetString(*FindCondition(pod, "Ready"), {"lastTransitionTime"});
  const std::optional<Nanos> at = ParseRfc3339(since);
  if (!at) return false;
  const Nanos ready_for_good = *at + std::chrono::seconds(min_ready_seconds);
  if (ready_for_good <= now) return true;
  if (remaining != nullptr) *remaining = ready_for_good - now;
  return false;
}

}  // namespace holdfast::sandbox
