// What the server says about itself: versions, groups, resources, schemas.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_DISCOVERY_H_
#define HOLDFAST_HARNESS_SANDBOX_API_DISCOVERY_H_

#include <optional>

#include "harness/sandbox/api/http_message.h"

namespace holdfast::sandbox {

// The answer to /version, /api, /apis, /api/v1, /apis/G, /apis/G/v1 and /openapi/v3...; nullopt for
// any other path.
std::optional<HttpResponse> AnswerDiscovery(const HttpRequest& request);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_DISCOVERY_H_
