// SS-PVC-3: the binder writes the volume before the claim is Bound, and the kubelet starts no pod before
// that. Claims, volumes and pods have a watch each, so only what lasts longer than kDelta counts.
#include "harness/check/claims_bound.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::ClaimLife;
using trace::ClaimState;
using trace::PodLife;
using trace::PodState;
using trace::VolumeLife;
using trace::VolumeState;

bool BelongsTo(const Context& context, const VolumeState& volume, const ClaimLife& claim) {
  return volume.phase == "Bound" && volume.claim_namespace == context.trace.target_namespace &&
         volume.claim_name == claim.name && volume.claim_uid == claim.uid;
}

bool HasGap(const Context& context, const char* resource) {
  const auto& gaps = context.trace.gaps;
  return std::any_of(gaps.begin(), gaps.end(), [&](const trace::Gap& gap) {
    return gap.resource == resource || gap.resource.empty();
  });
}

void JudgeSides(Judgement& judge, const ClaimLife& claim, const ClaimState& bound) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  const VolumeLife* newest = nullptr;
  bool was_its_own = false;
  for (const VolumeLife& life : context.trace.volumes) {
    if (life.name != bound.volume) continue;
    was_its_own = was_its_own || std::any_of(life.states.begin(), life.states.end(),
                                             [&](const VolumeState& state) {
                                               return BelongsTo(context, state, claim);
                                             });
    if (life.first().line < window.end_line) newest = &life;
  }
  if (newest == nullptr) {
    judge.Undecided(fmt::format("claim {} (uid {}) is Bound to volume {}, of which the record says "
                                "nothing",
                                claim.name, claim.uid, bound.volume));
    return;
  }
  if (newest->gone && newest->gone->line < window.end_line) return;  // Judged by SS-PVC-2 and 10.
  const VolumeState* last = nullptr;
  for (const VolumeState& state : newest->states)
    if (state.at.line < window.end_line) last = &state;
  if (BelongsTo(context, *last, claim) || last->at.t > window.t1 - kDelta) return;
  const std::string sentence = fmt::format(
      "claim {} (uid {}) is Bound to volume {}, which is {} and belongs to claim '{}' (uid '{}') of "
      "namespace '{}'",
      claim.name, claim.uid, bound.volume, last->phase, last->claim_name, last->claim_uid,
      last->claim_namespace);
  // Who may write volumes may take it away again; the binder then needs its time.
  if (was_its_own) return judge.Undecided(sentence);
  judge.Broken(bound.at.t, sentence,
               {ClaimId(claim), {"PersistentVolume", newest->name, newest->uid}},
               {bound.at.line, last->at.line});
}

// Where the pod is Ready for the first time in a streak of more than kDelta; nullptr when it never is.
const PodState* LastingReadiness(const PodLife& life, const Window& window) {
  const PodState* since = nullptr;
  for (const PodState& state : life.states) {
    if (state.at.line >= window.end_line) break;
    if (since != nullptr && state.at.t > since->at.t + kDelta) return since;
    if (!state.RunningAndReady() || state.terminating) {
      since = nullptr;
    } else if (since == nullptr) {
      since = &state;
    }
  }
  return since != nullptr && window.t1 > since->at.t + kDelta ? since : nullptr;
}

// A volume that no container mounts is not waited for.
bool Mounts(const PodState& pod, const std::string& claim) {
  const auto& claims = pod.identity->claims;
  return std::any_of(claims.begin(), claims.end(), [&](const auto& use) {
    return use.second.claim == claim && !use.second.mount_path.empty();
  });
}

void JudgeUse(Judgement& judge, const PodLife& pod, const PodState& ready, const ClaimLife& claim) {
  const Context& context = judge.context();
  // The pod may run on an older claim of that name.
  if (!CertainlyBefore(context, claim.first(), ready.at) || (claim.gone && claim.gone->t < ready.at.t))
    return;
  const auto& lives = context.ClaimsOf(claim.name);
  if (lives.size() > 1) return;
  const auto bound = std::find_if(
      claim.states.begin(), claim.states.end(),
      [](const ClaimState& state) { return state.phase == "Bound" || state.phase == "Lost"; });
  if (bound != claim.states.end() && (!CertainlyBefore(context, ready.at, bound->at) ||
                                      bound->at.t <= ready.at.t + kDelta))
    return;
  const std::string sentence =
      fmt::format("{} is Ready at {} on its claim {} (uid {}), which is {} then", Describe(pod),
                  Seconds(ready.at.t), claim.name, claim.uid, StateAt(claim, ready.at.line).phase);
  // What both are from before the record may have come about otherwise.
  if (pod.listed) return judge.Undecided(sentence);
  judge.Broken(ready.at.t, sentence, {PodId(pod), ClaimId(claim)},
               {StateAt(claim, ready.at.line).at.line, ready.at.line});
}

}  // namespace

void JudgeBoundSides(Judgement& judge) {
  const Window& window = judge.window();
  if (HasGap(judge.context(), kClaims) || HasGap(judge.context(), kVolumes)) return;
  for (const ClaimLife* claim : ClaimsIn(judge.context(), window)) {
    if (claim->gone && claim->gone->line < window.end_line) continue;
    const ClaimState* last = nullptr;
    for (const ClaimState& state : claim->states)
      if (state.at.line < window.end_line) last = &state;
    if (last == nullptr || last->phase != "Bound" || last->volume.empty() ||
        last->at.t > window.t1 - kDelta)
      continue;
    JudgeSides(judge, *claim, *last);
  }
}

void JudgeUnboundUse(Judgement& judge) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  if (HasGap(context, kClaims)) return;
  for (const Member* member : judge.Pods()) {
    const PodState* ready = LastingReadiness(*member->life, window);
    if (ready == nullptr || !window.Has(ready->at)) continue;
    for (const std::string& name : ClaimNames(context, window, member->ordinal))
      for (const ClaimLife* claim : context.ClaimsOf(name))
        if (Mounts(*ready, name)) JudgeUse(judge, *member->life, *ready, *claim);
  }
}

}  // namespace holdfast::check
