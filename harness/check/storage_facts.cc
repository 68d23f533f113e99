#include "harness/check/storage_facts.h"

#include <algorithm>
#include <tuple>

namespace holdfast::check {
namespace {

using trace::ClaimLife;
using trace::SetState;

bool Compares(const Context& context, const trace::At& a, const trace::At& b) {
  return a.version != 0 && b.version != 0 && context.trace.one_counter;
}

// The garbage collector may have seen `end` when it wrote what `at` tells.
bool MayHaveSeen(const Context& context, const trace::At& end, const trace::At& at) {
  return Compares(context, end, at) ? end.version < at.version : end.t <= at.t + kDelta;
}

// The policy gave the claim this owner, which is a pod of the set that was out of range.
bool IsScaledOwner(const Context& context,
                   const ClaimLife& life,
                   const trace::ClaimState& since) {
  const bool from_before = life.listed && &since == &life.states.front();
  const std::vector<const SetState*> around = context.SetAround(since.at);
  return std::any_of(around.begin(), around.end(), [&](const SetState* set) {
    return set->when_scaled == "Delete" &&
           (from_before || !InRange(*set, OrdinalOfClaim(context, *set, life.name)));
  });
}

// The policy behind an owner of the claim that was gone when the claim was deleted; nullptr when the
// owner was there, or when no policy explains it.
const char* PolicyOf(const Context& context,
                     const ClaimLife& life,
                     const trace::ClaimState& since,
                     const trace::OwnerReference& owner) {
  if (owner.kind == "Pod") {
    const auto member = context.by_uid.find(owner.uid);
    if (member == context.by_uid.end() || !member->second->life->gone ||
        !MayHaveSeen(context, *member->second->life->gone, *life.term) ||
        !IsScaledOwner(context, life, since))
      return nullptr;
    return "the retention policy whenScaled=Delete";
  }
  bool removes = false;
  bool ended = false;
  for (const SetState& set : context.trace.set) {
    if (set.uid != owner.uid) continue;
    removes = removes || set.when_deleted == "Delete";
    const bool ends = set.gone || (set.terminating && set.foreground);
    ended = ended || (ends && MayHaveSeen(context, set.at, *life.term));
  }
  return removes && ended ? "the retention policy whenDeleted=Delete" : nullptr;
}

// A claim goes with its owners, once all of them are gone, however long the garbage collector takes.
std::optional<std::string> PolicyOfOwners(const Context& context, const ClaimLife& life) {
  const std::vector<trace::OwnerReference>& owners = StateAt(life, life.term->line).owners;
  const char* policy = nullptr;
  for (const trace::OwnerReference& owner : owners) {
    const auto since = std::find_if(
        life.states.begin(), life.states.end(), [&](const trace::ClaimState& state) {
          return std::any_of(state.owners.begin(), state.owners.end(),
                             [&](const auto& one) { return one.uid == owner.uid; });
        });
    policy = PolicyOf(context, life, *since, owner);
    if (policy == nullptr) return std::nullopt;
  }
  if (policy == nullptr) return std::nullopt;
  return policy;
}

}  // namespace

const SetState* NewestSet(const Context& context, const Window& window) {
  const SetState* set = context.SetAt(window.end_line - 1);
  if (set == nullptr && !context.trace.set.empty()) set = &context.trace.set.front();
  return set;
}

int64_t OrdinalOfClaim(const Context& context, const SetState& set, const std::string& name) {
  for (const trace::ClaimTemplate& claim : *set.templates) {
    if (!name.starts_with(claim.name + "-")) continue;
    const int64_t ordinal = context.OrdinalOf(std::string_view(name).substr(claim.name.size() + 1));
    if (ordinal >= 0) return ordinal;
  }
  return -1;
}

int64_t OrdinalOfClaim(const Context& context, const Window& window, const std::string& name) {
  const SetState* set = NewestSet(context, window);
  return set == nullptr ? -1 : OrdinalOfClaim(context, *set, name);
}

std::optional<std::string> CauseOfClaimDeletion(const Context& context, const ClaimLife& life) {
  if (const trace::Action* action =
          OwnDeletion(context, kClaims, life.name, life.uid, life.term->line))
    return "the run's own action: " + action->text;
  if (const trace::Action* action = OwnDeletion(
          context, "namespaces", context.trace.target_namespace, {}, life.term->line))
    return "the run's own action: " + action->text;
  for (const SetState* set : context.SetAround(*life.term)) {
    const int64_t ordinal = OrdinalOfClaim(context, *set, life.name);
    if (set->when_deleted == "Delete" && (set->gone || set->terminating))
      return "the retention policy whenDeleted=Delete";
    if (set->when_scaled == "Delete" && !InRange(*set, ordinal))
      return "the retention policy whenScaled=Delete";
  }
  return PolicyOfOwners(context, life);
}

std::vector<std::string> ClaimNames(const Context& context, const Window& window, int64_t ordinal) {
  std::vector<std::string> names;
  const SetState* set = NewestSet(context, window);
  if (set == nullptr) return names;
  for (const trace::ClaimTemplate& claim : *set->templates)
    names.push_back(fmt::format("{}-{}-{}", claim.name, context.trace.target_name, ordinal));
  return names;
}

const ClaimLife* ClaimAround(const Context& context, const std::string& name, double t) {
  const ClaimLife* found = nullptr;
  for (const ClaimLife* life : context.ClaimsOf(name))
    if (life->first().t <= t && (!life->gone || life->gone->t >= t)) found = life;
  return found;
}

const trace::ClaimState& StateAt(const ClaimLife& life, int64_t line) {
  const auto next = std::upper_bound(
      life.states.begin(), life.states.end(), line,
      [](int64_t at, const trace::ClaimState& state) { return at < state.at.line; });
  return next == life.states.begin() ? life.states.front() : *std::prev(next);
}

std::string VolumeOf(const ClaimLife& life) {
  for (const trace::ClaimState& state : life.states)
    if (!state.volume.empty()) return state.volume;
  return {};
}

bool IsSingleWriter(const std::string& access) {
  return access == "ReadWriteOnce" || access == "ReadWriteOncePod";
}

std::vector<const ClaimLife*> ClaimsIn(const Context& context, const Window& window) {
  std::vector<const ClaimLife*> claims;
  const SetState* set = NewestSet(context, window);
  if (set == nullptr) return claims;
  for (const ClaimLife& life : context.trace.claims) {
    ++context.steps;
    if (life.Overlaps(window.begin_line, window.end_line) &&
        OrdinalOfClaim(context, *set, life.name) >= 0)
      claims.push_back(&life);
  }
  return claims;
}

std::unordered_map<std::string_view, const ClaimLife*> ClaimsByUid(const Context& context) {
  std::unordered_map<std::string_view, const ClaimLife*> claims;
  for (const ClaimLife& claim : context.trace.claims)
    claims[claim.uid] = &claim;
  return claims;
}

bool CertainlyBefore(const Context& context, const trace::At& a, const trace::At& b) {
  return Compares(context, a, b) ? a.version < b.version : a.t + kDelta < b.t;
}

bool ControllersWrote(const Context& context, const Window& window, const trace::At& since) {
  const auto after = [&](const trace::At& at) {
    return at.line < window.end_line && IsBefore(context, since, at);
  };
  const trace::TraceModel& trace = context.trace;
  for (size_t i = 1; i < trace.set.size(); ++i) {
    const SetState& set = trace.set[i];
    const SetState& before = trace.set[i - 1];
    const auto told = [](const SetState& state) {
      return std::tie(state.observed_generation, state.current_revision, state.update_revision,
                      state.status_replicas, state.status_ready, state.status_current,
                      state.status_updated, state.status_available);
    };
    if (set.uid == before.uid && told(set) != told(before) && after(set.at)) return true;
  }
  for (const trace::SliceLife& slice : trace.slices)
    for (const trace::SliceState& state : slice.states)
      if (after(state.at)) return true;
  return std::any_of(context.members.begin(), context.members.end(), [&](const Member& member) {
    const trace::PodLife& life = *member.life;
    return !life.listed && after(life.first()) &&
           Controller(life.states.front().identity->owners) != nullptr;
  });
}

}  // namespace holdfast::check
