// A small client of the Kubernetes API for the node agent. It shares no code with the harness's
// own client: two sides of one protocol, written apart.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_API_CLIENT_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_API_CLIENT_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/node/tls_stream.h"

namespace holdfast::sandbox::node {

// Content types of patches.
inline constexpr const char* kMergePatch = "application/merge-patch+json";
inline constexpr const char* kStrategicMergePatch = "application/strategic-merge-patch+json";

// Thread-safe; connections are kept and reused. Errors carry the HTTP status and the API's reason;
// kUnavailable when the server cannot be reached.
class ApiClient {
 public:
  // `server` as "https://10.250.0.1:6443"; the token is read once.
  static Result<std::unique_ptr<ApiClient>> Create(const std::string& server,
                                                   const std::filesystem::path& ca_file,
                                                   const std::filesystem::path& token_file);
  Result<Json> Get(const std::string& path, std::stop_token stop = {});
  Result<Json> Post(const std::string& path, const Json& body, std::stop_token stop = {});
  Result<Json> Patch(const std::string& path,
                     const char* content_type,
                     const Json& body,
                     std::stop_token stop = {});
  Result<Json> Delete(const std::string& path, const Json& body, std::stop_token stop = {});

  // Opens a watch and hands each event to `on_event` until the stream ends (success), breaks, or
  // `stop`. An ERROR event ends it with that error (http_status 410: list again).
  Status Watch(const std::string& path,
               const std::function<void(const std::string& type, Json object)>& on_event,
               std::stop_token stop);

 private:
  struct Answer;
  ApiClient() = default;
  [[nodiscard]] std::string RequestText(const std::string& method,
                                        const std::string& path,
                                        const char* content_type,
                                        const std::string& body) const;
  Result<Json> Request(const std::string& method,
                       const std::string& path,
                       const char* content_type,
                       const Json& body,
                       std::stop_token stop);
  Result<Answer> Exchange(TlsStream& stream, const std::string& text, std::stop_token stop);
  Result<std::unique_ptr<TlsStream>> Connect(std::stop_token stop);
  std::unique_ptr<TlsStream> TakeIdle();
  void PutIdle(std::unique_ptr<TlsStream> stream);

  std::shared_ptr<TlsTrust> trust_;
  std::string host_;
  int port_ = 0;
  std::string token_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<TlsStream>> idle_;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_API_CLIENT_H_
