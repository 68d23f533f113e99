#include "tests/unit/kube/stream_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

namespace holdfast::kube::testing {
namespace {

constexpr const char* kToken = "the-token-of-this-test";

void Must(bool good) {
  if (!good) std::abort();
}

}  // namespace

FileDescriptor ListenOnLoopback(int& port) {
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  Must(::bind(fd.get(), generic, size) == 0 && ::listen(fd.get(), 64) == 0 &&
       ::getsockname(fd.get(), generic, &size) == 0);
  port = ntohs(address.sin_port);
  return fd;
}

FileDescriptor ConnectToLoopback(int port) {
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Must(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  timeval patience{30, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

StreamServer::StreamServer(Agent agent)
    : certificates_(sandbox::MakeCertificates({"127.0.0.1", "localhost"}).value()),
      agent_(std::move(agent)) {
  sandbox::ApiServerOptions options;
  options.listening_sockets = {ListenOnLoopback(port_).Release()};
  options.token = kToken;
  options.certificate_pem = certificates_.certificate_pem;
  options.key_pem = certificates_.key_pem;
  options.dial = [this](const std::string&, const std::string&, int) -> Result<FileDescriptor> {
    std::array<int, 2> pair{};
    Must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
    const std::scoped_lock lock(mutex_);
    agents_.emplace_back([this, fd = pair[1]] {
      const std::stop_token stop = stop_.get_token();
      sandbox::node::StreamPeer peer{FileDescriptor(fd), stop};
      const auto line = peer.ReadLine();
      if (!line) return;
      agent_(peer, ParseJson(*line).value());
    });
    return FileDescriptor(pair[0]);
  };
  server_ = sandbox::ApiServer::Start(registry_, std::move(options)).value();
  Must(registry_
           .Create("nodes", "",
                   {{"metadata", {{"name", "n1"}}},
                    {"status",
                     {{"addresses", {{{"type", "InternalIP"}, {"address", "127.0.0.1"}}}}}}})
           .has_value());
  Must(registry_
           .Create("pods", "default",
                   {{"metadata", {{"name", "web-0"}}},
                    {"spec", {{"containers", {{{"name", "main"}, {"image", "i:1"}}}}}}})
           .has_value());
  Must(registry_
           .Edit("pods", "default", "web-0", "",
                 [](Json& pod) -> Status {
                   pod["spec"]["nodeName"] = "n1";
                   pod["status"]["phase"] = "Running";
                   return {};
                 })
           .has_value());
}

StreamServer::~StreamServer() {
  stop_.request_stop();
  server_.reset();
  agents_.clear();
}

ClusterAccess StreamServer::Access() const {
  ClusterAccess access;
  access.server = fmt::format("https://127.0.0.1:{}", port_);
  access.ca_pem = certificates_.ca_pem;
  access.token = kToken;
  return access;
}

}  // namespace holdfast::kube::testing
