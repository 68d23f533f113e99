// List and watch of the pods bound to this node.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_POD_SOURCE_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_POD_SOURCE_H_

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/sandbox/node/api_client.h"

namespace holdfast::sandbox::node {

struct PodSink {
  // All pods of the node; whoever is missing is gone.
  std::function<void(const std::vector<Json>& pods)> replace;
  std::function<void(Json pod)> changed;  // Added or modified.
  std::function<void(const Json& pod)> deleted;
};

// Follows until `stop`: a broken watch resumes where it was, after 410 the list is taken again, and
// an unreachable API is asked again with a back-off of up to one second.
void FollowPods(ApiClient& api,
                const std::string& node_name,
                Clock& clock,
                const PodSink& sink,
                std::stop_token stop);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_POD_SOURCE_H_
