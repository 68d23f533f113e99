// See status.h.
#include "harness/kube/status.h"

#include "harness/base/strings.h"

namespace holdfast::kube {
namespace {

ErrorCode CodeOf(int http_status, bool write) {
  switch (http_status) {
    case 404:
      return ErrorCode::kNotFound;
    case 409:
    case 410:
      return ErrorCode::kConflict;
    case 401:
    case 403:
    case 422:
    case 429:
      return ErrorCode::kRefused;
    default:
      break;
  }
  if (http_status >= 500) return write ? ErrorCode::kIndeterminate : ErrorCode::kUnavailable;
  return ErrorCode::kInvalidArgument;
}

std::string_view Remedy(int http_status, bool write) {
  if (http_status == 401) return "; renew the token or the certificate in the kubeconfig";
  if (http_status == 403) return "; grant this permission or use another context";
  if (http_status >= 500 && write) return "; the write may or may not have happened";
  return "";
}

Error Describe(const Operation& operation,
               int http_status,
               const std::string& reason,
               const std::string& message) {
  const std::string status =
      reason.empty() ? fmt::format("{}", http_status) : fmt::format("{} {}", http_status, reason);
  return Error{CodeOf(http_status, operation.write),
               fmt::format("cannot {}: {} ({}){}", operation.what, message, status,
                           Remedy(http_status, operation.write)),
               http_status, reason};
}

// The beginning of a body that is not JSON, on one line, for a message.
std::string Excerpt(const std::string& body) {
  std::string text(Trim(std::string_view(body).substr(0, 120)));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~') c = ' ';
  }
  return text.empty() ? "nothing" : "'" + text + (body.size() > 120 ? "..." : "") + "'";
}

bool IsFailure(const Json& body) {
  return GetString(body, {"kind"}) == "Status" && GetString(body, {"status"}) == "Failure";
}

bool HasCause(const Json& status, std::string_view reason) {
  for (const Json& cause : GetArray(status, {"details", "causes"})) {
    if (GetString(cause, {"reason"}) == reason) return true;
  }
  return false;
}

}  // namespace

Error ErrorFromStatus(const Operation& operation, const Json& status, int http_status) {
  const int64_t code = GetInt(status, {"code"}, http_status);
  const std::string message = GetString(status, {"message"});
  return Describe(operation, code >= 100 && code <= 599 ? static_cast<int>(code) : http_status,
                  GetString(status, {"reason"}),
                  message.empty() ? "the server says no more" : message);
}

std::optional<Error> ErrorOfAnswer(const Operation& operation, const HttpAnswer& answer) {
  if (answer.failure) {
    Error error = *answer.failure;
    error.message = fmt::format("cannot {}: {}", operation.what, error.message);
    return error;
  }
  const bool good = answer.status >= 200 && answer.status < 300;
  // Looking for a Status in every text would parse a long log for nothing.
  if (good && answer.body.find("\"Failure\"") == std::string::npos) return std::nullopt;
  const Result<Json> body = ParseJson(answer.body);
  if (body && (IsFailure(*body) || (!good && GetString(*body, {"kind"}) == "Status")))
    return ErrorFromStatus(operation, *body, answer.status);
  if (good) return std::nullopt;
  return Describe(operation, answer.status, "", "the answer was " + Excerpt(answer.body));
}

Result<Json> InterpretAnswer(const Operation& operation, const HttpAnswer& answer) {
  if (std::optional<Error> error = ErrorOfAnswer(operation, answer)) return Fail(*std::move(error));
  Result<Json> body = ParseJson(answer.body);
  if (body && body->is_object()) return body;
  return Fail(Error{operation.write ? ErrorCode::kIndeterminate : ErrorCode::kUnavailable,
                    fmt::format("cannot {}: the answer is not a JSON object but {}; check that "
                                "'server' in the kubeconfig is a Kubernetes API server",
                                operation.what, Excerpt(answer.body)),
                    answer.status,
                    {}});
}

std::optional<Nanos> RetryDelay(const Operation& operation, const HttpAnswer& answer) {
  if (answer.failure || (answer.status != 429 && (answer.status != 503 || operation.write)))
    return std::nullopt;
  int64_t seconds = answer.retry_after.value_or(0);
  if (const Result<Json> body = ParseJson(answer.body)) {
    if (HasCause(*body, "DisruptionBudget")) return std::nullopt;
    if (seconds == 0) seconds = GetInt(*body, {"details", "retryAfterSeconds"});
  }
  if (seconds > 0) return std::chrono::seconds(std::min<int64_t>(seconds, 3600));
  if (answer.status == 429) return std::nullopt;
  return std::chrono::milliseconds(500);
}

bool IsExpired(const Error& error) {
  return error.http_status == 410 || error.reason == "Expired" || error.reason == "Gone";
}

bool IsVersionTooLarge(const Json& status) { return HasCause(status, "ResourceVersionTooLarge"); }

}  // namespace holdfast::kube
