#include "harness/sandbox/api/subresources.h"

#include <algorithm>

namespace holdfast::sandbox {

std::vector<Subresource> SubresourcesOf(const ResourceInfo& info) {
  std::vector<Subresource> all;
  if (info.plural == "pods") {
    all.push_back({"attach", "", "PodAttachOptions", {"create", "get"}});
    all.push_back({"binding", "", "Binding", {"create"}});
    all.push_back({"eviction", "policy", "Eviction", {"create"}});
    all.push_back({"exec", "", "PodExecOptions", {"create", "get"}});
    all.push_back({"log", "", "Pod", {"get"}});
    all.push_back({"portforward", "", "PodPortForwardOptions", {"create", "get"}});
  }
  if (info.plural == "namespaces") all.push_back({"finalize", "", "Namespace", {"update"}});
  if (info.has_scale) all.push_back({"scale", "autoscaling", "Scale", {"get", "patch", "update"}});
  if (info.has_status) all.push_back({"status", info.group, info.kind, {"get", "patch", "update"}});
  if (info.plural == "serviceaccounts")
    all.push_back({"token", "authentication.k8s.io", "TokenRequest", {"create"}});
  return all;
}

bool HasSubresource(const ResourceInfo& info, std::string_view name) {
  if (name.empty()) return true;
  if (name == "status") return info.has_status;
  if (name == "scale") return info.has_scale;
  const std::vector<Subresource> all = SubresourcesOf(info);
  return std::any_of(all.begin(), all.end(),
                     [&](const Subresource& sub) { return sub.name == name; });
}

}  // namespace holdfast::sandbox
