// Role-based access control: what the roles that are bound to somebody let them do
// (rbac.authorization.k8s.io/v1). The group system:masters may do everything.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_RBAC_H_
#define HOLDFAST_HARNESS_SANDBOX_API_RBAC_H_

#include <string>
#include <string_view>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/api/http_message.h"
#include "harness/sandbox/api/route.h"
#include "harness/sandbox/api/service_tokens.h"
#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {

// What a request does, as roles speak of it.
struct Attributes {
  std::string verb;      // "get", "list", "watch", "create", ..., "deletecollection".
  std::string group;     // Empty: the core group.
  std::string resource;  // The plural, with "/subresource" if there is one.
  std::string ns;        // Empty: the whole cluster.
  std::string name;      // Empty: the collection.
};
// A request for one namespace is one in it; a list or watch of one name is one of that name.
Attributes AttributesOf(const HttpRequest& request, const Route& route);
// Of the spec of a SubjectAccessReview.
Attributes AttributesOf(const Json& resource_attributes);

[[nodiscard]] bool MayDoEverything(const Identity& sender);
// Whether a binding of `sender` (its user name or one of its groups) allows it: a ClusterRoleBinding
// anywhere, a RoleBinding in its namespace. The ClusterRole cluster-admin allows everything also
// when nobody has stored it.
[[nodiscard]] bool Allows(const Store& store, const Identity& sender, const Attributes& wanted);
// The rules that hold for `sender` in `ns`, as an array of PolicyRules.
[[nodiscard]] Json RulesFor(const Store& store, const Identity& sender, const std::string& ns);
// 403, worded as the API does.
Error Forbidden(const Identity& sender, const Attributes& wanted);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_RBAC_H_
