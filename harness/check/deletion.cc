// Who asked for the end of a pod: told over the whole life of it, before anything is blamed.
#include <algorithm>

#include <fmt/format.h>

#include "harness/check/context.h"
#include "harness/check/node_facts.h"

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
  return OwnDeletion(context, "namespaces", context.trace.target_namespace, {}, line);
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
  // The garbage collector may come late, when another set of that name is there already.
  const trace::OwnerReference* owner = Controller(StateAt(life, term.line).identity->owners);
  if (owner == nullptr || owner->kind != "StatefulSet") return false;
  const auto own_set = context.set_ends.find(owner->uid);
  if (own_set == context.set_ends.end()) {
    if (!life.listed) return false;
    Set(member, Cause::kOpen, "its set was gone before the record began");
    return true;
  }
  if (own_set->second == nullptr || !IsBefore(context, own_set->second->at, term) ||
      WasOrphaned(context, owner->uid))
    return false;
  Set(member, Cause::kSetDeleted, "the set was deleted");
  return true;
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
  for (const std::string& update : context.UpdateRevisionsAround(term)) {
    if (revision != labels.end() && revision->second == update) continue;
    Set(member, Cause::kUpdate, "a rolling update to " + update);
    return true;
  }
  return false;
}

// The controller tells a new revision in the status that it writes after the deletion, and the record
// ends before that.
bool EndsBeforeStatus(const Context& context,
                      const Member& member,
                      const At& term,
                      const Around& around) {
  constexpr double kLateStatus = 30.0;
  return context.trace.last.t - term.t <= kLateStatus &&
         std::any_of(around.begin(), around.end(), [&](const SetState* set) {
           return set->observed_generation < set->generation && set->strategy == "RollingUpdate" &&
                  member.ordinal >= set->start + set->partition &&
                  !RevisionOfTemplate(context, *set);
         });
}

// Before Kubernetes 1.26 an eviction leaves no mark on the pod: what drives pods away can only be told
// from the node.
bool MayBeEvicted(const Context& context, const PodLife& life, const At& term) {
  const int minor = context.MinorVersion();
  if (minor == 0 || minor >= 26) return false;
  const std::string_view node = StateAt(life, term.line).node;
  const auto states = NodeStates(context, node, term.t - kDelta, term.t + kDelta);
  return std::any_of(states.begin(), states.end(), [](const trace::NodeState* state) {
    return state->unschedulable || state->out_of_service || state->evicts || state->ready != "True";
  });
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
  if (resource == "namespaces") {
    for (const Action* action : context.namespace_deletions)
      if (action->name == name && asks(action)) return action;
    return nullptr;
  }
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
  if (WasEndingBefore(life))
    return Set(member, Cause::kOpen, "it was asked to stop before the record began");
  const Around around = context.SetAround(term);
  if (AttributeForeign(context, member, term, around)) return;
  const bool may_be_evicted = MayBeEvicted(context, life, term);
  for (const SetState* set : around) {
    if (InRange(*set, member.ordinal) || WasLeftBehind(context, *set, around, member)) continue;
    // Back in range by the newest state and outdated: either may be why, so neither is judged.
    if (InRange(*around.back(), member.ordinal) && AttributeUpdate(context, member, term, around))
      return Set(member, Cause::kOwn, "the run's own changes: scaling or " + member.cause_text);
    return Set(member, Cause::kScale, "the set was scaled so that its ordinal is out of range");
  }
  if (AttributeUpdate(context, member, term, around)) {
    if (may_be_evicted)
      Set(member, Cause::kOwn, member.cause_text + ", or an eviction from its node");
    return;
  }
  for (const PodState& state : life.states) {
    const trace::OwnerReference* owner = Controller(state.identity->owners);
    if (state.at.line > term.line || context.IsDeployment()) break;
    if (owner == nullptr || owner->name != context.trace.target_name)
      return Set(member, Cause::kReleased, "the pod was released by the set");
  }
  if (may_be_evicted) {
    return Set(member, Cause::kOpen,
               "it may have been evicted from its node, which before Kubernetes 1.26 leaves no mark");
  }
  if (EndsBeforeStatus(context, member, term, around)) {
    return Set(member, Cause::kOpen,
               "the record ends before the status that would tell a rolling update");
  }
  const auto watch = context.trace.opened.find("pods");
  if (life.listed && watch != context.trace.opened.end() && term.t - watch->second.at.t <= kDelta) {
    return Set(member, Cause::kOpen,
               fmt::format("the record begins {:.1f} s before, and may lack who asked for it",
                           term.t - watch->second.at.t));
  }
  member.cause = Cause::kUnknown;
}

}  // namespace holdfast::check
