// The types that the two files which know Boost.Beast share. Include it nowhere else: it is slow to
// compile.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_CONNECTION_H_
#define HOLDFAST_HARNESS_SANDBOX_API_CONNECTION_H_

#include <string>
#include <utility>  // Asio 1.74 needs it before its own headers.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "harness/sandbox/api/handler.h"

namespace holdfast::sandbox {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;
using BeastRequest = boost::beast::http::request<boost::beast::http::string_body>;

// "v5.channel.k8s.io" or "v4.channel.k8s.io", the best of those offered, or empty.
std::string ChooseStreamProtocol(const std::string& offered);
enum class StreamKind {
  kCommand,      // exec and attach: ends with the Status of channel 3.
  kPortForward,  // Ends with the agent's connection.
};
// Accepts the upgrade and carries streams between client and agent until one of them ends. Runs
// `context`, whose only work is this. Never throws.
void BridgeStreams(boost::asio::io_context& context,
                   TlsStream& tls,
                   const BeastRequest& request,
                   const std::string& protocol,
                   StreamKind kind,
                   AgentStream agent);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_CONNECTION_H_
