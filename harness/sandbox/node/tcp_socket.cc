// Non-blocking sockets and poll.
#include "harness/sandbox/node/tcp_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace holdfast::sandbox::node {
namespace {

// A peer that vanished without a word is noticed within about ten seconds.
void SetSocketOptions(int fd) {
  const auto set = [fd](int level, int option, int value) {
    ::setsockopt(fd, level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 4);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 2);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 10000);
}

}  // namespace

Status AwaitSocket(int fd, short events, const Deadline& deadline, const std::stop_token& stop) {
  while (true) {
    if (stop.stop_requested()) return Fail(ErrorCode::kCancelled, "stopped");
    if (deadline.Passed()) return Fail(ErrorCode::kTimedOut, "no answer in time");
    pollfd one{fd, events, 0};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline.Left()).count();
    if (::poll(&one, 1, static_cast<int>(std::clamp<int64_t>(left, 1, 100))) > 0) return {};
  }
}

Result<FileDescriptor> ConnectTcp(const std::string& host,
                                  int port,
                                  const Deadline& deadline,
                                  const std::stop_token& stop) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
    return Fail(ErrorCode::kInvalidArgument, "'{}' is not an IPv4 address", host);
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Fail(ErrorCode::kUnavailable, "no socket: {}", ErrnoText(errno));
  SetSocketOptions(fd.get());
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno != EINPROGRESS)
      return Fail(ErrorCode::kUnavailable, "cannot reach {}:{}: {}", host, port, ErrnoText(errno));
    HOLDFAST_RETURN_IF_ERROR(AwaitSocket(fd.get(), POLLOUT, deadline, stop));
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0)
      return Fail(ErrorCode::kUnavailable, "cannot reach {}:{}: {}", host, port, ErrnoText(error));
  }
  return fd;
}

}  // namespace holdfast::sandbox::node
