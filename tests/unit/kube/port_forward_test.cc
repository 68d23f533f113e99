// PortForward against the sandbox's server and the node's own session code; the pod's server is a
// thread of the test.
#include "harness/kube/port_forward.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sandbox/node/port_forward_session.h"

#include "tests/unit/kube/stream_server.h"

namespace holdfast::kube::testing {
namespace {

using ::testing::HasSubstr;

void SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

struct Received {
  std::string bytes;
  int error = 0;  // errno of the end; 0: it ended in order.
};
Received ReceiveAll(int fd) {
  Received received;
  std::array<char, 65536> piece{};
  while (true) {
    const ssize_t got = ::recv(fd, piece.data(), piece.size(), 0);
    if (got < 0) received.error = errno;
    if (got <= 0) return received;
    received.bytes.append(piece.data(), static_cast<size_t>(got));
  }
}

// A server that reads to the end and then answers "<bytes> bytes: <content>".
class CountingServer {
 public:
  CountingServer()
      : listener_(ListenOnLoopback(port_)),
        thread_([this](const std::stop_token& stop) {
          while (true) {
            FileDescriptor client(::accept(listener_.get(), nullptr, nullptr));
            if (stop.stop_requested() || !client.valid()) return;
            clients_.emplace_back([fd = std::move(client)] {
              const Received all = ReceiveAll(fd.get());
              SendAll(fd.get(), fmt::format("{} bytes: {}", all.bytes.size(), all.bytes));
            });
          }
        }) {}
  CountingServer(const CountingServer&) = delete;
  CountingServer& operator=(const CountingServer&) = delete;
  ~CountingServer() {
    thread_.request_stop();
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] int port() const { return port_; }

 private:
  int port_ = 0;
  FileDescriptor listener_;
  std::vector<std::jthread> clients_;
  std::jthread thread_;
};

void Forward(sandbox::node::StreamPeer& peer, const Json& request) {
  sandbox::node::ServePortForward(peer, request, 0);
}

class PortForwardTest : public ::testing::Test {
 protected:
  std::unique_ptr<PortForward> Open(int port,
                                    const PortForwardOptions& options = {},
                                    const std::string& pod = "web-0") {
    return PortForward::Start(server_.Access(), {"default", pod, port}, options).value();
  }
  // Until no connection is open any more: the counters follow the sockets a moment later.
  static PortForwardCounters Settled(const PortForward& forward) {
    const Deadline deadline(SystemClock(), std::chrono::seconds(30));
    while (forward.counters().open > 0 && !deadline.Passed())
      SystemClock().SleepFor(std::chrono::milliseconds(1), {});
    return forward.counters();
  }
  StreamServer server_{Forward};
  CountingServer pod_;
};

TEST_F(PortForwardTest, CarriesBytesAndTheHalfClose) {
  const auto forward = Open(pod_.port());
  const FileDescriptor client = ConnectToLoopback(forward->local_port());
  std::string text;
  for (int i = 0; i < 200000; ++i)
    text += fmt::format("{:07}", i);
  SendAll(client.get(), text);
  ::shutdown(client.get(), SHUT_WR);
  const Received answer = ReceiveAll(client.get());
  EXPECT_EQ(answer.error, 0);
  EXPECT_TRUE(answer.bytes == fmt::format("{} bytes: {}", text.size(), text))
      << answer.bytes.substr(0, 100);
  const PortForwardCounters counters = Settled(*forward);
  EXPECT_EQ(counters.accepted, 1);
  EXPECT_EQ(counters.failed, 0) << counters.last_error;
  EXPECT_EQ(counters.bytes_to_pod, static_cast<int64_t>(text.size()));
  EXPECT_EQ(counters.bytes_from_pod, static_cast<int64_t>(answer.bytes.size()));
}

TEST_F(PortForwardTest, ManyConnectionsAtOnce) {
  const auto forward = Open(pod_.port());
  std::vector<FileDescriptor> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(ConnectToLoopback(forward->local_port()));
    SendAll(clients.back().get(), fmt::format("client {}", i));
  }
  for (int i = 19; i >= 0; --i) {
    const FileDescriptor& client = clients[static_cast<size_t>(i)];
    ::shutdown(client.get(), SHUT_WR);
    const std::string sent = fmt::format("client {}", i);
    EXPECT_EQ(ReceiveAll(client.get()).bytes, fmt::format("{} bytes: {}", sent.size(), sent));
  }
  EXPECT_EQ(Settled(*forward).accepted, 20);
}

TEST_F(PortForwardTest, WithoutHalfCloseASilentPodIsCutAfterTheLinger) {
  PortForwardOptions options;
  options.half_close = false;
  options.linger = std::chrono::milliseconds(200);
  const auto forward = Open(pod_.port(), options);
  const FileDescriptor client = ConnectToLoopback(forward->local_port());
  SendAll(client.get(), "never counted, since the pod is not told the end");
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(ReceiveAll(client.get()).bytes, "");
  EXPECT_EQ(Settled(*forward).failed, 0);
}

TEST_F(PortForwardTest, APortWhereNobodyListensResetsTheClient) {
  int port = 0;
  ListenOnLoopback(port).Close();
  const auto forward = Open(port);
  const FileDescriptor client = ConnectToLoopback(forward->local_port());
  const Received answer = ReceiveAll(client.get());
  EXPECT_EQ(answer.bytes, "");
  EXPECT_EQ(answer.error, ECONNRESET);
  const PortForwardCounters counters = Settled(*forward);
  EXPECT_EQ(counters.failed, 1);
  EXPECT_THAT(counters.last_error, HasSubstr("Connection refused"));
}

TEST_F(PortForwardTest, AMissingPodResetsTheClientAndIsNamed) {
  const auto forward = Open(pod_.port(), {}, "web-9");
  const FileDescriptor client = ConnectToLoopback(forward->local_port());
  EXPECT_EQ(ReceiveAll(client.get()).error, ECONNRESET);
  const PortForwardCounters counters = Settled(*forward);
  EXPECT_EQ(counters.failed, 1);
  EXPECT_THAT(counters.last_error, HasSubstr("web-9"));
}

TEST_F(PortForwardTest, ItsEndResetsWhatIsOpen) {
  auto forward = Open(pod_.port());
  const FileDescriptor client = ConnectToLoopback(forward->local_port());
  SendAll(client.get(), "x");
  const Deadline deadline(SystemClock(), std::chrono::seconds(30));
  while (forward->counters().bytes_to_pod < 1 && !deadline.Passed())
    SystemClock().SleepFor(std::chrono::milliseconds(1), {});
  forward.reset();
  EXPECT_EQ(ReceiveAll(client.get()).error, ECONNRESET);
}

TEST_F(PortForwardTest, ATakenPortIsSaid) {
  const auto first = Open(pod_.port());
  PortForwardOptions options;
  options.local_port = first->local_port();
  const auto second = PortForward::Start(server_.Access(), {"default", "web-0", 80}, options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(PortForward::Start(server_.Access(), {"default", "web-0", 0}, {}));
}

}  // namespace
}  // namespace holdfast::kube::testing
