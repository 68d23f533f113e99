// exec, attach and port-forward: channels of a WebSocket on one side, frames of the node stream on the other. All
// operations are asynchronous on the connection's own thread, since a TLS stream must not be read
// and written by two threads.
#include <array>
#include <memory>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "harness/base/strings.h"
#include "harness/sandbox/api/connection.h"
#include "harness/sandbox/node/stream_protocol.h"

namespace holdfast::sandbox {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using AgentSocket = asio::generic::stream_protocol::socket;

class Bridge {
 public:
  Bridge(asio::io_context& context, TlsStream& tls, StreamKind kind, AgentStream agent)
      : socket_(tls),
        kind_(kind),
        agent_(context),
        incoming_(std::move(agent.rest)) {
    agent_.assign(asio::generic::stream_protocol(AF_INET, 0), agent.fd.Release());
    socket_.binary(true);
    socket_.read_message_max(1U << 20U);
  }

  void Run(asio::io_context& context, const BeastRequest& request, const std::string& protocol) {
    socket_.set_option(
        websocket::stream_base::decorator([&protocol](websocket::response_type& response) {
          response.set(beast::http::field::sec_websocket_protocol, protocol);
        }));
    error_code error;
    socket_.accept(request, error);
    if (error) return;
    ReadClient();
    if (kind_ == StreamKind::kCommand) {
      outgoing_ = std::string(1, '\1');  // As Kubernetes does: an empty message says "connected".
      SendOutgoing();
    } else {
      PumpAgent();
    }
    context.run();
  }

 private:
  // Client to agent, one message at a time.
  void ReadClient() {
    socket_.async_read(message_, [this](error_code error, size_t) {
      if (error) return CloseAgent();
      const auto data = message_.data();
      const std::string_view bytes(static_cast<const char*>(data.data()), data.size());
      if (bytes.empty()) {
        message_.clear();
        return ReadClient();
      }
      to_agent_ = EncodeFrame(static_cast<uint8_t>(bytes.front()), bytes.substr(1));
      message_.clear();
      asio::async_write(agent_, asio::buffer(to_agent_), [this](error_code failed, size_t) {
        // An agent that no longer listens may still have a status to tell: go on reading it.
        if (!failed) ReadClient();
      });
    });
  }

  // Agent to client: nothing more is read from the agent before the client took what there is.
  void PumpAgent() {
    if (auto frame = TakeFrame(incoming_)) {
      last_ = kind_ == StreamKind::kCommand && frame->channel == kStatusChannel;
      outgoing_ = static_cast<char>(frame->channel) + frame->payload;
      return SendOutgoing();
    }
    agent_.async_read_some(asio::buffer(piece_), [this](error_code error, size_t got) {
      if (error)
        return CloseClient(kind_ == StreamKind::kPortForward && error == asio::error::eof
                               ? websocket::close_code::normal
                               : websocket::close_code::internal_error);
      incoming_.append(piece_.data(), got);
      PumpAgent();
    });
  }
  void SendOutgoing() {
    socket_.async_write(asio::buffer(outgoing_), [this](error_code error, size_t) {
      if (error) return CloseAgent();
      if (last_) return CloseClient(websocket::close_code::normal);
      PumpAgent();
    });
  }
  void CloseClient(websocket::close_code code) {
    CloseAgent();
    socket_.async_close(websocket::close_reason(code), [](error_code) {});
  }
  void CloseAgent() {
    error_code ignored;
    agent_.close(ignored);
  }

  websocket::stream<TlsStream&> socket_;
  StreamKind kind_;
  AgentSocket agent_;
  std::string incoming_;  // From the agent, not yet taken apart.
  std::string outgoing_;
  std::string to_agent_;
  beast::flat_buffer message_;
  std::array<char, 32768> piece_{};
  bool last_ = false;
};

}  // namespace

std::string ChooseStreamProtocol(const std::string& offered) {
  for (const char* known : {"v5.channel.k8s.io", "v4.channel.k8s.io"})
    for (const std::string& one : Split(offered, ','))
      if (Trim(one) == known) return known;
  return "";
}

void BridgeStreams(asio::io_context& context,
                   TlsStream& tls,
                   const BeastRequest& request,
                   const std::string& protocol,
                   StreamKind kind,
                   AgentStream agent) {
  try {
    const auto bridge = std::make_unique<Bridge>(context, tls, kind, std::move(agent));
    bridge->Run(context, request, protocol);
  } catch (const std::exception&) {
    // The connection ends either way; its client sees that no status came.
    return;
  }
}

}  // namespace holdfast::sandbox
