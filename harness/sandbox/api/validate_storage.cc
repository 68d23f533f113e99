// Claims, volumes, storage classes.
#include <string>

#include "harness/sandbox/api/quantity.h"
#include "harness/sandbox/api/validate_parts.h"

namespace holdfast::sandbox {
namespace {

using Type = FieldError::Type;

void CheckAccessModes(const Json& object, FieldErrors& errors) {
  const Json& modes = GetArray(object, {"spec", "accessModes"});
  if (modes.empty())
    errors.push_back({Type::kRequired, "spec.accessModes", "at least 1 access mode is required"});
  for (const Json& mode : modes)
    if (mode != "ReadWriteOnce" && mode != "ReadOnlyMany" && mode != "ReadWriteMany" &&
        mode != "ReadWriteOncePod")
      errors.push_back({Type::kNotSupported, "spec.accessModes",
                        DumpJson(mode) + ": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", "
                                         "\"ReadWriteOnce\", \"ReadWriteOncePod\""});
  CheckOptionalOneOf(object, {"spec", "volumeMode"}, {"Block", "Filesystem"}, errors);
}

Json FixedClaimSpec(const Json& object, const Json& old) {
  Json spec = GetObject(object, {"spec"});
  spec.erase("volumeAttributesClassName");
  if (GetString(old, {"spec", "volumeName"}).empty()) spec.erase("volumeName");
  // The size of a claim may change once it is bound; a class may be filled in by admission.
  if (GetString(object, {"status", "phase"}) == "Bound" && spec.contains("resources"))
    spec["resources"].erase("requests");
  if (!GetObject(old, {"spec"}).contains("storageClassName")) spec.erase("storageClassName");
  return spec;
}

void CheckClaim(const Json* old, const Json& object, FieldErrors& errors) {
  CheckAccessModes(object, errors);
  const char* field = "spec.resources[storage]";
  const Json* size = FindPath(object, {"spec", "resources", "requests", "storage"});
  if (size == nullptr) {
    errors.push_back({Type::kRequired, field, ""});
  } else if (const auto amount = ParseQuantity(*size); amount && *amount <= 0) {
    errors.push_back({Type::kInvalid, field, DumpJson(*size) + ": must be greater than zero"});
  }
  if (old == nullptr) return;
  if (FixedClaimSpec(*old, *old) != FixedClaimSpec(object, *old))
    errors.push_back({Type::kForbidden, "spec",
                      "spec is immutable after creation except resources.requests and "
                      "volumeAttributesClassName for bound claims"});
  const Json* before = FindPath(*old, {"spec", "resources", "requests", "storage"});
  if (before == nullptr || size == nullptr) return;
  const auto was = ParseQuantity(*before);
  const auto is = ParseQuantity(*size);
  if (!was || !is || *is >= *was) return;
  // Down to what there is: the way back out of an expansion that failed.
  const Json* capacity = FindPath(*old, {"status", "capacity", "storage"});
  const auto has = capacity == nullptr ? std::optional<long double>(0) : ParseQuantity(*capacity);
  if (!has || *is <= *has)
    errors.push_back({Type::kForbidden, "spec.resources.requests.storage",
                      "field can not be less than status.capacity"});
}

// What of a volume says where its data is.
Json SourceOf(const Json& volume) {
  return SpecWithout(volume, {"accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity",
                              "persistentVolumeReclaimPolicy", "storageClassName",
                              "volumeAttributesClassName", "volumeMode"});
}

void CheckVolume(const Json* old, const Json& object, FieldErrors& errors) {
  CheckAccessModes(object, errors);
  if (FindPath(object, {"spec", "capacity", "storage"}) == nullptr)
    errors.push_back({Type::kRequired, "spec.capacity", ""});
  const Json source = SourceOf(object);
  if (source.empty()) errors.push_back({Type::kRequired, "spec", "must specify a volume type"});
  if (source.size() > 1)
    errors.push_back({Type::kForbidden, "spec", "may not specify more than 1 volume type"});
  CheckOptionalOneOf(object, {"spec", "persistentVolumeReclaimPolicy"},
                     {"Delete", "Recycle", "Retain"}, errors);
  if (old == nullptr) return;
  if (SourceOf(*old) != source)
    errors.push_back({Type::kForbidden, "spec.persistentvolumesource",
                      "spec.persistentvolumesource is immutable after creation"});
  if (GetString(*old, {"spec", "volumeMode"}) != GetString(object, {"spec", "volumeMode"}))
    errors.push_back({Type::kInvalid, "spec.volumeMode",
                      Quoted(GetString(object, {"spec", "volumeMode"})) + ": field is immutable"});
  if (const Json* where = FindPath(*old, {"spec", "nodeAffinity"});
      where != nullptr && GetObject(object, {"spec", "nodeAffinity"}) != *where)
    errors.push_back({Type::kInvalid, "spec.nodeAffinity",
                      DumpJson(GetObject(object, {"spec", "nodeAffinity"})) +
                          ": field is immutable, except for updating from beta label to GA"});
}

void CheckClass(const Json* old, const Json& object, FieldErrors& errors) {
  if (GetString(object, {"provisioner"}).empty())
    errors.push_back({Type::kRequired, "provisioner", ""});
  CheckOneOf(object, {"reclaimPolicy"}, {"Delete", "Retain"}, errors);
  CheckOneOf(object, {"volumeBindingMode"}, {"Immediate", "WaitForFirstConsumer"}, errors);
  if (old == nullptr) return;
  for (const char* field : {"parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"}) {
    if (old->value(field, Json()) == object.value(field, Json())) continue;
    if (std::string_view(field) == "volumeBindingMode") {
      errors.push_back(
          {Type::kInvalid, field, Quoted(GetString(object, {field})) + ": field is immutable"});
    } else {
      errors.push_back(
          {Type::kForbidden, field, fmt::format("updates to {} are forbidden.", field)});
    }
  }
}

}  // namespace

void CheckStorage(const Json* old, const Json& object, FieldErrors& errors) {
  const std::string kind = GetString(object, {"kind"});
  if (kind == "PersistentVolumeClaim") CheckClaim(old, object, errors);
  if (kind == "PersistentVolume") CheckVolume(old, object, errors);
  if (kind == "StorageClass") CheckClass(old, object, errors);
}

}  // namespace holdfast::sandbox
