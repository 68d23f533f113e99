#include "tests/unit/kube/connect_proxy.h"

#include <sys/socket.h>

#include <array>

#include "tests/unit/kube/stream_server.h"

namespace holdfast::kube::testing {
namespace {

void SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

// Byte by byte, so that nothing of what follows is taken.
std::string ReadHead(int fd) {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && ::recv(fd, &byte, 1, 0) == 1)
    head += byte;
  return head;
}

void Pump(int from, int to) {
  std::array<char, 65536> piece{};
  for (ssize_t got = 0; (got = ::recv(from, piece.data(), piece.size(), 0)) > 0;)
    SendAll(to, {piece.data(), static_cast<size_t>(got)});
  ::shutdown(to, SHUT_WR);
}

}  // namespace

ConnectProxy::ConnectProxy(int target_port, int status)
    : target_port_(target_port),
      status_(status),
      listener_(ListenOnLoopback(port_)),
      acceptor_([this] { Accept(); }) {}

ConnectProxy::~ConnectProxy() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  for (const FileDescriptor& fd : sockets_)
    ::shutdown(fd.get(), SHUT_RDWR);
  threads_.clear();
}

std::vector<std::string> ConnectProxy::Requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

void ConnectProxy::Accept() {
  while (true) {
    FileDescriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.valid()) return;
    FileDescriptor target = ConnectToLoopback(target_port_);
    threads_.emplace_back([this, near = client.get(), far = target.get()] { Serve(near, far); });
    sockets_.push_back(std::move(client));
    sockets_.push_back(std::move(target));
  }
}

void ConnectProxy::Serve(int client, int target) {
  const std::string head = ReadHead(client);
  {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(head);
  }
  const bool good = status_ == 200 && head.starts_with("CONNECT ");
  SendAll(client, fmt::format("HTTP/1.1 {} Said\r\nVia: 1.1 test\r\n{}\r\n", good ? 200 : status_,
                              good ? "" : "Content-Length: 0\r\n"));
  if (good) {
    const std::jthread back([=] { Pump(target, client); });
    Pump(client, target);
  } else {
    ::shutdown(client, SHUT_RDWR);
  }
}

}  // namespace holdfast::kube::testing
