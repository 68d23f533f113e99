// One thread that polls every connection; see tcp_proxy.h.
#include "tests/integration/recover/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace holdfast {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Moves what is there; false at the end of the connection.
bool Move(int from, int to) {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::recv(from, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  return WriteAll(to, {buffer.data(), static_cast<size_t>(got)}, "relay").has_value();
}

}  // namespace

TcpProxy::TcpProxy(int port) : target_(port) {
  listener_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_.get(), 64) != 0 ||
      ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    std::abort();
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

TcpProxy::~TcpProxy() { thread_ = {}; }

void TcpProxy::SetCut(bool cut) {
  const std::lock_guard lock(mutex_);
  cut_ = cut;
  if (cut) pairs_.clear();
}

void TcpProxy::Accept() {
  FileDescriptor in(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!in.valid() || cut_) return;
  FileDescriptor out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = Loopback(target_);
  if (::connect(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    pairs_.push_back({std::move(in), std::move(out)});
}

void TcpProxy::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<pollfd> polled{{listener_.get(), POLLIN, 0}};
    {
      const std::lock_guard lock(mutex_);
      for (const Pair& pair : pairs_) {
        polled.push_back({pair.a.get(), POLLIN, 0});
        polled.push_back({pair.b.get(), POLLIN, 0});
      }
    }
    if (::poll(polled.data(), polled.size(), 50) <= 0) continue;
    const std::lock_guard lock(mutex_);
    // Cut in between: the descriptors are not ours any more.
    if (cut_ && polled.size() > 1) continue;
    std::vector<size_t> ended;
    for (size_t i = 0; 2 * i + 2 < polled.size() && i < pairs_.size(); ++i) {
      bool open = true;
      if (polled[2 * i + 1].revents != 0) open = Move(pairs_[i].a.get(), pairs_[i].b.get());
      if (open && polled[2 * i + 2].revents != 0)
        open = Move(pairs_[i].b.get(), pairs_[i].a.get());
      if (!open) ended.push_back(i);
    }
    for (auto at = ended.rbegin(); at != ended.rend(); ++at)
      pairs_.erase(pairs_.begin() + static_cast<std::ptrdiff_t>(*at));
    if (polled[0].revents != 0) Accept();
  }
}

}  // namespace holdfast
