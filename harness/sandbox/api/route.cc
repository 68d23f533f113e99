#include "harness/sandbox/api/route.h"

#include <vector>

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"

namespace holdfast::sandbox {

std::optional<Route> ParseRoute(std::string_view path) {
  std::vector<std::string> parts = Split(path, '/');
  if (!parts.empty() && parts.back().empty()) parts.pop_back();
  std::string group;
  size_t at = 0;  // Of the first part after the version.
  if (parts.size() > 3 && parts[1] == "api" && parts[2] == "v1") {
    at = 3;
  } else if (parts.size() > 4 && parts[1] == "apis" && parts[3] == "v1") {
    group = parts[2];
    at = 4;
  } else {
    return std::nullopt;
  }
  Route route;
  // "namespaces/NS/RESOURCE", unless it is the namespace object itself or its status.
  if (parts[at] == "namespaces" && parts.size() > at + 2 &&
      FindResource(parts[at + 2], group) != nullptr) {
    route.ns = parts[at + 1];
    if (route.ns.empty()) return std::nullopt;
    at += 2;
  }
  route.info = FindResource(parts[at], group);
  if (route.info == nullptr) return std::nullopt;
  if (!route.info->namespaced && !route.ns.empty()) return std::nullopt;
  if (parts.size() > at + 1) route.name = parts[at + 1];
  if (parts.size() > at + 2) route.subresource = parts[at + 2];
  if (parts.size() > at + 3) return std::nullopt;
  if (route.info->namespaced && route.ns.empty() && !route.name.empty()) return std::nullopt;
  return route;
}

Result<OutputFormat> Negotiate(std::string_view accept) {
  if (Trim(accept).empty()) return OutputFormat::kJson;
  for (const std::string& range : Split(accept, ',')) {
    const std::vector<std::string> parts = Split(range, ';');
    const std::string_view type = Trim(parts.front());
    if (type != "application/json" && type != "*/*" && type != "application/*") continue;
    std::string_view as;
    std::string_view version;
    for (const std::string& part : parts) {
      const std::string_view parameter = Trim(part);
      if (parameter.starts_with("as=")) as = parameter.substr(3);
      if (parameter.starts_with("v=")) version = parameter.substr(2);
    }
    if (as.empty()) return OutputFormat::kJson;
    if (version != "v1" && version != "v1beta1") continue;
    if (as == "Table") return OutputFormat::kTable;
    if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList")
      return OutputFormat::kMetadata;
  }
  return Fail(ApiError(406, "NotAcceptable",
                       "only the following media types are accepted: application/json, "
                       "application/json;as=Table;v=v1;g=meta.k8s.io, "
                       "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io, "
                       "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"));
}

}  // namespace holdfast::sandbox
