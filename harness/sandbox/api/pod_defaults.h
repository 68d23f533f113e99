// Defaults of a pod specification, as the API server fills them in.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_POD_DEFAULTS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_POD_DEFAULTS_H_

#include <string>

#include "harness/base/json.h"

namespace holdfast::sandbox {

// Of a pod and of a pod template alike. Idempotent; `spec` is an object of the right shape.
void DefaultPodSpec(Json& spec);
// What only a real pod gets: admission's service account, tolerations and priority.
void AdmitPodSpec(Json& spec);
// "Guaranteed", "Burstable" or "BestEffort".
std::string QosClass(const Json& spec);

// Sets object[key] unless it is there.
void SetDefault(Json& object, const char* key, Json value);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_POD_DEFAULTS_H_
