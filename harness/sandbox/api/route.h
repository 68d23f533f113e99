// What a path of the API means.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_ROUTE_H_
#define HOLDFAST_HARNESS_SANDBOX_API_ROUTE_H_

#include <optional>
#include <string>
#include <string_view>

#include "harness/base/result.h"
#include "harness/sandbox/api/resources.h"

namespace holdfast::sandbox {

struct Route {
  const ResourceInfo* info = nullptr;
  std::string ns;           // Empty: cluster-scoped, or all namespaces.
  std::string name;         // Empty: the collection.
  std::string subresource;  // Only of an object.
};

// nullopt when the path names no resource that is served, with its right group and scope.
std::optional<Route> ParseRoute(std::string_view path);

// kMetadata: the objects' metadata alone, as PartialObjectMetadata.
enum class OutputFormat { kJson, kTable, kMetadata };
// What of an Accept header can be served; 406 when nothing can. The first acceptable one wins.
Result<OutputFormat> Negotiate(std::string_view accept);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_ROUTE_H_
