// How long the controllers wait for nodes that are silent, gone, or hold on to volumes.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NODE_TIMINGS_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NODE_TIMINGS_H_

#include <chrono>

#include "harness/base/clock.h"

namespace holdfast::sandbox {

// The defaults are scaled down, so that a test sees in seconds what takes Kubernetes minutes. With an
// agent's heartbeat every 2 s, five of them are missed before a node counts as silent, as there.
// tolerationSeconds of pods are never scaled.
struct NodeTimings {
  Nanos grace = std::chrono::seconds(10);          // Silence after which a node is unreachable.
  Nanos monitor_period = std::chrono::seconds(1);  // How often the state of all nodes is judged.
  Nanos taint_interval = std::chrono::seconds(1);  // Between two NoExecute taints in one zone.
  Nanos gc_period = std::chrono::seconds(2);       // How often lost pods are looked for.
  Nanos gc_quarantine = std::chrono::seconds(4);   // Before a vanished node's pods are deleted.
  // How long a silent node's volumes count as mounted after their last pod is gone.
  Nanos force_detach = std::chrono::seconds(30);

  // Kubernetes 1.36's own.
  static NodeTimings RealTime() {
    return {.grace = std::chrono::seconds(50),
            .monitor_period = std::chrono::seconds(5),
            .taint_interval = std::chrono::seconds(10),
            .gc_period = std::chrono::seconds(20),
            .gc_quarantine = std::chrono::seconds(40),
            .force_detach = std::chrono::minutes(6)};
  }
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NODE_TIMINGS_H_
