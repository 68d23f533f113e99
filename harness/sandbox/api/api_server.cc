#include "harness/sandbox/api/api_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "harness/sandbox/api/serve_connection.h"

namespace holdfast::sandbox {
namespace {

constexpr int kDialMilliseconds = 5000;
constexpr int kLookMilliseconds = 1000;

Status MakeSystemNamespaces(Registry& registry) {
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
    if (registry.store().Get("namespaces", "", name)) continue;
    const auto made = registry.Create("namespaces", "", {{"metadata", {{"name", name}}}});
    if (!made) return Fail(made.error());
  }
  return {};
}

Status MakeSystemPriorities(Registry& registry) {
  struct Entry {
    const char* name;
    int64_t value;
    const char* description;
  };
  for (const Entry& entry :
       {Entry{"system-cluster-critical", 2'000'000'000,
              "For pods that must run in the cluster, but may move between nodes."},
        Entry{"system-node-critical", 2'000'001'000,
              "For pods that must not be moved from their node."}}) {
    if (registry.store().Get("priorityclasses", "", entry.name)) continue;
    const auto made = registry.Create("priorityclasses", "",
                                      {{"metadata", {{"name", entry.name}}},
                                       {"value", entry.value},
                                       {"description", entry.description}});
    if (!made) return Fail(made.error());
  }
  return {};
}

// The service by which a cluster's own API is known; clients read the family of its address off it.
// Its endpoints are no controller's, since it selects no pods.
Status MakeOwnService(Registry& registry, const std::string& host, int port) {
  if (host.empty()) return {};
  const Json labels = {{"component", "apiserver"}, {"provider", "kubernetes"}};
  const auto made = [&](const char* resource, Json object) -> Status {
    object["metadata"]["name"] = "kubernetes";
    object["metadata"]["namespace"] = "default";
    if (registry.store().Get(resource, "default", "kubernetes")) return {};
    const auto created = registry.Create(resource, "default", std::move(object));
    return created ? Status() : Status(Fail(created.error()));
  };
  HOLDFAST_RETURN_IF_ERROR(made(
      "services",
      {{"metadata", {{"labels", labels}}},
       {"spec",
        {{"clusterIP", "10.96.0.1"},
         {"clusterIPs", Json::array({"10.96.0.1"})},
         {"ports", {{{"name", "https"}, {"port", 443}, {"targetPort", port}, {"protocol", "TCP"}}}}}}}));
  HOLDFAST_RETURN_IF_ERROR(
      made("endpoints",
           {{"metadata", {{"labels", {{"endpointslice.kubernetes.io/skip-mirror", "true"}}}}},
            {"subsets",
             {{{"addresses", {{{"ip", host}}}},
               {"ports", {{{"name", "https"}, {"port", port}, {"protocol", "TCP"}}}}}}}}));
  return made("endpointslices",
              {{"metadata", {{"labels", {{"kubernetes.io/service-name", "kubernetes"}}}}},
               {"addressType", "IPv4"},
               {"endpoints",
                Json::array({{{"addresses", Json::array({host})}, {"conditions", {{"ready", true}}}}})},
               {"ports", {{{"name", "https"}, {"port", port}, {"protocol", "TCP"}}}}});
}

}  // namespace

struct ApiServer::Impl {
  struct Client {
    FileDescriptor socket;
    std::thread thread;
    std::atomic<bool> done{false};
    RequestTimer timer;
  };

  Impl(Registry& registry, std::string token, NodeDialer dial, Defects defects)
      : handler(registry, std::move(token), std::move(dial), defects) {}

  void Accept(int listener) {
    while (!stopping) {
      pollfd waiting[] = {{listener, POLLIN, 0}, {stop_event.get(), POLLIN, 0}};
      const int ready = ::poll(waiting, 2, kLookMilliseconds);
      if (ready < 0 && errno != EINTR) return;
      if (ready <= 0) CutOffTheLate();
      if (stopping || ready <= 0 || (waiting[0].revents & POLLIN) == 0) continue;
      const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) Adopt(fd);
    }
  }
  void Adopt(int fd) {
    const std::lock_guard lock(mutex);
    Reap();
    Client& client = clients.emplace_back();
    client.socket = FileDescriptor(fd);
    client.thread = std::thread([this, &client] {
      ServeConnection(client.socket.get(), *tls, handler, client.timer);
      ::shutdown(client.socket.get(), SHUT_RDWR);
      client.done = true;
    });
  }
  void CutOffTheLate() {
    const std::lock_guard lock(mutex);
    Reap();
    for (const Client& client : clients)
      if (client.timer.Late()) ::shutdown(client.socket.get(), SHUT_RDWR);
  }
  // Joins the threads that have ended. REQUIRES mutex.
  void Reap() {
    for (auto at = clients.begin(); at != clients.end();) {
      if (!at->done) {
        ++at;
        continue;
      }
      at->thread.join();
      at = clients.erase(at);
    }
  }

  ApiHandler handler;
  std::unique_ptr<TlsSettings> tls;
  std::vector<FileDescriptor> listeners;
  FileDescriptor stop_event;
  std::atomic<bool> stopping{false};
  std::vector<std::thread> acceptors;
  std::mutex mutex;
  std::list<Client> clients;
};

Result<FileDescriptor> DialTcp(const std::string& node_name,
                               const std::string& internal_ip,
                               int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (::inet_pton(AF_INET, internal_ip.c_str(), &address.sin_addr) != 1)
    return Fail(ErrorCode::kUnavailable, "node {} has no InternalIP", node_name);
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Fail(ErrorCode::kUnavailable, "{}", ErrnoText(errno));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS)
    return Fail(ErrorCode::kUnavailable, "{}:{}: {}", internal_ip, port, ErrnoText(errno));
  pollfd waiting{fd.get(), POLLOUT, 0};
  if (::poll(&waiting, 1, kDialMilliseconds) <= 0)
    return Fail(ErrorCode::kUnavailable, "{}:{}: no connection within 5 s", internal_ip, port);
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0)
    return Fail(ErrorCode::kUnavailable, "{}:{}: {}", internal_ip, port, ErrnoText(error));
  const int flags = ::fcntl(fd.get(), F_GETFL);
  ::fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK);
  return fd;
}

ApiServer::ApiServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiServer::~ApiServer() { Stop(); }

Result<std::unique_ptr<ApiServer>> ApiServer::Start(Registry& registry, ApiServerOptions options) {
  std::vector<FileDescriptor> listeners;
  for (const int fd : options.listening_sockets)
    listeners.emplace_back(fd);
  if (options.token.empty())
    return Fail(ErrorCode::kInvalidArgument, "the API server needs a token for its clients");
  if (!options.dial) options.dial = DialTcp;
  HOLDFAST_ASSIGN(auto tls, TlsSettings::Make(options.certificate_pem, options.key_pem));
  HOLDFAST_RETURN_IF_ERROR(MakeSystemNamespaces(registry));
  HOLDFAST_RETURN_IF_ERROR(MakeSystemPriorities(registry));
  HOLDFAST_RETURN_IF_ERROR(
      MakeOwnService(registry, options.advertised_host, options.advertised_port));
  auto impl = std::make_unique<Impl>(registry, std::move(options.token), std::move(options.dial),
                                     options.defects);
  impl->handler.SetNodeControl(options.node_control);
  impl->tls = std::move(tls);
  impl->listeners = std::move(listeners);
  impl->stop_event = FileDescriptor(::eventfd(0, EFD_CLOEXEC));
  if (!impl->stop_event.valid())
    return Fail(ErrorCode::kUnavailable, "no event descriptor for the API server: {}",
                ErrnoText(errno));
  Impl* const at = impl.get();
  for (const FileDescriptor& listener : impl->listeners)
    impl->acceptors.emplace_back([at, fd = listener.get()] { at->Accept(fd); });
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(impl)));
}

void ApiServer::Stop() {
  if (impl_->stopping.exchange(true)) return;
  impl_->handler.Stop();
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(impl_->stop_event.get(), &one, sizeof one);
  for (std::thread& acceptor : impl_->acceptors)
    acceptor.join();
  for (FileDescriptor& listener : impl_->listeners)
    listener.Close();
  const std::lock_guard lock(impl_->mutex);
  for (const Impl::Client& client : impl_->clients)
    ::shutdown(client.socket.get(), SHUT_RDWR);
  for (Impl::Client& client : impl_->clients)
    client.thread.join();
  impl_->clients.clear();
}

}  // namespace holdfast::sandbox
