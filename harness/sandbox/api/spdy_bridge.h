// exec, attach and port-forward over SPDY: many streams on one connection, each of which leads to a
// stream of a node agent. Included by the files that know Boost.Asio only.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_SPDY_BRIDGE_H_
#define HOLDFAST_HARNESS_SANDBOX_API_SPDY_BRIDGE_H_

#include <functional>
#include <string>
#include <string_view>

#include "harness/sandbox/api/connection.h"

namespace holdfast::sandbox {

// The bytes of a SPDY connection: over TLS, or inside the messages of a WebSocket. One operation of
// each kind at a time; all on one thread.
class ByteChannel {
 public:
  ByteChannel() = default;
  ByteChannel(const ByteChannel&) = delete;
  ByteChannel& operator=(const ByteChannel&) = delete;
  virtual ~ByteChannel() = default;
  // `done` gets what came, or nothing and false at the end.
  virtual void Read(std::function<void(bool ok, std::string_view bytes)> done) = 0;
  // `bytes` stays alive until `done`.
  virtual void Write(const std::string& bytes, std::function<void(bool ok)> done) = 0;
  // Ends a read that is under way.
  virtual void Close() = 0;
};

// Which streams a command has beside that of its errors.
struct CommandStreams {
  bool in = false;
  bool out = false;
  bool err = false;
  bool resize = false;
};

// Connects to a port of the pod, through the agent of its node.
using PortOpener = std::function<Result<AgentStream>(int port)>;

// Gives `use` the rest of a connection whose client has been told that it is SPDY from now on.
void OverTls(TlsStream& tls, const std::function<void(ByteChannel&)>& use);
// Accepts the WebSocket with kTunnelProtocol and gives `use` what is inside its messages. Neither
// throws.
inline constexpr std::string_view kTunnelProtocol = "SPDY/3.1+portforward.k8s.io";
void OverWebSocket(TlsStream& tls,
                   const BeastRequest& request,
                   const std::function<void(ByteChannel&)>& use);

// Both run `context`, whose only work is this, until the client is gone or, for a command, its status
// is told.
void BridgeSpdyCommand(boost::asio::io_context& context,
                       ByteChannel& client,
                       const CommandStreams& streams,
                       AgentStream agent);
void BridgeSpdyForward(boost::asio::io_context& context,
                       ByteChannel& client,
                       const PortOpener& open);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_SPDY_BRIDGE_H_
