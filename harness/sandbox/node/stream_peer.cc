#include "harness/sandbox/node/stream_peer.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/sandbox/node/tcp_socket.h"

namespace holdfast::sandbox::node {
namespace {

constexpr size_t kLongestRequest = 1 << 20;
constexpr Nanos kLinger = std::chrono::seconds(5);

}  // namespace

StreamPeer::~StreamPeer() {
  ::shutdown(fd(), SHUT_WR);
  const Deadline deadline(SystemClock(), kLinger);
  do
    buffer.clear();
  while (AwaitSocket(fd(), POLLIN, deadline, stop_) && Receive());
}

bool StreamPeer::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size > 0) {
      bytes.remove_prefix(static_cast<size_t>(size));
    } else if (errno == EAGAIN || errno == EINTR) {
      const Deadline deadline(SystemClock(), std::chrono::minutes(5));
      if (!AwaitSocket(fd(), POLLOUT, deadline, stop_)) return false;
    } else {
      return false;
    }
  }
  return true;
}

bool StreamPeer::Receive() {
  std::array<char, 65536> block{};
  const ssize_t size = ::recv(fd(), block.data(), block.size(), MSG_DONTWAIT);
  if (size > 0) buffer.append(block.data(), static_cast<size_t>(size));
  return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

std::optional<std::string> StreamPeer::ReadLine() {
  const Deadline deadline(SystemClock(), std::chrono::seconds(30));
  while (buffer.size() < kLongestRequest) {
    if (auto line = TakeLine(buffer)) return line;
    if (!AwaitSocket(fd(), POLLIN, deadline, stop_) || !Receive()) return std::nullopt;
  }
  return std::nullopt;
}

void StreamPeer::Refuse(int status, const std::string& reason, const std::string& message) {
  Send(DumpJson({{"ok", false}, {"status", status}, {"reason", reason}, {"message", message}}) +
       "\n");
}

}  // namespace holdfast::sandbox::node
