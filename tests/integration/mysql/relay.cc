#include "tests/integration/mysql/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

namespace holdfast::workloads {
namespace {

constexpr uint32_t kOtherLoopback = INADDR_LOOPBACK + 1;

void Must(bool good) {
  if (!good) std::abort();
}

FileDescriptor NewSocket() {
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Must(fd.valid());
  return fd;
}

sockaddr_in Address(uint32_t host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

int Bind(const FileDescriptor& fd, uint32_t host, int port) {
  const sockaddr_in address = Address(host, port);
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

bool Connect(const FileDescriptor& fd, int port) {
  const sockaddr_in address = Address(INADDR_LOOPBACK, port);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// Until `from` ends; then `to` ends too.
void Pump(int from, int to) {
  std::array<char, 65536> piece{};
  while (true) {
    const ssize_t got = ::recv(from, piece.data(), piece.size(), 0);
    if (got <= 0) break;
    ssize_t sent = 0;
    while (sent < got) {
      const ssize_t done =
          ::send(to, piece.data() + sent, static_cast<size_t>(got - sent), MSG_NOSIGNAL);
      if (done <= 0) break;
      sent += done;
    }
    if (sent < got) break;
  }
  ::shutdown(to, SHUT_WR);
}

}  // namespace

FileDescriptor ConnectPlainly(int port) {
  FileDescriptor fd = NewSocket();
  if (!Connect(fd, port)) fd.Close();
  return fd;
}

Relay::Relay(int server_port) : server_port_(server_port), listener_(NewSocket()) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  Must(Bind(listener_, INADDR_LOOPBACK, 0) == 0 && ::listen(listener_.get(), 64) == 0 &&
       ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { Accept(); });
}

Relay::~Relay() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  for (const FileDescriptor& fd : sockets_)
    ::shutdown(fd.get(), SHUT_RDWR);
  pumps_.clear();
}

void Relay::Accept() {
  int port_before = 0;
  while (true) {
    sockaddr_in theirs{};
    socklen_t size = sizeof theirs;
    FileDescriptor client(
        ::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&theirs), &size, SOCK_CLOEXEC));
    if (!client.valid()) return;
    FileDescriptor server = NewSocket();
    const int yes = 1;
    ::setsockopt(server.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    // Taken already: then any port.
    if (Bind(server, kOtherLoopback, port_before) != 0) Must(Bind(server, kOtherLoopback, 0) == 0);
    port_before = ntohs(theirs.sin_port);
    if (Connect(server, server_port_)) Carry(std::move(client), std::move(server));
  }
}

void Relay::Carry(FileDescriptor client, FileDescriptor server) {
  const int near = client.get();
  const int far = server.get();
  sockets_.push_back(std::move(client));
  sockets_.push_back(std::move(server));
  pumps_.emplace_back([near, far] { Pump(near, far); });
  pumps_.emplace_back([near, far] { Pump(far, near); });
}

}  // namespace holdfast::workloads
