// The listener: one thread for each session.
#include "harness/sandbox/node/stream_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "harness/sandbox/node/stream_session.h"

namespace holdfast::sandbox::node {

Json ExitStatus(int exit_code) {
  if (exit_code == 0) return {{"metadata", Json::object()}, {"status", "Success"}};
  return {{"metadata", Json::object()},
          {"status", "Failure"},
          {"message",
           fmt::format("command terminated with non-zero exit code: exit status {}", exit_code)},
          {"reason", "NonZeroExitCode"},
          {"details",
           {{"causes",
             Json::array({{{"reason", "ExitCode"}, {"message", std::to_string(exit_code)}}})}}}};
}

Result<std::unique_ptr<StreamServer>> StreamServer::Start(const std::string& address,
                                                          int port,
                                                          Clock& clock,
                                                          const PodDirectory& pods) {
  std::unique_ptr<StreamServer> server(new StreamServer(clock, pods));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<uint16_t>(port));
  if (::inet_pton(AF_INET, address.c_str(), &where.sin_addr) != 1)
    return Fail(ErrorCode::kInvalidArgument, "'{}' is not an IPv4 address", address);
  server->listener_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(server->listener_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  socklen_t size = sizeof where;
  auto* generic = reinterpret_cast<sockaddr*>(&where);
  if (::bind(server->listener_.get(), generic, size) != 0 ||
      ::listen(server->listener_.get(), 64) != 0 ||
      ::getsockname(server->listener_.get(), generic, &size) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot listen on {}:{}: {}", address, port,
                ErrnoText(errno));
  server->port_ = ntohs(where.sin_port);
  StreamServer* raw = server.get();
  server->thread_ = std::jthread([raw](const std::stop_token& stop) { raw->Accept(stop); });
  return server;
}

StreamServer::~StreamServer() = default;

void StreamServer::Accept(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    sessions_.remove_if([](const auto& session) { return session->done.load(); });
    pollfd one{listener_.get(), POLLIN, 0};
    if (::poll(&one, 1, 200) <= 0) continue;
    FileDescriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.valid()) continue;
    auto session = std::make_unique<Session>();
    session->thread = std::jthread([this, raw = session.get(), c = std::move(connection)](
                                       const std::stop_token& session_stop) mutable {
      ServeStream(std::move(c), pods_, clock_, session_stop);
      raw->done = true;
    });
    sessions_.push_back(std::move(session));
  }
  for (const auto& session : sessions_)
    session->thread.request_stop();
  sessions_.clear();
}

}  // namespace holdfast::sandbox::node
