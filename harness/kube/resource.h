// Names of API resources and objects, spelled as Kubernetes spells them.
#ifndef HOLDFAST_HARNESS_KUBE_RESOURCE_H_
#define HOLDFAST_HARNESS_KUBE_RESOURCE_H_

#include <string>
#include <vector>

#include "harness/base/json.h"

namespace holdfast::kube {

// A kind of object the API serves.
struct Resource {
  std::string group;    // "" for core.
  std::string version;  // "v1".
  std::string plural;   // "statefulsets".
  std::string kind;     // "StatefulSet".
  bool namespaced = true;
  friend bool operator==(const Resource&, const Resource&) = default;
  // "/api/v1/namespaces/db/pods/web-0/scale"; `ns` is ignored for cluster resources and means "all"
  // when empty.
  [[nodiscard]] std::string Path(const std::string& ns,
                                 const std::string& name = "",
                                 const std::string& subresource = "") const;
  [[nodiscard]] std::string ApiVersion() const {
    return group.empty() ? version : group + "/" + version;
  }
};

namespace resources {
extern const Resource kPods, kServices, kConfigMaps, kSecrets, kServiceAccounts, kEvents,
    kNamespaces, kNodes, kPersistentVolumes, kPersistentVolumeClaims, kStatefulSets, kDeployments,
    kReplicaSets, kControllerRevisions, kStorageClasses, kVolumeAttachments, kEndpointSlices,
    kPodDisruptionBudgets, kLeases;
}  // namespace resources

// The resource of a manifest by its apiVersion and kind, or nullptr for one that we do not handle.
const Resource* FindResource(const std::string& api_version, const std::string& kind);

// One object, named.
struct ObjectRef {
  Resource resource;
  std::string ns;
  std::string name;
  [[nodiscard]] std::string ToString() const {
    return resource.plural + " " + (ns.empty() ? name : ns + "/" + name);
  }
};

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_RESOURCE_H_
