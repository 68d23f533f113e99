// A TCP relay on loopback that a test can cut: what is behind it is then not there.
#ifndef HOLDFAST_TESTS_INTEGRATION_RECOVER_TCP_PROXY_H_
#define HOLDFAST_TESTS_INTEGRATION_RECOVER_TCP_PROXY_H_

#include <mutex>
#include <thread>
#include <vector>

#include "harness/base/files.h"

namespace holdfast {

class TcpProxy {
 public:
  // Relays to 127.0.0.1:`port`.
  explicit TcpProxy(int port);
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;
  ~TcpProxy();
  [[nodiscard]] int port() const { return port_; }
  // Ends all connections; new ones are ended at once until `cut` is false again.
  void SetCut(bool cut);

 private:
  void Run(const std::stop_token& stop);
  void Accept();
  struct Pair {
    FileDescriptor a;
    FileDescriptor b;
  };
  const int target_;
  int port_ = 0;
  FileDescriptor listener_;
  std::mutex mutex_;
  bool cut_ = false;
  std::vector<Pair> pairs_;
  std::jthread thread_;
};

}  // namespace holdfast

#endif  // HOLDFAST_TESTS_INTEGRATION_RECOVER_TCP_PROXY_H_
