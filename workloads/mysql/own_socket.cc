#include "workloads/mysql/own_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>

#include "harness/base/strings.h"

namespace holdfast::workloads::mysql {
namespace {

int PortOf(const sockaddr_storage& address) {
  const void* const generic = &address;
  if (address.ss_family == AF_INET)
    return ntohs(static_cast<const sockaddr_in*>(generic)->sin_port);
  if (address.ss_family == AF_INET6)
    return ntohs(static_cast<const sockaddr_in6*>(generic)->sin6_port);
  return -1;
}

bool Matches(int fd, int remote_port, int local_port) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  void* const generic = &address;
  if (::getpeername(fd, static_cast<sockaddr*>(generic), &length) != 0 ||
      PortOf(address) != remote_port)
    return false;
  length = sizeof address;
  return ::getsockname(fd, static_cast<sockaddr*>(generic), &length) == 0 &&
         PortOf(address) == local_port;
}

}  // namespace

FileDescriptor DuplicateSocket(int remote_port, int local_port) {
  int found = -1;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const auto fd = ParseInt(entry.path().filename().string());
    if (!fd || !Matches(static_cast<int>(*fd), remote_port, local_port)) continue;
    if (found >= 0) return {};
    found = static_cast<int>(*fd);
  }
  if (found < 0) return {};
  FileDescriptor copy(::fcntl(found, F_DUPFD_CLOEXEC, 0));
  // Another thread may have closed and reused the number in between.
  if (!copy.valid() || !Matches(copy.get(), remote_port, local_port)) return {};
  return copy;
}

}  // namespace holdfast::workloads::mysql
