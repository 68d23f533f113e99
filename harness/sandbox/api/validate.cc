#include "harness/sandbox/api/validate.h"

#include <algorithm>
#include <string>

#include "harness/sandbox/api/validate_parts.h"

namespace holdfast::sandbox {
namespace {

using Type = FieldError::Type;

std::string WhyNotPathSegment(std::string_view text) {
  if (text == "." || text == "..") return fmt::format("may not be '{}'", text);
  for (const char c : {'/', '%'})
    if (text.find(c) != std::string_view::npos) return fmt::format("may not contain '{}'", c);
  return "";
}

std::string WhyNotName(const ResourceInfo& info, std::string_view name) {
  if (info.group == "rbac.authorization.k8s.io") return WhyNotPathSegment(name);
  if (info.kind == "Service") return WhyNotDns1035Label(name);
  if (info.kind == "StatefulSet" || info.kind == "Namespace") return WhyNotDnsLabel(name);
  return WhyNotDnsSubdomain(name);
}

void CheckName(const ResourceInfo& info, const Json& object, FieldErrors& errors) {
  const std::string name = GetString(object, {"metadata", "name"});
  if (name.empty()) {
    errors.push_back({Type::kRequired, "metadata.name", "name or generateName is required"});
  } else if (const std::string why = WhyNotName(info, name); !why.empty()) {
    errors.push_back({Type::kInvalid, "metadata.name", Quoted(name) + ": " + why});
  }
}

FieldErrors Check(const ResourceInfo& info, const Json* old, const Json& object) {
  FieldErrors errors;
  CheckName(info, object, errors);
  CheckMetadata(GetObject(object, {"metadata"}), "metadata", errors);
  CheckWorkload(old, object, errors);
  CheckStorage(old, object, errors);
  CheckOthers(old, object, errors);
  return errors;
}

}  // namespace

std::vector<FieldError> ValidateNew(const ResourceInfo& info, const Json& object) {
  return Check(info, nullptr, object);
}

std::vector<FieldError> ValidateUpdate(const ResourceInfo& info,
                                       const Json& old,
                                       const Json& object) {
  FieldErrors errors = Check(info, &old, object);
  if (GetString(old, {"metadata", "deletionTimestamp"}).empty()) return errors;
  const Json& before = GetArray(old, {"metadata", "finalizers"});
  std::string added;
  for (const Json& finalizer : GetArray(object, {"metadata", "finalizers"}))
    if (std::find(before.begin(), before.end(), finalizer) == before.end())
      added += (added.empty() ? "" : ", ") + DumpJson(finalizer);
  if (!added.empty())
    errors.push_back({Type::kForbidden, "metadata.finalizers",
                      "no new finalizers can be added if the object is being deleted, found new "
                      "finalizers []string{" +
                          added + "}"});
  return errors;
}

}  // namespace holdfast::sandbox
