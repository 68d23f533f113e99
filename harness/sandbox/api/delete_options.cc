#include "harness/sandbox/api/delete_options.h"

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/protobuf.h"

namespace holdfast::sandbox {
Result<DeleteParameters> DeleteParametersFrom(const Json& options) {
  if (!options.is_object()) return Fail(BadRequest("DeleteOptions must be a JSON object"));
  DeleteParameters parameters;
  if (const Json* grace = FindPath(options, {"gracePeriodSeconds"});
      grace != nullptr && !grace->is_null()) {
    if (!grace->is_number_integer())
      return Fail(BadRequest("gracePeriodSeconds must be an integer"));
    parameters.grace_seconds = grace->get<int64_t>();
  }
  parameters.uid = GetString(options, {"preconditions", "uid"});
  parameters.resource_version = GetString(options, {"preconditions", "resourceVersion"});
  const Json* orphan = FindPath(options, {"orphanDependents"});
  const bool old_form = orphan != nullptr && orphan->is_boolean();
  const std::string policy = GetString(options, {"propagationPolicy"});
  if (old_form && !policy.empty())
    return Fail(ApiError(422, "Invalid",
                         "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid "
                         "value: \"" +
                             policy +
                             "\": orphanDependents and deletionPropagation cannot be both set"));
  parameters.propagation = policy.empty() ? "Background" : policy;
  if (old_form && orphan->get<bool>()) parameters.propagation = "Orphan";
  for (const Json& value : GetArray(options, {"dryRun"})) {
    if (value != "All")
      return Fail(
          ApiError(422, "Invalid",
                   "DeleteOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: " +
                       DumpJson(value) + ": supported values: \"All\""));
    parameters.dry_run = true;
  }
  return parameters;
}

Result<DeleteParameters> ReadDeleteOptions(const HttpRequest& request) {
  DeleteParameters parameters;
  if (!request.body.empty()) {
    Json options;
    if (request.content_type.starts_with(kProtobufType)) {
      HOLDFAST_ASSIGN(options, JsonFromProtobuf(request.body, "DeleteOptions"));
    } else if (request.content_type.empty() ||
               request.content_type.starts_with("application/json")) {
      HOLDFAST_ASSIGN(options, ParseBody(request.body));
    } else {
      return Fail(ApiError(415, "UnsupportedMediaType",
                           "the body of the request was in an unknown format - accepted media "
                           "types include: application/json, application/vnd.kubernetes.protobuf"));
    }
    HOLDFAST_ASSIGN(parameters, DeleteParametersFrom(options));
  }
  if (const std::string grace = request.Query("gracePeriodSeconds"); !grace.empty()) {
    const auto seconds = ParseInt(grace);
    if (!seconds) return Fail(BadRequest("gracePeriodSeconds must be an integer"));
    parameters.grace_seconds = *seconds;
  }
  if (const std::string policy = request.Query("propagationPolicy"); !policy.empty())
    parameters.propagation = policy;
  for (const std::string& value : request.QueryAll("dryRun")) {
    if (value != "All") return Fail(BadRequest("dryRun must be All, not " + value));
    parameters.dry_run = true;
  }
  return parameters;
}

}  // namespace holdfast::sandbox
