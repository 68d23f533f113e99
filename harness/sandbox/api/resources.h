// The resources that the API server serves: names, verbs and subresources, as discovery lists them.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_RESOURCES_H_
#define HOLDFAST_HARNESS_SANDBOX_API_RESOURCES_H_

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sandbox {

struct ResourceInfo {
  std::string plural;
  std::string singular;
  std::string kind;
  std::string group{};  // Empty: the core group.
  bool namespaced = true;
  bool has_generation = false;
  bool has_status = false;  // A subresource "status".
  bool has_scale = false;
  std::vector<std::string> short_names{};
  bool in_all = false;   // Category "all" of kubectl get all.
  bool is_view = false;  // The same objects as a resource of the core group, in another shape.

  // "v1" or "apps/v1"; every resource here is served as v1 of its group.
  [[nodiscard]] std::string ApiVersion() const { return group.empty() ? "v1" : group + "/v1"; }
  // "statefulsets.apps" or "pods", as messages name a resource.
  [[nodiscard]] std::string Qualified() const {
    return group.empty() ? plural : plural + "." + group;
  }
  // "StatefulSet.apps" or "Pod".
  [[nodiscard]] std::string QualifiedKind() const {
    return group.empty() ? kind : kind + "." + group;
  }
};

// In order of group, then name.
const std::vector<ResourceInfo>& AllResources();
// nullptr when nothing of that plural is served. Plurals are unique over all groups, but for views.
const ResourceInfo* FindResource(std::string_view plural);
// nullptr when `group` ("" for the core group) has nothing of that plural.
const ResourceInfo* FindResource(std::string_view plural, std::string_view group);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_RESOURCES_H_
