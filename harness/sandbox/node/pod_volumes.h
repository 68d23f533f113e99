// A pod's volumes as directories and files of the node.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_POD_VOLUMES_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_POD_VOLUMES_H_

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/node/container.h"
#include "harness/sandbox/node/expansion.h"
#include "harness/sandbox/node/volume_lives.h"

namespace holdfast::sandbox::node {

struct VolumeContext {
  PodContext pod;
  std::function<Result<Json>(const std::string& path)> get;  // Any object or list of the API.
  // A new token of the pod's service account for an audience (empty: the API's own).
  std::function<Result<std::string>(const std::string& audience, int64_t seconds)> token;
  VolumeLives& lives;
  std::filesystem::path directory;   // Of this pod's own volumes.
  std::filesystem::path host_paths;  // The node's own files, as hostPath volumes see them.
  std::string node_name;
};

using VolumePaths = std::map<std::string, std::filesystem::path>;

// The name that the VolumeAttachment of a volume and a node has (pkg/volume/csi of Kubernetes).
std::string AttachmentName(const std::string& volume_handle,
                           const std::string& driver,
                           const std::string& node);

// Makes every volume of the pod ready and returns where each one is. kUnavailable: not yet, e.g. a
// claim that is not bound or a volume that is not attached to this node; any other error is one
// that waiting alone will not cure (it may still be cured from outside).
Result<VolumePaths> PrepareVolumes(const Json& pod, const VolumeContext& context);
// Writes again what config maps, secrets, the downward API and projected volumes say now; each file
// is replaced whole. Mounts with subPath keep the old file, as in Kubernetes.
Status RefreshVolumes(const Json& pod, const VolumeContext& context);
// Whether RefreshVolumes has anything to do.
bool HasRefreshableVolumes(const Json& pod);
// The mounts of one container (volumeMounts with subPath, subPathExpr and readOnly).
Result<std::vector<BindMount>> ContainerMounts(const Json& pod,
                                               const Json& container,
                                               const VolumePaths& volumes,
                                               const Environment& variables);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_POD_VOLUMES_H_
