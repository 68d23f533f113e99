// /livez, /readyz and /healthz.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_HEALTH_H_
#define HOLDFAST_HARNESS_SANDBOX_API_HEALTH_H_

#include <optional>

#include "harness/sandbox/api/http_message.h"

namespace holdfast::sandbox {

// "ok", with ?verbose one line per check; a single check as /livez/ping. nullopt for other paths.
// A server that answers is healthy: there is nothing between it and its store that could fail.
std::optional<HttpResponse> AnswerHealth(const HttpRequest& request);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_HEALTH_H_
