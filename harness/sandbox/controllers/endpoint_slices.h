// EndpointSlices: which pods stand behind a service, and whether they are ready.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ENDPOINT_SLICES_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ENDPOINT_SLICES_H_

#include <string>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/controller.h"

namespace holdfast::sandbox {

// Keys are "namespace/name" of services. A service with a selector has one slice, however many pods
// it selects; endpoints are in the order of pod names.
class EndpointSliceController : public Controller {
 public:
  explicit EndpointSliceController(Registry& registry) : registry_(registry) {}
  [[nodiscard]] std::string_view name() const override { return "endpointslice-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  void AddServicesOf(const Json& pod, WorkQueue& queue) const;
  [[nodiscard]] ObjectPtr SliceOf(const Json& service) const;
  Status Write(const Json& service, const Json& endpoints, const Json& ports);

  Registry& registry_;
};

// One endpoint of a slice, for a pod that has an address.
Json EndpointOf(const Json& service, const Json& pod);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ENDPOINT_SLICES_H_
