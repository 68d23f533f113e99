// Table output: what `kubectl get` prints.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_TABLE_H_
#define HOLDFAST_HARNESS_SANDBOX_API_TABLE_H_

#include <string>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/sandbox/api/resources.h"

namespace holdfast::sandbox {

// [{"name","type","format","description","priority"}]; columns of priority 1 are for -o wide.
Json TableColumns(const ResourceInfo& info);
// One row. `include` is "Metadata", "Object" or "None"; `now` is wall time, for ages.
Json TableRow(const ResourceInfo& info, const Json& object, const std::string& include, Nanos now);
// An empty table with its type; `columns` may be null, as in all but the first event of a watch.
Json EmptyTable(Json columns);

// The object's metadata alone, as a PartialObjectMetadata.
Json PartialMetadata(const Json& object);

// "5m10s", "3h", "12d": k8s.io/apimachinery's HumanDuration.
std::string HumanDuration(Nanos duration);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_TABLE_H_
