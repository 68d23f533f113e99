// One HTTP request to an API server as it stands: any path, method, body and headers, and the
// answer untouched. For what the harness's own client leaves to the caller or interprets.
#ifndef HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_RAW_HTTP_H_
#define HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_RAW_HTTP_H_

#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/kube/kubeconfig.h"

namespace holdfast::recordings {

struct RawAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // Names in lower case.
  std::string body;
  [[nodiscard]] Json Parsed() const { return ParseJson(body).value_or(Json()); }
};

// Blocks at most 60 s. Only a request without an answer is an error.
Result<RawAnswer> Send(const kube::ClusterAccess& access,
                       const std::string& method,
                       const std::string& path,
                       const std::string& body = "",
                       const std::vector<std::string>& headers = {});
// The same with a JSON body.
Result<RawAnswer> SendJson(const kube::ClusterAccess& access,
                           const std::string& method,
                           const std::string& path,
                           const Json& body);

}  // namespace holdfast::recordings

#endif  // HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_RAW_HTTP_H_
