// SS-ADOPT and SS-DEL: whose a pod is, and what the deletion of a set takes along.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/node_facts.h"
#include "harness/check/order_facts.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::OwnerReference;
using trace::PodLife;
using trace::PodState;
using trace::SetState;

// How much longer than its grace period a pod may take to disappear; and one whose volumes have to be
// unmounted, which is given up after 6 minutes.
constexpr double kGraceSlack = 60.0;
constexpr double kUnmounting = 360.0;

bool Matches(const trace::Labels& selector, const trace::Labels& labels) {
  return !selector.empty() && std::all_of(selector.begin(), selector.end(), [&](const auto& want) {
    const auto label = labels.find(want.first);
    return label != labels.end() && label->second == want.second;
  });
}

bool SetIsThere(const SetState* set) { return set != nullptr && !set->gone && !set->terminating; }

// The state of the pod that lasts at the window's end, with how long it has lasted; nullptr when
// the pod is gone.
const PodState* LastingState(const Judgement& judge, const PodLife& life) {
  if (life.gone && life.gone->line < judge.window().end_line) return nullptr;
  if (life.term && life.term->line < judge.window().end_line) return nullptr;
  return &StateAt(life, judge.window().end_line - 1);
}

void JudgeRelease(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Pods()) {
    const PodState* left = nullptr;  // Its labels no longer match since here.
    for (const PodState& state : member->life->states) {
      const SetState* set = context.SetAt(state.at.line);
      if (state.at.line >= judge.window().end_line || set == nullptr) continue;
      const OwnerReference* owner = Controller(state.identity->owners);
      const bool owned = owner != nullptr && owner->uid == set->uid;
      const bool matches = Matches(*set->match_labels, state.identity->labels);
      if (owned && !matches && left == nullptr) left = &state;
      if (owned && !matches) continue;
      if (left != nullptr && owner == nullptr && judge.window().Has(state.at)) judge.Saw();
      left = nullptr;
    }
    const PodState* lasting = LastingState(judge, *member->life);
    if (left == nullptr || lasting == nullptr ||
        !SetIsThere(context.SetAt(judge.window().end_line - 1)))
      continue;
    const double waited = judge.window().t1 - left->at.t;
    if (waited <= judge.window().Settle() || !judge.window().complete) continue;
    judge.Saw();
    judge.Broken(judge.window().t1,
                 fmt::format("{} does not match the set's selector since {} but still has the set "
                             "as its owner",
                             Describe(*member->life), Seconds(left->at.t)),
                 {PodId(*member->life)}, {left->at.line});
  }
}

void JudgeAdoption(Judgement& judge) {
  const Context& context = judge.context();
  const SetState* set = context.SetAt(judge.window().end_line - 1);
  for (const Member* member : judge.Pods()) {
    const PodState* orphan = nullptr;
    for (const PodState& state : member->life->states) {
      if (state.at.line >= judge.window().end_line) break;
      const OwnerReference* owner = Controller(state.identity->owners);
      if (owner == nullptr && orphan == nullptr) orphan = &state;
      if (owner == nullptr) continue;
      if (orphan != nullptr && judge.window().Has(state.at)) judge.Saw();
      orphan = nullptr;
    }
    const PodState* lasting = LastingState(judge, *member->life);
    if (orphan == nullptr || lasting == nullptr || !SetIsThere(set) || member->ordinal < 0 ||
        !Matches(*set->match_labels, lasting->identity->labels) || !judge.window().complete)
      continue;
    const double waited = judge.window().t1 - std::max(orphan->at.t, set->at.t);
    if (waited <= judge.window().Settle()) continue;
    judge.Saw();
    judge.Broken(judge.window().t1,
                 fmt::format("{} matches the set and has no owner since {}, but was not adopted",
                             Describe(*member->life), Seconds(orphan->at.t)),
                 {PodId(*member->life)}, {orphan->at.line});
  }
}

void JudgeOrphanDeletion(Judgement& judge) {
  const Context& context = judge.context();
  for (const SetState* set : judge.window().sets) {
    if (!set->gone || !judge.window().Has(set->at) || !WasOrphaned(context, set->uid)) continue;
    judge.Saw();
    for (const Member* member : judge.Deleted()) {
      const At term = *member->life->term;
      if (term.t < set->at.t - kDelta || term.t > set->at.t + judge.window().Settle() ||
          member->cause != Cause::kUnknown)
        continue;
      judge.Broken(term.t,
                   fmt::format("{} was deleted at {} after its set was deleted with cascade orphan",
                               Describe(*member->life), Seconds(term.t)),
                   {PodId(*member->life)}, {set->at.line, term.line});
    }
  }
}

void JudgeForeignPods(Judgement& judge) {
  const Context& context = judge.context();
  for (const PodLife& life : context.trace.pods) {
    ++context.steps;
    if (!life.Overlaps(judge.window().begin_line, judge.window().end_line)) continue;
    std::string foreign;
    for (const PodState& state : life.states) {
      const OwnerReference* owner = Controller(state.identity->owners);
      const SetState* set = context.SetAt(state.at.line);
      const bool ours = owner != nullptr && owner->kind == "StatefulSet" &&
                        owner->name == context.trace.target_name;
      if (owner != nullptr && !ours) {
        if (foreign.empty() && set != nullptr && judge.window().Has(state.at) &&
            Matches(*set->match_labels, state.identity->labels))
          judge.Saw();
        foreign = owner->kind + " " + owner->name;
      }
      if (ours && !foreign.empty() && judge.window().Has(state.at)) {
        judge.Saw();
        judge.Broken(state.at.t,
                     fmt::format("the set took over {}, which {} controlled, at {}", Describe(life),
                                 foreign, Seconds(state.at.t)),
                     {PodId(life)}, {life.first().line, state.at.line});
      }
      if (owner == nullptr) foreign.clear();
    }
  }
}

void JudgeSetDeletion(Judgement& judge) {
  const Context& context = judge.context();
  for (const SetState* set : judge.window().sets) {
    if (!set->gone || !judge.window().Has(set->at) || WasOrphaned(context, set->uid)) continue;
    for (const Member* member : judge.Pods()) {
      const PodLife& life = *member->life;
      if (life.first().line > set->at.line || (life.gone && life.gone->line < set->at.line))
        continue;
      const OwnerReference* owner = Controller(StateAt(life, set->at.line).identity->owners);
      if (owner == nullptr || owner->uid != set->uid) continue;
      // How long it takes to stop is not the collector's doing: SS-DEL-4 judges that.
      const bool asked = life.term && life.term->line < judge.window().end_line;
      const double until = asked ? life.term->t : judge.window().t1;
      const double waited = until - set->at.t;
      if (asked && waited <= judge.window().Settle()) {
        if (life.gone && life.gone->line < judge.window().end_line) {
          judge.Saw();
        } else {
          judge.Undecided(fmt::format("{} was asked to stop after its set was deleted, but is not gone "
                                      "at the end of '{}'",
                                      Describe(life), judge.window().name));
        }
        continue;
      }
      if (waited <= judge.window().Settle()) {
        judge.Undecided(fmt::format("{} was not yet deleted {:.1f} s after its set",
                                    Describe(life), waited));
        continue;
      }
      judge.Saw();
      judge.Broken(until,
                   fmt::format("{} was {} {:.0f} s after its set was deleted", Describe(life),
                               asked ? "asked to stop only" : "still there", waited),
                   {PodId(life)}, {set->at.line});
    }
  }
}

void JudgeForeground(Judgement& judge) {
  const Context& context = judge.context();
  const SetState* before = nullptr;
  for (const SetState* set : judge.window().sets) {
    const bool foreground = before != nullptr && before->uid == set->uid && before->foreground &&
                            before->terminating && set->gone;
    before = set;
    if (!foreground || !judge.window().Has(set->at)) continue;
    judge.Saw();
    for (const Member* member : judge.Pods()) {
      const PodLife& life = *member->life;
      const OwnerReference* owner = Controller(life.states.back().identity->owners);
      const double end = life.gone ? life.gone->t : judge.window().t1;
      if (owner == nullptr || owner->uid != set->uid || life.first().line > set->at.line ||
          end <= set->at.t + kDelta || (life.gone && !IsSurelyBefore(context, set->at, *life.gone)))
        continue;
      judge.Broken(set->at.t,
                   fmt::format("the set disappeared at {} in a foreground deletion while {} was "
                               "still there",
                               Seconds(set->at.t), Describe(life)),
                   {{"StatefulSet", context.trace.target_name, set->uid}, PodId(life)},
                   {life.first().line, set->at.line});
    }
  }
}

void JudgeNamespaceDeletion(Judgement& judge) {
  const Context& context = judge.context();
  for (const trace::Action& action : context.trace.actions) {
    if (!judge.window().Has(action.at) || action.verb != "delete" ||
        action.resource != "namespaces" || action.name != context.trace.target_namespace ||
        !action.answered || !action.ok || context.MinorVersion() < 34)
      continue;
    judge.Saw();
    for (const trace::ClaimLife& claim : context.trace.claims) {
      if (!claim.gone || claim.gone->line < action.at.line) continue;
      for (const Member* member : judge.Pods()) {
        const PodLife& life = *member->life;
        const double end = life.gone ? life.gone->t : judge.window().t1;
        if (life.first().t > action.at.t || end <= claim.gone->t + kDelta) continue;
        judge.Broken(claim.gone->t,
                     fmt::format("with the namespace claim {} disappeared at {} before {} was gone",
                                 claim.name, Seconds(claim.gone->t), Describe(life)),
                     {ClaimId(claim), PodId(life)}, {action.at.line, claim.gone->line});
      }
    }
  }
}

void JudgeGracePeriod(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Pods()) {
    const PodLife& life = *member->life;
    if (!life.term) continue;
    const bool gone = life.gone && judge.window().Has(*life.gone);
    const bool stays = !life.gone || life.gone->line >= judge.window().end_line;
    if (!gone && !stays) continue;
    const double end = gone ? life.gone->t : judge.window().t1;
    if (life.term->line >= judge.window().end_line) continue;
    int64_t grace = 0;
    bool held = false;
    for (const PodState& state : life.states) {
      if (state.at.line >= life.term->line) grace = std::max(grace, state.grace);
      held = held || state.finalizers;
    }
    const bool excused =
        held || NodeWasUnwell(context, life, life.term->t - kDelta, end + kDelta);
    if (excused) continue;
    const double waited = end - life.term->t;
    const double limit = static_cast<double>(grace) + kGraceSlack;
    if (gone || waited > limit) judge.Saw();
    if (waited <= limit) continue;
    const bool unmounts = !life.states.back().identity->claims.empty() &&
                          waited <= static_cast<double>(grace) + kUnmounting;
    if (unmounts || !context.trace.opened.contains("nodes")) {
      judge.Undecided(fmt::format("{} was asked to stop at {} within {} s and was there for {:.0f} s, {}",
                                  Describe(life), Seconds(life.term->t), grace, waited,
                                  unmounts ? "but its volumes may take long to be unmounted"
                                           : "but nodes, which may be lost, were not watched"));
      continue;
    }
    judge.Broken(life.term->t,
                 fmt::format("{} was asked to stop at {} within {} s and was {} {:.0f} s later",
                             Describe(life), Seconds(life.term->t), grace,
                             gone ? "gone only" : "still there", waited),
                 {PodId(life)}, {life.term->line, gone ? life.gone->line : life.term->line});
  }
}

}  // namespace

std::vector<Guarantee> AdoptionFamily() {
  return {
      {.id = "SS-ADOPT-1",
       .title = "release",
       .paragraph = "A pod whose labels no longer match the selector loses the set as its owner "
                    "and keeps its uid, within limits.settle (default 2m).",
       .since = "Kubernetes 1.9",
       .exercised = "the labels of a pod stop matching the set's selector",
       .seen = "{} pods were released",
       .judge = JudgeRelease},
      {.id = "SS-ADOPT-2",
       .title = "adoption",
       .paragraph = "A pod without an owner that matches the set's selector and name is adopted "
                    "and keeps its uid, within limits.settle (default 2m).",
       .since = "Kubernetes 1.9",
       .exercised = "a matching pod has no owner while the set is there",
       .seen = "{} orphans were adopted",
       .judge = JudgeAdoption},
      {.id = "SS-ADOPT-3",
       .title = "deletion with orphans",
       .paragraph = "Deleting a set with cascade orphan leaves its pods as they are.",
       .since = "Kubernetes 1.9",
       .exercised = "the run deletes the set with cascade orphan",
       .exceptions = "Deletions that the record explains otherwise.",
       .seen = "{} orphaning deletions left all pods alone",
       .judge = JudgeOrphanDeletion},
      {.id = "SS-ADOPT-4",
       .title = "no theft",
       .paragraph = "The set never takes over a pod that another controller owns.",
       .since = "Kubernetes 1.9",
       .exercised = "a pod of another controller matches the set's selector",
       .seen = "{} matching pods of other controllers were left alone",
       .judge = JudgeForeignPods},
      {.id = "SS-DEL-1",
       .title = "the set takes its pods along",
       .paragraph = "After a set is deleted all its pods are asked to stop, within limits.settle "
                    "(default 2m), and go. There is no promise about their order.",
       .since = "Kubernetes 1.9",
       .exercised = "the set is deleted while it has pods",
       .exceptions = "Deletion with cascade orphan.",
       .seen = "{} pods went with their set",
       .judge = JudgeSetDeletion},
      {.id = "SS-DEL-2",
       .title = "foreground deletion",
       .paragraph = "A set that is deleted in the foreground disappears after its pods.",
       .since = "Kubernetes 1.9",
       .exercised = "the set is deleted in the foreground",
       .exceptions = "Two watches are compared: 5 s are tolerated.",
       .seen = "{} foreground deletions ended after the last pod",
       .judge = JudgeForeground},
      {.id = "SS-DEL-3",
       .title = "namespaces are emptied in order",
       .paragraph = "When a namespace is deleted its pods go before anything else.",
       .since = "Kubernetes 1.34",
       .exercised = "the run deletes the namespace",
       .needs = {"pods", kClaims},
       .seen = "{} deletions of the namespace took the pods first",
       .judge = JudgeNamespaceDeletion},
      {.id = "SS-DEL-4",
       .title = "grace periods end",
       .paragraph = "On a node that is Ready a pod that was asked to stop is gone 60 s after its "
                    "grace period at the latest, with volumes 6 minutes after.",
       .since = "Kubernetes 1.5",
       .exercised = "a pod of the set ends",
       .exceptions = "Pods with finalizers; nodes that are not Ready or under a fault.",
       .needs = {"pods"},
       .seen = "{} pods ended within their grace periods",
       .judge = JudgeGracePeriod},
  };
}

}  // namespace holdfast::check
