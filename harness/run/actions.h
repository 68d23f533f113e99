// Writes to the cluster, each with its `action` line before and its `action-result` line after.
#ifndef HOLDFAST_HARNESS_RUN_ACTIONS_H_
#define HOLDFAST_HARNESS_RUN_ACTIONS_H_

#include <functional>
#include <string>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/kube/client.h"
#include "harness/trace/trace_writer.h"

namespace holdfast::run {

// Thread-safe.
class Actions {
 public:
  Actions(kube::Client& client, trace::TraceWriter& trace) : client_(client), trace_(trace) {}

  // Creates every object in order; one that exists already is an error that names it. Secrets are
  // written but not recorded.
  Status Apply(const std::string& ns, const std::vector<Json>& manifests);
  Status DeletePod(const std::string& ns,
                   const std::string& name,
                   const std::string& uid,
                   std::optional<int> grace_seconds);
  Status Scale(const kube::ObjectRef& target, int replicas);

 private:
  // Records `fields`, calls, records the answer.
  Result<Json> Recorded(Json fields, const std::function<Result<Json>()>& call);
  kube::Client& client_;
  trace::TraceWriter& trace_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_ACTIONS_H_
