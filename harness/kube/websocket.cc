// Boost.Beast over TLS, asynchronous, one connection per object.
#include "harness/kube/websocket.h"

#include <deque>
#include <utility>  // Asio 1.74 needs it before its own headers.

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "harness/base/strings.h"
#include "harness/kube/failure.h"
#include "harness/kube/proxy.h"
#include "harness/kube/status.h"
#include "harness/kube/token.h"
#include "harness/kube/tunnel.h"

namespace holdfast::kube {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

struct StreamAccess::Impl {
  explicit Impl(const ClusterAccess& access) : server(access.server), token(access) {}
  asio::ssl::context tls{asio::ssl::context::tls_client};
  std::string server;
  std::string host;
  std::string port;
  std::string prefix;  // Before each target: a gateway to many clusters.
  std::string verified_name;
  std::optional<TunnelProxy> proxy;
  TokenSource token;
};

namespace {

constexpr size_t kLargestMessage = size_t{16} << 20U;
constexpr std::chrono::seconds kSilence{60};  // Half of it: a ping; all of it: the peer is dead.

Status SplitServer(StreamAccess::Impl& impl) {
  const auto parts = SplitUrl(impl.server);
  if (!parts || parts->scheme != "https" || !parts->user.empty())
    return Fail(ErrorCode::kInvalidArgument,
                "the server '{}' in the kubeconfig must look like https://host:port or "
                "https://host:port/path to be used for streams",
                impl.server);
  impl.host = parts->host;
  impl.port = parts->port.empty() ? "443" : parts->port;
  impl.prefix = parts->path;
  return {};
}

FailureKind TlsFailureKind(const error_code& error, SSL* ssl) {
  if (SSL_get_verify_result(ssl) != X509_V_OK) return FailureKind::kServerCertificate;
  return IsClientCertificateAlert(error.message()) ? FailureKind::kClientCertificate
                                                   : FailureKind::kHandshake;
}

}  // namespace

StreamAccess::StreamAccess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StreamAccess::~StreamAccess() = default;

Result<std::shared_ptr<StreamAccess>> StreamAccess::Make(const ClusterAccess& access) {
  auto impl = std::make_unique<Impl>(access);
  HOLDFAST_RETURN_IF_ERROR(SplitServer(*impl));
  const std::string proxy = ProxyFor(ProxyFromEnvironment(), impl->host);
  if (!proxy.empty()) {
    HOLDFAST_ASSIGN(impl->proxy, ParseTunnelProxy(proxy));
  }
  impl->verified_name = access.tls_server_name.empty() ? impl->host : access.tls_server_name;
  try {
    auto& tls = impl->tls;
    tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                    asio::ssl::context::no_tlsv1_1);
    tls.set_verify_mode(asio::ssl::verify_peer);
    tls.set_verify_callback(asio::ssl::host_name_verification(impl->verified_name));
    if (access.ca_pem.empty())
      tls.set_default_verify_paths();
    else
      tls.add_certificate_authority(asio::buffer(access.ca_pem));
    if (!access.client_certificate_pem.empty()) {
      tls.use_certificate_chain(asio::buffer(access.client_certificate_pem));
      tls.use_private_key(asio::buffer(access.client_key_pem), asio::ssl::context::pem);
    }
  } catch (const std::exception& error) {
    return Fail(
        DescribeFailure({FailureKind::kCredentials, error.what(), false}, access.server, {}));
  }
  return std::shared_ptr<StreamAccess>(new StreamAccess(std::move(impl)));
}

namespace {

class BeastSocket : public WebSocket, public std::enable_shared_from_this<BeastSocket> {
 public:
  BeastSocket(asio::io_context& context,
              std::shared_ptr<StreamAccess> access,
              const std::string& target,
              std::string what,
              Nanos connect_timeout,
              Handlers handlers)
      : access_(std::move(access)),
        target_(access_->impl().prefix + target),
        what_(std::move(what)),
        connect_timeout_(connect_timeout),
        handlers_(std::move(handlers)),
        resolver_(context),
        stream_(context, access_->impl().tls) {}

  void Start(const std::string& protocols) {
    stream_.set_option(websocket::stream_base::timeout{connect_timeout_, kSilence, true});
    stream_.set_option(websocket::stream_base::decorator(
        [protocols, token = access_->impl().token.Current()](websocket::request_type& request) {
          request.set(http::field::user_agent, "holdfast/" HOLDFAST_VERSION);
          request.set(http::field::sec_websocket_protocol, protocols);
          if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
        }));
    stream_.binary(true);
    stream_.read_message_max(kLargestMessage);
    const auto& impl = access_->impl();
    resolver_.async_resolve(
        impl.proxy ? impl.proxy->host : impl.host, impl.proxy ? impl.proxy->port : impl.port,
        [self = shared_from_this()](error_code error, const auto& found) {
          if (error) return self->Fails(FailureKind::kResolve, error);
          self->Connect(found);
        });
  }

  void Send(std::string message) override {
    if (over_) return;
    queue_.push_back(std::move(message));
    if (open_ && queue_.size() == 1) Write();
  }
  void Pause() override { paused_ = true; }
  void Resume() override {
    if (!std::exchange(paused_, false) || reading_ || over_ || !open_) return;
    Read();
  }
  void Close() override {
    if (std::exchange(over_, true)) return;
    handlers_ = {};
    closing_ = true;
    if (!open_)
      Cut();
    else if (queue_.empty())
      FinishClose();
  }
  void Abort() override {
    over_ = true;
    handlers_ = {};
    Cut();
  }

 private:
  beast::tcp_stream& Tcp() { return beast::get_lowest_layer(stream_); }
  void Cut() {
    resolver_.cancel();
    Tcp().close();
  }
  void Fails(FailureKind kind, const error_code& error) {
    // Asio tells timeouts of Beast as an error of its own.
    if (error == beast::error::timeout) kind = open_ ? FailureKind::kCut : FailureKind::kTimeout;
    const auto& impl = access_->impl();
    std::string detail = error.message();
    if (impl.proxy && (kind == FailureKind::kResolve || kind == FailureKind::kConnect))
      detail += " at the proxy " + Authority(impl.proxy->host, impl.proxy->port);
    End(DescribeFailure({kind, detail, open_}, impl.server, connect_timeout_).In(what_));
  }
  void End(std::optional<Error> error) {
    if (std::exchange(over_, true)) return;
    Cut();
    const Handlers handlers = std::exchange(handlers_, {});
    if (handlers.ended) handlers.ended(std::move(error));
  }

  void Connect(const asio::ip::tcp::resolver::results_type& found) {
    if (over_) return;
    Tcp().expires_after(connect_timeout_);
    Tcp().async_connect(found, [self = shared_from_this()](error_code error, const auto&) {
      if (error) return self->Fails(FailureKind::kConnect, error);
      if (self->access_->impl().proxy) return self->Tunnel();
      self->Handshake();
    });
  }
  void Tunnel() {
    if (over_) return;
    const auto& impl = access_->impl();
    OpenTunnel(Tcp(), *impl.proxy, Authority(impl.host, impl.port),
               [self = shared_from_this()](error_code error, int status) {
                 if (error) return self->Fails(FailureKind::kConnect, error);
                 if (status >= 200 && status <= 299) return self->Handshake();
                 self->RefusedByProxy(status);
               });
  }
  void RefusedByProxy(int status) {
    const auto& impl = access_->impl();
    End(Error{ErrorCode::kUnavailable,
              fmt::format("{}: the proxy {} does not connect to {} (HTTP {}): correct HTTPS_PROXY, "
                          "or name the server in NO_PROXY",
                          what_, Authority(impl.proxy->host, impl.proxy->port),
                          Authority(impl.host, impl.port), status),
              0,
              {}});
  }
  void Handshake() {
    if (over_) return;
    error_code ignored;
    Tcp().socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    SSL* const ssl = stream_.next_layer().native_handle();
    const std::string& name = access_->impl().verified_name;
    asio::ip::make_address(name, ignored);
    // What SSL_set_tlsext_host_name does, without its cast; no addresses there: RFC 6066.
    if (ignored)
      SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(name.c_str()));
    stream_.next_layer().async_handshake(
        asio::ssl::stream_base::client, [self = shared_from_this(), ssl](error_code error) {
          if (error) return self->Fails(TlsFailureKind(error, ssl), error);
          self->Upgrade();
        });
  }
  void Upgrade() {
    if (over_) return;
    Tcp().expires_never();  // From here on the WebSocket has its own timeouts.
    const auto& impl = access_->impl();
    stream_.async_handshake(response_, Authority(impl.host, impl.port), target_,
                            [self = shared_from_this()](error_code error) { self->Upgraded(error); });
  }
  void Upgraded(const error_code& error) {
    if (over_) return;
    if (error == websocket::error::upgrade_declined) {
      HttpAnswer answer;
      answer.status = static_cast<int>(response_.result_int());
      answer.body = response_.body();
      if (answer.status == 401) access_->impl().token.Refused();
      const auto told = ErrorOfAnswer({what_, false}, answer);
      return End(told ? *told
                      : Error{ErrorCode::kUnavailable,
                              fmt::format("{}: the server did not switch to WebSocket (HTTP {})",
                                          what_, answer.status),
                              answer.status,
                              {}});
    }
    if (error) return Fails(FailureKind::kCut, error);
    open_ = true;
    if (!queue_.empty()) Write();  // What the handler queues now follows by itself.
    if (handlers_.opened)
      handlers_.opened(std::string(response_[http::field::sec_websocket_protocol]));
    if (!over_ && !paused_) Read();
  }

  void Read() {
    reading_ = true;
    stream_.async_read(buffer_, [self = shared_from_this()](error_code error, size_t) {
      self->reading_ = false;
      if (self->over_) return;
      if (error == websocket::error::closed) {
        const auto code = self->stream_.reason().code;
        if (code == websocket::close_code::normal || code == websocket::close_code::none)
          return self->End(std::nullopt);
      }
      if (error) return self->Fails(FailureKind::kCut, error);
      const auto data = self->buffer_.data();
      if (self->handlers_.message)
        self->handlers_.message({static_cast<const char*>(data.data()), data.size()});
      self->buffer_.clear();
      if (!self->over_ && !self->paused_) self->Read();
    });
  }
  void Write() {
    stream_.async_write(asio::buffer(queue_.front()), [self = shared_from_this()](error_code error,
                                                                                  size_t) {
      if (error) return self->Fails(FailureKind::kCut, error);
      self->queue_.pop_front();
      if (!self->queue_.empty()) return self->Write();
      if (self->closing_) return self->FinishClose();
      if (self->handlers_.sent) self->handlers_.sent();
    });
  }
  void FinishClose() {
    stream_.async_close(websocket::close_code::normal,
                        [self = shared_from_this()](error_code) { self->Cut(); });
  }

  std::shared_ptr<StreamAccess> access_;
  std::string target_;
  std::string what_;
  Nanos connect_timeout_;
  Handlers handlers_;
  asio::ip::tcp::resolver resolver_;
  websocket::stream<beast::ssl_stream<beast::tcp_stream>> stream_;
  websocket::response_type response_;
  beast::flat_buffer buffer_;
  std::deque<std::string> queue_;
  bool open_ = false;
  bool over_ = false;
  bool closing_ = false;
  bool paused_ = false;
  bool reading_ = false;
};

}  // namespace

std::shared_ptr<WebSocket> WebSocket::Open(asio::io_context& context,
                                           std::shared_ptr<StreamAccess> access,
                                           const std::string& target,
                                           const std::string& protocols,
                                           const std::string& what,
                                           Nanos connect_timeout,
                                           Handlers handlers) {
  auto socket = std::make_shared<BeastSocket>(context, std::move(access), target, what,
                                              connect_timeout, std::move(handlers));
  asio::post(context, [socket, protocols] { socket->Start(protocols); });
  return socket;
}

}  // namespace holdfast::kube
