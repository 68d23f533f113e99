// EndpointSlices: which pods stand behind a service, and whether they are ready.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ENDPOINT_SLICES_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ENDPOINT_SLICES_H_

#include <map>
#include <string>
#include <vector>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller.h"

namespace holdfast::sandbox {

// Keys are "namespace/name" of services. A service with a selector has at least one slice, with at
// most 100 endpoints each. An endpoint keeps its place as long as its pod lives; new ones come last.
class EndpointSliceController : public Controller {
 public:
  // `keep_dead` is a defect: the endpoints of pods that are gone stay, ready as ever.
  EndpointSliceController(Registry& registry, const ClusterIndex& index, bool keep_dead)
      : registry_(registry),
        index_(index),
        keep_dead_(keep_dead) {}
  [[nodiscard]] std::string_view name() const override { return "endpointslice-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  // What was made of a pod's version; made again when the pod or the service changes.
  struct Made {
    uint64_t version = 0;
    Json endpoint;
  };
  struct Memory {
    uint64_t service_version = 0;
    std::map<std::string, Made> endpoints;  // By key of the pod.
  };
  void AddServicesOf(const Json& pod, WorkQueue& queue) const;
  [[nodiscard]] std::vector<ObjectPtr> SlicesOf(const Json& service) const;
  // Endpoints of the pods that are selected now, by uid; `ports` receives those of the first.
  std::map<std::string, Json> EndpointsOf(const std::string& key,
                                          const StoredObject& service,
                                          Json* ports);
  // What stays of a slice: endpoints whose pods are still wanted, with their present state; they are
  // taken out of `wanted`.
  [[nodiscard]] Json KeepOf(const Json& slice, std::map<std::string, Json>& wanted) const;
  Status Write(const Json& service, const ObjectPtr& slice, const Json& endpoints, const Json& ports);

  Registry& registry_;
  const ClusterIndex& index_;
  bool keep_dead_;
  std::map<std::string, Memory> memory_;  // By key of the service.
};

// The ports of a service as numbers on this pod.
Json ServicePorts(const Json& service, const Json& pod);
// One endpoint of a slice, for a pod that has an address.
Json EndpointOf(const Json& service, const Json& pod);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_ENDPOINT_SLICES_H_
