#include "workloads/mysql/own_socket.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace holdfast::workloads::mysql {
namespace {

thread_local SocketWatch* watching = nullptr;

// -1 for what is no internet address.
int PortOf(const sockaddr* address, socklen_t length) {
  if (address == nullptr || length < sizeof(sockaddr_in)) return -1;
  sockaddr_storage copy{};
  std::memcpy(&copy, address, std::min<size_t>(length, sizeof copy));
  const void* const generic = &copy;
  if (copy.ss_family == AF_INET) return ntohs(static_cast<const sockaddr_in*>(generic)->sin_port);
  if (copy.ss_family == AF_INET6)
    return ntohs(static_cast<const sockaddr_in6*>(generic)->sin6_port);
  return -1;
}

}  // namespace

SocketWatch::SocketWatch(int port) : port_(port) { watching = this; }

SocketWatch::~SocketWatch() { watching = nullptr; }

void SocketWatch::Note(int fd, const sockaddr* address, socklen_t length) {
  if (watching == nullptr || PortOf(address, length) != watching->port_) return;
  watching->socket_ = FileDescriptor(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

}  // namespace holdfast::workloads::mysql

extern "C" int ConnectAndNote(int fd, const sockaddr* address, socklen_t length) {
  using Connect = int (*)(int, const sockaddr*, socklen_t);
  static const auto next = reinterpret_cast<Connect>(::dlsym(RTLD_NEXT, "connect"));
  holdfast::workloads::mysql::SocketWatch::Note(fd, address, length);
  return next(fd, address, length);
}

// The program's definition comes before those of shared libraries, also for their own calls.
extern "C" int connect(int, const sockaddr*, socklen_t) __attribute__((alias("ConnectAndNote")));
