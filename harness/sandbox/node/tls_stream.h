// One TLS connection with deadlines, over a plain socket. The only user of OpenSSL here.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_TLS_STREAM_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_TLS_STREAM_H_

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "harness/base/clock.h"
#include "harness/base/result.h"

namespace holdfast::sandbox::node {

// Trust in one certificate authority; shared by all connections, thread-safe.
class TlsTrust {
 public:
  static Result<std::shared_ptr<TlsTrust>> Load(const std::filesystem::path& ca_file);
  TlsTrust(const TlsTrust&) = delete;
  TlsTrust& operator=(const TlsTrust&) = delete;
  ~TlsTrust();
  [[nodiscard]] void* context() const { return context_; }

 private:
  explicit TlsTrust(void* context) : context_(context) {}
  void* context_;  // SSL_CTX
};

// Used by one thread at a time.
class TlsStream {
 public:
  // Connects to an IPv4 address and verifies that the certificate is for it. kUnavailable when
  // nobody answers, kRefused when the certificate is wrong.
  static Result<std::unique_ptr<TlsStream>> Connect(const std::shared_ptr<TlsTrust>& trust,
                                                    const std::string& host,
                                                    int port,
                                                    Nanos timeout,
                                                    std::stop_token stop);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream();

  // The bytes that came, empty at the end of the stream. kTimedOut when none came in time.
  Result<std::string> Read(Nanos timeout, std::stop_token stop);
  Status Write(std::string_view bytes, Nanos timeout, std::stop_token stop);

 private:
  TlsStream(std::shared_ptr<TlsTrust> trust, int fd, void* ssl)
      : trust_(std::move(trust)),
        fd_(fd),
        ssl_(ssl) {}
  // Repeats a non-blocking OpenSSL call until it is done.
  template <typename Call>
  Result<int> Repeat(Call call, std::string_view what, Nanos timeout, std::stop_token stop);

  std::shared_ptr<TlsTrust> trust_;
  int fd_;
  void* ssl_;  // SSL
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_TLS_STREAM_H_
