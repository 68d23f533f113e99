// Query strings of the API.
#ifndef HOLDFAST_HARNESS_KUBE_QUERY_H_
#define HOLDFAST_HARNESS_KUBE_QUERY_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::kube {

// Percent-encodes all but RFC 3986's unreserved characters.
std::string Escape(std::string_view text);

// "?a=1&b=x%2Cy" of the pairs whose value is not empty, or "".
std::string Query(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_QUERY_H_
