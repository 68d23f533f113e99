// The OpenAPI documents, made from the schema tables.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_OPENAPI_H_
#define HOLDFAST_HARNESS_SANDBOX_API_OPENAPI_H_

#include <optional>

#include "harness/sandbox/api/http_message.h"

namespace holdfast::sandbox {

// /openapi/v3 (the index), /openapi/v3/api/v1, /openapi/v3/apis/GROUP/v1 and /openapi/v2, as JSON;
// nullopt for any other path. A client that holds the newest version is told so by 304. 406 for one
// that takes nothing but protobuf. Thread-safe; each document is made once.
std::optional<HttpResponse> AnswerOpenApi(const HttpRequest& request);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_OPENAPI_H_
