#include "harness/kube/tunnel.h"

#include <memory>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "harness/base/strings.h"
#include "harness/kube/proxy.h"

namespace holdfast::kube {
namespace {
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

// "%40" as '@'; what is no escape stays.
std::string Unescape(const std::string& text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 32);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    plain += escape ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    if (escape) i += 2;
  }
  return plain;
}

struct Exchange {
  http::request<http::empty_body> request;
  http::response_parser<http::empty_body> answer;
  beast::flat_buffer buffer;
  OnTunnel done;
};

}  // namespace

Result<TunnelProxy> ParseTunnelProxy(const std::string& url) {
  const auto parts = SplitUrl(url);
  if (!parts || (!parts->scheme.empty() && parts->scheme != "http"))
    return Fail(ErrorCode::kInvalidArgument,
                "the proxy that the environment names for https ({}) cannot carry streams such as "
                "exec and port-forward; set HTTPS_PROXY to http://host:port, or name the API "
                "server in NO_PROXY",
                parts ? parts->scheme + "://" + parts->host : "not a URL");
  TunnelProxy proxy{parts->host, parts->port.empty() ? "1080" : parts->port, {}};
  if (!parts->user.empty()) {
    std::string user = Unescape(parts->user);
    if (user.find(':') == std::string::npos) user += ':';
    proxy.authorization = "Basic " + Base64Encode(user);
  }
  return proxy;
}

void OpenTunnel(beast::tcp_stream& stream,
                const TunnelProxy& proxy,
                const std::string& authority,
                OnTunnel done) {
  auto exchange = std::make_shared<Exchange>();
  exchange->done = std::move(done);
  auto& request = exchange->request;
  request.method(http::verb::connect);
  request.target(authority);
  request.set(http::field::host, authority);
  request.set(http::field::user_agent, "holdfast/" HOLDFAST_VERSION);
  if (!proxy.authorization.empty())
    request.set(http::field::proxy_authorization, proxy.authorization);
  http::async_write(stream, request, [&stream, exchange](error_code failed, size_t) {
    if (failed) return exchange->done(failed, 0);
    // Only the header: behind it begins the tunnel, where the API server speaks second.
    http::async_read_header(
        stream, exchange->buffer, exchange->answer, [exchange](error_code error, size_t) {
          exchange->done(error, error ? 0 : static_cast<int>(exchange->answer.get().result_int()));
        });
  });
}

}  // namespace holdfast::kube
