// Runs one probe of one container on a thread of its own.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_PROBER_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_PROBER_H_

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/sandbox/node/container.h"
#include "harness/sandbox/node/probe_state.h"

namespace holdfast::sandbox::node {

struct ProbeAttempt {
  bool success = false;
  std::string message;  // What it said, for the event.
};
// One attempt of a probe's exec, tcpSocket or httpGet against the container or the pod's address.
// `ports` are the container's, for probes that name one.
ProbeAttempt TryProbe(const Json& probe,
                      const Json& ports,
                      const Container& container,
                      const std::string& pod_ip,
                      Nanos timeout,
                      std::stop_token stop);

// Stops and joins on destruction (an attempt under way is cut short).
class Prober {
 public:
  // Called from the prober's thread.
  struct Callbacks {
    std::function<void(bool healthy)> verdict;                // Each time a threshold is reached.
    std::function<void(const std::string& message)> failure;  // Each failure that counts.
  };
  Prober(Json probe,
         Json ports,
         std::shared_ptr<Container> container,
         std::string pod_ip,
         bool fast,
         Clock& clock,
         Callbacks callbacks);

 private:
  void Run(const std::stop_token& stop);

  Json probe_;
  Json ports_;
  std::shared_ptr<Container> container_;
  std::string pod_ip_;
  ProbeSettings settings_;
  Clock& clock_;
  Callbacks callbacks_;
  std::jthread thread_;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_PROBER_H_
