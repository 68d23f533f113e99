// Request bodies in Kubernetes' protobuf encoding: what client-go sends when it was told to, as
// Kubernetes' own end-to-end tests do by default. Answers are JSON, which such clients accept too.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_PROTOBUF_H_
#define HOLDFAST_HARNESS_SANDBOX_API_PROTOBUF_H_

#include <string_view>

#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::sandbox {

inline constexpr std::string_view kProtobufType = "application/vnd.kubernetes.protobuf";

// The object in an envelope ("k8s\0", then a runtime.Unknown with apiVersion, kind and the encoded
// object), as the JSON that the same client would have sent. Fields that are not known are left
// out, as a server does with fields that are newer than itself. An envelope that names no kind is
// taken for `expected`. Errors carry status 400: no envelope, a kind that the API does not have, a
// broken message.
Result<Json> JsonFromProtobuf(std::string_view body, std::string_view expected = {});

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_PROTOBUF_H_
