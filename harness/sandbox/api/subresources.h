// What can be asked below an object: status, scale, eviction, logs and so on.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_SUBRESOURCES_H_
#define HOLDFAST_HARNESS_SANDBOX_API_SUBRESOURCES_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/sandbox/api/resources.h"

namespace holdfast::sandbox {

struct Subresource {
  std::string name;
  std::string group;  // Of the kind that is sent and answered.
  std::string kind;
  std::vector<std::string> verbs;
};

// In order of name, as discovery lists them.
std::vector<Subresource> SubresourcesOf(const ResourceInfo& info);
// True for the empty name: the object itself.
bool HasSubresource(const ResourceInfo& info, std::string_view name);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_SUBRESOURCES_H_
