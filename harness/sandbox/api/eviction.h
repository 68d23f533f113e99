// The eviction subresource of pods: deletion that disruption budgets can refuse.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_EVICTION_H_
#define HOLDFAST_HARNESS_SANDBOX_API_EVICTION_H_

#include <string>

#include "harness/sandbox/api/http_message.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/defects/defects.h"

namespace holdfast::sandbox {

// `eviction` is a policy/v1 Eviction. The answer is a Status: 201 Success; 429 with cause
// DisruptionBudget, with Retry-After only when the budget's status is not current; 201 with a
// Failure inside when more than one budget matches, as Kubernetes has it. The check and the decrement
// of the budget are one atomic step. Source: pkg/registry/core/pod/storage/eviction.go.
Result<HttpResponse> EvictPod(Registry& registry,
                              const Defects& defects,
                              const std::string& ns,
                              const std::string& name,
                              const Json& eviction,
                              bool dry_run);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_EVICTION_H_
