#include "harness/sandbox/api/validate.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "harness/base/strings.h"
#include "harness/sandbox/api/selectors.h"

namespace holdfast::sandbox {
namespace {

using Type = FieldError::Type;
using Errors = std::vector<FieldError>;

constexpr std::string_view kSubdomain =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character";
constexpr std::string_view kLabel =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character";

bool IsDnsLabel(std::string_view text) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (text.empty() || text.size() > 63) return false;
  if (!alphanumeric(text.front()) || !alphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return alphanumeric(c) || c == '-'; });
}
// Only the whole name is limited in length, not its parts, as RFC 1123 names in Kubernetes are.
bool IsDnsSubdomain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  for (const std::string& part : Split(text, '.')) {
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    if (part.empty() || !plain(part.front()) || !plain(part.back())) return false;
    for (const char c : part) {
      if (!plain(c) && c != '-') return false;
    }
  }
  return true;
}

std::string Quoted(std::string_view value) { return fmt::format("\"{}\"", value); }

void CheckName(const ResourceInfo& info, const Json& object, Errors& errors) {
  const std::string name = GetString(object, {"metadata", "name"});
  if (name.empty()) {
    errors.push_back({Type::kRequired, "metadata.name", "name or generateName is required"});
    return;
  }
  const bool label =
      info.kind == "StatefulSet" || info.kind == "Service" || info.kind == "Namespace";
  if (label ? !IsDnsLabel(name) : !IsDnsSubdomain(name))
    errors.push_back({Type::kInvalid, "metadata.name",
                      Quoted(name) + ": " + std::string(label ? kLabel : kSubdomain)});
}

void CheckNotNegative(const Json& object,
                      std::initializer_list<std::string_view> path,
                      Errors& errors) {
  const int64_t value = GetInt(object, path);
  if (value >= 0) return;
  std::string field;
  for (const std::string_view part : path)
    field += (field.empty() ? "" : ".") + std::string(part);
  errors.push_back(
      {Type::kInvalid, field, fmt::format("{}: must be greater than or equal to 0", value)});
}

void CheckOneOf(const Json& object,
                std::initializer_list<std::string_view> path,
                std::initializer_list<std::string_view> allowed,
                Errors& errors) {
  const std::string value = GetString(object, path);
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
  std::string field;
  for (const std::string_view part : path)
    field += (field.empty() ? "" : ".") + std::string(part);
  std::string words;
  for (const std::string_view word : allowed)
    words += (words.empty() ? "" : ", ") + Quoted(word);
  errors.push_back(
      {Type::kNotSupported, field, fmt::format("{}: supported values: {}", Quoted(value), words)});
}

void CheckContainers(const Json& spec, const std::string& at, Errors& errors) {
  if (GetArray(spec, {"containers"}).empty())
    errors.push_back({Type::kRequired, at + ".containers", ""});
  std::vector<std::string> names;
  for (const char* list : {"initContainers", "containers"}) {
    const Json& containers = GetArray(spec, {list});
    for (size_t i = 0; i < containers.size(); ++i) {
      const std::string field = fmt::format("{}.{}[{}]", at, list, i);
      const std::string name = GetString(containers[i], {"name"});
      if (name.empty()) {
        errors.push_back({Type::kRequired, field + ".name", ""});
      } else if (!IsDnsLabel(name)) {
        errors.push_back(
            {Type::kInvalid, field + ".name", Quoted(name) + ": " + std::string(kLabel)});
      } else if (std::find(names.begin(), names.end(), name) != names.end()) {
        errors.push_back({Type::kDuplicate, field + ".name", Quoted(name)});
      }
      names.push_back(name);
      if (GetString(containers[i], {"image"}).empty())
        errors.push_back({Type::kRequired, field + ".image", ""});
    }
  }
}

// Every mount needs its volume. `claims` are those of the StatefulSet's templates, which become
// volumes of the same name.
void CheckMounts(const Json& spec, const Json& claims, const std::string& at, Errors& errors) {
  std::vector<std::string> volumes;
  for (const Json& volume : GetArray(spec, {"volumes"}))
    volumes.push_back(GetString(volume, {"name"}));
  for (const Json& claim : claims)
    volumes.push_back(GetString(claim, {"metadata", "name"}));
  for (const char* list : {"initContainers", "containers"}) {
    const Json& containers = GetArray(spec, {list});
    for (size_t i = 0; i < containers.size(); ++i) {
      const Json& mounts = GetArray(containers[i], {"volumeMounts"});
      for (size_t j = 0; j < mounts.size(); ++j) {
        const std::string field = fmt::format("{}.{}[{}].volumeMounts[{}]", at, list, i, j);
        const std::string name = GetString(mounts[j], {"name"});
        if (GetString(mounts[j], {"mountPath"}).empty())
          errors.push_back({Type::kRequired, field + ".mountPath", ""});
        if (std::find(volumes.begin(), volumes.end(), name) == volumes.end())
          errors.push_back({Type::kInvalid, field + ".name", Quoted(name) + ": not found"});
      }
    }
  }
}

void CheckStatefulSet(const Json& object, Errors& errors) {
  const Json& spec = GetObject(object, {"spec"});
  const Json& template_spec = GetObject(spec, {"template", "spec"});
  CheckOneOf(object, {"spec", "podManagementPolicy"}, {"OrderedReady", "Parallel"}, errors);
  CheckOneOf(object, {"spec", "updateStrategy", "type"}, {"OnDelete", "RollingUpdate"}, errors);
  for (const char* when : {"whenDeleted", "whenScaled"})
    CheckOneOf(object, {"spec", "persistentVolumeClaimRetentionPolicy", when}, {"Delete", "Retain"},
               errors);
  if (GetString(spec, {"updateStrategy", "type"}) == "OnDelete" &&
      FindPath(spec, {"updateStrategy", "rollingUpdate"}) != nullptr)
    errors.push_back({Type::kInvalid, "spec.updateStrategy.rollingUpdate",
                      "only allowed for updateStrategy 'RollingUpdate'"});
  CheckNotNegative(object, {"spec", "updateStrategy", "rollingUpdate", "partition"}, errors);
  CheckNotNegative(object, {"spec", "replicas"}, errors);
  CheckNotNegative(object, {"spec", "minReadySeconds"}, errors);
  CheckNotNegative(object, {"spec", "ordinals", "start"}, errors);
  const Json& selector = GetObject(spec, {"selector"});
  if (GetObject(selector, {"matchLabels"}).empty() &&
      GetArray(selector, {"matchExpressions"}).empty()) {
    errors.push_back(
        {Type::kRequired, "spec.selector", "a non-empty selector is required for statefulset"});
  } else if (!LabelSelector::FromJson(selector).Matches(
                 GetObject(spec, {"template", "metadata", "labels"}))) {
    errors.push_back({Type::kInvalid, "spec.template.metadata.labels",
                      "`selector` does not match template `labels`"});
  }
  CheckOneOf(object, {"spec", "template", "spec", "restartPolicy"}, {"Always"}, errors);
  if (template_spec.contains("activeDeadlineSeconds"))
    errors.push_back({Type::kForbidden, "spec.template.spec.activeDeadlineSeconds",
                      "activeDeadlineSeconds in StatefulSet is not Supported"});
  CheckContainers(template_spec, "spec.template.spec", errors);
  CheckMounts(template_spec, GetArray(spec, {"volumeClaimTemplates"}), "spec.template.spec",
              errors);
}

void CheckClaim(const Json& object, Errors& errors) {
  if (GetArray(object, {"spec", "accessModes"}).empty())
    errors.push_back({Type::kRequired, "spec.accessModes", "at least 1 access mode is required"});
  if (FindPath(object, {"spec", "resources", "requests", "storage"}) == nullptr)
    errors.push_back({Type::kRequired, "spec.resources[storage]", ""});
}

// `object` without the members of its spec that an update may change.
Json FixedPart(const Json& object, std::initializer_list<const char*> free) {
  Json spec = GetObject(object, {"spec"});
  for (const char* name : free)
    spec.erase(name);
  return spec;
}
Json FixedPodSpec(const Json& object) {
  Json spec = FixedPart(object, {"activeDeadlineSeconds", "tolerations", "schedulingGates",
                                 "terminationGracePeriodSeconds"});
  for (const char* list : {"containers", "initContainers"})
    if (const auto found = spec.find(list); found != spec.end())
      for (Json& container : *found)
        container.erase("image");
  return spec;
}
Json FixedClaimSpec(const Json& object, const Json& old) {
  Json spec = GetObject(object, {"spec"});
  if (spec.contains("resources")) spec["resources"].erase("requests");
  spec.erase("volumeAttributesClassName");
  if (GetString(old, {"spec", "volumeName"}).empty()) spec.erase("volumeName");
  return spec;
}

}  // namespace

std::vector<FieldError> ValidateNew(const ResourceInfo& info, const Json& object) {
  Errors errors;
  CheckName(info, object, errors);
  if (info.kind == "StatefulSet") CheckStatefulSet(object, errors);
  if (info.kind == "PersistentVolumeClaim") CheckClaim(object, errors);
  if (info.kind == "Pod") {
    CheckContainers(GetObject(object, {"spec"}), "spec", errors);
    CheckMounts(GetObject(object, {"spec"}), Json::array(), "spec", errors);
    CheckOneOf(object, {"spec", "restartPolicy"}, {"Always", "OnFailure", "Never"}, errors);
  }
  if (info.kind == "StorageClass" && GetString(object, {"provisioner"}).empty())
    errors.push_back({Type::kRequired, "provisioner", ""});
  return errors;
}

std::vector<FieldError> ValidateUpdate(const ResourceInfo& info,
                                       const Json& old,
                                       const Json& object) {
  Errors errors = ValidateNew(info, object);
  if (info.kind == "StatefulSet") {
    const auto fixed = [](const Json& set) {
      return FixedPart(
          set, {"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
                "persistentVolumeClaimRetentionPolicy", "minReadySeconds"});
    };
    if (fixed(old) != fixed(object))
      errors.push_back({Type::kForbidden, "spec",
                        "updates to statefulset spec for fields other than 'replicas', 'ordinals', "
                        "'template', 'updateStrategy', 'revisionHistoryLimit', "
                        "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
                        "forbidden"});
  } else if (info.kind == "Pod") {
    if (FixedPodSpec(old) != FixedPodSpec(object))
      errors.push_back({Type::kForbidden, "spec",
                        "pod updates may not change fields other than "
                        "`spec.containers[*].image`,`spec.initContainers[*].image`,"
                        "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
                        "existing tolerations),`spec.terminationGracePeriodSeconds`"});
  } else if (info.kind == "PersistentVolumeClaim") {
    if (FixedClaimSpec(old, old) != FixedClaimSpec(object, old))
      errors.push_back({Type::kForbidden, "spec",
                        "spec is immutable after creation except resources.requests and "
                        "volumeAttributesClassName for bound claims"});
  } else if (info.kind == "Service") {
    const std::string before = GetString(old, {"spec", "clusterIP"});
    if (!before.empty() && GetString(object, {"spec", "clusterIP"}) != before)
      errors.push_back({Type::kInvalid, "spec.clusterIPs[0]", "may not change once set"});
  } else if (info.kind == "ControllerRevision") {
    if (GetObject(old, {"data"}) != GetObject(object, {"data"}))
      errors.push_back({Type::kInvalid, "data", "field is immutable"});
  } else if (info.kind == "StorageClass") {
    for (const char* field : {"provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"})
      if (old.value(field, Json()) != object.value(field, Json()))
        errors.push_back(
            {Type::kForbidden, field, "updates to " + std::string(field) + " are forbidden."});
  }
  if (!GetString(old, {"metadata", "deletionTimestamp"}).empty())
    for (const Json& finalizer : GetArray(object, {"metadata", "finalizers"})) {
      const Json& before = GetArray(old, {"metadata", "finalizers"});
      if (std::find(before.begin(), before.end(), finalizer) == before.end())
        errors.push_back({Type::kForbidden, "metadata.finalizers",
                          "no new finalizers can be added if the object is being deleted"});
    }
  return errors;
}

}  // namespace holdfast::sandbox
