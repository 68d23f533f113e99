// What a SPDY connection runs on: TLS itself, or the messages of a WebSocket over it.
#include <array>

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "harness/base/log.h"
#include "harness/sandbox/api/spdy_bridge.h"

namespace holdfast::sandbox {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

class TlsChannel : public ByteChannel {
 public:
  explicit TlsChannel(TlsStream& tls) : tls_(tls) {}
  void Read(std::function<void(bool, std::string_view)> done) override {
    tls_.async_read_some(asio::buffer(piece_), [this, done](error_code error, size_t got) {
      done(!error, std::string_view(piece_.data(), error ? 0 : got));
    });
  }
  void Write(const std::string& bytes, std::function<void(bool)> done) override {
    asio::async_write(tls_, asio::buffer(bytes),
                      [done](error_code error, size_t) { done(!error); });
  }
  void Close() override {
    error_code ignored;
    tls_.lowest_layer().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  }

 private:
  TlsStream& tls_;
  std::array<char, 32768> piece_{};
};

class WebSocketChannel : public ByteChannel {
 public:
  explicit WebSocketChannel(TlsStream& tls) : tls_(tls), socket_(tls) {
    socket_.binary(true);
    socket_.read_message_max(4U << 20U);
  }
  bool Accept(const BeastRequest& request) {
    socket_.set_option(
        websocket::stream_base::decorator([](websocket::response_type& response) {
          response.set(beast::http::field::sec_websocket_protocol, std::string(kTunnelProtocol));
        }));
    error_code error;
    socket_.accept(request, error);
    return !error;
  }
  void Read(std::function<void(bool, std::string_view)> done) override {
    message_.clear();
    socket_.async_read(message_, [this, done](error_code error, size_t) {
      const auto data = message_.data();
      done(!error, std::string_view(static_cast<const char*>(data.data()), data.size()));
    });
  }
  void Write(const std::string& bytes, std::function<void(bool)> done) override {
    socket_.async_write(asio::buffer(bytes), [done](error_code error, size_t) { done(!error); });
  }
  void Close() override {
    error_code ignored;
    tls_.lowest_layer().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  }

 private:
  TlsStream& tls_;
  websocket::stream<TlsStream&> socket_;
  beast::flat_buffer message_;
};

}  // namespace

void OverTls(TlsStream& tls, const std::function<void(ByteChannel&)>& use) {
  try {
    TlsChannel channel(tls);
    use(channel);
  } catch (const std::exception& error) {
    Log(LogLevel::kWarning, "a SPDY connection ended: {}", error.what());
  }
}

void OverWebSocket(TlsStream& tls,
                   const BeastRequest& request,
                   const std::function<void(ByteChannel&)>& use) {
  try {
    WebSocketChannel channel(tls);
    if (channel.Accept(request)) use(channel);
  } catch (const std::exception& error) {
    Log(LogLevel::kWarning, "a tunnelled SPDY connection ended: {}", error.what());
  }
}

}  // namespace holdfast::sandbox
