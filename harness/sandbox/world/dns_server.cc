#include "harness/sandbox/world/dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace holdfast::sandbox {
namespace {

// The socket interface takes every address family through this one type.
sockaddr* Generic(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(
      &address);  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
}

Result<FileDescriptor> Bind(int type, const std::string& text, uint16_t port) {
  FileDescriptor fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  const int on = 1;
  if (!fd.valid() || ::inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1 ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(fd.get(), Generic(address), sizeof address) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot serve DNS on {}:{}: {}", text, port,
                ErrnoText(errno));
  return fd;
}

// Reads exactly `size` bytes, or false when the client ends or takes too long.
bool ReadExactly(int fd, char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t count = ::recv(fd, bytes, size, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<DnsServer>> DnsServer::Start(const Zone& zone,
                                                    const std::string& address,
                                                    uint16_t port) {
  HOLDFAST_ASSIGN(FileDescriptor udp, Bind(SOCK_DGRAM, address, port));
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  ::getsockname(udp.get(), Generic(bound), &size);
  const uint16_t chosen = ntohs(bound.sin_port);
  HOLDFAST_ASSIGN(FileDescriptor tcp, Bind(SOCK_STREAM, address, chosen));
  if (::listen(tcp.get(), 64) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot serve DNS on {}:{}: {}", address, chosen,
                ErrnoText(errno));
  std::unique_ptr<DnsServer> server(new DnsServer(zone, std::move(udp), std::move(tcp), chosen));
  server->thread_ =
      std::jthread([raw = server.get()](const std::stop_token& stop) { raw->Serve(stop); });
  return server;
}

void DnsServer::Serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::array<pollfd, 2> polls{pollfd{udp_.get(), POLLIN, 0}, pollfd{tcp_.get(), POLLIN, 0}};
    ::poll(polls.data(), polls.size(), 100);
    if (polls[0].revents != 0) AnswerDatagram();
    if (polls[1].revents != 0) AnswerConnection();
  }
}

void DnsServer::AnswerDatagram() {
  std::array<char, 4096> query{};
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const ssize_t count = ::recvfrom(udp_.get(), query.data(), query.size(), 0, Generic(from), &size);
  if (count <= 0) return;
  const std::string answer =
      AnswerDns(std::string_view(query.data(), static_cast<size_t>(count)), zone_);
  if (!answer.empty())
    ::sendto(udp_.get(), answer.data(), answer.size(), MSG_NOSIGNAL, Generic(from), size);
}

void DnsServer::AnswerConnection() {
  const FileDescriptor client(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!client.valid()) return;
  const timeval patience{1, 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(client.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  std::array<char, 2> length{};
  if (!ReadExactly(client.get(), length.data(), length.size())) return;
  std::string query(
      static_cast<size_t>(static_cast<uint8_t>(length[0]) << 8 | static_cast<uint8_t>(length[1])),
      '\0');
  if (!ReadExactly(client.get(), query.data(), query.size())) return;
  const std::string answer = AnswerDns(query, zone_, 65535);
  if (answer.empty()) return;
  std::string framed;
  framed += static_cast<char>(answer.size() >> 8 & 0xFF);
  framed += static_cast<char>(answer.size() & 0xFF);
  framed += answer;
  ::send(client.get(), framed.data(), framed.size(), MSG_NOSIGNAL);
}

}  // namespace holdfast::sandbox
