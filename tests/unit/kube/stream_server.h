// The sandbox's API server with one running pod, web-0, whose node agent a test plays.
#ifndef HOLDFAST_TESTS_UNIT_KUBE_STREAM_SERVER_H_
#define HOLDFAST_TESTS_UNIT_KUBE_STREAM_SERVER_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "harness/base/files.h"
#include "harness/kube/kubeconfig.h"
#include "harness/sandbox/api/api_server.h"
#include "harness/sandbox/api/certificates.h"
#include "harness/sandbox/node/stream_peer.h"

namespace holdfast::kube::testing {

// What the agent does with one call, on a thread of its own, after it has read the request.
using Agent = std::function<void(sandbox::node::StreamPeer& peer, const Json& request)>;

class StreamServer {
 public:
  explicit StreamServer(Agent agent);
  StreamServer(const StreamServer&) = delete;
  StreamServer& operator=(const StreamServer&) = delete;
  ~StreamServer();
  [[nodiscard]] ClusterAccess Access() const;

 private:
  sandbox::Certificates certificates_;
  sandbox::Store store_{SystemClock()};
  sandbox::Registry registry_{store_, SystemClock()};
  Agent agent_;
  int port_ = 0;
  std::stop_source stop_;
  std::mutex mutex_;
  std::vector<std::jthread> agents_;
  std::unique_ptr<sandbox::ApiServer> server_;
};

// A listening socket on a free port of the loopback.
FileDescriptor ListenOnLoopback(int& port);
FileDescriptor ConnectToLoopback(int port);

}  // namespace holdfast::kube::testing

#endif  // HOLDFAST_TESTS_UNIT_KUBE_STREAM_SERVER_H_
