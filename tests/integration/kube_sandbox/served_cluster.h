// The sandbox's API server in this process, on loopback, for the harness's own client.
#ifndef HOLDFAST_TESTS_INTEGRATION_KUBE_SANDBOX_SERVED_CLUSTER_H_
#define HOLDFAST_TESTS_INTEGRATION_KUBE_SANDBOX_SERVED_CLUSTER_H_

#include <memory>
#include <string>

#include "harness/kube/client.h"
#include "harness/sandbox/api/api_server.h"
#include "harness/sandbox/api/certificates.h"

namespace holdfast {

// Serves from construction on; failures to start end the test program.
class ServedCluster {
 public:
  ServedCluster();
  ServedCluster(const ServedCluster&) = delete;
  ServedCluster& operator=(const ServedCluster&) = delete;
  ~ServedCluster() = default;

  // Cuts all connections; nobody listens until Serve, which comes back at the same port.
  void Stop() { server_.reset(); }
  void Serve();
  // Another, empty store under the same address: its versions begin anew. Only while stopped.
  void ForgetEverything();

  [[nodiscard]] kube::ClusterAccess Access() const;
  // With short back-offs.
  [[nodiscard]] std::unique_ptr<kube::Client> NewClient() const;
  [[nodiscard]] std::unique_ptr<kube::Client> NewClient(kube::ClusterAccess access) const;
  [[nodiscard]] sandbox::Store& store() { return *store_; }
  [[nodiscard]] sandbox::Registry& registry() { return *registry_; }

 private:
  int port_ = 0;
  sandbox::Certificates certificates_;
  std::unique_ptr<sandbox::Store> store_;
  std::unique_ptr<sandbox::Registry> registry_;
  std::unique_ptr<sandbox::ApiServer> server_;
};

// A ConfigMap with `n` in its data.
Json Counter(const std::string& name, int n);
// A StatefulSet of `replicas` pods with two containers, "main" and "side".
Json Set(const std::string& name, int replicas);
kube::ObjectRef MapRef(const std::string& name);
kube::ObjectRef SetRef(const std::string& name);

}  // namespace holdfast

#endif  // HOLDFAST_TESTS_INTEGRATION_KUBE_SANDBOX_SERVED_CLUSTER_H_
