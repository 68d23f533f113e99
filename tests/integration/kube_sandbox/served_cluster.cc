// See served_cluster.h. A restart keeps the port, as an API server behind its address does.
#include "tests/integration/kube_sandbox/served_cluster.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace holdfast {
namespace {

constexpr const char* kToken = "open-sesame-of-this-test";

// A listening socket on loopback; port 0 chooses a free one and says which.
int Listen(int& port) {
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(fd.get(), 128) != 0)
    std::abort();
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd.Release();
}

}  // namespace

ServedCluster::ServedCluster()
    : certificates_(sandbox::MakeCertificates({"127.0.0.1", "localhost"}).value()) {
  ForgetEverything();
  Serve();
}

void ServedCluster::ForgetEverything() {
  registry_.reset();
  store_ = std::make_unique<sandbox::Store>(SystemClock());
  registry_ = std::make_unique<sandbox::Registry>(*store_, SystemClock());
}

void ServedCluster::Serve() {
  sandbox::ApiServerOptions options;
  options.listening_sockets = {Listen(port_)};
  options.token = kToken;
  options.certificate_pem = certificates_.certificate_pem;
  options.key_pem = certificates_.key_pem;
  server_ = sandbox::ApiServer::Start(*registry_, std::move(options)).value();
}

kube::ClusterAccess ServedCluster::Access() const {
  kube::ClusterAccess access;
  access.context = "test";
  access.server = fmt::format("https://127.0.0.1:{}", port_);
  access.ca_pem = certificates_.ca_pem;
  access.token = kToken;
  return access;
}

std::unique_ptr<kube::Client> ServedCluster::NewClient() const { return NewClient(Access()); }

std::unique_ptr<kube::Client> ServedCluster::NewClient(kube::ClusterAccess access) const {
  kube::ClientOptions options;
  options.first_backoff = std::chrono::milliseconds(10);
  options.most_backoff = std::chrono::milliseconds(100);
  return kube::Client::Create(std::move(access), options).value();
}

Json Counter(const std::string& name, int n) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", name}}},
          {"data", {{"n", std::to_string(n)}}}};
}

Json Set(const std::string& name, int replicas) {
  const Json container = [](const char* its_name) {
    return Json{{"name", its_name},
                {"image", "example/one:1"},
                {"env", {{{"name", "A"}, {"value", "1"}}, {{"name", "B"}, {"value", "2"}}}}};
  }("main");
  Json side = container;
  side["name"] = "side";
  return {{"apiVersion", "apps/v1"},
          {"kind", "StatefulSet"},
          {"metadata", {{"name", name}, {"labels", {{"app", name}, {"tier", "db"}}}}},
          {"spec",
           {{"serviceName", name},
            {"replicas", replicas},
            {"selector", {{"matchLabels", {{"app", name}}}}},
            {"template",
             {{"metadata", {{"labels", {{"app", name}}}}},
              {"spec", {{"containers", Json::array({container, side})}}}}}}}};
}

kube::ObjectRef MapRef(const std::string& name) {
  return {kube::resources::kConfigMaps, "default", name};
}
kube::ObjectRef SetRef(const std::string& name) {
  return {kube::resources::kStatefulSets, "default", name};
}

}  // namespace holdfast
