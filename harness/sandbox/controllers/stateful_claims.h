// The claims of a StatefulSet's pods: creation, and the owner references that the retention policy
// asks for.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_CLAIMS_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_CLAIMS_H_

#include "harness/base/result.h"
#include "harness/sandbox/controllers/stateful_context.h"

namespace holdfast::sandbox {

// Creates what is missing of the claims of `ordinal`. A claim that is being deleted is an error:
// its pod must wait until it is gone.
Status CreateMissingClaims(const StatefulContext& context, const Json& set, int64_t ordinal);
// Deletes the claims of `ordinal` (they stay until no pod uses them).
Status DeleteClaims(const StatefulContext& context, const Json& set, int64_t ordinal);
// Deletes the bound claims of `ordinal`; an error until they are gone.
Status DiscardUsedClaims(const StatefulContext& context, const Json& set, int64_t ordinal);

// A claim that still belongs to an earlier pod of this name (whenScaled: Delete) is about to
// vanish: the new pod must not be created yet.
bool HasStaleClaim(const Store& store, const Json& set, int64_t ordinal);

// Do the owner references of one claim say what spec.persistentVolumeClaimRetentionPolicy asks for?
// Rules of isClaimOwnerUpToDate in Kubernetes 1.36.
bool ClaimOwnersMatch(const Json& claim, const Json& set, const Json& pod, int64_t ordinal);
bool ClaimsMatchRetention(const Store& store, const Json& set, const Json& pod, int64_t ordinal);
// Writes the owner references that are missing or wrong.
Status UpdateClaimRetention(const StatefulContext& context,
                            const Json& set,
                            const Json& pod,
                            int64_t ordinal);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_CLAIMS_H_
