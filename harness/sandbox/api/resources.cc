#include "harness/sandbox/api/resources.h"

#include <algorithm>

namespace holdfast::sandbox {

const std::vector<ResourceInfo>& AllResources() {
  static const std::vector<ResourceInfo> kAll = {
      {.plural = "configmaps", .singular = "configmap", .kind = "ConfigMap", .short_names = {"cm"}},
      {.plural = "events", .singular = "event", .kind = "Event", .short_names = {"ev"}},
      {.plural = "namespaces",
       .singular = "namespace",
       .kind = "Namespace",
       .namespaced = false,
       .has_status = true,
       .short_names = {"ns"}},
      {.plural = "nodes",
       .singular = "node",
       .kind = "Node",
       .namespaced = false,
       .has_status = true,
       .short_names = {"no"}},
      {.plural = "persistentvolumeclaims",
       .singular = "persistentvolumeclaim",
       .kind = "PersistentVolumeClaim",
       .has_status = true,
       .short_names = {"pvc"}},
      {.plural = "persistentvolumes",
       .singular = "persistentvolume",
       .kind = "PersistentVolume",
       .namespaced = false,
       .has_status = true,
       .short_names = {"pv"}},
      {.plural = "pods",
       .singular = "pod",
       .kind = "Pod",
       .has_generation = true,
       .has_status = true,
       .short_names = {"po"},
       .in_all = true},
      {.plural = "secrets", .singular = "secret", .kind = "Secret"},
      {.plural = "serviceaccounts",
       .singular = "serviceaccount",
       .kind = "ServiceAccount",
       .short_names = {"sa"}},
      {.plural = "services",
       .singular = "service",
       .kind = "Service",
       .has_status = true,
       .short_names = {"svc"},
       .in_all = true},
      {.plural = "controllerrevisions",
       .singular = "controllerrevision",
       .kind = "ControllerRevision",
       .group = "apps"},
      {.plural = "statefulsets",
       .singular = "statefulset",
       .kind = "StatefulSet",
       .group = "apps",
       .has_generation = true,
       .has_status = true,
       .has_scale = true,
       .short_names = {"sts"},
       .in_all = true},
      {.plural = "leases", .singular = "lease", .kind = "Lease", .group = "coordination.k8s.io"},
      {.plural = "endpointslices",
       .singular = "endpointslice",
       .kind = "EndpointSlice",
       .group = "discovery.k8s.io",
       .has_generation = true},
      {.plural = "storageclasses",
       .singular = "storageclass",
       .kind = "StorageClass",
       .group = "storage.k8s.io",
       .namespaced = false,
       .short_names = {"sc"}},
      {.plural = "volumeattachments",
       .singular = "volumeattachment",
       .kind = "VolumeAttachment",
       .group = "storage.k8s.io",
       .namespaced = false,
       .has_status = true},
  };
  return kAll;
}

const ResourceInfo* FindResource(std::string_view plural) {
  const auto& all = AllResources();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const ResourceInfo& info) { return info.plural == plural; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace holdfast::sandbox
