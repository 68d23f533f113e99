// Writes to the API, each recorded in the trace before it is sent and after it was answered.
#ifndef HOLDFAST_HARNESS_RUN_ACTIONS_H_
#define HOLDFAST_HARNESS_RUN_ACTIONS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/kube/client.h"
#include "harness/run/overhead.h"
#include "harness/trace/trace_writer.h"

namespace holdfast::run {

// Thread-safe.
class Actions {
 public:
  Actions(kube::Client& client, trace::TraceWriter& trace) : client_(client), trace_(trace) {}

  // Records `fields`, calls, records the answer. The fields are those of the trace kind "action".
  Result<Json> Send(Json fields, const std::function<Result<Json>()>& call);

  // Creates every object in order; one that exists already is an error that names it. Secrets are
  // written but not recorded.
  Status Apply(const std::string& ns, const std::vector<Json>& manifests);
  Status DeletePod(const std::string& ns,
                   const std::string& name,
                   const std::string& uid,
                   std::optional<int> grace_seconds);
  // Through the eviction API, only if the uid is still this one. 429: a budget says no.
  Status EvictPod(const std::string& ns,
                  const std::string& name,
                  const std::string& uid,
                  std::optional<int> grace_seconds);
  Status Delete(const kube::ObjectRef& target,
                const std::string& uid,
                const std::string& propagation);
  Status Scale(const kube::ObjectRef& target, int replicas);
  // `what` says the change for people.
  Result<Json> Patch(const kube::ObjectRef& target,
                     const std::string& what,
                     kube::PatchType type,
                     const Json& patch);
  [[nodiscard]] kube::Client& client() { return client_; }
  [[nodiscard]] const Overhead& overhead() const { return overhead_; }

 private:
  kube::Client& client_;
  trace::TraceWriter& trace_;
  Overhead overhead_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_ACTIONS_H_
