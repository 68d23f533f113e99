// One HTTP/1.1 connection to one server, kept open between requests; no retries, no redirects. The
// only place in this folder that knows libcurl.
#ifndef HOLDFAST_WORKLOADS_HTTP_H_
#define HOLDFAST_WORKLOADS_HTTP_H_

#include <memory>
#include <string>

#include "harness/base/clock.h"

namespace holdfast::workloads {

struct HttpRequest {
  bool post = false;
  std::string path = {};  // With its query, percent-encoded by the caller.
  std::string body = {};  // Of a POST.
  std::string content_type = "application/octet-stream";
};

// How a request ended, as far as it decides what a client knows.
struct HttpAnswer {
  enum class End {
    kAnswered,  // A whole answer by HTTP's rules; `status` and `body` are valid.
    kNotSent,   // No connection came about: the server cannot have seen the request.
    kCut,       // The connection ended in mid-request; the server may have seen it.
    kInterrupted,  // By Interrupt, in mid-request.
  };
  End end = End::kCut;
  long status = 0;
  std::string body;
  std::string error_class;  // "connection-refused", "connect-timeout", "unreachable",
                            // "connection-lost", "deadline"; empty when answered.
  std::string error;        // libcurl's words.
};

// One thread at a time, but for Interrupt.
class HttpClient {
 public:
  // Connects at the first request, within `connect_timeout`.
  HttpClient(const std::string& host, int port, Nanos connect_timeout);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Sends once. libcurl's own second attempt on a connection that died under it is suppressed.
  HttpAnswer Send(const HttpRequest& request);
  // Makes a blocked Send return, and every later one end as interrupted. Thread-safe.
  void Interrupt();

 private:
  class Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace holdfast::workloads

#endif  // HOLDFAST_WORKLOADS_HTTP_H_
