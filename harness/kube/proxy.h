// Which HTTP proxy stands before the API server, by the environment; the same answer for requests
// (libcurl) and streams (Boost.Beast).
#ifndef HOLDFAST_HARNESS_KUBE_PROXY_H_
#define HOLDFAST_HARNESS_KUBE_PROXY_H_

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::kube {

// "scheme://user@host:port/path", as far as it is there.
struct UrlParts {
  std::string scheme;  // In lower case; empty when there is none.
  std::string user;    // "name:password", as escaped.
  std::string host;    // An IPv6 address without its brackets.
  std::string port;    // Decimal, 1 to 65535, or empty.
  std::string path;    // Begins with '/', does not end with one; or empty.
};
// nullopt for what cannot be a URL: no host, a wrong port, blanks, a query or fragment.
std::optional<UrlParts> SplitUrl(std::string_view url);

// "host:port", an IPv6 address in brackets.
std::string Authority(const std::string& host, const std::string& port);

struct ProxySettings {
  std::string url;
  std::string exceptions;  // Hosts that are reached directly, separated by commas or blanks.
};
// As curl reads them: https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY; no_proxy, NO_PROXY. An empty
// variable counts as none.
ProxySettings ProxyFromEnvironment();

// `settings.url`, or empty when `host` is reached directly: it is this machine (127.0.0.0/8, ::1,
// localhost) or an exception names it. An exception is "*" (every host), a name (that host and all
// below it, whether or not it begins with a dot), an IP address, or a network as "10.0.0.0/8".
std::string ProxyFor(const ProxySettings& settings, const std::string& host);

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_PROXY_H_
