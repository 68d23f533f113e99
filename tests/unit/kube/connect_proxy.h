// An HTTP proxy on loopback that knows nothing but CONNECT.
#ifndef HOLDFAST_TESTS_UNIT_KUBE_CONNECT_PROXY_H_
#define HOLDFAST_TESTS_UNIT_KUBE_CONNECT_PROXY_H_

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "harness/base/files.h"

namespace holdfast::kube::testing {

// Whatever name a client asks for, it is connected to `target_port` of the loopback: so a test's
// server has a name that is not this machine's. With another `status` than 200 nothing is
// connected.
class ConnectProxy {
 public:
  explicit ConnectProxy(int target_port, int status = 200);
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;
  ~ConnectProxy();
  [[nodiscard]] int port() const { return port_; }
  // The heads of all requests so far, each whole.
  [[nodiscard]] std::vector<std::string> Requests() const;

 private:
  void Accept();
  void Serve(int client, int target);

  int target_port_;
  int status_;
  int port_ = 0;
  FileDescriptor listener_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<FileDescriptor> sockets_;  // The acceptor's own until it has ended; closed last.
  std::vector<std::jthread> threads_;
  std::jthread acceptor_;
};

}  // namespace holdfast::kube::testing

#endif  // HOLDFAST_TESTS_UNIT_KUBE_CONNECT_PROXY_H_
