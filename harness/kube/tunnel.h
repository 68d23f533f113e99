// Asks an HTTP proxy for a way through to the API server: the method CONNECT (RFC 9110, 9.3.6).
// Internal to harness/kube.
#ifndef HOLDFAST_HARNESS_KUBE_TUNNEL_H_
#define HOLDFAST_HARNESS_KUBE_TUNNEL_H_

#include <functional>
#include <string>
#include <utility>  // Asio 1.74 needs it before its own headers.

#include <boost/beast/core/tcp_stream.hpp>

#include "harness/base/result.h"

namespace holdfast::kube {

struct TunnelProxy {
  std::string host;
  std::string port;
  std::string authorization;  // The header Proxy-Authorization, or empty.
};
// From the URL of a variable such as HTTPS_PROXY, as curl reads it: no scheme means http, no port
// 1080. kInvalidArgument for what is not an http proxy; the error holds no password.
Result<TunnelProxy> ParseTunnelProxy(const std::string& url);

// The status of the proxy's answer; from 200 to 299 what follows on the stream is the target's.
using OnTunnel = std::function<void(boost::system::error_code error, int status)>;
// `stream` is connected to `proxy`, its expiry holds, and it lives until `done` is called.
void OpenTunnel(boost::beast::tcp_stream& stream,
                const TunnelProxy& proxy,
                const std::string& authority,
                OnTunnel done);

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_TUNNEL_H_
