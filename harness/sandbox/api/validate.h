// What the API refuses: 422 with the field, as Kubernetes words it. The rules are those that a
// stateful workload can meet, not all of Kubernetes' validation.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_VALIDATE_H_
#define HOLDFAST_HARNESS_SANDBOX_API_VALIDATE_H_

#include <vector>

#include "harness/base/json.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/resources.h"

namespace holdfast::sandbox {

// REQUIRES DecodeObject and ApplyDefaults. Empty: valid.
std::vector<FieldError> ValidateNew(const ResourceInfo& info, const Json& object);
// Also what must not change between the stored `old` and `object`.
std::vector<FieldError> ValidateUpdate(const ResourceInfo& info,
                                       const Json& old,
                                       const Json& object);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_VALIDATE_H_
