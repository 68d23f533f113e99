// The identity of a StatefulSet's pods: names, ordinals, labels, claims, and the pod built from
// them.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_IDENTITY_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_IDENTITY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"

namespace holdfast::sandbox {

// The spec of a StatefulSet, read with the API's defaults.
int64_t ReplicasOf(const Json& set);
int64_t StartOrdinalOf(const Json& set);
int64_t PartitionOf(const Json& set);  // 0 without a rollingUpdate block.
bool IsParallel(const Json& set);
bool IsOnDelete(const Json& set);

// "web", "web-12" gives 12; nullopt when the name is not "<set>-<digits>".
std::optional<int64_t> OrdinalOf(std::string_view set_name, std::string_view pod_name);
bool InOrdinalRange(const Json& set, int64_t ordinal);
std::string PodNameOf(const Json& set, int64_t ordinal);
// "<template>-<set>-<ordinal>".
std::string ClaimNameOf(const Json& set, const Json& claim_template, int64_t ordinal);

// The names of the claims that the pod with this ordinal needs.
std::vector<std::string> ClaimNamesOf(const Json& set, int64_t ordinal);
// The claims themselves, ready to be created.
std::vector<Json> ClaimsOf(const Json& set, int64_t ordinal);
// The pod of `ordinal` from spec.template, labelled with `revision` (a ControllerRevision's name).
Json MakeStatefulPod(const Json& set, int64_t ordinal, const std::string& revision);

// Is the pod-name label in place? Are all claims mounted? And how to repair both.
bool IdentityMatches(const Json& set, const Json& pod);
bool StorageMatches(const Json& set, const Json& pod);
void RepairIdentity(Json& pod, int64_t ordinal);
// Takes away what RepairIdentity sets.
void DropIdentity(Json& pod);
void RepairStorage(const Json& set, Json& pod, int64_t ordinal);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_IDENTITY_H_
