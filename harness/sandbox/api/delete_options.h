// The body of a DELETE request: DeleteOptions as JSON or in Kubernetes' protobuf envelope.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_DELETE_OPTIONS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_DELETE_OPTIONS_H_

#include "harness/sandbox/api/http_message.h"
#include "harness/sandbox/api/registry.h"

namespace holdfast::sandbox {

// Also reads the query (gracePeriodSeconds, propagationPolicy, dryRun). 400 for a malformed body,
// 415 for another content type.
Result<DeleteParameters> ReadDeleteOptions(const HttpRequest& request);
// From a DeleteOptions object.
Result<DeleteParameters> DeleteParametersFrom(const Json& options);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_DELETE_OPTIONS_H_
