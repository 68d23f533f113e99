// Port 10250 of the node: streams for the API server (stream_protocol.h).
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_SERVER_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_SERVER_H_

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/node/pod_directory.h"

namespace holdfast::sandbox::node {

// The final Status of channel 3 for an exit code, as the v4 protocol wants it. Pure.
Json ExitStatus(int exit_code);

// Serves until destroyed; sessions that still run are cut.
class StreamServer {
 public:
  // Listens on `address`:`port`; port 0 takes any (see port()). `pods` must outlive the server.
  static Result<std::unique_ptr<StreamServer>> Start(const std::string& address,
                                                     int port,
                                                     Clock& clock,
                                                     const PodDirectory& pods);
  StreamServer(const StreamServer&) = delete;
  StreamServer& operator=(const StreamServer&) = delete;
  ~StreamServer();
  [[nodiscard]] int port() const { return port_; }

 private:
  struct Session {
    std::jthread thread;
    std::atomic<bool> done = false;
  };
  StreamServer(Clock& clock, const PodDirectory& pods) : clock_(clock), pods_(pods) {}
  void Accept(const std::stop_token& stop);

  Clock& clock_;
  const PodDirectory& pods_;
  FileDescriptor listener_;
  int port_ = 0;
  std::list<std::unique_ptr<Session>> sessions_;  // Only the accepting thread.
  std::jthread thread_;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_SERVER_H_
