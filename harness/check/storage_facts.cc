#include "harness/check/storage_facts.h"

#include <algorithm>

namespace holdfast::check {
namespace {

using trace::ClaimLife;
using trace::SetState;

const SetState* NewestSet(const Context& context, const Window& window) {
  const SetState* set = context.SetAt(window.end_line - 1);
  if (set == nullptr && !context.trace.set.empty()) set = &context.trace.set.front();
  return set;
}

}  // namespace

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
  return std::nullopt;
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

}  // namespace holdfast::check
