// A TLS server on loopback that says exactly what a test tells it to, also what no sound server
// would: half answers, cut streams, silence.
#ifndef HOLDFAST_TESTS_UNIT_KUBE_SCRIPTED_SERVER_H_
#define HOLDFAST_TESTS_UNIT_KUBE_SCRIPTED_SERVER_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "harness/base/json.h"
#include "harness/kube/kubeconfig.h"

#include "tests/unit/kube/test_certificates.h"

namespace holdfast::kube::testing {

struct ScriptedRequest {
  int connection = 0;  // Counted from 1.
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // Names in lower case.
  std::string body;
};

// Bytes that a test feeds to a connection later. Thread-safe.
class Feeder {
 public:
  void Push(std::string bytes);
  void Close();
  // The next bytes, waiting for them, or nullopt once closed.
  std::optional<std::string> Pop();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> queue_;
  bool closed_ = false;
};

struct ScriptedReply {
  std::vector<std::string> pieces = {};  // Each is one write.
  std::shared_ptr<Feeder> feeder = {};   // Then what it brings.
  enum class Then { kKeepOpen, kClose, kHold } then = Then::kKeepOpen;
};

// An answer with Content-Length.
ScriptedReply Answer(int status, const std::string& body, const std::string& more_headers = "");
inline ScriptedReply Answer(int status, const Json& body, const std::string& more_headers = "") {
  return Answer(status, DumpJson(body), more_headers);
}
inline ScriptedReply Answer(int status, const char* body, const std::string& more_headers = "") {
  return Answer(status, std::string(body), more_headers);
}
// A Status of kind Failure.
ScriptedReply Refuse(int status, const std::string& reason, const std::string& message);
Json FailureStatus(int code, const std::string& reason, const std::string& message);
// The head of a chunked answer, one chunk, and the last chunk.
std::string WatchHead();
std::string Chunk(const std::string& bytes);
std::string LastChunk();
// One line of a watch, as a chunk.
std::string Event(const std::string& type, const Json& object);
Json Object(const std::string& name, const std::string& version);
Json ListOf(const std::vector<Json>& items,
            const std::string& version,
            const std::string& token = "");

struct ServerIdentity {
  KeyPair authority = MakeAuthority("cluster CA");
  KeyPair server = MakeCertificate(authority, {"apiserver", "IP:127.0.0.1,DNS:kubernetes"});
  std::string client_authority_pem = {};  // Not empty: a client certificate is required.
  bool tls12 = false;                     // No newer version.
};

class ScriptedServer {
 public:
  // Called from connection threads, one call at a time.
  using Script = std::function<ScriptedReply(const ScriptedRequest&)>;

  ScriptedServer(ServerIdentity identity, Script script);
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  // Closes every connection.
  ~ScriptedServer();

  // A token is included.
  [[nodiscard]] ClusterAccess Access() const;
  [[nodiscard]] std::vector<ScriptedRequest> Requests() const;
  // How many requests there were of this method.
  [[nodiscard]] int Count(const std::string& method) const;

 private:
  struct Tls;
  void Accept();
  void Serve(int fd, int connection);

  ServerIdentity identity_;
  Script script_;
  std::unique_ptr<Tls> tls_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::mutex script_mutex_;
  std::vector<ScriptedRequest> requests_;
  std::vector<std::shared_ptr<Feeder>> feeders_;
  std::vector<int> open_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace holdfast::kube::testing

#endif  // HOLDFAST_TESTS_UNIT_KUBE_SCRIPTED_SERVER_H_
