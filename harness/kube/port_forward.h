// A port of a pod on this machine's loopback, through the API server: what `kubectl port-forward`
// does, so that clients reach pods whose addresses mean nothing here.
#ifndef HOLDFAST_HARNESS_KUBE_PORT_FORWARD_H_
#define HOLDFAST_HARNESS_KUBE_PORT_FORWARD_H_

#include <cstdint>
#include <memory>
#include <string>

#include "harness/base/clock.h"
#include "harness/base/result.h"
#include "harness/kube/kubeconfig.h"

namespace holdfast::kube {

struct PortForwardTarget {
  std::string ns;
  std::string pod;
  int port = 0;  // In the pod.
};

struct PortForwardOptions {
  int local_port = 0;  // 0: any free one.
  Nanos connect_timeout = std::chrono::seconds(15);
  // With a server that knows no half-close (every Kubernetes so far): how long the pod may be
  // silent after the local side ended its own direction, before the connection is cut.
  Nanos linger = std::chrono::seconds(10);
  bool half_close = true;  // Use a half-close where the server knows one (v5.channel.k8s.io).
};

struct PortForwardCounters {
  int64_t accepted = 0;  // Local connections.
  int64_t open = 0;      // Of them, now.
  int64_t failed = 0;    // Ended by an error: no such pod, nobody listens there, a broken link.
  int64_t bytes_to_pod = 0;
  int64_t bytes_from_pod = 0;
  std::string last_error;  // One sentence, or empty.
};

// Listens on 127.0.0.1 and carries each accepted connection over a WebSocket of its own to the pod
// that has the name at that moment: a pod that was replaced is reached by the next connection. A
// connection that cannot be carried on is reset, never closed in order, so that a client does not
// take it for the server's own end. One thread for all connections. Thread-safe.
class PortForward {
 public:
  // Listens at once; the pod and the server are tried with the first connection. kUnavailable when
  // the local port is taken; kInvalidArgument for credentials that cannot be loaded.
  static Result<std::unique_ptr<PortForward>> Start(const ClusterAccess& access,
                                                    const PortForwardTarget& target,
                                                    const PortForwardOptions& options = {});
  PortForward(const PortForward&) = delete;
  PortForward& operator=(const PortForward&) = delete;
  // Resets all connections and waits for the thread.
  virtual ~PortForward() = default;
  [[nodiscard]] virtual int local_port() const = 0;
  [[nodiscard]] virtual PortForwardCounters counters() const = 0;

 protected:
  PortForward() = default;
};

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_PORT_FORWARD_H_
