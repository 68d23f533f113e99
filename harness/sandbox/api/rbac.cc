#include "harness/sandbox/api/rbac.h"

#include <algorithm>

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"

namespace holdfast::sandbox {
namespace {

constexpr std::string_view kServiceAccount = "system:serviceaccount:";

bool Lists(const Json& array, std::string_view word) {
  return std::any_of(array.begin(), array.end(),
                     [&](const Json& entry) { return entry == "*" || entry == word; });
}

// A rule names "pods/exec", "*/exec" for every resource's, or "*" for everything.
bool NamesResource(const Json& resources, const std::string& wanted) {
  if (Lists(resources, wanted)) return true;
  const size_t slash = wanted.find('/');
  return slash != std::string::npos && Lists(resources, "*" + wanted.substr(slash));
}

bool Matches(const Json& rule, const Attributes& wanted) {
  const Json& names = GetArray(rule, {"resourceNames"});
  return Lists(GetArray(rule, {"verbs"}), wanted.verb) &&
         Lists(GetArray(rule, {"apiGroups"}), wanted.group) &&
         NamesResource(GetArray(rule, {"resources"}), wanted.resource) &&
         (names.empty() || std::find(names.begin(), names.end(), wanted.name) != names.end());
}

// A ServiceAccount without a namespace, in a RoleBinding, is one of the binding's.
bool Binds(const Json& binding, const Identity& sender) {
  const Json& subjects = GetArray(binding, {"subjects"});
  return std::any_of(subjects.begin(), subjects.end(), [&](const Json& subject) {
    const std::string kind = GetString(subject, {"kind"});
    const std::string name = GetString(subject, {"name"});
    if (kind == "User") return sender.user == name;
    if (kind == "Group")
      return std::find(sender.groups.begin(), sender.groups.end(), name) != sender.groups.end();
    const std::string own = GetString(binding, {"metadata", "namespace"});
    return kind == "ServiceAccount" &&
           sender.user == fmt::format("{}{}:{}", kServiceAccount,
                                      GetString(subject, {"namespace"}, own), name);
  });
}

Json RulesOf(const Store& store, const Json& binding) {
  const bool cluster = GetString(binding, {"roleRef", "kind"}) == "ClusterRole";
  const std::string name = GetString(binding, {"roleRef", "name"});
  const auto role = cluster ? store.Get("clusterroles", "", name)
                            : store.Get("roles", GetString(binding, {"metadata", "namespace"}), name);
  if (role) return GetArray((*role)->json, {"rules"});
  if (!cluster || name != "cluster-admin") return Json::array();
  const Json any = Json::array({"*"});
  return Json::array({{{"verbs", any}, {"apiGroups", any}, {"resources", any}}});
}

}  // namespace

Attributes AttributesOf(const HttpRequest& request, const Route& route) {
  Attributes wanted{.verb = {},
                    .group = route.info->group,
                    .resource = route.info->plural,
                    .ns = route.ns,
                    .name = route.name};
  if (!route.subresource.empty()) wanted.resource += "/" + route.subresource;
  if (route.info->plural == "namespaces") wanted.ns = route.name;
  const std::string& method = request.method;
  const bool whole = route.name.empty();
  if (method == "GET" || method == "HEAD") {
    const bool watch = request.QueryFlag("watch");
    wanted.verb = watch ? "watch" : whole ? "list" : "get";
  } else if (method == "DELETE") {
    wanted.verb = whole ? "deletecollection" : "delete";
  } else {
    wanted.verb = method == "POST" ? "create" : method == "PUT" ? "update" : "patch";
  }
  constexpr std::string_view kOneName = "metadata.name=";
  if (const std::string fields = request.Query("fieldSelector");
      whole && fields.starts_with(kOneName) && fields.find(',') == std::string::npos)
    wanted.name = fields.substr(kOneName.size());
  return wanted;
}

Attributes AttributesOf(const Json& resource_attributes) {
  Attributes wanted{.verb = GetString(resource_attributes, {"verb"}),
                    .group = GetString(resource_attributes, {"group"}),
                    .resource = GetString(resource_attributes, {"resource"}),
                    .ns = GetString(resource_attributes, {"namespace"}),
                    .name = GetString(resource_attributes, {"name"})};
  if (const std::string sub = GetString(resource_attributes, {"subresource"}); !sub.empty())
    wanted.resource += "/" + sub;
  return wanted;
}

bool MayDoEverything(const Identity& sender) {
  return std::find(sender.groups.begin(), sender.groups.end(), "system:masters") !=
         sender.groups.end();
}

Json RulesFor(const Store& store, const Identity& sender, const std::string& ns) {
  Json rules = Json::array();
  const auto add = [&](const std::string& bindings, const std::string& where) {
    for (const ObjectPtr& binding : store.List(bindings, where)) {
      if (!Binds(binding->json, sender)) continue;
      for (const Json& rule : RulesOf(store, binding->json))
        rules.push_back(rule);
    }
  };
  add("clusterrolebindings", "");
  if (!ns.empty()) add("rolebindings", ns);
  return rules;
}

bool Allows(const Store& store, const Identity& sender, const Attributes& wanted) {
  if (MayDoEverything(sender)) return true;
  const Json rules = RulesFor(store, sender, wanted.ns);
  return std::any_of(rules.begin(), rules.end(),
                     [&](const Json& rule) { return Matches(rule, wanted); });
}

Error Forbidden(const Identity& sender, const Attributes& wanted) {
  const std::string plural = wanted.resource.substr(0, wanted.resource.find('/'));
  const std::string kind = wanted.group.empty() ? plural : plural + "." + wanted.group;
  const std::string what =
      wanted.name.empty() ? kind : fmt::format("{} \"{}\"", kind, wanted.name);
  const std::string where =
      wanted.ns.empty() ? "at the cluster scope" : fmt::format("in the namespace \"{}\"", wanted.ns);
  return ApiError(403, "Forbidden",
                  fmt::format("{} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group "
                              "\"{}\" {}",
                              what, sender.user, wanted.verb, wanted.resource, wanted.group, where));
}

}  // namespace holdfast::sandbox
