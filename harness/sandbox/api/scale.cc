#include "harness/sandbox/api/scale.h"

#include <string>

#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/selectors.h"

namespace holdfast::sandbox {

namespace {

const ResourceInfo* InfoOfKind(std::string_view kind) {
  for (const ResourceInfo& info : AllResources())
    if (info.has_scale && info.kind == kind) return &info;
  return FindResource("statefulsets");
}

}  // namespace

Json ScaleOf(const Json& object) {
  Json metadata = Json::object();
  for (const char* field : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"})
    if (const Json* value = FindPath(object, {"metadata", field})) metadata[field] = *value;
  return {{"kind", "Scale"},
          {"apiVersion", "autoscaling/v1"},
          {"metadata", std::move(metadata)},
          {"spec", {{"replicas", GetInt(object, {"spec", "replicas"})}}},
          {"status",
           {{"replicas", GetInt(object, {"status", "replicas"})},
            {"selector",
             LabelSelector::FromJson(GetObject(object, {"spec", "selector"})).ToString()}}}};
}

Status ApplyScale(Json& object, const Json& scale) {
  const ResourceInfo& info = *InfoOfKind(GetString(object, {"kind"}));
  const std::string name = GetString(object, {"metadata", "name"});
  for (const char* field : {"resourceVersion", "uid"}) {
    const std::string wanted = GetString(scale, {"metadata", field});
    if (!wanted.empty() && wanted != GetString(object, {"metadata", field}))
      return Fail(ConflictError(info, name,
                                "the object has been modified; please apply your changes to the "
                                "latest version and try again"));
  }
  const int64_t replicas = GetInt(scale, {"spec", "replicas"});
  if (replicas < 0)
    return Fail(Invalid(info, name,
                        {{FieldError::Type::kInvalid, "spec.replicas",
                          fmt::format("{}: must be greater than or equal to 0", replicas)}}));
  object["spec"]["replicas"] = replicas;
  return {};
}

}  // namespace holdfast::sandbox
