// The end of a stream: everything that was sent arrives, whatever the peer said meanwhile.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include <gtest/gtest.h>

#include "harness/base/clock.h"
#include "harness/sandbox/node/stream_peer.h"

namespace holdfast::sandbox::node {
namespace {

struct Connection {
  FileDescriptor client;
  FileDescriptor server;
};

// Over TCP: only there is a socket reset that is closed with something unread.
Connection Connect() {
  const FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  void* const generic = &address;
  auto* const named = static_cast<sockaddr*>(generic);
  socklen_t length = sizeof address;
  EXPECT_EQ(::bind(listener.get(), named, length), 0);
  EXPECT_EQ(::listen(listener.get(), 1), 0);
  EXPECT_EQ(::getsockname(listener.get(), named, &length), 0);
  Connection made;
  made.client = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(made.client.get(), named, length), 0);
  made.server = FileDescriptor(::accept(listener.get(), nullptr, nullptr));
  return made;
}

std::string ReadAll(int fd) {
  std::string all;
  std::array<char, 4096> piece{};
  for (ssize_t got = 0; (got = ::recv(fd, piece.data(), piece.size(), 0)) > 0;)
    all.append(piece.data(), static_cast<size_t>(got));
  return all;
}

TEST(StreamPeer, ItsLastWordsArriveThoughItReadNothing) {
  Connection made = Connect();
  constexpr int kFrames = 3;
  const std::string words(1'000, 'w');
  const int later = 0;
  ::setsockopt(made.client.get(), IPPROTO_TCP, TCP_QUICKACK, &later, sizeof later);
  ASSERT_EQ(::send(made.client.get(), words.data(), words.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(words.size()));
  std::jthread session([socket = std::move(made.server)](const std::stop_token& stop) mutable {
    StreamPeer peer(std::move(socket), stop);
    // The first small piece goes out at once, the next ones wait until it is acknowledged.
    for (int i = 0; i < kFrames; ++i)
      EXPECT_TRUE(peer.SendFrame(1, "words"));
  });
  // Only an end of the session's, not a reset, comes through here before the client has ended.
  std::array<char, 1> first{};
  ASSERT_EQ(::recv(made.client.get(), first.data(), 1, MSG_PEEK), 1);
  ::shutdown(made.client.get(), SHUT_WR);
  session.join();
  EXPECT_EQ(ReadAll(made.client.get()).size(), kFrames * EncodeFrame(1, "words").size());
}

TEST(StreamPeer, WaitsForNobodyWhenItIsStopped) {
  Connection made = Connect();
  std::stop_source stop;
  stop.request_stop();
  const std::stop_token token = stop.get_token();
  const Deadline deadline(SystemClock(), std::chrono::seconds(4));
  { const StreamPeer peer(std::move(made.server), token); }
  EXPECT_FALSE(deadline.Passed()) << "the client has not ended";
}

}  // namespace
}  // namespace holdfast::sandbox::node
