// What a container runs: Kubernetes' rules for command and args, $(VAR) references, and the
// environment.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_EXPANSION_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_EXPANSION_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::sandbox::node {

using Environment = std::map<std::string, std::string>;

// "$(NAME)" becomes the variable's value, "$$" one "$" (so "$$(NAME)" stays "$(NAME)"); a reference
// to an unknown name stays as it is. The rules of k8s.io/kubernetes/third_party/forked/golang/
// expansion.
std::string ExpandReferences(const std::string& text, const Environment& variables);

// `command` replaces the image's entry point (and then the image's command does not count), `args`
// replaces the image's command. Both are expanded. Fails when nothing is left to run.
Result<std::vector<std::string>> ContainerCommand(const Json& container,
                                                  const std::vector<std::string>& entry_point,
                                                  const std::vector<std::string>& command,
                                                  const Environment& variables);

// Where a pod's values come from besides its own manifest.
struct PodContext {
  std::string pod_ip;
  std::string host_ip;
  std::string cluster_domain = "cluster.local";
  std::string api_host{};  // Told as KUBERNETES_SERVICE_HOST and _PORT; empty: not told.
  std::string api_port{};
  // The object of resource "configmaps" or "secrets" by name, in the pod's namespace.
  std::function<Result<Json>(const std::string& resource, const std::string& name)> get;
};

// The value of a downward API field such as "metadata.name" or "metadata.labels['app']";
// kInvalidArgument for a field that there is not.
Result<std::string> FieldReference(const Json& pod,
                                   const PodContext& context,
                                   const std::string& path);
// The value of a resourceFieldRef such as "limits.memory", in units of its divisor, rounded up; a
// limit that there is not is the node's own capacity.
Result<std::string> ResourceReference(const Json& container, const Json& reference);
// The data of a ConfigMap or Secret, decoded.
Result<std::map<std::string, std::string>> ObjectData(const Json& object, bool secret);

// `image` overlaid by envFrom and env of the container, in order, later ones seeing earlier ones.
// kNotFound when a ConfigMap, Secret or key is missing and not optional.
Result<Environment> ContainerEnvironment(const Json& pod,
                                         const Json& container,
                                         const Environment& image,
                                         const PodContext& context);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_EXPANSION_H_
