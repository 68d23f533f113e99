// SS-RET: persistentVolumeClaimRetentionPolicy.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/order_facts.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::ClaimLife;
using trace::ClaimState;
using trace::OwnerReference;
using trace::SetState;

// States of the set in the window that end it.
std::vector<const SetState*> Ends(const Judgement& judge) {
  std::vector<const SetState*> ends;
  for (const SetState* set : judge.window().sets)
    if (set->gone && judge.window().Has(set->at)) ends.push_back(set);
  return ends;
}

bool Lives(const ClaimLife& claim, const At& at) {
  return claim.first().t <= at.t && (!claim.gone || claim.gone->t > at.t);
}

// The garbage collector took a claim that belonged to nobody, and nobody else is known to have asked.
bool WentWithoutOwner(const Context& context, const ClaimLife& claim) {
  const bool owned = std::any_of(claim.states.begin(), claim.states.end(),
                                 [](const ClaimState& state) { return !state.owners.empty(); });
  return !owned && !claim.listed &&
         OwnDeletion(context, kClaims, claim.name, claim.uid, claim.gone->line) == nullptr;
}

void BreakOwnerless(Judgement& judge, const ClaimLife& claim) {
  judge.Broken(claim.gone->t,
               fmt::format("claim {} (uid {}) was removed at {} by the policy, but it never had an "
                           "owner with which it could go",
                           claim.name, claim.uid, Seconds(claim.gone->t)),
               {ClaimId(claim)}, {claim.first().line, claim.gone->line});
}

void JudgeWhenDeleted(Judgement& judge) {
  const Context& context = judge.context();
  for (const SetState* set : Ends(judge)) {
    const bool orphaned = WasOrphaned(context, set->uid);
    const bool removes = set->when_deleted == "Delete" && !orphaned;
    for (const ClaimLife* claim : ClaimsIn(context, judge.window())) {
      const bool before = claim->first().t <= set->at.t - kDelta;
      const bool ours = OrdinalOfClaim(context, *set, claim->name) >= 0;
      if (!before || !ours || (claim->gone && claim->gone->t < set->at.t - kDelta)) continue;
      // Without the set's reference the collector does not know the claim.
      const ClaimState& state = StateAt(*claim, set->at.line);
      const bool owned = std::any_of(
          state.owners.begin(), state.owners.end(), [&](const OwnerReference& owner) {
            return owner.uid == set->uid || owner.kind == "Pod";
          });
      if (removes && !owned) {
        if (claim->gone && judge.window().Has(*claim->gone) && WentWithoutOwner(context, *claim))
          BreakOwnerless(judge, *claim);
        continue;
      }
      if (!removes) {
        if (!claim->term || claim->term->t < set->at.t - kDelta) {
          judge.Saw();
          continue;
        }
        if (CauseOfClaimDeletion(context, *claim)) continue;
        judge.Saw();
        judge.Broken(claim->term->t,
                     fmt::format("claim {} (uid {}) was deleted at {} after its set, although {}",
                                 claim->name, claim->uid, Seconds(claim->term->t),
                                 orphaned ? "the set was deleted with cascade orphan"
                                          : "whenDeleted is Retain"),
                     {ClaimId(*claim)}, {set->at.line, claim->term->line});
        continue;
      }
      const bool asked = claim->term && claim->term->line < judge.window().end_line;
      const double waited = (asked ? claim->term->t : judge.window().t1) - set->at.t;
      if (claim->gone && judge.window().Has(*claim->gone)) {
        judge.Saw();
      } else if (!asked && waited > judge.window().Settle()) {
        judge.Saw();
        judge.Broken(judge.window().t1,
                     fmt::format("claim {} (uid {}) is still there {:.0f} s after its set was "
                                 "deleted with whenDeleted=Delete",
                                 claim->name, claim->uid, waited),
                     {ClaimId(*claim)}, {set->at.line});
      } else {
        judge.Undecided(fmt::format("claim {} was {} at the end of the record", claim->name,
                                    asked ? "asked to go, but not gone" : "not yet gone"));
      }
    }
  }
}

bool DeletesScaled(const Around& around) {
  return !around.empty() && std::all_of(around.begin(), around.end(), [](const SetState* set) {
    return set->when_scaled == "Delete";
  });
}

// A later state of the set in the window wants the ordinal again.
bool WantedAgain(const Judgement& judge, int64_t ordinal, const At& since) {
  const auto& sets = judge.window().sets;
  return std::any_of(sets.begin(), sets.end(), [&](const SetState* set) {
    return set->at.line > since.line && InRange(*set, ordinal);
  });
}

void JudgeWhenScaled(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : ScaleDeletions(judge)) {
    const At term = *member->life->term;
    if (!DeletesScaled(context.SetAround(term))) continue;
    for (const std::string& name : ClaimNames(context, judge.window(), member->ordinal)) {
      const ClaimLife* claim = nullptr;
      for (const ClaimLife* life : context.ClaimsOf(name))
        if (life->first().t <= term.t) claim = life;
      if (claim == nullptr) continue;
      const At end{.line = judge.window().end_line, .t = judge.window().t1};
      const At gone = member->life->gone.value_or(end);
      const bool removed = claim->gone && judge.window().Has(*claim->gone);
      if (removed) {
        judge.Saw();
        if (WentWithoutOwner(context, *claim)) BreakOwnerless(judge, *claim);
        if (!IsSurelyBefore(context, *claim->gone, gone)) continue;
        judge.Broken(claim->gone->t,
                     fmt::format("claim {} (uid {}) disappeared at {}, before its pod {} was gone",
                                 name, claim->uid, Seconds(claim->gone->t),
                                 Describe(*member->life)),
                     {ClaimId(*claim), PodId(*member->life)}, {term.line, claim->gone->line});
      } else if (!WantedAgain(judge, member->ordinal, term) &&
                 end.t - gone.t > judge.window().Settle()) {
        judge.Saw();
        if (claim->term && claim->term->line < end.line) {
          judge.Undecided(fmt::format("claim {} was asked to go, but not gone at the end of the record",
                                      name));
          continue;
        }
        judge.Broken(end.t,
                     fmt::format("claim {} (uid {}) is still there {:.0f} s after {} was scaled "
                                 "away with whenScaled=Delete",
                                 name, claim->uid, end.t - gone.t, Describe(*member->life)),
                     {ClaimId(*claim), PodId(*member->life)}, {term.line});
      }
    }
  }
}

void JudgeInRangeDeletion(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Deleted()) {
    const At term = *member->life->term;
    const Range range = CertainRange(context.SetAround(term));
    if (member->ordinal < range.first || member->ordinal >= range.last) continue;
    const std::vector<const Member*> later =
        Later(context, *member->life, judge.window().end_line);
    const double until = later.empty() ? judge.window().t1 : later.front()->life->first().t;
    for (const std::string& name : ClaimNames(context, judge.window(), member->ordinal)) {
      for (const ClaimLife* claim : context.ClaimsOf(name)) {
        if (!Lives(*claim, term)) continue;
        judge.Saw();
        if (!claim->term || claim->term->t < term.t - kDelta || claim->term->t > until + kDelta ||
            CauseOfClaimDeletion(context, *claim))
          continue;
        judge.Broken(claim->term->t,
                     fmt::format("claim {} (uid {}) was deleted at {} with {}, which the set still "
                                 "wants: its data is lost",
                                 name, claim->uid, Seconds(claim->term->t),
                                 Describe(*member->life)),
                     {ClaimId(*claim), PodId(*member->life)}, {term.line, claim->term->line});
      }
    }
  }
}

void JudgeFreshAfterScale(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Created()) {
    const trace::PodLife& pod = *member->life;
    const Member* former = Former(context, pod);
    if (former == nullptr || former->cause != Cause::kScale || !former->life->term ||
        !DeletesScaled(context.SetAround(*former->life->term)))
      continue;
    for (const std::string& name : ClaimNames(context, judge.window(), member->ordinal)) {
      for (const ClaimLife* claim : context.ClaimsOf(name)) {
        // A claim that the old pod still owns is on its way out.
        const ClaimState& state = claim->states.back();
        const bool old = std::any_of(
            state.owners.begin(), state.owners.end(),
            [&](const OwnerReference& owner) { return owner.uid == former->life->uid; });
        if (!old) continue;
        judge.Saw();
        if (claim->gone && !IsSurelyBefore(context, pod.first(), *claim->gone)) continue;
        if (!claim->gone && judge.window().t1 - pod.first().t <= kDelta) continue;
        judge.Broken(pod.first().t,
                     fmt::format("{} was created at {} although the claim {} (uid {}) of its "
                                 "predecessor was still to be removed",
                                 Describe(pod), Seconds(pod.first().t), name, claim->uid),
                     {PodId(pod), ClaimId(*claim)}, {state.at.line, pod.first().line});
      }
    }
  }
}

bool IsForeignOwner(const Context& context, const OwnerReference& owner) {
  if (!owner.controller) return false;
  if (owner.kind == "StatefulSet") return owner.name != context.trace.target_name;
  if (owner.kind == "Pod") return context.OrdinalOf(owner.name) < 0;
  return true;
}

void JudgeForeignController(Judgement& judge) {
  const Context& context = judge.context();
  for (const ClaimLife* claim : ClaimsIn(context, judge.window())) {
    const ClaimState* foreign = nullptr;
    for (const ClaimState& state : claim->states) {
      const bool is_foreign = std::any_of(
          state.owners.begin(), state.owners.end(),
          [&](const OwnerReference& owner) { return IsForeignOwner(context, owner); });
      if (is_foreign && foreign == nullptr) foreign = &state;
      if (!is_foreign) foreign = nullptr;
    }
    if (foreign == nullptr || foreign->at.line >= judge.window().end_line) continue;
    judge.Saw();
    if (!claim->term || !judge.window().Has(*claim->term) ||
        OwnDeletion(context, kClaims, claim->name, claim->uid, claim->term->line) != nullptr)
      continue;
    const std::optional<std::string> cause = CauseOfClaimDeletion(context, *claim);
    judge.Broken(claim->term->t,
                 fmt::format("claim {} (uid {}), which another controller owns, was deleted at {}{}",
                             claim->name, claim->uid, Seconds(claim->term->t),
                             cause ? " by " + *cause : ""),
                 {ClaimId(*claim)}, {foreign->at.line, claim->term->line});
  }
}

void JudgeStaleReference(Judgement& judge) {
  const Context& context = judge.context();
  std::map<std::string, double> gone;  // Uid of a set of ours -> when it went.
  for (const SetState& set : context.trace.set)
    if (set.gone) gone[set.uid] = set.at.t;
  for (const ClaimLife* claim : ClaimsIn(context, judge.window())) {
    const ClaimState* stale = nullptr;
    for (const ClaimState& state : claim->states) {
      const auto refers = [&](bool to_stale) {
        return std::any_of(
            state.owners.begin(), state.owners.end(), [&](const OwnerReference& owner) {
              if (owner.kind != "StatefulSet" || owner.name != context.trace.target_name)
                return false;
              const auto found = gone.find(owner.uid);
              return (found != gone.end() && found->second + kDelta < state.at.t) == to_stale;
            });
      };
      if (stale != nullptr && judge.window().Has(state.at) && refers(false)) {
        judge.Broken(state.at.t,
                     fmt::format("claim {} (uid {}) carried a reference to a set that was gone, "
                                 "and was taken over at {}",
                                 claim->name, claim->uid, Seconds(state.at.t)),
                     {ClaimId(*claim)}, {stale->at.line, state.at.line});
      }
      if (refers(true) && judge.window().Has(state.at)) {
        stale = &state;
        judge.Saw();
      }
    }
  }
}

// Steady owner references, by the table of the reference (1.7), of the claims of pods that are
// Ready and in range.
void JudgeReferences(Judgement& judge) {
  const Context& context = judge.context();
  const SetState* set = context.SetAt(judge.window().end_line - 1);
  if (set == nullptr || set->gone || set->terminating || context.MinorVersion() < 27 ||
      set->observed_generation != set->generation)
    return;
  for (const ClaimLife* claim : ClaimsIn(context, judge.window())) {
    const int64_t ordinal = OrdinalOfClaim(context, *set, claim->name);
    const Member* member = context.LastOf(ordinal, judge.window().end_line);
    if (claim->term || member == nullptr || !InRange(*set, ordinal)) continue;
    const At end{.line = judge.window().end_line, .t = judge.window().t1};
    const std::optional<Readiness> ready = ReadinessAt(*member->life, end.line);
    if (!member->life->Spans(end.line - 1) || !ready) continue;
    const ClaimState& state = StateAt(*claim, end.line - 1);
    const bool owned = std::any_of(
        state.owners.begin(), state.owners.end(),
        [&](const OwnerReference& owner) { return owner.uid == set->uid; });
    const bool foreign = std::any_of(
        state.owners.begin(), state.owners.end(),
        [&](const OwnerReference& owner) { return owner.uid != set->uid; });
    if (foreign) continue;
    if (owned == (set->when_deleted == "Delete")) {
      judge.Saw();
      continue;
    }
    const double newest = std::max({set->at.t, state.at.t, ready->at.t});
    if (end.t - newest <= judge.window().Settle()) continue;
    judge.Saw();
    judge.Broken(end.t,
                 fmt::format("claim {} (uid {}) {} the set as its owner although whenDeleted is {}",
                             claim->name, claim->uid, owned ? "has" : "does not have",
                             set->when_deleted),
                 {ClaimId(*claim)}, {set->at.line, state.at.line});
  }
}

}  // namespace

std::vector<Guarantee> RetentionFamily() {
  const std::vector<std::string> pods = {"pods", "statefulsets", kClaims};
  const std::vector<std::string> claims = {"statefulsets", kClaims};
  return {
      {.id = "SS-RET-1",
       .title = "whenDeleted",
       .paragraph = "With whenDeleted Delete the claims go after the set is deleted, within "
                    "limits.settle (default 2m); with Retain, or cascade orphan, they stay.",
       .since = "Kubernetes 1.27",
       .exercised = "the set is deleted",
       .exceptions = "Claims that carried no reference to the set.",
       .needs = claims,
       .seen = "{} claims went or stayed after their set as the policy says",
       .judge = JudgeWhenDeleted},
      {.id = "SS-RET-2",
       .title = "whenScaled",
       .paragraph = "With whenScaled Delete the claim of a pod that is scaled away goes after the "
                    "pod, within limits.settle (default 2m).",
       .since = "Kubernetes 1.27",
       .exercised = "a pod is scaled away with whenScaled Delete",
       .exceptions = "Ordinals that are wanted again at once.",
       .needs = pods,
       .seen = "{} claims went after their pods were scaled away",
       .judge = JudgeWhenScaled},
      {.id = "SS-RET-3",
       .title = "deleting a pod keeps its claim",
       .paragraph = "Whatever the policy, the claim of a pod in range outlives the pod.",
       .since = "Kubernetes 1.9",
       .exercised = "a pod in range is deleted",
       .exceptions = "Claims that the run deletes itself.",
       .needs = pods,
       .seen = "{} claims outlived their deleted pods",
       .judge = JudgeInRangeDeletion},
      {.id = "SS-RET-4",
       .title = "down and up again with whenScaled Delete",
       .paragraph = "A pod that is scaled away and wanted again is created only when the old claim "
                    "is gone; it starts with a new one.",
       .since = "Kubernetes 1.27",
       .exercised = "an ordinal comes back after it was scaled away with whenScaled Delete",
       .needs = pods,
       .seen = "{} claims were gone before their ordinals came back",
       .judge = JudgeFreshAfterScale},
      {.id = "SS-RET-5",
       .title = "claims of another controller",
       .paragraph = "A claim that another controller owns is never deleted by the policy.",
       .since = "Kubernetes 1.27",
       .exercised = "a claim of the set has another controller",
       .needs = claims,
       .seen = "{} claims of other controllers were left alone",
       .judge = JudgeForeignController},
      {.id = "SS-RET-6",
       .title = "stale references",
       .paragraph = "A claim that refers to a set of the same name but another uid is left alone.",
       .since = "Kubernetes 1.27",
       .exercised = "a claim refers to a set that is gone",
       .needs = claims,
       .seen = "{} states of claims with stale references were left alone",
       .judge = JudgeStaleReference},
      {.id = "SS-RET-7",
       .title = "references follow the policy",
       .paragraph = "At rest the claims in range refer to the set exactly when whenDeleted is "
                    "Delete, also after the policy was changed.",
       .since = "Kubernetes 1.27",
       .exercised = "the scenario ends with Ready pods that have claims",
       .exceptions = "Within limits.settle after a change; claims with owners of other kinds.",
       .needs = pods,
       .seen = "{} claims had the owner that the policy asks for",
       .judge = JudgeReferences},
  };
}

}  // namespace holdfast::check
