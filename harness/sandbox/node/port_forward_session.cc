// One poll loop for all ports of a session.
#include "harness/sandbox/node/port_forward_session.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <thread>
#include <vector>

#include "harness/base/clock.h"
#include "harness/sandbox/node/tcp_socket.h"

namespace holdfast::sandbox::node {
namespace {

constexpr Nanos kConnectWithin = std::chrono::seconds(10);
constexpr size_t kMostPending = 1 << 20;  // Beyond it the peer has to wait.
constexpr size_t kMostPorts = 64;         // Two channels each, below the one that closes.

struct Port {
  uint8_t channel = 0;
  int number = 0;
  FileDescriptor pod;
  std::string pending;      // For the pod.
  bool peer_ended = false;  // The peer sends no more.
  bool told_pod = false;    // And the pod was told so.
  bool pod_ended = false;   // The pod sends no more.
  [[nodiscard]] bool done() const { return pod_ended && (peer_ended || !pod.valid()); }
};

std::string PortNumber(int port) {
  return {static_cast<char>(port & 0xFF), static_cast<char>((port >> 8) & 0xFF)};
}

class Forwarding {
 public:
  Forwarding(StreamPeer& peer, bool half_close) : peer_(peer), half_close_(half_close) {}

  bool Open(const std::vector<int>& numbers, pid_t network_pid) {
    for (size_t i = 0; i < numbers.size(); ++i) {
      Port port;
      port.channel = static_cast<uint8_t>(2 * i);
      port.number = numbers[i];
      for (const int channel : {0, 1})
        if (!peer_.SendFrame(static_cast<uint8_t>(port.channel + channel), PortNumber(numbers[i])))
          return false;
      auto connected = ConnectInside(network_pid, numbers[i], peer_.stop());
      if (connected) {
        port.pod = *std::move(connected);
      } else {
        port.pod_ended = true;
        if (!peer_.SendFrame(static_cast<uint8_t>(port.channel + 1),
                             fmt::format("an error occurred forwarding port {}: {}", numbers[i],
                                         connected.error().message)))
          return false;
      }
      ports_.push_back(std::move(port));
    }
    return true;
  }

  void Run() {
    while (!peer_.stop().stop_requested() && TakeFrames() && !Done()) {
      std::vector<pollfd> polls{{peer_.fd(), static_cast<short>(Full() ? 0 : POLLIN), 0}};
      for (const Port& port : ports_) {
        const int events =
            (port.pod_ended ? 0 : POLLIN) | (port.pending.empty() ? 0 : POLLOUT);
        polls.push_back({events == 0 ? -1 : port.pod.get(), static_cast<short>(events), 0});
      }
      ::poll(polls.data(), polls.size(), 200);
      if (polls[0].revents != 0 && !peer_.Receive()) return;
      for (size_t i = 0; i < ports_.size(); ++i) {
        if (polls[i + 1].revents == 0) continue;
        WritePod(ports_[i]);
        if (!ReadPod(ports_[i])) return;
      }
    }
  }

 private:
  [[nodiscard]] bool Full() const {
    size_t pending = 0;
    for (const Port& port : ports_)
      pending += port.pending.size();
    return pending >= kMostPending;
  }
  // Without half-close the pod's end is the end of all.
  [[nodiscard]] bool Done() const {
    for (const Port& port : ports_)
      if (half_close_ ? !port.done() : !port.pod_ended) return false;
    return true;
  }
  bool TakeFrames() {
    while (const auto frame = TakeFrame(peer_.buffer)) {
      const bool close = frame->channel == kCloseChannel && frame->payload.size() == 1;
      const uint8_t channel =
          close ? static_cast<uint8_t>(frame->payload[0]) : frame->channel;
      if (channel % 2 != 0 || channel / 2U >= ports_.size()) continue;
      Port& port = ports_[channel / 2U];
      if (close)
        port.peer_ended = true;
      else if (port.pod.valid() && !port.peer_ended)
        port.pending += frame->payload;
      WritePod(port);
    }
    return true;
  }
  void WritePod(Port& port) {
    while (!port.pending.empty() && port.pod.valid()) {
      const ssize_t size = ::send(port.pod.get(), port.pending.data(), port.pending.size(),
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size > 0) {
        port.pending.erase(0, static_cast<size_t>(size));
      } else {
        if (errno == EAGAIN || errno == EINTR) return;
        port.pending.clear();  // The pod reads no more; what it still says is read.
        port.peer_ended = true;
      }
    }
    if (port.peer_ended && !port.told_pod && port.pod.valid()) {
      ::shutdown(port.pod.get(), SHUT_WR);
      port.told_pod = true;
    }
  }
  bool ReadPod(Port& port) {
    if (port.pod_ended) return true;
    std::array<char, 32768> block{};
    const ssize_t size = ::recv(port.pod.get(), block.data(), block.size(), MSG_DONTWAIT);
    if (size > 0)
      return peer_.SendFrame(port.channel,
                             std::string_view(block.data(), static_cast<size_t>(size)));
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    port.pod_ended = true;
    if (size < 0) {
      const std::string text = fmt::format("an error occurred forwarding port {}: {}", port.number,
                                           ErrnoText(errno));
      port.pod.Close();
      return peer_.SendFrame(static_cast<uint8_t>(port.channel + 1), text);
    }
    return !half_close_ ||
           peer_.SendFrame(kCloseChannel, std::string(1, static_cast<char>(port.channel)));
  }

  StreamPeer& peer_;
  bool half_close_;
  std::vector<Port> ports_;
};

}  // namespace

Result<FileDescriptor> ConnectInside(pid_t network_pid, int port, const std::stop_token& stop) {
  const Deadline deadline(SystemClock(), kConnectWithin);
  if (network_pid == 0) return ConnectTcp("127.0.0.1", port, deadline, stop);
  Result<FileDescriptor> connected = Fail(ErrorCode::kInternal, "not tried");
  // A thread of its own, since entering a network cannot be taken back safely.
  std::thread([&] {
    const std::string path = fmt::format("/proc/{}/ns/net", network_pid);
    const FileDescriptor network(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!network.valid() || ::setns(network.get(), CLONE_NEWNET) != 0)
      connected =
          Fail(ErrorCode::kUnavailable, "cannot enter the pod's network: {}", ErrnoText(errno));
    else
      connected = ConnectTcp("127.0.0.1", port, deadline, stop);
  }).join();
  return connected;
}

void ServePortForward(StreamPeer& peer, const Json& request, pid_t network_pid) {
  std::vector<int> ports;
  for (const Json& port : GetArray(request, {"ports"}))
    if (port.is_number_integer()) ports.push_back(port.get<int>());
  if (ports.empty() || ports.size() > kMostPorts)
    return peer.Refuse(400, "BadRequest", "give 1 to 64 ports to forward");
  if (!peer.Accept()) return;
  Forwarding forwarding(peer, GetBool(request, {"halfClose"}));
  if (forwarding.Open(ports, network_pid)) forwarding.Run();
}

}  // namespace holdfast::sandbox::node
