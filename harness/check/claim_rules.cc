// SS-PVC-3 and 5 to 10: how claims bind, who keeps them, and what happens when they go.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/check/claims_bound.h"
#include "harness/check/families.h"
#include "harness/check/order_facts.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::ClaimLife;
using trace::ClaimState;
using trace::PodLife;
using trace::VolumeLife;
using trace::VolumeState;

ObjectId VolumeId(const VolumeLife& life) { return {"PersistentVolume", life.name, life.uid}; }

// A volume belongs to one claim for as long as that is there.
void JudgeVolumeStep(Judgement& judge,
                     const VolumeLife& life,
                     const VolumeState& state,
                     const VolumeState* before,
                     const ClaimLife* claim) {
  const auto broken = [&](std::string sentence) {
    std::vector<ObjectId> objects{VolumeId(life)};
    if (claim != nullptr) objects.push_back(ClaimId(*claim));
    judge.Broken(state.at.t, std::move(sentence), std::move(objects), {state.at.line});
  };
  if (state.phase == "Bound" && state.claim_uid.empty()) {
    broken(fmt::format("volume {} (uid {}) is Bound at {} without a claim's uid", life.name, life.uid,
                       Seconds(state.at.t)));
  }
  if (before != nullptr && !before->claim_uid.empty() && !state.claim_uid.empty() &&
      (before->claim_uid != state.claim_uid || before->claim_name != state.claim_name)) {
    broken(fmt::format("volume {} (uid {}) goes from claim {} (uid {}) to claim {} (uid {}) at {}",
                       life.name, life.uid, before->claim_name, before->claim_uid, state.claim_name,
                       state.claim_uid, Seconds(state.at.t)));
  }
  // The watch of the claims may be behind.
  const trace::TraceModel& trace = judge.context().trace;
  const double written = trace.WrittenBy(state.at);
  const bool kept = claim != nullptr &&
                    (claim->gone ? CertainlyBefore(judge.context(), state.at, *claim->gone) &&
                                       trace.WrittenBy(*claim->gone) > written + kDelta
                                 : trace.last.t > state.at.t + kDelta);
  if (kept && state.phase == "Released") {
    broken(fmt::format("volume {} (uid {}) is Released at {}, although its claim {} (uid {}) is there",
                       life.name, life.uid, Seconds(state.at.t), claim->name, claim->uid));
  }
}

void JudgeBoundVolumes(Judgement& judge) {
  const Context& context = judge.context();
  const auto claims = ClaimsByUid(context);
  for (const VolumeLife& life : context.trace.volumes) {
    const VolumeState* before = nullptr;
    for (const VolumeState& state : life.states) {
      const VolumeState* last = before;
      before = &state;
      if (!judge.window().Has(state.at)) continue;
      const auto claim = claims.find(state.claim_uid);
      JudgeVolumeStep(judge, life, state, last, claim == claims.end() ? nullptr : claim->second);
    }
  }
}

void JudgeBinding(Judgement& judge) {
  const Context& context = judge.context();
  for (const ClaimLife* life : ClaimsIn(context, judge.window())) {
    std::string volume;
    for (const ClaimState& state : life->states) {
      const bool here = judge.window().Has(state.at);
      if (here && state.phase == "Bound") judge.Saw();
      if (here && state.phase == "Bound" && state.volume.empty()) {
        judge.Broken(state.at.t,
                     fmt::format("claim {} (uid {}) is Bound at {} without a volume", life->name,
                                 life->uid, Seconds(state.at.t)),
                     {ClaimId(*life)}, {state.at.line});
      }
      if (here && !volume.empty() && state.volume != volume) {
        judge.Broken(state.at.t,
                     fmt::format("volumeName of claim {} (uid {}) changes from {} to '{}' at {}",
                                 life->name, life->uid, volume, state.volume, Seconds(state.at.t)),
                     {ClaimId(*life)}, {state.at.line});
      }
      if (volume.empty()) volume = state.volume;
    }
  }
  JudgeBoundVolumes(judge);
  JudgeBoundSides(judge);
  JudgeUnboundUse(judge);
}

void JudgeKeptClaims(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : ScaleDeletions(judge)) {
    const At term = *member->life->term;
    const Around around = context.SetAround(term);
    const bool retained = std::all_of(around.begin(), around.end(), [](const auto* set) {
      return set->when_scaled == "Retain";
    });
    if (!retained) continue;
    for (const std::string& name : ClaimNames(context, judge.window(), member->ordinal)) {
      const ClaimLife* claim = ClaimAround(context, name, term.t);
      if (claim == nullptr) continue;
      judge.Saw();
      if (!claim->term || !judge.window().Has(*claim->term) ||
          claim->term->t < term.t - kDelta || CauseOfClaimDeletion(context, *claim))
        continue;
      judge.Broken(claim->term->t,
                   fmt::format("claim {} (uid {}) was deleted at {} after {} was scaled away, "
                               "although the policy is Retain",
                               name, claim->uid, Seconds(claim->term->t),
                               Describe(*member->life)),
                   {ClaimId(*claim), PodId(*member->life)}, {term.line, claim->term->line});
    }
  }
}

// The controller makes a claim anew only when the old one is gone, and no pod before that.
void JudgeMissingClaim(Judgement& judge) {
  const Context& context = judge.context();
  for (const ClaimLife* life : ClaimsIn(context, judge.window())) {
    const auto& lives = context.ClaimsOf(life->name);
    const auto at = std::find(lives.begin(), lives.end(), life);
    if (at == lives.begin() || !judge.window().Has(life->first())) continue;
    const ClaimLife& before = **std::prev(at);
    judge.Saw();
    if (before.gone && before.gone->line < life->first().line) continue;
    judge.Broken(life->first().t,
                 fmt::format("claim {} is made with uid {} at {} while uid {} is still there",
                             life->name, life->uid, Seconds(life->first().t), before.uid),
                 {ClaimId(before), ClaimId(*life)}, {before.first().line, life->first().line});
  }
  for (const Member* member : judge.Created()) {
    const At at = member->life->first();
    for (const std::string& name : ClaimNames(context, judge.window(), member->ordinal)) {
      for (const ClaimLife* claim : context.ClaimsOf(name)) {
        // The controller's view may be old, and two watches are not ordered in time: only what held for
        // longer than kDelta on both sides counts.
        const double made = context.trace.WrittenBy(at);
        if (!claim->term || context.trace.WrittenBy(*claim->term) > made - kDelta ||
            (claim->gone && (!CertainlyBefore(context, at, *claim->gone) ||
                             context.trace.WrittenBy(*claim->gone) < made + kDelta)))
          continue;
        if (!claim->gone && judge.window().t1 - at.t <= kDelta) continue;
        judge.Saw();
        judge.Broken(at.t,
                     fmt::format("{} was created at {} although its claim {} (uid {}) had been "
                                 "terminating since {}",
                                 Describe(*member->life), Seconds(at.t), name, claim->uid,
                                 Seconds(claim->term->t)),
                     {PodId(*member->life), ClaimId(*claim)}, {claim->term->line, at.line});
      }
    }
  }
}

// The pods of the claim's ordinal.
const std::vector<const Member*>* PodsOfClaim(const Judgement& judge, const ClaimLife& claim) {
  const int64_t ordinal = OrdinalOfClaim(judge.context(), judge.window(), claim.name);
  const auto found = judge.context().by_ordinal.find(ordinal);
  return found == judge.context().by_ordinal.end() ? nullptr : &found->second;
}

bool Uses(const PodLife& pod, const std::string& claim) {
  const auto& claims = pod.states.back().identity->claims;
  return std::any_of(claims.begin(), claims.end(),
                     [&](const auto& use) { return use.second.claim == claim; });
}

void JudgeProtection(Judgement& judge) {
  const Context& context = judge.context();
  for (const ClaimLife* claim : ClaimsIn(context, judge.window())) {
    const auto* pods = PodsOfClaim(judge, *claim);
    if (!claim->term || pods == nullptr) continue;
    for (const Member* member : *pods) {
      const PodLife& pod = *member->life;
      const bool used = pod.first().t < claim->term->t && !pod.states.back().node.empty() &&
                        (!pod.gone || pod.gone->t > claim->term->t) && Uses(pod, claim->name);
      if (!used || !judge.window().Has(claim->gone.value_or(*claim->term))) continue;
      judge.Saw();
      if (!claim->gone || !judge.window().Has(*claim->gone)) continue;
      const double gone = context.trace.WrittenBy(*claim->gone);
      const bool still = pod.first().t < gone - kDelta &&
                         (pod.gone ? CertainlyBefore(context, *claim->gone, *pod.gone) &&
                                         context.trace.WrittenBy(*pod.gone) > gone + kDelta
                                   : judge.window().t1 > claim->gone->t + kDelta);
      if (!still) continue;
      judge.Broken(claim->gone->t,
                   fmt::format("claim {} (uid {}) disappeared at {} while {} was using it",
                               claim->name, claim->uid, Seconds(claim->gone->t), Describe(pod)),
                   {ClaimId(*claim), PodId(pod)}, {claim->term->line, claim->gone->line});
    }
  }
}

void JudgeImmutableClaims(Judgement& judge) {
  const Context& context = judge.context();
  for (const ClaimLife* claim : ClaimsIn(context, judge.window())) {
    judge.Saw();
    const ClaimState* before = nullptr;
    for (const ClaimState& state : claim->states) {
      const ClaimState* last = before;
      before = &state;
      if (last == nullptr || !judge.window().Has(state.at)) continue;
      const bool changed = (!last->storage_class.empty() &&
                            last->storage_class != state.storage_class) ||
                           (!last->volume_mode.empty() && last->volume_mode != state.volume_mode) ||
                           last->access != state.access;
      if (!changed && (state.requested < 0 || state.requested >= last->requested)) continue;
      // A smaller request is accepted to recover from an expansion that failed, but none below what the
      // claim was made with.
      const bool recovers = context.MinorVersion() >= 32 &&
                            (claim->listed || state.requested >= claim->states.front().requested);
      if (!changed && recovers) continue;
      judge.Broken(state.at.t,
                   fmt::format("claim {} (uid {}) changes {} at {}", claim->name, claim->uid,
                               changed ? "its storage class, access modes or volume mode" : "to a smaller size",
                               Seconds(state.at.t)),
                   {ClaimId(*claim)}, {last->at.line, state.at.line});
    }
  }
  const auto& sets = judge.window().sets;
  for (size_t i = 1; i < sets.size(); ++i) {
    if (sets[i]->uid != sets[i - 1]->uid || *sets[i]->templates == *sets[i - 1]->templates)
      continue;
    judge.Broken(sets[i]->at.t,
                 fmt::format("the set's volumeClaimTemplates change at {}",
                             Seconds(sets[i]->at.t)),
                 {{"StatefulSet", context.trace.target_name, sets[i]->uid}},
                 {sets[i - 1]->at.line, sets[i]->at.line});
  }
}

// A volume whose claim went is given to nobody else, unless somebody freed it.
void JudgeReclaim(Judgement& judge) {
  const Context& context = judge.context();
  std::map<std::string, const VolumeLife*> volumes;
  for (const VolumeLife& volume : context.trace.volumes)
    volumes[volume.name] = &volume;
  for (const ClaimLife* claim : ClaimsIn(context, judge.window())) {
    if (!claim->gone || !judge.window().Has(*claim->gone)) continue;
    const std::string name = VolumeOf(*claim);
    const auto volume = volumes.find(name);
    if (name.empty()) continue;
    judge.Saw();
    const bool freed = volume != volumes.end() &&
                       std::any_of(volume->second->states.begin(), volume->second->states.end(),
                                   [&](const VolumeState& state) {
                                     return state.claim_uid.empty() &&
                                            state.at.t > claim->gone->t - kDelta;
                                   });
    for (const ClaimLife* next : context.ClaimsOf(claim->name)) {
      if (next->first().line <= claim->gone->line || VolumeOf(*next) != name || freed) continue;
      judge.Broken(next->first().t,
                   fmt::format("claim {} with the new uid {} got the volume {} of the deleted uid "
                               "{} again",
                               next->name, next->uid, name, claim->uid),
                   {ClaimId(*claim), ClaimId(*next), {"PersistentVolume", name, ""}},
                   {claim->gone->line, next->first().line});
    }
    if (volume == volumes.end() || volume->second->gone || !judge.window().complete) continue;
    const VolumeState& last = volume->second->states.back();
    const double waited = judge.window().t1 - claim->gone->t;
    if (last.reclaim != "Delete" || waited <= judge.window().Settle()) continue;
    // A storage driver has no limit: it may wait for a node to let the volume go.
    judge.Undecided(fmt::format("volume {} with reclaim policy Delete is still there {:.0f} s after its "
                                "claim {} (uid {}) went",
                                name, waited, claim->name, claim->uid));
  }
}

void JudgeLost(Judgement& judge) {
  const Context& context = judge.context();
  std::map<std::string, const ClaimLife*> by_volume;
  for (const ClaimLife* claim : ClaimsIn(context, judge.window()))
    if (const std::string volume = VolumeOf(*claim); !volume.empty()) by_volume[volume] = claim;
  for (const VolumeLife& volume : context.trace.volumes) {
    const auto found = by_volume.find(volume.name);
    if (!volume.gone || !judge.window().Has(*volume.gone) || found == by_volume.end()) continue;
    const ClaimLife& claim = *found->second;
    if (claim.term && (IsBefore(context, *claim.term, *volume.gone) ||
                       claim.term->t < volume.gone->t + kDelta))
      continue;
    judge.Saw();
    const ClaimState* lost = nullptr;
    for (const ClaimState& state : claim.states) {
      if (state.phase == "Lost") lost = &state;
      if (lost == nullptr || state.phase != "Bound" || state.at.line < lost->at.line) continue;
      judge.Broken(state.at.t,
                   fmt::format("claim {} (uid {}) was Lost at {} and is Bound again at {}",
                               claim.name, claim.uid, Seconds(lost->at.t), Seconds(state.at.t)),
                   {ClaimId(claim)}, {lost->at.line, state.at.line});
    }
    const double waited = judge.window().t1 - volume.gone->t;
    if (lost != nullptr || waited <= judge.window().Settle()) continue;
    judge.Broken(judge.window().t1,
                 fmt::format("claim {} (uid {}) is not Lost {:.0f} s after its volume {} went",
                             claim.name, claim.uid, waited, volume.name),
                 {ClaimId(claim), VolumeId(volume)}, {volume.gone->line});
  }
}

}  // namespace

std::vector<Guarantee> ClaimFamily() {
  const std::vector<std::string> claims = {"statefulsets", kClaims};
  const std::vector<std::string> pods = {"pods", "statefulsets", kClaims};
  const std::vector<std::string> volumes = {"statefulsets", kClaims, kVolumes};
  return {
      {.id = "SS-PVC-3",
       .title = "binding",
       .paragraph = "A claim is Bound only with a volume, which is written once; a volume is Bound "
                    "only with the uid of its claim, belongs to one claim and is not Released before "
                    "that is gone; and a pod is Ready only on claims that are Bound.",
       .since = "Kubernetes 1.9",
       .exercised = "a claim of the set is bound",
       .exceptions = "What two watches say counts when it lasts longer than 5 s. A volume that no "
                     "container mounts is not waited for.",
       .needs = volumes,
       .seen = "{} states of bound claims with their volumes",
       .judge = JudgeBinding},
      {.id = "SS-PVC-5",
       .title = "scale-down keeps claims",
       .paragraph = "With whenScaled Retain (the default) the claims of pods that are scaled away "
                    "stay.",
       .since = "Kubernetes 1.9",
       .exercised = "a pod with claims is scaled away under the policy Retain",
       .exceptions = "Claims that the run deletes itself.",
       .needs = pods,
       .seen = "{} claims outlived the scaling away of their pods",
       .judge = JudgeKeptClaims},
      {.id = "SS-PVC-6",
       .title = "a deleted claim is made anew, empty",
       .paragraph = "After a claim is gone the next pod gets a new one with a new uid; while it is "
                    "terminating no pod is created.",
       .since = "Kubernetes 1.20",
       .exercised = "a claim is made again under its name",
       .needs = pods,
       .seen = "{} claims were made anew after the old ones were gone",
       .judge = JudgeMissingClaim},
      {.id = "SS-PVC-7",
       .title = "claims in use are protected",
       .paragraph = "A claim that is deleted while a scheduled pod uses it stays until that pod is "
                    "gone.",
       .since = "Kubernetes 1.11",
       .exercised = "a claim is deleted while a pod uses it",
       .exceptions = "Two watches are compared: 5 s to both sides are tolerated.",
       .needs = pods,
       .seen = "{} deleted claims stayed until their pods were gone",
       .judge = JudgeProtection},
      {.id = "SS-PVC-8",
       .title = "immutable claims",
       .paragraph = "Storage class, access modes and volume mode of a claim never change, its size "
                    "never shrinks, and the claim templates of a set never change.",
       .since = "Kubernetes 1.9",
       .exercised = "the set has a claim",
       .exceptions = "A smaller size to recover from a failed expansion (1.32), but never below what the "
                     "claim was made with.",
       .needs = claims,
       .seen = "{} claims kept class, access modes, volume mode and size",
       .judge = JudgeImmutableClaims},
      {.id = "SS-PVC-9",
       .title = "reclaiming",
       .paragraph = "A volume whose claim is gone is not given to the next claim of the name; with "
                    "reclaim policy Delete it goes, within limits.settle (default 2m).",
       .since = "Kubernetes 1.9",
       .exercised = "a claim with a volume disappears",
       .exceptions = "Volumes whose claimRef was cleared by hand.",
       .needs = volumes,
       .seen = "{} volumes of deleted claims were not given out again",
       .judge = JudgeReclaim},
      {.id = "SS-PVC-10",
       .title = "a lost volume stays lost",
       .paragraph = "When the volume of a bound claim is deleted, the claim becomes Lost and is "
                    "never bound again.",
       .since = "Kubernetes 1.9",
       .exercised = "a volume disappears under a bound claim",
       .needs = volumes,
       .seen = "{} claims became Lost and stayed so",
       .judge = JudgeLost},
  };
}

}  // namespace holdfast::check
