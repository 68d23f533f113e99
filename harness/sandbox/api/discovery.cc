#include "harness/sandbox/api/discovery.h"

#include <algorithm>
#include <string>
#include <vector>

#include "harness/base/strings.h"

namespace holdfast::sandbox {
namespace {

constexpr const char* kAccessReview = "authorization.k8s.io";
constexpr const char* kAggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

struct Subresource {
  std::string name;
  std::string group;
  std::string kind;
  Json verbs;
};

Json AllVerbs() {
  return {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
}

std::vector<Subresource> SubresourcesOf(const ResourceInfo& info) {
  std::vector<Subresource> all;
  if (info.plural == "pods") {
    all.push_back({"binding", "", "Binding", Json::array({"create"})});
    all.push_back({"exec", "", "PodExecOptions", Json::array({"get"})});
    all.push_back({"log", "", "Pod", Json::array({"get"})});
  }
  if (info.has_scale)
    all.push_back({"scale", "autoscaling", "Scale", Json::array({"get", "patch", "update"})});
  if (info.has_status)
    all.push_back({"status", info.group, info.kind, Json::array({"get", "patch", "update"})});
  return all;
}

// The named groups, without the core group.
std::vector<std::string> Groups() {
  std::vector<std::string> groups = {kAccessReview};
  for (const ResourceInfo& info : AllResources())
    if (!info.group.empty() && std::find(groups.begin(), groups.end(), info.group) == groups.end())
      groups.push_back(info.group);
  return groups;
}

Json LegacyResources(const std::string& group) {
  Json resources = Json::array();
  for (const ResourceInfo& info : AllResources()) {
    if (info.group != group) continue;
    Json entry = {{"name", info.plural},
                  {"singularName", info.singular},
                  {"namespaced", info.namespaced},
                  {"kind", info.kind},
                  {"verbs", AllVerbs()}};
    if (!info.short_names.empty()) entry["shortNames"] = info.short_names;
    if (info.in_all) entry["categories"] = Json::array({"all"});
    resources.push_back(std::move(entry));
    for (const Subresource& sub : SubresourcesOf(info)) {
      Json below = {{"name", info.plural + "/" + sub.name},
                    {"singularName", ""},
                    {"namespaced", info.namespaced},
                    {"kind", sub.kind},
                    {"verbs", sub.verbs}};
      if (sub.group != info.group) {
        below["group"] = sub.group;
        below["version"] = "v1";
      }
      resources.push_back(std::move(below));
    }
  }
  if (group == kAccessReview)
    resources.push_back({{"name", "selfsubjectaccessreviews"},
                         {"singularName", "selfsubjectaccessreview"},
                         {"namespaced", false},
                         {"kind", "SelfSubjectAccessReview"},
                         {"verbs", Json::array({"create"})}});
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", group.empty() ? "v1" : group + "/v1"},
          {"resources", std::move(resources)}};
}

Json Gvk(const std::string& group, const std::string& kind) {
  return {{"group", group}, {"version", "v1"}, {"kind", kind}};
}

Json AggregatedGroup(const std::string& group) {
  Json resources = Json::array();
  for (const ResourceInfo& info : AllResources()) {
    if (info.group != group) continue;
    Json entry = {{"resource", info.plural},
                  {"responseKind", Gvk(group, info.kind)},
                  {"scope", info.namespaced ? "Namespaced" : "Cluster"},
                  {"singularResource", info.singular},
                  {"verbs", AllVerbs()}};
    if (!info.short_names.empty()) entry["shortNames"] = info.short_names;
    if (info.in_all) entry["categories"] = Json::array({"all"});
    for (const Subresource& sub : SubresourcesOf(info))
      entry["subresources"].push_back({{"subresource", sub.name},
                                       {"responseKind", Gvk(sub.group, sub.kind)},
                                       {"verbs", sub.verbs}});
    resources.push_back(std::move(entry));
  }
  if (group == kAccessReview)
    resources.push_back({{"resource", "selfsubjectaccessreviews"},
                         {"responseKind", Gvk(group, "SelfSubjectAccessReview")},
                         {"scope", "Cluster"},
                         {"singularResource", "selfsubjectaccessreview"},
                         {"verbs", Json::array({"create"})}});
  Json metadata = Json::object();
  if (!group.empty()) metadata["name"] = group;
  return {
      {"metadata", std::move(metadata)},
      {"versions",
       Json::array(
           {{{"version", "v1"}, {"freshness", "Current"}, {"resources", std::move(resources)}}})}};
}

HttpResponse Aggregated(const std::vector<std::string>& groups) {
  Json items = Json::array();
  for (const std::string& group : groups)
    items.push_back(AggregatedGroup(group));
  HttpResponse response = JsonResponse(200, {{"kind", "APIGroupDiscoveryList"},
                                             {"apiVersion", "apidiscovery.k8s.io/v2"},
                                             {"metadata", Json::object()},
                                             {"items", std::move(items)}});
  response.content_type = kAggregated;
  return response;
}

Json LegacyGroup(const std::string& group) {
  const Json version = {{"groupVersion", group + "/v1"}, {"version", "v1"}};
  return {{"name", group}, {"versions", Json::array({version})}, {"preferredVersion", version}};
}

Json OpenApi(const std::string& group) {
  Json paths = Json::object();
  for (const ResourceInfo& info : AllResources()) {
    if (info.group != group) continue;
    const std::string path =
        fmt::format("{}{}/{}/{{name}}", group.empty() ? "/api/v1" : "/apis/" + group + "/v1",
                    info.namespaced ? "/namespaces/{namespace}" : "", info.plural);
    const Json parameter = {{"name", "fieldValidation"},
                            {"in", "query"},
                            {"schema", {{"type", "string"}, {"uniqueItems", true}}}};
    paths[path]["patch"] = {{"x-kubernetes-action", "patch"},
                            {"x-kubernetes-group-version-kind", Gvk(group, info.kind)},
                            {"parameters", Json::array({parameter})},
                            {"responses", {{"200", {{"description", "OK"}}}}}};
  }
  return {{"openapi", "3.0.0"},
          {"info", {{"title", "Kubernetes"}, {"version", "v1.36.2"}}},
          {"paths", std::move(paths)},
          {"components", {{"schemas", Json::object()}}}};
}

Json OpenApiIndex() {
  Json paths = Json::object();
  const auto add = [&](const std::string& at) {
    paths[at] = {{"serverRelativeURL", "/openapi/v3/" + at + "?hash=1"}};
  };
  add("api/v1");
  for (const std::string& group : Groups())
    add("apis/" + group + "/v1");
  return {{"paths", std::move(paths)}};
}

Json Version() {
  return {{"major", "1"},
          {"minor", "36"},
          {"gitVersion", "v1.36.2+holdfast"},
          {"gitCommit", "holdfast"},
          {"gitTreeState", "clean"},
          {"buildDate", "1970-01-01T00:00:00Z"},
          {"goVersion", "none"},
          {"compiler", "g++"},
          {"platform", "linux/amd64"}};
}

}  // namespace

std::optional<HttpResponse> AnswerDiscovery(const HttpRequest& request) {
  const std::string& path = request.path;
  const bool aggregated = request.accept.find("as=APIGroupDiscoveryList") != std::string::npos &&
                          request.accept.find("v=v2;") != std::string::npos;
  if (path == "/version") return JsonResponse(200, Version());
  if (path == "/api") {
    if (aggregated) return Aggregated({""});
    return JsonResponse(200, {{"kind", "APIVersions"},
                              {"versions", Json::array({"v1"})},
                              {"serverAddressByClientCIDRs", Json::array()}});
  }
  if (path == "/apis") {
    if (aggregated) return Aggregated(Groups());
    Json groups = Json::array();
    for (const std::string& group : Groups())
      groups.push_back(LegacyGroup(group));
    return JsonResponse(
        200, {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}});
  }
  if (path == "/api/v1") return JsonResponse(200, LegacyResources(""));
  if (path == "/openapi/v3") return JsonResponse(200, OpenApiIndex());
  if (path == "/openapi/v3/api/v1") return JsonResponse(200, OpenApi(""));
  for (const std::string& group : Groups()) {
    if (path == "/apis/" + group) {
      Json body = LegacyGroup(group);
      body["kind"] = "APIGroup";
      body["apiVersion"] = "v1";
      return JsonResponse(200, body);
    }
    if (path == "/apis/" + group + "/v1") return JsonResponse(200, LegacyResources(group));
    if (path == "/openapi/v3/apis/" + group + "/v1") return JsonResponse(200, OpenApi(group));
  }
  return std::nullopt;
}

}  // namespace holdfast::sandbox
