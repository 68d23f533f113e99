#include "harness/sandbox/api/serve_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/chrono.h>

#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/connection.h"
#include "harness/sandbox/api/spdy_bridge.h"

namespace holdfast::sandbox {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

struct TlsSettings::Impl {
  asio::ssl::context context{asio::ssl::context::tls_server};
};

TlsSettings::TlsSettings(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsSettings::~TlsSettings() = default;

Result<std::unique_ptr<TlsSettings>> TlsSettings::Make(const std::string& certificate_pem,
                                                       const std::string& key_pem) {
  try {
    auto impl = std::make_unique<Impl>();
    impl->context.set_options(asio::ssl::context::default_workarounds |
                              asio::ssl::context::no_sslv2 | asio::ssl::context::no_sslv3 |
                              asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    impl->context.use_certificate_chain(asio::buffer(certificate_pem));
    impl->context.use_private_key(asio::buffer(key_pem), asio::ssl::context::pem);
    return std::unique_ptr<TlsSettings>(new TlsSettings(std::move(impl)));
  } catch (const std::exception& error) {
    return Fail(ErrorCode::kInvalidArgument,
                "the API server's certificate or key cannot be used: {}", error.what());
  }
}

namespace {

constexpr size_t kLargestBody = 3UL << 20U;  // As Kubernetes has it.
constexpr uint32_t kLargestHead = 64U << 10U;
constexpr Nanos kHandshakeTime = std::chrono::seconds(20);
constexpr Nanos kIdleTime = std::chrono::minutes(30);  // Until the head of a request is there.
constexpr Nanos kBodyTime = std::chrono::seconds(60);
// A client that takes nothing for so long, or whose machine is gone, is cut off.
constexpr int kSlowestMilliseconds = 30'000;

// As RFC 9110 section 5.6.7 writes it; clients compare their clock with it.
std::string Date() {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(SystemClock().Wall());
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                     fmt::gmtime(static_cast<std::time_t>(seconds.count())));
}

std::string Head(int status, std::string_view content_type) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  return fmt::format(
      "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: {}\r\nCache-Control: no-cache, "
      "private\r\nVary: Accept\r\n",
      status, std::string_view(reason.data(), reason.size()), Date(), content_type);
}

class Connection : public ResponseStream {
 public:
  Connection(int fd, asio::ssl::context& settings, RequestTimer& timer)
      : fd_(fd),
        timer_(timer),
        tls_(context_, settings) {
    tls_.lowest_layer().assign(asio::ip::tcp::v4(), fd);
  }
  // The caller owns the descriptor.
  ~Connection() override { tls_.lowest_layer().release(ignored_); }

  void Serve(ApiHandler& handler) {
    timer_.Allow(kHandshakeTime);
    tls_.handshake(asio::ssl::stream_base::server, ignored_);
    if (ignored_) return;
    while (ServeOne(handler)) {
    }
  }

  bool Begin(int status, std::string_view content_type) override {
    begun_ = true;
    return Send(Head(status, content_type) + "Transfer-Encoding: chunked\r\n\r\n");
  }
  bool Write(std::string_view piece) override {
    if (piece.empty()) return true;
    std::string chunk = fmt::format("{:x}\r\n", piece.size());
    chunk += piece;
    chunk += "\r\n";
    return Send(chunk);
  }
  // The client of a stream has nothing to say: whatever comes from it is the end.
  bool Gone() override {
    pollfd peer{fd_, POLLIN | POLLRDHUP, 0};
    return ::poll(&peer, 1, 0) != 0;
  }

 private:
  bool Send(std::string_view bytes) {
    error_code error;
    asio::write(tls_, asio::buffer(bytes.data(), bytes.size()), error);
    return !error;
  }
  // Takes the rest of a request that is too large off the line: closed over unread bytes, the
  // connection would be reset before the client has read why.
  void Discard(const error_code& why) {
    if (why != http::error::body_limit && why != http::error::header_limit) return;
    std::string piece(64UL << 10U, '\0');
    error_code error;
    size_t left = 8 * kLargestBody;
    pollfd peer{fd_, POLLIN, 0};
    while (left > 0 && !error && ::poll(&peer, 1, 200) > 0) {
      const size_t got = tls_.read_some(asio::buffer(piece), error);
      left -= std::min(left, got);
    }
  }
  bool SendWhole(const HttpResponse& response) {
    std::string text = Head(response.status, response.content_type);
    for (const auto& [name, value] : response.headers)
      text += fmt::format("{}: {}\r\n", name, value);
    text += fmt::format("Content-Length: {}\r\n\r\n", response.body.size());
    text += response.body;
    return Send(text);
  }

  bool ServeOne(ApiHandler& handler) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kLargestBody);
    parser.header_limit(kLargestHead);
    error_code error;
    timer_.Allow(kIdleTime);
    http::read_header(tls_, buffer_, parser, error);
    timer_.Allow(kBodyTime);
    if (!error && beast::iequals(parser.get()[http::field::expect], "100-continue") &&
        !Send("HTTP/1.1 100 Continue\r\n\r\n"))
      return false;
    if (!error) http::read(tls_, buffer_, parser, error);
    if (error) Discard(error);
    timer_.Stop();
    if (error) {
      // Anything but a malformed request means that the peer is gone.
      if (error == http::error::body_limit)
        SendWhole(ErrorResponse(
            ApiError(413, "RequestEntityTooLarge",
                     fmt::format("Request entity too large: limit is {}", kLargestBody))));
      else if (error == http::error::header_limit)
        SendWhole(ErrorResponse(ApiError(431, "RequestHeaderFieldsTooLarge",
                                         "the head of the request is larger than 64 KiB")));
      else if (error.category() == make_error_code(http::error::bad_method).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message)
        SendWhole(ErrorResponse(BadRequest("not an HTTP request: " + error.message())));
      return false;
    }
    BeastRequest message = parser.release();
    const bool keep = message.keep_alive();
    const HttpRequest request = Read(message);
    switch (ApiHandler::MannerOf(request)) {
      case ApiHandler::Manner::kWhole:
        return SendWhole(handler.Answer(request)) && keep;
      case ApiHandler::Manner::kStream:
        begun_ = false;
        handler.AnswerStream(request, *this);
        return begun_ && Send("0\r\n\r\n") && keep;
      case ApiHandler::Manner::kUpgrade:
        return Upgrade(handler, request, message) && keep;
    }
    return false;
  }

  // True when the upgrade was refused and the connection can go on.
  bool Upgrade(ApiHandler& handler, const HttpRequest& request, const BeastRequest& message) {
    const bool forward = request.path.ends_with("/portforward");
    if (request.spdy) return forward ? ForwardOverSpdy(handler, request) : RunOverSpdy(handler, request);
    if (forward && Offers(Split(request.websocket_protocols, ','), kTunnelProtocol)) {
      if (const Status may = handler.MayForward(request); !may)
        return Refuse(request, may.error());
      OverWebSocket(tls_, message, [&](ByteChannel& channel) { Forward(handler, request, channel); });
      return false;
    }
    const std::string protocol = ChooseStreamProtocol(request.websocket_protocols);
    if (protocol.empty())
      return SendWhole(ErrorResponse(BadRequest(
          "none of the offered WebSocket protocols is served: offer v5.channel.k8s.io or "
          "v4.channel.k8s.io")));
    auto agent = handler.OpenStreams(request, protocol);
    if (!agent) return Refuse(request, agent.error());
    BridgeStreams(context_, tls_, message, protocol,
                  forward ? StreamKind::kPortForward : StreamKind::kCommand, *std::move(agent));
    return false;
  }

  bool Refuse(const HttpRequest& request, const Error& error) {
    const auto route = ParseRoute(request.path);
    return SendWhole(ErrorResponse(error, route->info, route->name));
  }
  static bool Offers(const std::vector<std::string>& offered, std::string_view wanted) {
    return std::any_of(offered.begin(), offered.end(),
                       [&](const std::string& one) { return Trim(one) == wanted; });
  }
  // False with the answer sent when the client speaks none of what is served.
  bool AcceptSpdy(const HttpRequest& request, std::string_view protocol) {
    if (!Offers(request.stream_protocols, protocol)) {
      SendWhole(ErrorResponse(BadRequest(
          fmt::format("unable to upgrade: unable to negotiate protocol: client supports [{}], "
                      "server accepts [{}]",
                      Join(request.stream_protocols, " "), protocol))));
      return false;
    }
    return Send(fmt::format("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
                            "SPDY/3.1\r\nX-Stream-Protocol-Version: {}\r\n\r\n",
                            protocol));
  }
  bool RunOverSpdy(ApiHandler& handler, const HttpRequest& request) {
    auto agent = handler.OpenStreams(request, "v4.channel.k8s.io");
    if (!agent) return Refuse(request, agent.error());
    if (!AcceptSpdy(request, "v4.channel.k8s.io")) return false;
    const bool tty = request.QueryFlag("tty");
    const CommandStreams streams{.in = request.QueryFlag("stdin"),
                                 .out = request.QueryFlag("stdout"),
                                 .err = request.QueryFlag("stderr"),
                                 .resize = tty};
    OverTls(tls_, [&](ByteChannel& channel) {
      BridgeSpdyCommand(context_, channel, streams, *std::move(agent));
    });
    return false;
  }
  bool ForwardOverSpdy(ApiHandler& handler, const HttpRequest& request) {
    if (const Status may = handler.MayForward(request); !may) return Refuse(request, may.error());
    if (AcceptSpdy(request, "portforward.k8s.io"))
      OverTls(tls_, [&](ByteChannel& channel) { Forward(handler, request, channel); });
    return false;
  }
  void Forward(ApiHandler& handler, const HttpRequest& request, ByteChannel& channel) {
    BridgeSpdyForward(context_, channel,
                      [&](int port) { return handler.OpenPort(request, port); });
  }

  static HttpRequest Read(BeastRequest& message) {
    const auto header = [&](auto name) { return std::string(message[name]); };
    HttpRequest request;
    request.method = std::string(message.method_string());
    const std::string target(message.target());
    const size_t question = target.find('?');
    request.path = PercentDecode(std::string_view(target).substr(0, question), false);
    if (question != std::string::npos)
      request.query = ParseQuery(std::string_view(target).substr(question + 1));
    request.accept = header(http::field::accept);
    request.content_type = header(http::field::content_type);
    request.authorization = header(http::field::authorization);
    request.user_agent = header(http::field::user_agent);
    request.if_none_match = header(http::field::if_none_match);
    request.websocket_protocols = header(http::field::sec_websocket_protocol);
    request.websocket = beast::iequals(message[http::field::upgrade], "websocket");
    request.spdy = beast::iequals(message[http::field::upgrade], "SPDY/3.1");
    const auto protocols = message.equal_range("X-Stream-Protocol-Version");
    for (auto at = protocols.first; at != protocols.second; ++at)
      for (const std::string& one : Split(std::string(at->value()), ','))
        request.stream_protocols.emplace_back(Trim(one));
    request.body = std::move(message.body());
    return request;
  }

  int fd_;
  RequestTimer& timer_;
  asio::io_context context_{1};
  TlsStream tls_;
  beast::flat_buffer buffer_;
  error_code ignored_;
  bool begun_ = false;
};

}  // namespace

void ServeConnection(int fd, TlsSettings& settings, ApiHandler& handler, RequestTimer& timer) {
  try {
    const int on = 1;
    const int first = 30;
    const int between = 10;
    const int tries = 3;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &first, sizeof first);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between, sizeof between);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
    ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kSlowestMilliseconds,
                 sizeof kSlowestMilliseconds);
    Connection(fd, settings.impl_->context, timer).Serve(handler);
  } catch (const std::exception& error) {
    Log(LogLevel::kWarning, "an API connection ended: {}", error.what());
  }
}

}  // namespace holdfast::sandbox
