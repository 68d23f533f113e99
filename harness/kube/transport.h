// HTTPS requests and streams to one API server; all of libcurl lives in transport.cc, on one
// thread.
#ifndef HOLDFAST_HARNESS_KUBE_TRANSPORT_H_
#define HOLDFAST_HARNESS_KUBE_TRANSPORT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/clock.h"
#include "harness/base/result.h"
#include "harness/kube/client_options.h"
#include "harness/kube/kubeconfig.h"

namespace holdfast::kube {

struct HttpRequest {
  std::string method = "GET";
  std::string target;        // Path and query, already escaped.
  std::string content_type;  // Of `body`.
  std::string body;          // A write always has one; see the retry rule in transport.cc.
  Nanos timeout{};           // Of a request; a stream has none, only the silence limit.
};

// Either a failure or an HTTP answer of any status.
struct HttpAnswer {
  std::optional<Error> failure;
  int status = 0;
  std::string body;                    // Of a stream that answered 200: empty.
  std::optional<int64_t> retry_after;  // Seconds of the Retry-After header.
};

class Transport {
 public:
  using Task = std::function<void()>;
  using OnBody = std::function<void(std::string_view bytes)>;
  using OnDone = std::function<void(HttpAnswer answer)>;

  // Starts the loop thread, which runs with all signals blocked.
  static Result<std::shared_ptr<Transport>> Start(const ClusterAccess& access,
                                                  const ClientOptions& options);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  // Any thread but the loop's (there it is an error): sends and waits for the answer.
  virtual HttpAnswer Perform(HttpRequest request) = 0;
  // Any thread: runs `task` on the loop thread, at once when called there, and returns after it.
  // Returns false without running it when the loop has ended.
  virtual bool RunInLoop(Task task) = 0;
  // Any thread: ends the loop; open requests end with a failure. No callback is made afterwards.
  virtual void Stop() = 0;
  // Server's clock minus ours as of the last answer; nullopt before any.
  [[nodiscard]] virtual std::optional<Nanos> ServerClockOffset() const = 0;

  // Loop thread only. Callbacks come from the loop thread, never from inside these calls, and may
  // call them. A request's body is handed over with the answer.
  virtual uint64_t BeginRequest(HttpRequest request, OnDone done) = 0;
  // On a connection of its own; `body` gets the bytes of a 200 answer as they come.
  virtual uint64_t BeginStream(HttpRequest request, OnBody body, OnDone done) = 0;
  // No callback of `id` is made afterwards. An unknown id is fine.
  virtual void Abort(uint64_t id) = 0;
  virtual void CallAfter(Nanos delay, Task task) = 0;

 protected:
  Transport() = default;
};

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_TRANSPORT_H_
