// SS-ORDI: ordinals that do not start at 0.
#include <algorithm>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/order_facts.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::SetState;

bool AnyStart(const Around& around) {
  return std::any_of(around.begin(), around.end(),
                     [](const SetState* set) { return set->start > 0; });
}

void JudgeRange(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Created()) {
    const trace::PodLife& life = *member->life;
    const Around around = context.SetAround(life.first());
    if (!AnyStart(around)) continue;
    judge.Saw();
    if (CertainlyOut(around, member->ordinal)) {
      judge.Broken(life.first().t,
                   fmt::format("{} was created at {} outside of the range {} to {}", Describe(life),
                               Seconds(life.first().t), around.back()->start,
                               around.back()->start + around.back()->replicas - 1),
                   {PodId(life)}, {life.first().line});
    }
    const trace::Labels& labels = life.states.front().identity->labels;
    const auto index = labels.find("apps.kubernetes.io/pod-index");
    if (index == labels.end() || index->second == std::to_string(member->ordinal)) continue;
    judge.Broken(life.first().t,
                 fmt::format("{} carries the pod-index {}, which is not its absolute ordinal",
                             Describe(life), index->second),
                 {PodId(life)}, {life.first().line});
  }
}

void JudgeRelativePartition(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Deleted()) {
    const At term = *member->life->term;
    const Around around = context.SetAround(term);
    const bool relative = !around.empty() &&
                          std::all_of(around.begin(), around.end(), [](const SetState* set) {
                            return set->start > 0 && set->partition > 0;
                          });
    if (!relative) continue;
    if (member->cause == Cause::kUpdate) judge.Saw();
    const bool is_protected =
        std::all_of(around.begin(), around.end(), [&](const SetState* set) {
          return member->ordinal >= set->start && member->ordinal < set->start + set->partition;
        });
    if (!is_protected || member->cause != Cause::kUnknown) continue;
    judge.Saw();
    judge.Broken(term.t,
                 fmt::format("{} was deleted at {} although the partition, counted from start, "
                             "protects it",
                             Describe(*member->life), Seconds(term.t)),
                 {PodId(*member->life)}, {term.line});
  }
}

// Changes of start in the window, without a change of uid.
std::vector<const SetState*> Moves(const Judgement& judge) {
  std::vector<const SetState*> moves;
  const auto& sets = judge.window().sets;
  for (size_t i = 1; i < sets.size(); ++i)
    if (sets[i]->uid == sets[i - 1]->uid && sets[i]->start != sets[i - 1]->start)
      moves.push_back(sets[i]);
  return moves;
}

void JudgeMove(Judgement& judge) {
  const Context& context = judge.context();
  const std::vector<const SetState*> moves = Moves(judge);
  if (moves.empty()) return;
  for (const Member* member : ScaleDeletions(judge)) {
    const At term = *member->life->term;
    if (term.line < moves.front()->at.line) continue;
    judge.Saw();
    const Range range = CertainRange(context.SetAround(term));
    for (int64_t ordinal = range.first; ordinal < range.last; ++ordinal) {
      const Member* kept = context.LastOf(ordinal, term.line);
      if (kept != nullptr && WasReadyBefore(*kept->life, term.line) &&
          (!kept->life->gone || kept->life->gone->t > term.t - kDelta))
        continue;
      judge.Broken(term.t,
                   fmt::format("{} left the range and was deleted at {} before pod {}-{} of the "
                               "new range was Ready",
                               Describe(*member->life), Seconds(term.t), context.trace.target_name,
                               ordinal),
                   {PodId(*member->life),
                    {"Pod", fmt::format("{}-{}", context.trace.target_name, ordinal), ""}},
                   {moves.front()->at.line, term.line});
    }
  }
}

void JudgeHandOver(Judgement& judge) {
  const Context& context = judge.context();
  for (const SetState* move : Moves(judge)) {
    for (const Member* member : ScaleDeletions(judge)) {
      const At term = *member->life->term;
      const Around around = context.SetAround(term);
      const bool retained = std::all_of(around.begin(), around.end(), [](const SetState* set) {
        return set->when_scaled == "Retain";
      });
      if (term.line < move->at.line || !retained) continue;
      for (const std::string& name : ClaimNames(context, judge.window(), member->ordinal)) {
        const trace::ClaimLife* claim = ClaimAround(context, name, term.t);
        if (claim == nullptr) continue;
        judge.Saw();
        if (!claim->term || claim->term->t < term.t - kDelta ||
            !judge.window().Has(*claim->term) || CauseOfClaimDeletion(context, *claim))
          continue;
        judge.Broken(claim->term->t,
                     fmt::format("claim {} (uid {}) of an ordinal that left the range was deleted "
                                 "at {}",
                                 name, claim->uid, Seconds(claim->term->t)),
                     {ClaimId(*claim), PodId(*member->life)}, {term.line, claim->term->line});
      }
    }
  }
}

}  // namespace

std::vector<Guarantee> OrdinalFamily() {
  return {
      {.id = "SS-ORDI-1",
       .title = "the range begins at start",
       .paragraph = "Ordinals run from ordinals.start; names, labels and claims use the absolute "
                    "number.",
       .since = "Kubernetes 1.31",
       .exercised = "a pod of a set with ordinals.start is created",
       .seen = "{} pods were created inside of the range",
       .judge = JudgeRange},
      {.id = "SS-ORDI-2",
       .title = "the partition counts from start",
       .paragraph = "Pods below start+partition are protected from an update.",
       .since = "Kubernetes 1.31",
       .exercised = "a set with ordinals.start and a partition is updated",
       .seen = "{} deletions kept to the partition counted from start",
       .judge = JudgeRelativePartition},
      {.id = "SS-ORDI-3",
       .title = "moving the range",
       .paragraph = "When start changes, the pods of the new range are created and Ready before "
                    "those outside of it go.",
       .since = "Kubernetes 1.31",
       .exercised = "ordinals.start changes and pods leave the range",
       .scope = Scope::kOrdered,
       .order = true,
       .seen = "{} pods left the range after the new range was Ready",
       .judge = JudgeMove},
      {.id = "SS-ORDI-4",
       .title = "ordinals can be handed over",
       .paragraph = "Ordinals that leave the range keep their claims (policy Retain), so another "
                    "set may take them over.",
       .since = "Kubernetes 1.31",
       .exercised = "ordinals.start changes and pods with claims leave the range",
       .exceptions = "Claims that the run deletes itself.",
       .needs = {"pods", "statefulsets", kClaims},
       .seen = "{} claims of ordinals that left the range stayed",
       .judge = JudgeHandOver},
  };
}

}  // namespace holdfast::check
