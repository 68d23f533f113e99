// What several guarantees about claims and volumes ask.
#ifndef HOLDFAST_HARNESS_CHECK_STORAGE_FACTS_H_
#define HOLDFAST_HARNESS_CHECK_STORAGE_FACTS_H_

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "harness/check/context.h"

namespace holdfast::check {

inline constexpr const char* kClaims = "persistentvolumeclaims";
inline constexpr const char* kVolumes = "persistentvolumes";

// The set's newest state at the window's end, or the first one of the record; nullptr when there is none.
const trace::SetState* NewestSet(const Context& context, const Window& window);
// The ordinal whose claim this is by its name and the set's templates, or -1.
int64_t OrdinalOfClaim(const Context& context, const trace::SetState& set, const std::string& name);
// The same by the newest state of the window's set; -1 when there is none.
int64_t OrdinalOfClaim(const Context& context, const Window& window, const std::string& name);
// Who may delete a claim: the run itself, or the set's retention policy, at once or by an owner that it
// gave the claim and that is gone. REQUIRES life.term.
std::optional<std::string> CauseOfClaimDeletion(const Context& context,
                                                const trace::ClaimLife& life);
// The names of the claims of an ordinal, by the templates of the newest set at the window's end.
std::vector<std::string> ClaimNames(const Context& context, const Window& window, int64_t ordinal);
// The life of a claim name that was there at the time; nullptr when there was none.
const trace::ClaimLife* ClaimAround(const Context& context, const std::string& name, double t);
// The newest state at or before the line; the first when there is none.
const trace::ClaimState& StateAt(const trace::ClaimLife& life, int64_t line);
// The volume that the claim was ever bound to; empty when it never was.
std::string VolumeOf(const trace::ClaimLife& life);
// ReadWriteOnce or ReadWriteOncePod, and nothing else.
bool IsSingleWriter(const std::string& access);
// Claims of the set that existed in the window.
std::vector<const trace::ClaimLife*> ClaimsIn(const Context& context, const Window& window);
// All claims of the record.
std::unordered_map<std::string_view, const trace::ClaimLife*> ClaimsByUid(const Context& context);

// What the line `a` tells was certainly written before what `b` tells, of another resource: by versions,
// or by more than kDelta where they cannot be compared.
bool CertainlyBefore(const Context& context, const trace::At& a, const trace::At& b);
// When the process of the controllers is lost, another takes over within so many seconds.
inline constexpr double kFailOver = 60.0;
// The controllers of the cluster wrote something of the set after `since` and before the window's end:
// its status, an endpoint slice or a pod. They run in one process, so none of them was away.
bool ControllersWrote(const Context& context, const Window& window, const trace::At& since);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_STORAGE_FACTS_H_
