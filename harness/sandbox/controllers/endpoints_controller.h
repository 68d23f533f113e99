// Endpoints, the predecessor of EndpointSlices, for clients that still read them.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ENDPOINTS_CONTROLLER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ENDPOINTS_CONTROLLER_H_

#include <string>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"

namespace holdfast::sandbox {

// Keys are "namespace/name" of services with a selector. At most 1000 addresses; changes within a
// fifth of a second are written together. Source: pkg/controller/endpoint of Kubernetes 1.36.
class EndpointsController : public Controller {
 public:
  EndpointsController(Registry& registry, const ClusterIndex& index)
      : registry_(registry),
        index_(index) {}
  [[nodiscard]] std::string_view name() const override { return "endpoint-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  [[nodiscard]] Json SubsetsOf(const Json& service) const;

  Registry& registry_;
  const ClusterIndex& index_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ENDPOINTS_CONTROLLER_H_
