// SS-PVC-1, SS-PVC-2, SS-PVC-4: the claims of a set and the volumes behind them.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::ClaimLife;
using trace::ClaimState;
using trace::PodLife;
using trace::SetState;
using trace::VolumeLife;
using trace::VolumeState;

constexpr const char* kOnlySets = "the target is a Deployment, which does not promise this";

// The newest state of the set that the pod belongs to; another set may have the name by now.
const SetState* SetOf(const Context& context, const Window& window, const PodLife& pod) {
  const trace::OwnerReference* owner = Controller(pod.states.front().identity->owners);
  for (size_t i = window.sets.size(); owner != nullptr && i-- > 0;)
    if (window.sets[i]->uid == owner->uid) return window.sets[i];
  return NewestSet(context, window);
}

bool Existed(const ClaimLife& life, const Window& window) {
  return life.states.front().at.line < window.end_line &&
         (!life.gone || life.gone->line >= window.begin_line);
}

// Whether somebody else than the set's controller may have made the claim: who restores a volume or
// brings one along makes the claim before the set or its pod, and with other labels. The controller makes
// it just before the pod.
bool MayBeByHand(const Context& context,
                 const ClaimLife& claim,
                 const SetState& set,
                 const std::string& pod,
                 const trace::Labels& expected) {
  const At& made = claim.first();
  const auto first = std::find_if(context.trace.set.begin(), context.trace.set.end(),
                                  [&](const SetState& state) { return state.uid == set.uid; });
  if (IsBefore(context, made, first->at)) return true;
  const trace::Labels& labels = claim.states.front().labels;
  if (std::none_of(expected.begin(), expected.end(), [&](const auto& label) {
        const auto found = labels.find(label.first);
        return found != labels.end() && found->second == label.second;
      }))
    return true;
  const double t = context.trace.WrittenBy(made);
  const auto lives = context.by_name.find(pod);
  return lives == context.by_name.end() ||
         std::none_of(lives->second.begin(), lives->second.end(), [&](const Member* member) {
           const PodLife& life = *member->life;
           return context.trace.WrittenBy(life.first()) <= t + kDelta &&
                  (!life.gone || context.trace.WrittenBy(*life.gone) >= t);
         });
}

// The controller copies the template; only its defaults are filled in.
std::optional<std::string> NotTheTemplate(const ClaimState& made, const trace::ClaimTemplate& claim) {
  if (!claim.storage_class.empty() && made.storage_class != claim.storage_class) {
    return fmt::format("the storage class '{}', expected '{}'", made.storage_class,
                       claim.storage_class);
  }
  if (!claim.access.empty() && made.access != claim.access)
    return fmt::format("the access modes '{}', expected '{}'", made.access, claim.access);
  if (claim.requested >= 0 && made.requested >= 0 && made.requested != claim.requested)
    return fmt::format("a request of {} bytes, expected {}", made.requested, claim.requested);
  return std::nullopt;
}

// The claim must be there, with the set's labels and the template's spec, at some time of the pod's life.
void JudgeClaimOf(Judgement& judge,
                  const PodLife& pod,
                  const SetState& set,
                  const trace::ClaimTemplate& claim) {
  const Context& context = judge.context();
  const std::string name = fmt::format("{}-{}", claim.name, pod.name);
  const auto& lives = context.ClaimsOf(name);
  const ClaimLife* found = lives.empty() ? nullptr : lives.back();
  if (found == nullptr) {
    if (!context.trace.opened.contains(kClaims)) return;
    const bool ran = WasReadyBefore(pod, judge.window().end_line);
    const bool late = context.trace.last.t - pod.first().t < kDelta;
    if (!ran && late) return judge.Undecided(pod.name + " is too new to look for its claim");
    return judge.Broken(pod.first().t,
                        fmt::format("pod {} (uid {}) exists, but there never was a claim {}",
                                    pod.name, pod.uid, name),
                        {PodId(pod), {"PersistentVolumeClaim", name, ""}}, {pod.first().line});
  }
  trace::Labels expected = claim.labels;
  for (const auto& [key, value] : *set.match_labels)
    expected[key] = value;
  const ClaimState& first = found->states.front();
  const auto fault = NotTheTemplate(first, claim);
  if (fault && !found->listed && !MayBeByHand(context, *found, set, pod.name, expected)) {
    judge.Broken(first.at.t,
                 fmt::format("claim {} (uid {}) of pod {} was made with {}", name, found->uid, pod.name,
                             *fault),
                 {ClaimId(*found), PodId(pod)}, {first.at.line, set.at.line});
  }
  for (const auto& [key, value] : expected) {
    const auto label = first.labels.find(key);
    if (found->listed || (label != first.labels.end() && label->second == value)) continue;
    if (MayBeByHand(context, *found, set, pod.name, expected)) {
      judge.Undecided(fmt::format("claim {} (uid {}) lacks the label {}={}, but somebody else than the "
                                  "set's controller may have made it",
                                  name, found->uid, key, value));
      continue;
    }
    judge.Broken(first.at.t,
                 fmt::format("claim {} (uid {}) of pod {} lacks the label {}={}", name, found->uid,
                             pod.name, key, value),
                 {ClaimId(*found), PodId(pod)}, {first.at.line});
  }
}

// One life of a claim: bound once, to one volume, and never lost.
void JudgeClaimLife(Judgement& judge, const ClaimLife& life) {
  const Window& window = judge.window();
  std::string volume;
  bool bound = false;
  for (const ClaimState& state : life.states) {
    const bool in_window = window.Has(state.at);
    if (!volume.empty() && state.volume != volume && in_window) {
      judge.Broken(state.at.t,
                   fmt::format("claim {} (uid {}) changes its volume from {} to '{}' at {}",
                               life.name, life.uid, volume, state.volume, Seconds(state.at.t)),
                   {ClaimId(life)}, {state.at.line});
    }
    if (!bound && state.phase == "Lost" && in_window) {
      judge.Broken(state.at.t,
                   fmt::format("claim {} (uid {}) is Lost at {}: its volume is not there", life.name,
                               life.uid, Seconds(state.at.t)),
                   {ClaimId(life)}, {state.at.line});
    }
    if (bound && state.phase != "Bound" && in_window) {
      judge.Broken(state.at.t,
                   fmt::format("claim {} (uid {}) goes from Bound to {} at {}", life.name, life.uid,
                               state.phase, Seconds(state.at.t)),
                   {ClaimId(life)}, {state.at.line});
    }
    if (!state.volume.empty()) volume = state.volume;
    bound = state.phase == "Bound";
  }
  if (bound) judge.Saw();
}

void JudgeClaimEnd(Judgement& judge, const std::vector<const ClaimLife*>& lives, size_t index) {
  const Window& window = judge.window();
  const ClaimLife& life = *lives[index];
  if (WasEndingBefore(life)) {
    if (window.Has(*life.term)) {
      judge.Undecided(fmt::format("claim {} (uid {}) was deleted before the record began", life.name,
                                  life.uid));
    }
  } else if (life.term && window.Has(*life.term) && !CauseOfClaimDeletion(judge.context(), life)) {
    judge.Broken(life.term->t,
                 fmt::format("claim {} (uid {}) was deleted at {} although neither the run nor the "
                             "set's retention policy asked for it: its data is lost",
                             life.name, life.uid, Seconds(life.term->t)),
                 {ClaimId(life)}, {life.term->line});
  }
  if (index == 0 || !window.Has(life.states.front().at)) return;
  const ClaimLife& before = *lives[index - 1];
  if (before.term) return;  // Judged by its own deletion.
  judge.Broken(
      life.states.front().at.t,
      fmt::format("claim {} has the uid {} at {}, before it had the uid {}: another volume "
                  "took its place",
                  life.name, life.uid, Seconds(life.states.front().at.t), before.uid),
      {ClaimId(before), ClaimId(life)},
      {before.states.back().at.line, life.states.front().at.line});
}

// The claim had not been deleted when the volume changed; nullopt when its watch may be behind.
std::optional<bool> WasClaimed(const Context& context, const ClaimLife& claim, const At& at) {
  if (claim.term) return CertainlyBefore(context, at, *claim.term);
  if (context.trace.HasToldAfter(kClaims, at) || context.trace.last.t - at.t > kDelta) return true;
  return std::nullopt;
}

// The volume behind a bound claim keeps its uid, its handle and its claim.
void JudgeVolume(Judgement& judge, const ClaimLife& claim) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  std::string volume;
  for (const ClaimState& state : claim.states)
    if (!state.volume.empty()) volume = state.volume;
  if (volume.empty()) return;
  const VolumeLife* before = nullptr;
  for (const VolumeLife& life : context.trace.volumes) {
    if (life.name != volume) continue;
    const ObjectId id{"PersistentVolume", life.name, life.uid};
    // A static volume may come back under its name once the claim is deleted.
    if (before != nullptr && window.Has(life.first()) &&
        WasClaimed(context, claim, life.first()).value_or(false)) {
      judge.Broken(life.states.front().at.t,
                   fmt::format("volume {} of claim {} has the uid {}, before it had {}", volume,
                               claim.name, life.uid, before->uid),
                   {ClaimId(claim), id}, {life.states.front().at.line});
    }
    before = &life;
    std::string source;
    for (const VolumeState& state : life.states) {
      const bool in_window = window.Has(state.at);
      if (!source.empty() && state.source != source && in_window) {
        judge.Broken(state.at.t,
                     fmt::format("volume {} of claim {} changes its source from '{}' to '{}'",
                                 volume, claim.name, source, state.source),
                     {ClaimId(claim), id}, {state.at.line});
      }
      if (!state.source.empty()) source = state.source;
    }
    if (!life.gone || !window.Has(*life.gone)) continue;
    const std::optional<bool> claimed = WasClaimed(context, claim, *life.gone);
    if (!claimed) {
      judge.Undecided(fmt::format("volume {} disappeared at {}, just before the record ends: its claim {} "
                                  "may have been deleted before",
                                  volume, Seconds(life.gone->t), claim.name));
    } else if (*claimed) {
      judge.Broken(life.gone->t,
                   fmt::format("volume {} disappeared at {} under the bound claim {} (uid {})",
                               volume, Seconds(life.gone->t), claim.name, claim.uid),
                   {ClaimId(claim), id}, {life.gone->line});
    }
  }
}

// Claims that share a volume at one moment, by the order of their own watch.
void JudgeSharing(Judgement& judge) {
  std::map<std::string, const ClaimLife*> holder;
  struct Step {
    const ClaimLife* life;
    const ClaimState* state;
    bool gone;
  };
  std::vector<Step> steps;
  for (const ClaimLife& life : judge.context().trace.claims)
    for (const ClaimState& state : life.states)
      steps.push_back({&life, &state, life.gone && life.gone->line == state.at.line});
  std::sort(steps.begin(), steps.end(),
            [](const Step& a, const Step& b) { return a.state->at.line < b.state->at.line; });
  for (const Step& step : steps) {
    if (step.state->volume.empty() || step.state->phase != "Bound") continue;
    const ClaimLife*& held = holder[step.state->volume];
    if (step.gone) {
      if (held == step.life) held = nullptr;
      continue;
    }
    if (held != nullptr && held != step.life && judge.window().Has(step.state->at)) {
      judge.Broken(
          step.state->at.t,
          fmt::format("claims {} (uid {}) and {} (uid {}) are both bound to volume {}", held->name,
                      held->uid, step.life->name, step.life->uid, step.state->volume),
          {ClaimId(*held), ClaimId(*step.life)},
          {held->states.front().at.line, step.state->at.line});
    }
    held = step.life;
  }
}

// At rest, a volume's claim points back at it. Two watches: only what both sides have said for
// longer than kDelta counts.
void JudgeBackReference(Judgement& judge) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  const auto by_uid = ClaimsByUid(context);
  const SetState* set = NewestSet(context, window);
  std::map<std::string, std::string> handles;
  std::map<std::string, const VolumeLife*> places;
  for (const VolumeLife& volume : context.trace.volumes) {
    const VolumeState* last = nullptr;
    for (const VolumeState& state : volume.states)
      if (state.at.line < window.end_line) last = &state;
    if (last == nullptr || (volume.gone && volume.gone->line < window.end_line)) continue;
    const ObjectId id{"PersistentVolume", volume.name, volume.uid};
    // Of a file system that many may mount there may be many static volumes.
    const bool ours = set != nullptr && last->claim_namespace == context.trace.target_namespace &&
                      OrdinalOfClaim(context, *set, last->claim_name) >= 0;
    if (!last->handle.empty() && ours && IsSingleWriter(last->access)) {
      const auto [other, is_new] = handles.try_emplace(last->handle, volume.name);
      if (!is_new) {
        judge.Broken(last->at.t,
                     fmt::format("volumes {} and {} share the handle '{}'", other->second,
                                 volume.name, last->handle),
                     {id, {"PersistentVolume", other->second, ""}}, {last->at.line});
      }
    }
    if (!last->place.empty() && ours && IsSingleWriter(last->access)) {
      const auto [other, is_new] = places.try_emplace(last->place, &volume);
      // On two nodes the same path is two directories.
      if (!is_new && (last->handle.empty() || other->second->states.back().handle.empty())) {
        judge.Undecided(fmt::format("volumes {} and {} are both {}, and nothing says that they are on "
                                    "different nodes",
                                    other->second->name, volume.name, last->place));
      }
    }
    const auto claim = by_uid.find(last->claim_uid);
    if (claim == by_uid.end() || last->at.t > window.t1 - kDelta) continue;
    const ClaimState* state = nullptr;
    for (const ClaimState& candidate : claim->second->states)
      if (candidate.at.line < window.end_line) state = &candidate;
    if (last->claim_name != claim->second->name) {
      judge.Broken(last->at.t,
                   fmt::format("volume {} belongs to claim {} with uid {}, but that is the uid of "
                               "claim {}",
                               volume.name, last->claim_name, last->claim_uid, claim->second->name),
                   {id, ClaimId(*claim->second)}, {last->at.line, claim->second->first().line});
      continue;
    }
    if (state == nullptr || state->volume.empty() || state->at.t > window.t1 - kDelta ||
        state->volume == volume.name || claim->second->gone)
      continue;
    judge.Broken(state->at.t,
                 fmt::format("volume {} belongs to claim {} (uid {}), which is bound to volume {}",
                             volume.name, claim->second->name, claim->second->uid, state->volume),
                 {id, ClaimId(*claim->second)}, {last->at.line, state->at.line});
  }
}

}  // namespace

CheckResult JudgeClaimNames(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-PVC-1");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  judge.Needs({"pods", "statefulsets", kClaims});
  judge.RestsOnWholeness();
  for (const Member* member : judge.Pods()) {
    const SetState* set = SetOf(context, window, *member->life);
    if (set == nullptr || member->ordinal < 0 || !window.Has(member->life->first())) continue;
    for (const trace::ClaimTemplate& claim : *set->templates) {
      judge.Saw();
      JudgeClaimOf(judge, *member->life, *set, claim);
    }
  }
  return judge.Conclude(
      fmt::format("{} claims had the names and labels of their ordinals", judge.judged()),
      "no pod with claims was created in this scenario");
}

CheckResult JudgeClaimChain(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-PVC-2");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  judge.Needs({"statefulsets", kClaims, kVolumes});
  judge.RestsOnWholeness();
  const SetState* set = NewestSet(context, window);
  std::map<std::string, std::vector<const ClaimLife*>> by_name;
  for (const ClaimLife& life : context.trace.claims)
    if (set != nullptr && OrdinalOfClaim(context, *set, life.name) >= 0)
      by_name[life.name].push_back(&life);
  for (const auto& [name, lives] : by_name) {
    for (size_t i = 0; i < lives.size(); ++i) {
      if (!Existed(*lives[i], window)) continue;
      JudgeClaimLife(judge, *lives[i]);
      JudgeClaimEnd(judge, lives, i);
      JudgeVolume(judge, *lives[i]);
    }
  }
  return judge.Conclude(fmt::format("{} claims kept uid and volume", judge.judged()),
                        "the set had no bound claim in this scenario");
}

CheckResult JudgeBijection(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-PVC-4");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  judge.Needs({kClaims, kVolumes});
  for (const ClaimLife& life : context.trace.claims)
    if (Existed(life, window) && !life.states.back().volume.empty()) judge.Saw();
  JudgeSharing(judge);
  JudgeBackReference(judge);
  return judge.Conclude(
      fmt::format("{} bound claims, each with a volume of its own", judge.judged()),
      "there was no bound claim in this scenario");
}

}  // namespace holdfast::check
