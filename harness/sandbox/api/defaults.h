// What the API server fills into an object before it stores it.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_DEFAULTS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_DEFAULTS_H_

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/api/resources.h"

namespace holdfast::sandbox {

// Removes null members everywhere (and metadata.managedFields, which nothing here keeps), as
// decoding into a typed object would.
void StripNulls(Json& value);
// 400 when a well-known field has a value of the wrong JSON type, such as a label that is a number.
// After it the walkers below and the controllers can rely on containers being lists of objects.
Status CheckShape(const Json& object);
// For a write of the main resource; idempotent. REQUIRES CheckShape.
void ApplyDefaults(const ResourceInfo& info, Json& object);
// What only a new object gets: its first status, protection finalizers, admission's additions.
void ApplyCreationDefaults(const ResourceInfo& info, Json& object);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_DEFAULTS_H_
