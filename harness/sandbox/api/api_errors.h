// Errors as the Kubernetes API words them, and the Status bodies that carry them. Error has no list
// of causes: the wording of an Invalid error is regular, so its causes are read back from it here.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_API_ERRORS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_API_ERRORS_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/api/resources.h"

namespace holdfast::sandbox {

// One thing wrong with one field.
struct FieldError {
  enum class Type {
    kRequired,
    kInvalid,
    kForbidden,
    kNotSupported,
    kDuplicate,
    kNotFound,
    kTooLong
  };
  Type type = Type::kInvalid;
  std::string field;  // "spec.template.spec.restartPolicy".
  std::string detail;
};

Error ApiError(int status, std::string reason, std::string message);
Error BadRequest(std::string message);
Error NotFound(const ResourceInfo& info, std::string_view name);
Error ConflictError(const ResourceInfo& info, std::string_view name, std::string_view why);
// 422 "StatefulSet.apps "web" is invalid: spec: Forbidden: ...". REQUIRES !errors.empty().
Error Invalid(const ResourceInfo& info,
              std::string_view name,
              const std::vector<FieldError>& errors);

// The body of the answer to a request about `name` (may be empty) of `info` (may be nullptr).
Json StatusBody(const Error& error, const ResourceInfo* info, std::string_view name);
Json SuccessStatus(const ResourceInfo& info, std::string_view name, std::string_view uid);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_API_ERRORS_H_
