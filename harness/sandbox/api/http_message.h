// Requests and answers as the routing code sees them: no library type, so that only the server's
// own files know which HTTP library there is.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_HTTP_MESSAGE_H_
#define HOLDFAST_HARNESS_SANDBOX_API_HTTP_MESSAGE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/api/resources.h"

namespace holdfast::sandbox {

struct HttpRequest {
  std::string method;
  std::string path;                                        // Decoded, without the query.
  std::vector<std::pair<std::string, std::string>> query;  // Decoded, in order.
  std::string accept;
  std::string content_type;
  std::string authorization;
  std::string user_agent;
  std::string if_none_match;
  std::string websocket_protocols;  // What the client offers.
  bool websocket = false;           // The client asks for an upgrade to WebSocket,
  bool spdy = false;                // or to SPDY/3.1, with one of:
  std::vector<std::string> stream_protocols;
  std::string body;

  // The first value of a query parameter, or the default.
  [[nodiscard]] std::string Query(std::string_view name, std::string_view fallback = "") const;
  [[nodiscard]] std::vector<std::string> QueryAll(std::string_view name) const;
  // "true" and "1".
  [[nodiscard]] bool QueryFlag(std::string_view name, bool fallback = false) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers{};  // Beside those of every answer.
};

// An answer that is written piece by piece. One thread.
class ResponseStream {
 public:
  ResponseStream() = default;
  ResponseStream(const ResponseStream&) = delete;
  ResponseStream& operator=(const ResponseStream&) = delete;
  virtual ~ResponseStream() = default;
  // Sends the head at once. These return false when the client is gone or the server stops.
  virtual bool Begin(int status, std::string_view content_type) = 0;
  virtual bool Write(std::string_view piece) = 0;
  [[nodiscard]] virtual bool Gone() = 0;
};

// Splits "a=b&c" and decodes it. Malformed escapes stay as they are.
std::vector<std::pair<std::string, std::string>> ParseQuery(std::string_view text);
std::string PercentDecode(std::string_view text, bool plus_is_space);

HttpResponse JsonResponse(int status, const Json& body);
HttpResponse ErrorResponse(const Error& error,
                           const ResourceInfo* info = nullptr,
                           std::string_view name = "");

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_HTTP_MESSAGE_H_
