// Runs a command inside a container of a pod, as `kubectl exec` does: WebSocket with the
// subprotocols v5.channel.k8s.io and v4.channel.k8s.io.
#ifndef HOLDFAST_HARNESS_KUBE_EXEC_H_
#define HOLDFAST_HARNESS_KUBE_EXEC_H_

#include <stop_token>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/result.h"
#include "harness/kube/kubeconfig.h"

namespace holdfast::kube {

struct ExecRequest {
  std::string ns;
  std::string pod;
  std::string container;             // Empty: the only one, or the pod's default.
  std::vector<std::string> command;  // argv; no shell is put in between.
  std::string input;                 // Given on standard input, which then ends.
  Nanos timeout = std::chrono::seconds(30);
  size_t most_output = size_t{16} << 20U;  // Of each stream, bytes.
};

struct ExecResult {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Blocks until the command ended; a non-zero exit code is a result. No other thread is started;
// thread-safe. Errors: what the API server says (kNotFound: no such pod, kRefused, kInvalidArgument,
// kUnavailable) and kUnavailable when it cannot be reached: the command surely did not run.
// kIndeterminate when the connection broke, the time was over or too much came after the command
// was started: it may have run, and may still run. kCancelled on a stop, with the same uncertainty.
// kInvalidArgument for a command that the container cannot run. Input needs a server that speaks v5
// (Kubernetes 1.30 and newer): v4 cannot end it, and the command is not run then.
Result<ExecResult> Exec(const ClusterAccess& access,
                        const ExecRequest& request,
                        std::stop_token stop = {});

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_EXEC_H_
