// What the API server fills into an object before it stores it.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_DEFAULTS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_DEFAULTS_H_

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/api/resources.h"

namespace holdfast::sandbox {

// For a write of the main resource; idempotent. REQUIRES DecodeObject.
void ApplyDefaults(const ResourceInfo& info, Json& object);
// What only a new object gets: its first status, protection finalizers, admission's additions.
void ApplyCreationDefaults(const ResourceInfo& info, Json& object);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_DEFAULTS_H_
