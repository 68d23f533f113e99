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

namespace holdfast::sandbox::node {

struct VolumeContext {
  PodContext pod;
  std::function<Result<Json>(const std::string& path)> get;  // Any object or list of the API.
  std::filesystem::path volume_root;                         // "<root>/<pv name>".
  std::filesystem::path directory;                           // Of this pod's own volumes.
  std::string node_name;
};

using VolumePaths = std::map<std::string, std::filesystem::path>;

// Makes every volume of the pod ready and returns where each one is. kUnavailable: not yet, e.g. a
// claim that is not bound or a volume that is not attached to this node; any other error is one
// that waiting alone will not cure (it may still be cured from outside).
Result<VolumePaths> PrepareVolumes(const Json& pod, const VolumeContext& context);
// The mounts of one container (volumeMounts with subPath, subPathExpr and readOnly).
Result<std::vector<BindMount>> ContainerMounts(const Json& pod,
                                               const Json& container,
                                               const VolumePaths& volumes,
                                               const Environment& variables);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_POD_VOLUMES_H_
