// SS-ORD-1, 2, 3, 7, 8, 9, 10: the order of creation and of scaling down under OrderedReady.
#include <algorithm>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/order_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::PodLife;
using trace::SetState;

// The lowest ordinal that must have come before, whatever state of the set the controller saw of those
// that want the pod; or nullopt when no state is known.
std::optional<int64_t> LowestOrdinal(const Context& context, const Member& created) {
  std::optional<int64_t> lowest;
  std::optional<int64_t> of_all;
  for (const SetState* set : context.SetAround(created.life->first())) {
    of_all = std::max(of_all.value_or(set->start), set->start);
    if (InRange(*set, created.ordinal)) lowest = std::max(lowest.value_or(set->start), set->start);
  }
  return lowest ? lowest : of_all;
}

// The lower ordinals that a created pod had to wait for; undecided when the set is not known.
std::optional<int64_t> Lowest(Judgement& judge, const Member& created) {
  const auto lowest = LowestOrdinal(judge.context(), created);
  if (!lowest) {
    judge.Undecided(
        fmt::format("the set's state is not known when {} is created", created.life->name));
  }
  return lowest;
}

void JudgeGate(Judgement& judge, const Member& created, int64_t ordinal) {
  const Context& context = judge.context();
  const PodLife& pod = *created.life;
  const At at = pod.first();
  const std::string lower = fmt::format("{}-{}", context.trace.target_name, ordinal);
  const Member* before = context.LastOf(ordinal, at.line);
  if (before == nullptr) {
    return judge.Broken(at.t,
                        fmt::format("pod {} (uid {}) was created at {} although its predecessor {} "
                                    "did not exist",
                                    pod.name, pod.uid, Seconds(at.t), lower),
                        {PodId(pod), {"Pod", lower, ""}},
                        {context.trace.opened.at("pods").at.line, at.line});
  }
  const PodLife& predecessor = *before->life;
  if (!WasReadyBefore(predecessor, at.line)) {
    return judge.Broken(at.t,
                        fmt::format("pod {} (uid {}) was created at {} although its predecessor {} "
                                    "(uid {}) had never been Ready",
                                    pod.name, pod.uid, Seconds(at.t), lower, predecessor.uid),
                        {PodId(pod), PodId(predecessor)}, {predecessor.first().line, at.line});
  }
  const std::optional<At> unwell = UnwellSince(predecessor, at.line);
  if (!unwell) return;
  // The controller creates a pod anew only after it saw the old one DELETED, and then it has also
  // seen everything before that line. Otherwise its cache may lag by kDelta.
  const Member* former = context.LastOf(created.ordinal, at.line);
  // Not so where one sync deleted a pod that had Failed and created it again.
  const bool seen = former != nullptr && former->cause != Cause::kPhase && former->life->gone &&
                    former->life->gone->line < at.line && unwell->line < former->life->gone->line;
  if (!seen && at.t - unwell->t <= kDelta) return;
  judge.Broken(
      at.t,
      fmt::format("pod {} (uid {}) was created at {} although its predecessor {} (uid {}) "
                  "had been not Ready, terminating or gone since {}",
                  pod.name, pod.uid, Seconds(at.t), lower, predecessor.uid, Seconds(unwell->t)),
      {PodId(pod), PodId(predecessor)}, {unwell->line, at.line});
}

void JudgeAscending(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Created()) {
    const PodLife& life = *member->life;
    if (context.LastOf(member->ordinal, life.first().line) != nullptr) continue;
    judge.Saw();
    const std::optional<int64_t> lowest = Lowest(judge, *member);
    if (!lowest) continue;
    for (int64_t ordinal = *lowest; ordinal < member->ordinal; ++ordinal) {
      if (context.LastOf(ordinal, life.first().line) != nullptr) continue;
      judge.Broken(
          life.first().t,
          fmt::format("pod {} (uid {}) was created at {} before pod {}-{} ever was", life.name,
                      life.uid, Seconds(life.first().t), context.trace.target_name, ordinal),
          {PodId(life)},
          {context.trace.opened.contains("pods") ? context.trace.opened.at("pods").at.line : 1,
           life.first().line});
      break;
    }
  }
}

void JudgeReadyGate(Judgement& judge) {
  for (const Member* member : judge.Created()) {
    if (!judge.context().trace.opened.contains("pods")) break;
    judge.Saw();
    const std::optional<int64_t> lowest = Lowest(judge, *member);
    for (int64_t ordinal = lowest.value_or(member->ordinal); ordinal < member->ordinal; ++ordinal)
      JudgeGate(judge, *member, ordinal);
  }
}

void JudgeAvailableGate(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : judge.Created()) {
    const PodLife& life = *member->life;
    const int64_t seconds = LeastMinReady(context.SetAround(life.first()));
    const std::optional<int64_t> lowest = LowestOrdinal(context, *member);
    if (seconds <= 0 || !lowest) continue;
    for (int64_t ordinal = *lowest; ordinal < member->ordinal; ++ordinal) {
      const Member* lower = context.LastOf(ordinal, life.first().line);
      if (lower == nullptr) continue;
      judge.Saw();
      if (const auto early = TooEarly(*lower->life, life.first(), life.created, seconds)) {
        judge.Broken(life.first().t,
                     fmt::format("{} was created at {} although {}", Describe(life),
                                 Seconds(life.first().t), *early),
                     {PodId(life), PodId(*lower->life)},
                     {lower->life->first().line, life.first().line});
      }
    }
  }
}

// Two condemned pods: the higher one must be gone before the lower one is asked to stop.
void JudgePair(Judgement& judge, const Member& lower, const Member& higher) {
  const PodLife& low = *lower.life;
  const PodLife& high = *higher.life;
  const At term = *low.term;
  if (!high.Spans(term.line) || high.first().line >= term.line) return;
  // A pod made a moment ago may not be in the controller's cache.
  if (!WasReadyBefore(high, term.line) && term.t - high.first().t <= kDelta) return;
  std::vector<int64_t> lines{high.first().line, term.line};
  if (high.gone) lines.push_back(high.gone->line);
  judge.Broken(term.t,
               fmt::format("scaling down, pod {} (uid {}) was deleted at {} before the higher pod "
                           "{} (uid {}) was gone{}",
                           low.name, low.uid, Seconds(term.t), high.name, high.uid,
                           high.gone ? fmt::format(" (gone at {})", Seconds(high.gone->t)) : ""),
               {PodId(low), PodId(high)}, lines);
}

void JudgeScaleDown(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* lower : ScaleDeletions(judge)) {
    judge.Saw();
    const At term = *lower->life->term;
    const Around around = context.SetAround(term);
    for (const int64_t ordinal : context.ordinals) {
      // Whatever state of the set the controller saw when it condemned the lower one, it condemned
      // this one too.
      const bool condemned =
          std::all_of(around.begin(), around.end(), [&](const SetState* set) {
            return !set->gone && !set->terminating &&
                   (InRange(*set, lower->ordinal) || !InRange(*set, ordinal));
          });
      if (ordinal <= lower->ordinal || !condemned) continue;
      if (const Member* higher = context.LastOf(ordinal, term.line))
        JudgePair(judge, *lower, *higher);
    }
  }
}

void JudgeSurvivors(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : ScaleDeletions(judge)) {
    const At term = *member->life->term;
    const Range range = CertainRange(context.SetAround(term));
    if (range.first == range.last) continue;
    judge.Saw();
    for (int64_t ordinal = range.first; ordinal < range.last; ++ordinal) {
      const auto trouble = TroubleOf(context, ordinal, term);
      if (!trouble) continue;
      std::vector<ObjectId> objects{PodId(*member->life)};
      if (trouble->life != nullptr) objects.push_back(PodId(*trouble->life));
      judge.Broken(term.t,
                   fmt::format("scaling down, {} was deleted at {} although {}",
                               Describe(*member->life), Seconds(term.t), trouble->clause),
                   std::move(objects), {trouble->line, term.line});
    }
  }
}

void JudgeUnhealthyCondemned(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : ScaleDeletions(judge)) {
    const At term = *member->life->term;
    const auto own = TroubleOf(*member->life, term);
    if (!own) continue;
    judge.Saw();
    const Around around = context.SetAround(term);
    for (const Member* other : AliveAt(context, term.line)) {
      if (other->ordinal >= member->ordinal || !CertainlyOut(around, other->ordinal)) continue;
      const auto trouble = TroubleOf(*other->life, term);
      if (!trouble) continue;
      judge.Broken(term.t,
                   fmt::format("scaling down, {} was deleted at {} although it was unhealthy and "
                               "not the lowest unhealthy pod: {}",
                               Describe(*member->life), Seconds(term.t), trouble->clause),
                   {PodId(*member->life), PodId(*other->life)}, {trouble->line, term.line});
    }
  }
}

void JudgeScaleFirst(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : UpdateDeletions(judge)) {
    judge.Saw();
    const At term = *member->life->term;
    const Around around = context.SetAround(term);
    for (const Member* other : AliveAt(context, term.line)) {
      if (!CertainlyOut(around, other->ordinal) || term.t - other->life->first().t <= kDelta)
        continue;
      judge.Broken(term.t,
                   fmt::format("{} was deleted for an update at {} while {}, which scaling had "
                               "condemned, was still there",
                               Describe(*member->life), Seconds(term.t), Describe(*other->life)),
                   {PodId(*member->life), PodId(*other->life)},
                   {other->life->first().line, term.line});
    }
  }
}

}  // namespace

std::vector<Guarantee> OrderFamily() {
  return {
      {.id = "SS-ORD-1",
       .title = "ascending creation",
       .paragraph = "No ordinal is created for the first time before every lower one in range was.",
       .since = "Kubernetes 1.9",
       .exercised = "an ordinal is created for the first time",
       .scope = Scope::kOrdered,
       .order = true,
       .seen = "{} pods were first created in ascending order",
       .judge = JudgeAscending},
      {.id = "SS-ORD-2",
       .title = "ready gate",
       .paragraph =
           "A pod is created, or created again, only when every lower pod is Running and Ready.",
       .since = "Kubernetes 1.9",
       .exercised = "a pod of the set is created",
       .exceptions =
           "A lower pod that lost its readiness less than 5 s before: the controller's view lags. "
           "No such grace where the record proves that the controller had seen it.",
       .scope = Scope::kOrdered,
       .order = true,
       .seen = "{} pods were created after all lower ones were Ready",
       .judge = JudgeReadyGate},
      {.id = "SS-ORD-3",
       .title = "available gate",
       .paragraph = "With minReadySeconds a pod is created only when every lower pod has been "
                    "Ready for that long.",
       .since = "Kubernetes 1.25",
       .exercised = "a pod of a set with minReadySeconds is created above another",
       .exceptions = "Timestamps have whole seconds: 2 s early are tolerated.",
       .scope = Scope::kOrdered,
       .order = true,
       .seen = "{} predecessors had been Ready for minReadySeconds",
       .judge = JudgeAvailableGate},
      {.id = "SS-ORD-7",
       .title = "descending scale-down, one at a time",
       .paragraph =
           "When scaling down, a pod is deleted only after all higher ones that must go are gone.",
       .since = "Kubernetes 1.9",
       .exercised = "the set is scaled down",
       .exceptions = "Deletions by others than the set; deletion of the whole set.",
       .scope = Scope::kOrdered,
       .order = true,
       .seen = "{} pods were scaled down, each after all higher ones were gone",
       .judge = JudgeScaleDown},
      {.id = "SS-ORD-8",
       .title = "scale-down waits for the survivors",
       .paragraph = "No pod is scaled away unless every pod that stays exists and is Ready. So "
                    "scaling down a set with a broken pod does nothing until it is repaired.",
       .since = "Kubernetes 1.9",
       .exercised = "the set is scaled down to at least one pod",
       .exceptions = "A survivor that broke less than 5 s before.",
       .scope = Scope::kOrdered,
       .order = true,
       .seen = "{} pods were scaled down while all survivors were Ready",
       .judge = JudgeSurvivors},
      {.id = "SS-ORD-9",
       .title = "unhealthy condemned pods",
       .paragraph = "Of several unhealthy pods that scaling condemned only the lowest may be "
                    "deleted while the others are unhealthy; scale-down waits for the rest.",
       .since = "Kubernetes 1.9",
       .exercised = "an unhealthy pod is scaled away",
       .exceptions = "Exactly one unhealthy condemned pod never blocks.",
       .scope = Scope::kOrdered,
       .order = true,
       .seen = "{} unhealthy pods were scaled away, each the lowest unhealthy one",
       .judge = JudgeUnhealthyCondemned},
      {.id = "SS-ORD-10",
       .title = "scaling precedes updating",
       .paragraph = "While pods that scaling condemned exist, none is deleted for a rolling update.",
       .since = "Kubernetes 1.9",
       .exercised = "a rolling update deletes a pod",
       .scope = Scope::kOrdered,
       .order = true,
       .seen = "{} deletions for an update came after scaling was done",
       .judge = JudgeScaleFirst},
  };
}

}  // namespace holdfast::check
