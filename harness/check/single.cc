// SS-AMO-3 to 7: one pod of an ordinal at a time, seen from nodes and volumes.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/families.h"
#include "harness/check/node_facts.h"
#include "harness/check/order_facts.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::PodLife;
using trace::PodState;

// How long a node that is back may still be marked unreachable.
constexpr double kReturn = 30.0;

bool WasForced(const Context& context, const PodLife& life) {
  const auto forced = [](const trace::Action* action) {
    return action->verb == "delete" && (action->force || action->grace == 0);
  };
  const auto by_uid = context.actions_by_uid.find(life.uid);
  if (by_uid != context.actions_by_uid.end() &&
      std::any_of(by_uid->second.begin(), by_uid->second.end(), forced))
    return true;
  const auto by_name = context.actions_by_name.find(life.name);
  if (by_name != context.actions_by_name.end() &&
      std::any_of(by_name->second.begin(), by_name->second.end(), forced))
    return true;
  const auto faults = context.faults_by_uid.find(life.uid);
  return faults != context.faults_by_uid.end() &&
         std::any_of(faults->second.begin(), faults->second.end(), [](const trace::Fault* fault) {
           return std::find(fault->gives_up.begin(), fault->gives_up.end(), "SS-AMO-2") !=
                  fault->gives_up.end();
         });
}

// Left its node in an orderly way: nothing took the guarantee away.
bool WasGraceful(const Context& context, const PodLife& life) {
  return life.term && life.gone && !WasForced(context, life) &&
         life.states.back().disruption != "DeletionByPodGC" &&
         !NodeWasUnwell(context, life, life.term->t - kDelta, life.gone->t);
}

// Lines of the witness file of a pod's uid, as [first, last].
struct Span {
  size_t first = 0;
  size_t last = 0;
};

std::map<std::string, Span> WitnessSpans(const trace::VolumeFile& file) {
  std::map<std::string, Span> spans;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    const std::vector<std::string> parts = Split(Trim(file.lines[i]), ' ');
    if (parts.size() != 6) continue;
    const auto [found, is_new] = spans.try_emplace(parts[2], Span{.first = i, .last = i});
    if (!is_new) found->second.last = i;
  }
  return spans;
}

void JudgeGraceful(Judgement& judge) {
  const Context& context = judge.context();
  for (const trace::VolumeFile& file : context.trace.files) {
    if (!judge.window().Has(file.at)) continue;
    const std::map<std::string, Span> spans = WitnessSpans(file);
    for (const auto& [uid, span] : spans) {
      const auto member = context.by_uid.find(uid);
      if (member == context.by_uid.end() || !WasGraceful(context, *member->second->life)) continue;
      for (const Member* later : Later(context, *member->second->life, INT64_MAX)) {
        const auto next = spans.find(later->life->uid);
        if (next == spans.end()) continue;
        judge.Saw();
        if (next->second.first > span.last) continue;
        const PodLife& life = *member->second->life;
        judge.Broken(later->life->first().t,
                     fmt::format("{}, which stopped gracefully and was gone at {}, still wrote to "
                                 "claim {} after {} had begun",
                                 Describe(life), Seconds(life.gone->t), file.claim,
                                 Describe(*later->life)),
                     {PodId(life), PodId(*later->life),
                      {"PersistentVolumeClaim", file.claim, file.claim_uid}},
                     {life.gone->line, file.at.line});
      }
    }
  }
}

void JudgeUnreachable(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Pods()) {
    const PodLife& life = *member->life;
    if (!life.term || life.states.back().node.empty()) continue;
    const std::string node(life.states.back().node);
    const double end = life.gone ? life.gone->t : judge.window().t1;
    if (!judge.window().Has(life.gone.value_or(*life.term))) continue;
    // The API server deletes at once what has ended.
    const std::string_view phase = StateAt(life, life.term->line).phase;
    if (phase == "Failed" || phase == "Succeeded") continue;
    // Cut off from before the deletion took hold until after it was over, by both watches.
    const double from = std::max(life.term->t, end - kDelta) - kDelta;
    // A kubelet that is back may end its pods before the node is marked Ready again.
    if (!NodeWasUnreachable(context, node, from, end + (life.gone ? kReturn : 0))) continue;
    const bool released = life.gone && (WasForced(context, life) ||
                                        NodeWasReleased(context, node, life.gone->t) ||
                                        life.states.back().disruption == "DeletionByPodGC");
    if (released) continue;
    judge.Saw();
    if (!life.gone) continue;
    judge.Broken(life.gone->t,
                 fmt::format("{} disappeared at {} although its node {} was unreachable and "
                             "nothing in the record released it",
                             Describe(life), Seconds(life.gone->t), node),
                 {PodId(life), {"Node", node, ""}}, {life.term->line, life.gone->line});
  }
}

// Released by force: the same claim and volume come back with the new pod.
void JudgeOverrides(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Deleted()) {
    const PodLife& life = *member->life;
    const bool released = life.states.back().disruption == "DeletionByPodGC";
    if (!WasForced(context, life) && !released) continue;
    const std::vector<const Member*> later = Later(context, life, judge.window().end_line);
    if (later.empty()) continue;
    judge.Saw();
    for (const std::string& name : ClaimNames(context, judge.window(), member->ordinal)) {
      const auto& claims = context.ClaimsOf(name);
      for (size_t i = 1; i < claims.size(); ++i) {
        const bool between = claims[i]->first().t >= life.term->t &&
                             claims[i]->first().t <= later.front()->life->first().t + kDelta;
        const trace::ClaimLife& before = *claims[i - 1];
        if (!between || (before.term && CauseOfClaimDeletion(context, before))) continue;
        judge.Broken(claims[i]->first().t,
                     fmt::format("after {} was released by force, {} got the claim {} with another "
                                 "uid ({} instead of {})",
                                 Describe(life), Describe(*later.front()->life), name,
                                 claims[i]->uid, before.uid),
                     {PodId(life), ClaimId(before), ClaimId(*claims[i])},
                     {life.term->line, claims[i]->first().line});
      }
    }
  }
}

void JudgeAttachments(Judgement& judge) {
  const Context& context = judge.context();
  std::map<std::string, std::string> access;
  for (const trace::VolumeLife& volume : context.trace.volumes)
    access[volume.name] = volume.states.back().access;
  struct Step {
    const trace::AttachmentLife* life;
    const trace::AttachmentState* state;
  };
  std::vector<Step> steps;
  for (const trace::AttachmentLife& life : context.trace.attachments)
    for (const trace::AttachmentState& state : life.states)
      if (state.at.line < judge.window().end_line) steps.push_back({&life, &state});
  std::sort(steps.begin(), steps.end(),
            [](const Step& a, const Step& b) { return a.state->at.line < b.state->at.line; });
  std::map<std::string, std::map<std::string, const Step*>> attached;  // Volume -> uid -> where.
  for (const Step& step : steps) {
    const auto known = access.find(step.state->volume);
    if (known == access.end() || !IsSingleWriter(known->second)) continue;
    auto& holders = attached[step.state->volume];
    const bool gone = step.life->gone && step.life->gone->line == step.state->at.line;
    if (gone || !step.state->attached) {
      holders.erase(step.life->uid);
      continue;
    }
    if (!holders.try_emplace(step.life->uid, &step).second) continue;
    if (!judge.window().Has(step.state->at)) continue;
    judge.Saw();
    if (holders.size() == 1) continue;
    for (const auto& [uid, other] : holders) {
      if (uid == step.life->uid || other->state->node == step.state->node) continue;
      judge.Broken(step.state->at.t,
                   fmt::format("volume {} is attached to {} at {} while it is still attached to {}",
                               step.state->volume, step.state->node, Seconds(step.state->at.t),
                               other->state->node),
                   {{"VolumeAttachment", step.life->name, step.life->uid},
                    {"VolumeAttachment", other->life->name, uid}},
                   {other->state->at.line, step.state->at.line});
    }
  }
}

void JudgeMounters(Judgement& judge) {
  const Context& context = judge.context();
  std::map<std::string, const Member*> users;  // Claim -> its newest user.
  for (const Member* member : judge.Pods()) {
    for (const auto& [volume, use] : member->life->states.front().identity->claims) {
      if (OrdinalOfClaim(context, judge.window(), use.claim) < 0) continue;
      const auto& claims = context.ClaimsOf(use.claim);
      if (claims.empty() || !IsSingleWriter(claims.back()->states.back().access)) continue;
      judge.Saw();
      const auto [found, is_new] = users.try_emplace(use.claim, member);
      if (is_new) continue;
      const PodLife& before = *found->second->life;
      const PodLife& life = *member->life;
      found->second = member;
      const bool over = before.gone && before.gone->line < life.first().line;
      if (over || !judge.window().Has(life.first())) continue;
      judge.Broken(life.first().t,
                   fmt::format("{} and {} use the claim {} at one time", Describe(before),
                               Describe(life), use.claim),
                   {PodId(before), PodId(life), {"PersistentVolumeClaim", use.claim, ""}},
                   {before.first().line, life.first().line});
    }
  }
}

}  // namespace

std::vector<Guarantee> SingleFamily() {
  return {
      {.id = "SS-AMO-3",
       .title = "a pod that stopped gracefully has ended",
       .paragraph = "A pod that was deleted in an orderly way writes nothing after its successor "
                    "has begun: it is gone from the API only when its process has ended.",
       .since = "Kubernetes 1.5",
       .exercised = "a witness file holds a gracefully stopped pod and its successor",
       .exceptions = "Force deletes, pod GC, nodes that were not Ready.",
       .decided = "witness",
       .needs = {"pods"},
       .seen = "{} successors began after the last write of the pod before",
       .judge = JudgeGraceful},
      {.id = "SS-AMO-4",
       .title = "no replacement while the node is unreachable",
       .paragraph = "A pod on an unreachable node stays terminating, and no other takes its place, "
                    "until the node is back or somebody releases the pod.",
       .since = "Kubernetes 1.5",
       .exercised = "a pod is terminating while its node is unreachable",
       .exceptions = "Force delete, deletion of the node, the taint out-of-service; pods that are "
                     "Failed or Succeeded.",
       .wants = {"nodes"},
       .seen = "{} pods stayed while their nodes were unreachable",
       .judge = JudgeUnreachable},
      {.id = "SS-AMO-5",
       .title = "released by force, the data is the same",
       .paragraph = "A pod that was released by a force delete, the deletion of its node or the "
                    "taint out-of-service is replaced with the same claims.",
       .since = "Kubernetes 1.5; out-of-service 1.28",
       .exercised = "a pod is released by force and replaced",
       .needs = {"pods", "statefulsets", kClaims},
       .seen = "{} pods that were released by force were replaced with their claims",
       .judge = JudgeOverrides},
      {.id = "SS-AMO-6",
       .title = "attached to one node",
       .paragraph = "A volume for a single node is attached to one node at a time.",
       .since = "Kubernetes 1.9",
       .exercised = "a volume of the set is attached",
       .exceptions = "Drivers without an attach step; volumes for many nodes.",
       .needs = {kVolumes},
       .wants = {"volumeattachments"},
       .order = true,
       .seen = "{} attachments, each to one node at a time",
       .judge = JudgeAttachments},
      {.id = "SS-AMO-7",
       .title = "one pod per claim",
       .paragraph = "No two pods of the set use one claim at one time.",
       .since = "Kubernetes 1.5",
       .exercised = "a pod uses a claim of the set for a single node",
       .needs = {"pods", kClaims},
       .order = true,
       .seen = "{} uses of claims, one pod at a time",
       .judge = JudgeMounters},
  };
}

}  // namespace holdfast::check
