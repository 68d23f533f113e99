// OpenSSL on a non-blocking socket, so that every step has a deadline and can be stopped.
#include "harness/sandbox/node/tls_stream.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "harness/base/files.h"
#include "harness/sandbox/node/tcp_socket.h"

namespace holdfast::sandbox::node {
namespace {

SSL* AsSsl(void* pointer) { return static_cast<SSL*>(pointer); }

std::string SslErrorText() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "the connection was closed";
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

}  // namespace

Result<std::shared_ptr<TlsTrust>> TlsTrust::Load(const std::filesystem::path& ca_file) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return Fail(ErrorCode::kInternal, "OpenSSL: {}", SslErrorText());
  std::shared_ptr<TlsTrust> trust(new TlsTrust(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) != 1)
    return Fail(ErrorCode::kInvalidArgument, "cannot load the certificate authority {}: {}",
                ca_file.string(), SslErrorText());
  return trust;
}

TlsTrust::~TlsTrust() { SSL_CTX_free(static_cast<SSL_CTX*>(context_)); }

template <typename Call>
Result<int> TlsStream::Repeat(Call call,
                              std::string_view what,
                              Nanos timeout,
                              std::stop_token stop) {
  const Deadline deadline(SystemClock(), timeout);
  while (true) {
    ERR_clear_error();
    const int done = call();
    if (done > 0) return done;
    const int error = SSL_get_error(AsSsl(ssl_), done);
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      const bool verified = SSL_get_verify_result(AsSsl(ssl_)) == X509_V_OK;
      return Fail(verified ? ErrorCode::kUnavailable : ErrorCode::kRefused, "{}: {}", what,
                  error == SSL_ERROR_SYSCALL && errno != 0 ? ErrnoText(errno) : SslErrorText());
    }
    const Status ready =
        AwaitSocket(fd_, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline, stop);
    if (!ready) return Fail(ready.error().In(what));
  }
}

Result<std::unique_ptr<TlsStream>> TlsStream::Connect(const std::shared_ptr<TlsTrust>& trust,
                                                      const std::string& host,
                                                      int port,
                                                      Nanos timeout,
                                                      std::stop_token stop) {
  const Deadline deadline(SystemClock(), timeout);
  HOLDFAST_ASSIGN(FileDescriptor fd, ConnectTcp(host, port, deadline, stop));
  SSL* ssl = SSL_new(static_cast<SSL_CTX*>(trust->context()));
  if (ssl == nullptr) return Fail(ErrorCode::kInternal, "OpenSSL: {}", SslErrorText());
  std::unique_ptr<TlsStream> stream(new TlsStream(trust, fd.Release(), ssl));
  SSL_set_fd(ssl, stream->fd_);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  HOLDFAST_ASSIGN(const int done,
                  stream->Repeat([ssl] { return SSL_connect(ssl); },
                                 fmt::format("TLS with {}:{}", host, port), deadline.Left(), stop));
  if (done == 0) return Fail(ErrorCode::kUnavailable, "{}:{} closed the connection", host, port);
  return stream;
}

TlsStream::~TlsStream() {
  SSL_free(AsSsl(ssl_));
  ::close(fd_);
}

Result<std::string> TlsStream::Read(Nanos timeout, std::stop_token stop) {
  std::string bytes(16384, '\0');
  HOLDFAST_ASSIGN(
      const int size,
      Repeat([&] { return SSL_read(AsSsl(ssl_), bytes.data(), static_cast<int>(bytes.size())); },
             "reading", timeout, stop));
  bytes.resize(static_cast<size_t>(size));
  return bytes;
}

Status TlsStream::Write(std::string_view bytes, Nanos timeout, std::stop_token stop) {
  while (!bytes.empty()) {
    HOLDFAST_ASSIGN(
        const int size,
        Repeat([&] { return SSL_write(AsSsl(ssl_), bytes.data(), static_cast<int>(bytes.size())); },
               "writing", timeout, stop));
    if (size == 0) return Fail(ErrorCode::kUnavailable, "writing: the connection was closed");
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  return {};
}

}  // namespace holdfast::sandbox::node
