#include "harness/sandbox/api/discovery.h"

#include <algorithm>
#include <string>
#include <vector>

#include "harness/base/strings.h"
#include "harness/sandbox/api/openapi.h"
#include "harness/sandbox/api/reviews.h"
#include "harness/sandbox/api/subresources.h"

namespace holdfast::sandbox {
namespace {

Json AllVerbs() {
  return {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
}

std::string Singular(const ReviewInfo& review) {
  return review.plural.substr(0, review.plural.size() - 1);
}

// The named groups, without the core group.
std::vector<std::string> Groups() {
  std::vector<std::string> groups;
  for (const ReviewInfo& review : AllReviews())
    if (std::find(groups.begin(), groups.end(), review.group) == groups.end())
      groups.push_back(review.group);
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
  for (const ReviewInfo& review : AllReviews())
    if (review.group == group)
      resources.push_back({{"name", review.plural},
                           {"singularName", Singular(review)},
                           {"namespaced", review.namespaced},
                           {"kind", review.kind},
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
  for (const ReviewInfo& review : AllReviews())
    if (review.group == group)
      resources.push_back({{"resource", review.plural},
                           {"responseKind", Gvk(group, review.kind)},
                           {"scope", review.namespaced ? "Namespaced" : "Cluster"},
                           {"singularResource", Singular(review)},
                           {"verbs", Json::array({"create"})}});
  Json metadata = Json::object();
  if (!group.empty()) metadata["name"] = group;
  return {
      {"metadata", std::move(metadata)},
      {"versions",
       Json::array(
           {{{"version", "v1"}, {"freshness", "Current"}, {"resources", std::move(resources)}}})}};
}

// `version` is v2 or, for older clients, v2beta1.
HttpResponse Aggregated(const std::vector<std::string>& groups, const std::string& version) {
  Json items = Json::array();
  for (const std::string& group : groups)
    items.push_back(AggregatedGroup(group));
  HttpResponse response = JsonResponse(200, {{"kind", "APIGroupDiscoveryList"},
                                             {"apiVersion", "apidiscovery.k8s.io/" + version},
                                             {"metadata", Json::object()},
                                             {"items", std::move(items)}});
  response.content_type =
      fmt::format("application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList", version);
  return response;
}

Json LegacyGroup(const std::string& group) {
  const Json version = {{"groupVersion", group + "/v1"}, {"version", "v1"}};
  return {{"name", group}, {"versions", Json::array({version})}, {"preferredVersion", version}};
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

// The form of aggregated discovery that comes first in an Accept header, or empty.
std::string AggregatedVersion(std::string_view accept) {
  for (const std::string& range : Split(accept, ',')) {
    bool aggregated = false;
    std::string version;
    for (const std::string& part : Split(range, ';')) {
      const std::string_view parameter = Trim(part);
      aggregated = aggregated || parameter == "as=APIGroupDiscoveryList";
      if (parameter.starts_with("v=")) version = parameter.substr(2);
    }
    if (aggregated && (version == "v2" || version == "v2beta1")) return version;
    if (!aggregated && Trim(range).starts_with("application/json")) return "";
  }
  return "";
}

}  // namespace

std::optional<HttpResponse> AnswerDiscovery(const HttpRequest& request) {
  const std::string& path = request.path;
  const std::string aggregated = AggregatedVersion(request.accept);
  if (path.starts_with("/openapi/")) return AnswerOpenApi(request);
  if (path == "/version") return JsonResponse(200, Version());
  if (path == "/api") {
    if (!aggregated.empty()) return Aggregated({""}, aggregated);
    return JsonResponse(200, {{"kind", "APIVersions"},
                              {"versions", Json::array({"v1"})},
                              {"serverAddressByClientCIDRs", Json::array()}});
  }
  if (path == "/apis") {
    if (!aggregated.empty()) return Aggregated(Groups(), aggregated);
    Json groups = Json::array();
    for (const std::string& group : Groups())
      groups.push_back(LegacyGroup(group));
    return JsonResponse(
        200, {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}});
  }
  if (path == "/api/v1") return JsonResponse(200, LegacyResources(""));
  for (const std::string& group : Groups()) {
    if (path == "/apis/" + group) {
      Json body = LegacyGroup(group);
      body["kind"] = "APIGroup";
      body["apiVersion"] = "v1";
      return JsonResponse(200, body);
    }
    if (path == "/apis/" + group + "/v1") return JsonResponse(200, LegacyResources(group));
  }
  return std::nullopt;
}

}  // namespace holdfast::sandbox
