// Turns the API server's answers into errors: Status objects, other bodies, Retry-After.
#ifndef HOLDFAST_HARNESS_KUBE_STATUS_H_
#define HOLDFAST_HARNESS_KUBE_STATUS_H_

#include <optional>
#include <string>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/kube/transport.h"

namespace holdfast::kube {

// What was asked, for people and for the meaning of an error.
struct Operation {
  std::string what;  // "delete pods db/web-0"
  bool write = false;
};

// What `answer` says went wrong, with the codes of client.h, or nullopt for a good one.
std::optional<Error> ErrorOfAnswer(const Operation& operation, const HttpAnswer& answer);
// The JSON of a good answer, or the error; a good answer that is no JSON object is one too.
Result<Json> InterpretAnswer(const Operation& operation, const HttpAnswer& answer);
// The error that a Status object tells; `http_status` stands in for a missing `code`.
Error ErrorFromStatus(const Operation& operation, const Json& status, int http_status);
// How long to wait before the same request is sent again, or nullopt when the answer is final: 429
// that names a time (but not a disruption budget's refusal, which is the answer), and 503 of a
// read.
std::optional<Nanos> RetryDelay(const Operation& operation, const HttpAnswer& answer);
// Whether an error says that the place in a watch or a list is lost (410, Expired, Gone).
bool IsExpired(const Error& error);
// Whether a Status says that the wanted version is newer than the server's data.
bool IsVersionTooLarge(const Json& status);

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_STATUS_H_
