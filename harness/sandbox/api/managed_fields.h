// metadata.managedFields: who owns which fields, and server-side apply, which decides by it.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_MANAGED_FIELDS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_MANAGED_FIELDS_H_

#include <string>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/api/resources.h"

namespace holdfast::sandbox {

// Who writes, through which subresource (or ""), when.
struct FieldWriter {
  std::string manager;
  std::string subresource;
  Nanos now{0};
};

// Makes the writer of an update the owner of what differs between `before` (null: a new object) and
// `after`, and takes that from the others. `after` holds the managedFields to go on from.
void TrackUpdate(const ResourceInfo& info,
                 const Json& before,
                 const FieldWriter& writer,
                 Json& after);

// `live` (null: there is none yet) as the apply of `wanted` makes it, with its managedFields.
// REQUIRES that `wanted` is decoded. 409 with one cause per field that another manager owns with
// another value, unless `force`; 400 when `wanted` has managedFields or an element without its key.
Result<Json> ApplyFields(const ResourceInfo& info,
                         const Json& live,
                         const Json& wanted,
                         const FieldWriter& writer,
                         bool force);

// managedFields that a client sent: an entry without anything in it means that all are forgotten.
Json CleanedManagedFields(const Json& sent);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_MANAGED_FIELDS_H_
