// Puts the controllers together.
#include "harness/sandbox/controllers/controller_manager.h"

#include "harness/sandbox/controllers/attach_controller.h"
#include "harness/sandbox/controllers/deployment_controller.h"
#include "harness/sandbox/controllers/disruption_controller.h"
#include "harness/sandbox/controllers/endpoint_slices.h"
#include "harness/sandbox/controllers/endpoints_controller.h"
#include "harness/sandbox/controllers/garbage_collector.h"
#include "harness/sandbox/controllers/namespace_controller.h"
#include "harness/sandbox/controllers/node_lifecycle.h"
#include "harness/sandbox/controllers/pod_gc.h"
#include "harness/sandbox/controllers/replica_set_controller.h"
#include "harness/sandbox/controllers/scheduler.h"
#include "harness/sandbox/controllers/stateful_set_controller.h"
#include "harness/sandbox/controllers/storage.h"
#include "harness/sandbox/controllers/storage_protection.h"
#include "harness/sandbox/controllers/taint_eviction.h"
#include "harness/sandbox/controllers/volume_backend.h"
#include "harness/sandbox/controllers/volume_binder.h"
#include "harness/sandbox/controllers/volume_expander.h"
#include "harness/sandbox/controllers/volume_provisioner.h"

namespace holdfast::sandbox {
namespace {

Status CreateOnce(Registry& registry,
                  const std::string& resource,
                  const std::string& ns,
                  Json object) {
  const auto created = registry.Create(resource, ns, std::move(object));
  if (created || created.error().reason == "AlreadyExists") return {};
  return Fail(created.error());
}

struct StorageClassRow {
  const char* name;
  const char* provisioner;
  const char* reclaim;
  const char* binding;
  bool expandable;
  bool is_default;
};
constexpr StorageClassRow kStorageClasses[] = {
    {"standard", kDriver, "Delete", "Immediate", true, true},
    {"standard-wait", kDriver, "Delete", "WaitForFirstConsumer", true, false},
    {"local", kLocalProvisioner, "Delete", "WaitForFirstConsumer", false, false},
    {"retain", kDriver, "Retain", "Immediate", true, false},
};

Json MakeStorageClass(const StorageClassRow& row) {
  Json storage_class = {{"apiVersion", "storage.k8s.io/v1"}, {"kind", "StorageClass"},
                        {"metadata", {{"name", row.name}}},  {"provisioner", row.provisioner},
                        {"reclaimPolicy", row.reclaim},      {"volumeBindingMode", row.binding}};
  if (row.expandable) storage_class["allowVolumeExpansion"] = true;
  if (row.is_default) storage_class["metadata"]["annotations"] = {{kDefaultClass, "true"}};
  return storage_class;
}

}  // namespace

Status Bootstrap(Registry& registry, const ControllerOptions& options) {
  NamespaceController namespaces(registry, options.ca_pem);
  for (const char* name : {"default", "kube-system", "kube-node-lease", "kube-public"}) {
    HOLDFAST_RETURN_IF_ERROR(
        CreateOnce(registry, "namespaces", "", {{"metadata", {{"name", name}}}}));
    HOLDFAST_RETURN_IF_ERROR(namespaces.Furnish(name));
  }
  for (const StorageClassRow& row : kStorageClasses)
    HOLDFAST_RETURN_IF_ERROR(CreateOnce(registry, "storageclasses", "", MakeStorageClass(row)));
  return {};
}

ControllerLoops MakeControllerLoops(Registry& registry, const ControllerOptions& options) {
  // The scheduler comes before the binder: a new pod is first seen to lack its claims, then the
  // claims are provisioned, as on a real cluster, where provisioning is the slower of the two.
  auto index = std::make_unique<ClusterIndex>();
  std::vector<std::unique_ptr<Controller>> control;
  control.push_back(
      std::make_unique<StatefulSetController>(registry, *index, options.defects));
  control.push_back(std::make_unique<DeploymentController>(registry, *index));
  control.push_back(std::make_unique<ReplicaSetController>(registry, *index));
  control.push_back(std::make_unique<DisruptionController>(registry, *index));
  control.push_back(std::make_unique<Scheduler>(registry, *index));
  control.push_back(std::make_unique<VolumeBinder>(registry, *index));
  control.push_back(std::make_unique<VolumeExpander>(registry, *index));
  control.push_back(std::make_unique<StorageProtection>(registry, *index));
  const AttachTimings attach{.attach = options.attach_delay,
                             .detach = options.detach_delay,
                             .force_detach = options.nodes.force_detach};
  control.push_back(std::make_unique<AttachController>(
      registry, *index, attach, options.defects.Has(Defect::kVolumeAttachedTwice)));
  control.push_back(std::make_unique<EndpointSliceController>(
      registry, *index, options.defects.Has(Defect::kEndpointOfDeadPod)));
  control.push_back(std::make_unique<EndpointsController>(registry, *index));
  control.push_back(std::make_unique<GarbageCollector>(registry));
  control.push_back(std::make_unique<NamespaceController>(registry, options.ca_pem));
  control.push_back(std::make_unique<NodeLifecycleController>(registry, *index, options.nodes));
  control.push_back(std::make_unique<TaintEvictionController>(registry, *index));
  control.push_back(std::make_unique<PodGarbageCollector>(registry, *index, options.nodes));
  std::vector<std::unique_ptr<Controller>> storage;
  storage.push_back(std::make_unique<VolumeProvisioner>(
      registry, std::make_unique<DirectoryBackend>(options.volume_root)));
  return {std::make_unique<ControllerLoop>(registry.store(), registry.clock(), std::move(control),
                                           std::move(index)),
          std::make_unique<ControllerLoop>(registry.store(), registry.clock(), std::move(storage))};
}

Result<std::unique_ptr<ControllerManager>> ControllerManager::Start(
    Registry& registry, const ControllerOptions& options) {
  HOLDFAST_RETURN_IF_ERROR(Bootstrap(registry, options));
  std::unique_ptr<ControllerManager> manager(
      new ControllerManager(MakeControllerLoops(registry, options)));
  manager->loops_.control->Start();
  manager->loops_.storage->Start();
  return manager;
}

void ControllerManager::Stop() {
  loops_.control->Stop();
  loops_.storage->Stop();
}

}  // namespace holdfast::sandbox
