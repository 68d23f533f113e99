#include "harness/kube/proxy.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <utility>  // Asio 1.74 needs it before its own headers.

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "harness/base/strings.h"

namespace holdfast::kube {
namespace {
namespace ip = boost::asio::ip;
using boost::system::error_code;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

std::string FirstSet(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the environment is never changed.
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

std::optional<ip::address> AddressOf(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  error_code error;
  const ip::address address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return address;
}

template <typename Network, typename Address>
bool Within(const Network& network, const Address& address) {
  return Network(address, network.prefix_length()).canonical() == network.canonical();
}

bool Names(const std::string& exception, const ip::address& address) {
  if (const auto one = AddressOf(exception)) return *one == address;
  error_code error;
  if (address.is_v4()) {
    const auto network = ip::make_network_v4(exception, error);
    return !error && Within(network, address.to_v4());
  }
  const auto network = ip::make_network_v6(exception, error);
  return !error && Within(network, address.to_v6());
}

bool Names(std::string_view exception, std::string_view name) {
  if (exception.starts_with('.')) exception.remove_prefix(1);
  if (exception.ends_with('.')) exception.remove_suffix(1);
  if (exception.empty() || !name.ends_with(exception)) return false;
  return name.size() == exception.size() || name[name.size() - exception.size() - 1] == '.';
}

}  // namespace

std::optional<UrlParts> SplitUrl(std::string_view url) {
  const auto odd = [](char c) { return c <= ' ' || c > '~' || c == '?' || c == '#'; };
  if (std::any_of(url.begin(), url.end(), odd)) return std::nullopt;
  UrlParts parts;
  if (const size_t end = url.find("://"); end != std::string_view::npos) {
    parts.scheme = Lower(url.substr(0, end));
    url.remove_prefix(end + 3);
  }
  const size_t slash = std::min(url.find('/'), url.size());
  parts.path = url.substr(slash);
  while (parts.path.ends_with('/'))
    parts.path.pop_back();
  url = url.substr(0, slash);
  if (const size_t at = url.rfind('@'); at != std::string_view::npos) {
    parts.user = url.substr(0, at);
    url.remove_prefix(at + 1);
  }
  const bool bracket = url.starts_with('[');
  const size_t end = bracket ? url.find(']') : std::min(url.find(':'), url.size());
  if (end == std::string_view::npos) return std::nullopt;
  parts.host = bracket ? url.substr(1, end - 1) : url.substr(0, end);
  url.remove_prefix(bracket ? end + 1 : end);
  if (parts.host.empty() || (!url.empty() && url.front() != ':')) return std::nullopt;
  if (url.empty()) return parts;
  parts.port = url.substr(1);
  const int64_t number = ParseInt(parts.port).value_or(0);
  if (number < 1 || number > 65535) return std::nullopt;
  return parts;
}

std::string Authority(const std::string& host, const std::string& port) {
  const bool address6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", address6 ? "[" : "", host, address6 ? "]" : "", port);
}

ProxySettings ProxyFromEnvironment() {
  return {FirstSet({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}),
          FirstSet({"no_proxy", "NO_PROXY"})};
}

std::string ProxyFor(const ProxySettings& settings, const std::string& host) {
  std::string name = Lower(host);
  if (name.ends_with('.')) name.pop_back();
  const auto address = AddressOf(name);
  if (name == "localhost" || (address && address->is_loopback())) return {};
  std::string exceptions = Lower(settings.exceptions);
  std::replace_if(
      exceptions.begin(), exceptions.end(), [](char c) { return c == ' ' || c == '\t'; }, ',');
  for (const std::string& exception : Split(exceptions, ',')) {
    if (exception == "*" || (address ? Names(exception, *address) : Names(exception, name)))
      return {};
  }
  return settings.url;
}

}  // namespace holdfast::kube
