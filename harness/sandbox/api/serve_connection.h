// One accepted connection, from the TLS handshake to its end.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_SERVE_CONNECTION_H_
#define HOLDFAST_HARNESS_SANDBOX_API_SERVE_CONNECTION_H_

#include <atomic>
#include <memory>
#include <string>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/sandbox/api/handler.h"

namespace holdfast::sandbox {

// By when the client must have sent what it is sending. Written by the connection's thread, read by
// the one that shuts down the sockets of those who are late.
class RequestTimer {
 public:
  void Allow(Nanos duration) { until_ = (SystemClock().Now() + duration).count(); }
  void Stop() { until_ = 0; }
  [[nodiscard]] bool Late() const {
    const int64_t until = until_;
    return until != 0 && SystemClock().Now().count() > until;
  }

 private:
  std::atomic<int64_t> until_{0};
};

// The server's certificate and TLS settings. Thread-safe once made.
class TlsSettings {
 public:
  static Result<std::unique_ptr<TlsSettings>> Make(const std::string& certificate_pem,
                                                   const std::string& key_pem);
  ~TlsSettings();
  TlsSettings(const TlsSettings&) = delete;
  TlsSettings& operator=(const TlsSettings&) = delete;

 private:
  friend void ServeConnection(int fd,
                              TlsSettings& settings,
                              ApiHandler& handler,
                              RequestTimer& timer);
  struct Impl;
  explicit TlsSettings(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Serves requests until the peer closes or somebody shuts the socket down. Does not close `fd`: the
// caller does, so that nobody shuts down a descriptor that already means something else. Never
// throws.
void ServeConnection(int fd, TlsSettings& settings, ApiHandler& handler, RequestTimer& timer);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_SERVE_CONNECTION_H_
