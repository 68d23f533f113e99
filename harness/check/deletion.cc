// Who asked for the end of a pod: told over the whole life of it, before anything is blamed.
#include <algorithm>

#include <fmt/format.h>

#include "harness/check/context.h"

namespace holdfast::check {
namespace {

using trace::Action;
using trace::At;
using trace::PodLife;
using trace::PodState;
using trace::SetState;
using Around = std::vector<const SetState*>;

bool IsPodResource(std::string_view resource) {
  return resource == "pods" || resource == "pods/eviction" || resource == "pod";
}

const Action* OwnAction(const Context& context, const PodLife& life, int64_t line) {
  const auto asks = [&](const Action* action) {
    return action->at.line <= line && (action->verb == "delete" || action->verb == "evict") &&
           IsPodResource(action->resource) && MayHaveHappened(*action);
  };
  if (const auto found = context.actions_by_uid.find(life.uid);
      found != context.actions_by_uid.end()) {
    for (const Action* action : found->second)
      if (asks(action)) return action;
  }
  if (const auto found = context.actions_by_name.find(life.name);
      found != context.actions_by_name.end()) {
    for (const Action* action : found->second)
      if (asks(action) && action->at.line >= life.first().line) return action;
  }
  return nullptr;
}

// The pod was created on a later state that has its ordinal in range: the controller had left this
// one behind, and never goes back to it.
bool WasLeftBehind(const Context& context,
                   const SetState& state,
                   const Around& around,
                   const Member& member) {
  return std::any_of(around.begin(), around.end(), [&](const SetState* later) {
    return IsBefore(context, state.at, later->at) && InRange(*later, member.ordinal) &&
           IsBefore(context, later->at, member.life->first());
  });
}

// Whether a controller that sees this state may make a pod at that revision.
bool CouldMake(const Context& context, const SetState& set, const std::string& revision) {
  const std::optional<std::string> update = RevisionOfTemplate(context, set);
  return !update || *update == revision || set.current_revision == revision;
}

void Set(Member& member, Cause cause, std::string text) {
  member.cause = cause;
  member.cause_text = std::move(text);
}

// What a fault of the run did is told by its actions and by the marks that the cluster sets; that a
// pod was a fault's target explains nothing, because the controller's part in it is to be judged.
bool AttributeForeign(const Context& context,
                      Member& member,
                      const At& term,
                      const Around& around) {
  const PodLife& life = *member.life;
  if (const Action* action = OwnAction(context, life, term.line)) {
    Set(member, Cause::kOwn, fmt::format("the run's own action {} ({})", action->id, action->text));
    return true;
  }
  for (const PodState& state : life.states) {
    if (!state.disruption.empty()) {
      Set(member, Cause::kDisruption, "disruption: " + std::string(state.disruption));
      return true;
    }
    if (state.at.line <= term.line && !state.terminating &&
        (state.phase == "Failed" || state.phase == "Succeeded")) {
      Set(member, Cause::kPhase, "the pod was " + std::string(state.phase));
      return true;
    }
  }
  for (const SetState* set : around) {
    if ((!set->terminating && !set->gone) || WasOrphaned(context, set->uid)) continue;
    Set(member, Cause::kSetDeleted, "the set was deleted");
    return true;
  }
  return false;
}

bool AttributeUpdate(const Context& context,
                     Member& member,
                     const At& term,
                     const Around& around) {
  const trace::Labels& labels = StateAt(*member.life, term.line).identity->labels;
  const auto revision = labels.find("controller-revision-hash");
  const std::string own = revision == labels.end() ? std::string() : std::string(revision->second);
  bool rolling = false;
  bool could_make = member.life->listed;
  for (const SetState* set : around) {
    could_make = could_make || CouldMake(context, *set, own);
    // The pod was made by a controller that had gone beyond this state, and never goes back to it.
    const bool left_behind = !could_make && IsBefore(context, set->at, member.life->first());
    rolling = rolling || (!left_behind && MayUpdate(context, *set, member.ordinal, own));
  }
  if (!rolling) return false;
  for (const std::string& update : context.UpdateRevisionsAround(term.t)) {
    if (revision != labels.end() && revision->second == update) continue;
    Set(member, Cause::kUpdate, "a rolling update to " + update);
    return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> RevisionOfTemplate(const Context& context, const SetState& set) {
  const auto& states = context.trace.set;
  for (auto at = static_cast<size_t>(&set - states.data()); at < states.size(); ++at) {
    const SetState& state = states[at];
    if (state.uid != set.uid || state.observed_generation > set.generation) break;
    if (state.observed_generation == set.generation && !state.update_revision.empty())
      return state.update_revision;
  }
  return std::nullopt;
}

bool MayUpdate(const Context& context,
               const SetState& set,
               int64_t ordinal,
               const std::string& revision) {
  if (set.strategy != "RollingUpdate" || ordinal < set.start + set.partition) return false;
  return RevisionOfTemplate(context, set) != revision;
}

bool MayHaveHappened(const Action& action) {
  if (!action.answered || action.ok) return true;
  // 4xx is a refusal; no answer or a server's error leaves the outcome open.
  if (action.status != 0) return action.status >= 500;
  return action.reason.empty() && action.message.find("Error from server") == std::string::npos;
}

const Action* OwnDeletion(const Context& context,
                          std::string_view resource,
                          std::string_view name,
                          std::string_view uid,
                          int64_t line) {
  const auto asks = [&](const Action* action) {
    return action->verb == "delete" && action->resource == resource && action->at.line <= line &&
           MayHaveHappened(*action);
  };
  if (const auto found = context.actions_by_uid.find(uid); found != context.actions_by_uid.end())
    for (const Action* action : found->second)
      if (asks(action)) return action;
  if (const auto found = context.actions_by_name.find(name); found != context.actions_by_name.end())
    for (const Action* action : found->second)
      if (asks(action)) return action;
  return nullptr;
}

bool WasOrphaned(const Context& context, const std::string& set_uid) {
  const auto is_orphaning = [](const Action* action) {
    return action->verb == "delete" && action->resource == "statefulsets" &&
           MayHaveHappened(*action) &&
           // As kubectl calls it, and as the API does.
           (GetString(action->fields, {"cascade"}) == "orphan" ||
            GetString(action->fields, {"propagation"}) == "Orphan");
  };
  if (const auto found = context.actions_by_uid.find(set_uid);
      found != context.actions_by_uid.end())
    return std::any_of(found->second.begin(), found->second.end(), is_orphaning);
  const auto found = context.actions_by_name.find(context.trace.target_name);
  return found != context.actions_by_name.end() &&
         std::any_of(found->second.begin(), found->second.end(), is_orphaning);
}

bool IsForeign(Cause cause) {
  return cause == Cause::kOwn || cause == Cause::kDisruption || cause == Cause::kPhase ||
         cause == Cause::kSetDeleted;
}

void Attribute(const Context& context, Member& member) {
  const PodLife& life = *member.life;
  if (!life.term) return;
  const At term = *life.term;
  const Around around = context.SetAround(term);
  if (AttributeForeign(context, member, term, around)) return;
  for (const SetState* set : around) {
    if (InRange(*set, member.ordinal) || WasLeftBehind(context, *set, around, member)) continue;
    // Back in range by the newest state and outdated: either may be why, so neither is judged.
    if (InRange(*around.back(), member.ordinal) && AttributeUpdate(context, member, term, around))
      return Set(member, Cause::kOwn, "the run's own changes: scaling or " + member.cause_text);
    return Set(member, Cause::kScale, "the set was scaled so that its ordinal is out of range");
  }
  if (AttributeUpdate(context, member, term, around)) return;
  for (const PodState& state : life.states) {
    const trace::OwnerReference* owner = Controller(state.identity->owners);
    if (state.at.line > term.line || context.IsDeployment()) break;
    if (owner == nullptr || owner->name != context.trace.target_name)
      return Set(member, Cause::kReleased, "the pod was released by the set");
  }
  member.cause = Cause::kUnknown;
}

}  // namespace holdfast::check
