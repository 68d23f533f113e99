#include "harness/kube/resource.h"

#include <array>

namespace holdfast::kube {

std::string Resource::Path(const std::string& ns,
                           const std::string& name,
                           const std::string& subresource) const {
  std::string path = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  if (namespaced && !ns.empty()) path += "/namespaces/" + ns;
  path += "/" + plural;
  if (!name.empty()) path += "/" + name;
  if (!subresource.empty()) path += "/" + subresource;
  return path;
}

namespace resources {
const Resource kPods{"", "v1", "pods", "Pod", true};
const Resource kServices{"", "v1", "services", "Service", true};
const Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap", true};
const Resource kSecrets{"", "v1", "secrets", "Secret", true};
const Resource kServiceAccounts{"", "v1", "serviceaccounts", "ServiceAccount", true};
const Resource kEvents{"", "v1", "events", "Event", true};
const Resource kNamespaces{"", "v1", "namespaces", "Namespace", false};
const Resource kNodes{"", "v1", "nodes", "Node", false};
const Resource kPersistentVolumes{"", "v1", "persistentvolumes", "PersistentVolume", false};
const Resource kPersistentVolumeClaims{"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim",
                                       true};
const Resource kStatefulSets{"apps", "v1", "statefulsets", "StatefulSet", true};
const Resource kDeployments{"apps", "v1", "deployments", "Deployment", true};
const Resource kReplicaSets{"apps", "v1", "replicasets", "ReplicaSet", true};
const Resource kControllerRevisions{"apps", "v1", "controllerrevisions", "ControllerRevision",
                                    true};
const Resource kStorageClasses{"storage.k8s.io", "v1", "storageclasses", "StorageClass", false};
const Resource kVolumeAttachments{"storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment",
                                  false};
const Resource kEndpointSlices{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true};
const Resource kPodDisruptionBudgets{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget",
                                     true};
const Resource kLeases{"coordination.k8s.io", "v1", "leases", "Lease", true};
}  // namespace resources

const Resource* FindResource(const std::string& api_version, const std::string& kind) {
  namespace r = resources;
  static const std::vector<const Resource*> kAll{&r::kPods,
                                                 &r::kServices,
                                                 &r::kConfigMaps,
                                                 &r::kSecrets,
                                                 &r::kServiceAccounts,
                                                 &r::kEvents,
                                                 &r::kNamespaces,
                                                 &r::kNodes,
                                                 &r::kPersistentVolumes,
                                                 &r::kPersistentVolumeClaims,
                                                 &r::kStatefulSets,
                                                 &r::kDeployments,
                                                 &r::kReplicaSets,
                                                 &r::kControllerRevisions,
                                                 &r::kStorageClasses,
                                                 &r::kVolumeAttachments,
                                                 &r::kEndpointSlices,
                                                 &r::kPodDisruptionBudgets,
                                                 &r::kLeases};
  for (const Resource* resource : kAll) {
    if (resource->ApiVersion() == api_version && resource->kind == kind) return resource;
  }
  return nullptr;
}

}  // namespace holdfast::kube
