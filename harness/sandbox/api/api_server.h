// The API server on the network: HTTPS with one thread per connection.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_API_SERVER_H_
#define HOLDFAST_HARNESS_SANDBOX_API_API_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "harness/sandbox/api/handler.h"
#include "harness/sandbox/api/node_control.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/defects/defects.h"

namespace holdfast::sandbox {

struct ApiServerOptions {
  std::vector<int> listening_sockets;  // Owned by the server from Start on, also when it fails.
  std::string token;                   // What clients must present; never empty.
  std::string certificate_pem;
  std::string key_pem;
  NodeDialer dial{};  // Empty: DialTcp.
  Defects defects{};
  // Where pods reach the server: what the service "kubernetes" in namespace default leads to. Empty:
  // there is no such service.
  std::string advertised_host{};
  int advertised_port = 0;
  NodeControl* node_control = nullptr;  // Of the machines; must outlive the server. Null: there is none.
};

// Connects by TCP within 5 s.
Result<FileDescriptor> DialTcp(const std::string& node_name,
                               const std::string& internal_ip,
                               int port);

class ApiServer {
 public:
  // Makes the namespaces that every cluster has (default, kube-system, kube-public,
  // kube-node-lease), the two system priority classes and the service "kubernetes", then serves until
  // Stop. `registry` must outlive the server.
  static Result<std::unique_ptr<ApiServer>> Start(Registry& registry, ApiServerOptions options);
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;
  // Ends all connections, watches too, and returns when their threads have ended (below a second
  // unless a node agent is being dialled). Idempotent; called by the destructor.
  void Stop();

 private:
  struct Impl;
  explicit ApiServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_API_SERVER_H_
