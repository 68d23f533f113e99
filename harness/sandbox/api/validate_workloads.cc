// StatefulSets, Deployments, ReplicaSets, controller revisions.
#include <string>

#include "harness/sandbox/api/selectors.h"
#include "harness/sandbox/api/validate_parts.h"

namespace holdfast::sandbox {
namespace {

using Type = FieldError::Type;

// Selector and template, which all of them have. `what` is the kind as messages write it.
void CheckTemplate(const Json& object, const char* what, FieldErrors& errors) {
  const Json& spec = GetObject(object, {"spec"});
  const Json& selector = GetObject(spec, {"selector"});
  CheckSelector(selector, "spec.selector", errors);
  if (FindPath(spec, {"selector"}) == nullptr) {
    errors.push_back({Type::kRequired, "spec.selector", ""});
  } else if (GetObject(selector, {"matchLabels"}).empty() &&
             GetArray(selector, {"matchExpressions"}).empty()) {
    errors.push_back({Type::kInvalid, "spec.selector",
                      fmt::format("{{}}: empty selector is invalid for {}", what)});
  } else if (!LabelSelector::FromJson(selector).Matches(
                 GetObject(spec, {"template", "metadata", "labels"}))) {
    errors.push_back({Type::kInvalid, "spec.template.metadata.labels",
                      DumpJson(GetObject(spec, {"template", "metadata", "labels"})) +
                          ": `selector` does not match template `labels`"});
  }
  CheckLabels(GetObject(spec, {"template", "metadata", "labels"}), "spec.template.labels", errors);
  CheckPodSpec(GetObject(spec, {"template", "spec"}), GetArray(spec, {"volumeClaimTemplates"}),
               "spec.template.spec", errors);
  CheckOneOf(object, {"spec", "template", "spec", "restartPolicy"}, {"Always"}, errors);
  if (FindPath(spec, {"template", "spec", "activeDeadlineSeconds"}) != nullptr)
    errors.push_back({Type::kForbidden, "spec.template.spec.activeDeadlineSeconds",
                      fmt::format("activeDeadlineSeconds in {} is not Supported", what)});
  CheckNotNegative(object, {"spec", "replicas"}, errors);
  CheckNotNegative(object, {"spec", "minReadySeconds"}, errors);
  CheckNotNegative(object, {"spec", "revisionHistoryLimit"}, errors);
}

void CheckStatefulSet(const Json* old, const Json& object, FieldErrors& errors) {
  const Json& spec = GetObject(object, {"spec"});
  CheckOneOf(object, {"spec", "podManagementPolicy"}, {"OrderedReady", "Parallel"}, errors);
  CheckOneOf(object, {"spec", "updateStrategy", "type"}, {"OnDelete", "RollingUpdate"}, errors);
  for (const char* when : {"whenDeleted", "whenScaled"})
    CheckOneOf(object, {"spec", "persistentVolumeClaimRetentionPolicy", when}, {"Delete", "Retain"},
               errors);
  const Json* rolling = FindPath(spec, {"updateStrategy", "rollingUpdate"});
  if (GetString(spec, {"updateStrategy", "type"}) == "OnDelete" && rolling != nullptr)
    errors.push_back(
        {Type::kInvalid, "spec.updateStrategy.rollingUpdate",
         DumpJson(*rolling) + ": only allowed for updateStrategy '\"RollingUpdate\"'"});
  CheckNotNegative(object, {"spec", "updateStrategy", "rollingUpdate", "partition"}, errors);
  if (rolling != nullptr && rolling->contains("maxUnavailable")) {
    const Json& most = (*rolling)["maxUnavailable"];
    const char* field = "spec.updateStrategy.rollingUpdate.maxUnavailable";
    CheckIntOrPercent(most, field, false, errors);
    if (most == 0 || most == "0%")
      errors.push_back({Type::kInvalid, field, DumpJson(most) + ": cannot be 0"});
  }
  CheckNotNegative(object, {"spec", "ordinals", "start"}, errors);
  CheckTemplate(object, "StatefulSet", errors);
  const Json& claims = GetArray(spec, {"volumeClaimTemplates"});
  for (size_t i = 0; i < claims.size(); ++i)
    if (GetString(claims[i], {"metadata", "name"}).empty())
      errors.push_back(
          {Type::kRequired, fmt::format("spec.volumeClaimTemplates[{}].metadata.name", i), ""});
  if (old == nullptr) return;
  const auto fixed = [](const Json& set) {
    return SpecWithout(
        set, {"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
              "persistentVolumeClaimRetentionPolicy", "minReadySeconds"});
  };
  if (fixed(*old) != fixed(object))
    errors.push_back({Type::kForbidden, "spec",
                      "updates to statefulset spec for fields other than 'replicas', 'ordinals', "
                      "'template', 'updateStrategy', 'revisionHistoryLimit', "
                      "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
                      "forbidden"});
}

void CheckSelectorKept(const Json* old, const Json& object, FieldErrors& errors) {
  if (old == nullptr) return;
  const Json& selector = GetObject(object, {"spec", "selector"});
  if (GetObject(*old, {"spec", "selector"}) != selector)
    errors.push_back(
        {Type::kInvalid, "spec.selector", DumpJson(selector) + ": field is immutable"});
}

void CheckDeployment(const Json* old, const Json& object, FieldErrors& errors) {
  CheckTemplate(object, "deployment", errors);
  CheckSelectorKept(old, object, errors);
  CheckOneOf(object, {"spec", "strategy", "type"}, {"Recreate", "RollingUpdate"}, errors);
  const Json* rolling = FindPath(object, {"spec", "strategy", "rollingUpdate"});
  if (GetString(object, {"spec", "strategy", "type"}) == "Recreate" && rolling != nullptr)
    errors.push_back({Type::kForbidden, "spec.strategy.rollingUpdate",
                      "may not be specified when strategy `type` is 'Recreate'"});
  if (GetString(object, {"spec", "strategy", "type"}) == "RollingUpdate" && rolling != nullptr) {
    const Json surge = rolling->value("maxSurge", Json(0));
    const Json down = rolling->value("maxUnavailable", Json(0));
    CheckIntOrPercent(down, "spec.strategy.rollingUpdate.maxUnavailable", false, errors);
    CheckIntOrPercent(surge, "spec.strategy.rollingUpdate.maxSurge", true, errors);
    if ((surge == 0 || surge == "0%") && (down == 0 || down == "0%"))
      errors.push_back({Type::kInvalid, "spec.strategy.rollingUpdate.maxUnavailable",
                        DumpJson(down) + ": may not be 0 when `maxSurge` is 0"});
  }
  if (GetInt(object, {"spec", "progressDeadlineSeconds"}, 600) <=
      GetInt(object, {"spec", "minReadySeconds"}))
    errors.push_back({Type::kInvalid, "spec.progressDeadlineSeconds",
                      fmt::format("{}: must be greater than minReadySeconds",
                                  GetInt(object, {"spec", "progressDeadlineSeconds"}))});
}

}  // namespace

void CheckWorkload(const Json* old, const Json& object, FieldErrors& errors) {
  const std::string kind = GetString(object, {"kind"});
  if (kind == "StatefulSet") {
    CheckStatefulSet(old, object, errors);
  } else if (kind == "Deployment") {
    CheckDeployment(old, object, errors);
  } else if (kind == "ReplicaSet") {
    CheckTemplate(object, "ReplicaSet", errors);
    CheckSelectorKept(old, object, errors);
  } else if (kind == "ControllerRevision") {
    CheckNotNegative(object, {"revision"}, errors);
    if (old != nullptr && old->value("data", Json()) != object.value("data", Json()))
      errors.push_back({Type::kInvalid, "data", "field is immutable"});
  } else if (kind == "Pod") {
    const Json& spec = GetObject(object, {"spec"});
    CheckPodSpec(spec, Json::array(), "spec", errors);
    CheckOneOf(object, {"spec", "restartPolicy"}, {"Always", "OnFailure", "Never"}, errors);
    if (old != nullptr) CheckPodUpdate(*old, object, errors);
  }
}

}  // namespace holdfast::sandbox
