// From a container of a pod's manifest and an image to what the runtime starts.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_CONTAINER_SPEC_BUILDER_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_CONTAINER_SPEC_BUILDER_H_

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/image/image.h"
#include "harness/sandbox/node/container.h"
#include "harness/sandbox/node/expansion.h"
#include "harness/sandbox/node/pod_volumes.h"

namespace holdfast::sandbox::node {

struct PodSurroundings {
  const VolumePaths& volumes;
  PodContext values;
  pid_t network_pid = 0;
  std::filesystem::path pod_directory;  // Holds the files hosts, resolv.conf and hostname.
  bool wrong_host_name = false;         // A defect: the host name is the pod's uid.
};

// Everything but id, layer and log. May read ConfigMaps and Secrets.
Result<ContainerSpec> BuildContainerSpec(const Json& pod,
                                         const Json& container,
                                         const Image& image,
                                         const PodSurroundings& surroundings);
// runAsUser and runAsGroup of the container, else of the pod, else the image's. A user other than
// the image's without a group has group 0.
struct UserIds {
  int uid = 0;
  int gid = 0;
};
UserIds ContainerUser(const Json& pod, const Json& container, const Image& image);
// The home directory of `uid` in the text of /etc/passwd, or "/".
std::string HomeDirectory(const std::string& passwd, int uid);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_CONTAINER_SPEC_BUILDER_H_
