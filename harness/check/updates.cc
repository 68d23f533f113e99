// SS-UPD-1, 2, 3, 4, 9, 11, 12: in which order and at which pace a rolling update deletes pods.
#include <algorithm>

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/families.h"
#include "harness/check/order_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::PodLife;
using trace::SetState;

// maxUnavailable above one: then several pods go at once, and SS-UPD-12 is what holds.
bool AllowsSeveral(const Around& around) {
  return std::any_of(around.begin(), around.end(), [](const SetState* set) {
    return !set->max_unavailable.empty() && set->max_unavailable != "1";
  });
}

void JudgeDescending(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : UpdateDeletions(judge)) {
    judge.Saw();
    const At term = *member->life->term;
    const Range range = CertainRange(context.SetAround(term));
    // Only a revision other than its own explains the deletion.
    std::set<std::string> updates = context.UpdateRevisionsAround(term.t);
    updates.erase(RevisionAt(*member->life, term.line));
    for (const Member* other : AliveAt(context, term.line)) {
      const PodLife& higher = *other->life;
      if (other->ordinal <= member->ordinal || other->ordinal >= range.last) continue;
      if (higher.term && higher.term->line <= term.line) continue;
      // The controller made it, and has seen it Ready or long enough.
      if (!WasReadyBefore(higher, term.line) && term.t - higher.first().t <= kDelta) continue;
      const std::string revision = RevisionAt(higher, term.line);
      if (updates.empty() || updates.contains(revision)) continue;
      judge.Broken(
          term.t,
          fmt::format("the rolling update deleted {} at {} before the higher {}, which "
                      "was still at {}",
                      Describe(*member->life), Seconds(term.t), Describe(higher), revision),
          {PodId(*member->life), PodId(higher)}, {higher.first().line, term.line});
    }
  }
}

// The pod of an ordinal had not come back when the update went on: the update had deleted it and it
// was still gone, or the life that the controller made had never been Ready. Both are facts that
// the controller had to know (rule A). What others did to a pod it may not have seen yet (rule B).
std::optional<Trouble> NotBack(const Context& context, int64_t ordinal, const At& at) {
  const Member* member = context.LastOf(ordinal, at.line);
  if (member == nullptr) return TroubleOf(context, ordinal, at);
  const PodLife& life = *member->life;
  if (!life.Spans(at.line)) {
    if (member->cause != Cause::kUpdate) return TroubleOf(life, at);
    return Trouble{.clause = fmt::format("{} was gone since {} and not created again",
                                         Describe(life), Seconds(life.gone->t)),
                   .life = &life,
                   .line = life.gone->line};
  }
  if (member->cause == Cause::kUpdate && life.term && life.term->line < at.line) {
    return Trouble{.clause = fmt::format("{} was still being deleted by the update, since {}",
                                         Describe(life), Seconds(life.term->t)),
                   .life = &life,
                   .line = life.term->line};
  }
  if (life.listed || WasReadyBefore(life, at.line)) return TroubleOf(life, at);
  return Trouble{.clause = fmt::format("{} had never been Ready", Describe(life)),
                 .life = &life,
                 .line = life.first().line};
}

void JudgePace(Judgement& judge, bool all_replicas) {
  const Context& context = judge.context();
  for (const Member* member : UpdateDeletions(judge)) {
    const At term = *member->life->term;
    const Around around = context.SetAround(term);
    if (AllowsSeveral(around)) continue;
    judge.Saw();
    const Range range = CertainRange(around);
    const int64_t first = all_replicas ? range.first : member->ordinal + 1;
    for (int64_t ordinal = first; ordinal < range.last; ++ordinal) {
      if (ordinal == member->ordinal) continue;
      const auto trouble = NotBack(context, ordinal, term);
      if (!trouble) continue;
      std::vector<ObjectId> objects{PodId(*member->life)};
      if (trouble->life != nullptr) objects.push_back(PodId(*trouble->life));
      judge.Broken(term.t,
                   fmt::format("the rolling update deleted {} at {} although {}",
                               Describe(*member->life), Seconds(term.t), trouble->clause),
                   std::move(objects), {trouble->line, term.line});
      break;
    }
  }
}

void JudgeOneAtATime(Judgement& judge) { JudgePace(judge, true); }
void JudgeParallelPace(Judgement& judge) { JudgePace(judge, false); }

// Pods at another revision than the update's that were unwell for long, at the window's end or when
// they were deleted.
void JudgeHaltedRollout(Judgement& judge) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  for (const Member* member : judge.Pods()) {
    const PodLife& life = *member->life;
    const bool deleted = life.term && window.Has(*life.term);
    const At at = deleted ? *life.term : At{.line = window.end_line, .t = window.t1};
    if (!deleted && life.gone && life.gone->line < window.end_line) continue;
    const std::set<std::string> updates = context.UpdateRevisionsAround(at.t);
    const Range range = CertainRange(context.SetAround(at));
    const SetState* set = context.SetAt(at.line);
    if (set == nullptr || set->strategy != "RollingUpdate" || updates.empty() ||
        updates.contains(RevisionAt(life, at.line)) || member->ordinal < range.first ||
        member->ordinal >= range.last || AllowsSeveral({set}))
      continue;
    const auto trouble = TroubleOf(life, at);
    if (!trouble) continue;
    judge.Saw();
    if (!deleted || member->cause != Cause::kUpdate) continue;
    judge.Broken(at.t,
                 fmt::format("the rolling update deleted {} at {} although an unhealthy pod halts "
                             "it: {}",
                             Describe(life), Seconds(at.t), trouble->clause),
                 {PodId(life)}, {trouble->line, at.line});
  }
}

// A pod that was never Ready at a revision that is no longer wanted: it is deleted by hand, and
// then the rollout goes on.
void JudgeStuck(Judgement& judge) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  for (const Member* member : judge.Deleted()) {
    const PodLife& life = *member->life;
    const At term = *life.term;
    const std::set<std::string> updates = context.UpdateRevisionsAround(term.t);
    const std::string own = RevisionAt(life, term.line);
    if (member->cause != Cause::kOwn || WasReadyBefore(life, term.line) || updates.empty() ||
        !IsOwed(context, window, *member))
      continue;
    // Withdrawn a moment ago: the controller may not have seen it when it makes the pod again.
    const bool long_ago = !updates.contains(own);
    const auto newest = RevisionOfTemplate(context, *context.SetAround(term).back());
    if (!long_ago && (!newest || *newest == own)) continue;
    judge.Saw();
    for (const Member* next : Later(context, life, window.end_line)) {
      const std::string old = RevisionAt(life, term.line);
      const SetState* set = context.SetAt(next->life->first().line);
      const bool wanted = !long_ago || set == nullptr || set->current_revision == old;
      if (wanted || RevisionAt(*next->life, next->life->first().line) != old) continue;
      judge.Broken(next->life->first().t,
                   fmt::format("{} came back at {} at the broken revision {}, which the set no "
                               "longer wants",
                               Describe(*next->life), Seconds(next->life->first().t), old),
                   {PodId(life), PodId(*next->life)}, {term.line, next->life->first().line});
    }
    JudgeReplacement(judge, *member);
  }
}

void JudgeUpdateAvailability(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : UpdateDeletions(judge)) {
    const At term = *member->life->term;
    const Around around = context.SetAround(term);
    const int64_t seconds = LeastMinReady(around);
    if (seconds <= 0 || AllowsSeveral(around)) continue;
    const Range range = CertainRange(around);
    const trace::Stamp asked = StateAt(*member->life, term.line).asked_to_stop;
    for (int64_t ordinal = member->ordinal + 1; ordinal < range.last; ++ordinal) {
      const Member* other = context.LastOf(ordinal, term.line);
      if (other == nullptr) continue;
      judge.Saw();
      if (const auto early = TooEarly(*other->life, term, asked, seconds)) {
        judge.Broken(term.t,
                     fmt::format("the rolling update deleted {} at {} although {}",
                                 Describe(*member->life), Seconds(term.t), *early),
                     {PodId(*member->life), PodId(*other->life)},
                     {other->life->first().line, term.line});
      }
    }
  }
}

// The largest maxUnavailable in force, in pods; nullopt when none of the states has one.
std::optional<int64_t> MaxUnavailable(const Around& around) {
  std::optional<int64_t> most;
  for (const SetState* set : around) {
    if (set->max_unavailable.empty()) continue;
    const bool percent = set->max_unavailable.ends_with('%');
    const auto number = ParseInt(std::string_view(set->max_unavailable)
                                     .substr(0, set->max_unavailable.size() - (percent ? 1 : 0)));
    if (!number) continue;
    const int64_t pods = percent ? std::max<int64_t>(1, set->replicas * *number / 100) : *number;
    most = std::max(most.value_or(0), pods);
  }
  return most;
}

void JudgeMaxUnavailable(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : UpdateDeletions(judge)) {
    const At term = *member->life->term;
    const Around around = context.SetAround(term);
    const std::optional<int64_t> most = MaxUnavailable(around);
    if (!most) continue;
    judge.Saw();
    const Range range = CertainRange(around);
    int64_t away = 1;
    for (int64_t ordinal = range.first; ordinal < range.last; ++ordinal) {
      const Member* other = context.LastOf(ordinal, term.line);
      if (ordinal == member->ordinal || other == nullptr) continue;
      const PodLife& life = *other->life;
      // Only what the update itself took away, and what is certainly not back.
      const bool taken = life.term && life.term->line < term.line && other->cause == Cause::kUpdate;
      const Member* former = Former(context, life);
      const bool not_back =
          !WasReadyBefore(life, term.line) && former != nullptr && former->cause == Cause::kUpdate;
      if (taken || not_back) ++away;
    }
    if (away <= *most) continue;
    judge.Broken(term.t,
                 fmt::format("with {} deleted at {} the rolling update had {} pods unavailable, "
                             "maxUnavailable is {}",
                             Describe(*member->life), Seconds(term.t), away, *most),
                 {PodId(*member->life)}, {term.line});
  }
}

}  // namespace

std::vector<Guarantee> UpdateFamily() {
  return {
      {.id = "SS-UPD-1",
       .title = "updates descend",
       .paragraph = "A rolling update deletes the highest outdated pod first.",
       .since = "Kubernetes 1.9",
       .exercised = "a rolling update deletes a pod",
       .exceptions = "Deletions by others; pods younger than 5 s.",
       .order = true,
       .seen = "{} deletions by the rolling update, each of the highest outdated pod",
       .judge = JudgeDescending},
      {.id = "SS-UPD-2",
       .title = "updates one at a time",
       .paragraph = "A rolling update deletes the next pod only when every other pod of the set "
                    "exists and is Ready; the one before is back at the new revision.",
       .since = "Kubernetes 1.9",
       .exercised = "a rolling update of an OrderedReady set deletes a pod",
       .exceptions = "maxUnavailable above 1 (SS-UPD-12); a pod that broke less than 5 s before.",
       .scope = Scope::kOrdered,
       .order = true,
       .seen = "{} deletions by the rolling update, each with all other pods Ready",
       .judge = JudgeOneAtATime},
      {.id = "SS-UPD-3",
       .title = "an unhealthy outdated pod halts the update",
       .paragraph = "With OrderedReady a rolling update waits while an outdated pod is unhealthy, "
                    "also when that pod is the next to be updated.",
       .since = "Kubernetes 1.9",
       .exercised = "an outdated pod is unwell for longer than 5 s while an update is pending",
       .scope = Scope::kOrdered,
       .order = true,
       .seen = "{} unhealthy outdated pods halted the update",
       .judge = JudgeHaltedRollout},
      {.id = "SS-UPD-4",
       .title = "a stuck update goes on after repair by hand",
       .paragraph = "A pod that never got Ready at a revision that was since withdrawn has to be "
                    "deleted by hand; it then comes back at a wanted revision and gets Ready.",
       .since = "Kubernetes 1.9",
       .exercised = "the run deletes an outdated pod that never was Ready",
       .scope = Scope::kOrdered,
       .seen = "{} stuck pods were deleted by hand and came back at a wanted revision",
       .judge = JudgeStuck},
      {.id = "SS-UPD-9",
       .title = "updates of parallel sets are one at a time too",
       .paragraph = "Also with the policy Parallel a rolling update deletes the next pod only when "
                    "every pod above it is back and Ready.",
       .since = "Kubernetes 1.9",
       .exercised = "a rolling update of a Parallel set deletes a pod",
       .exceptions = "maxUnavailable above 1 (SS-UPD-12).",
       .scope = Scope::kParallel,
       .order = true,
       .seen = "{} deletions by the rolling update, each with all higher pods Ready",
       .judge = JudgeParallelPace},
      {.id = "SS-UPD-11",
       .title = "updates wait for minReadySeconds",
       .paragraph = "A rolling update deletes the next pod only when the pods above it have been "
                    "Ready for minReadySeconds.",
       .since = "Kubernetes 1.25",
       .exercised = "a rolling update of a set with minReadySeconds deletes a pod",
       .exceptions = "Timestamps have whole seconds: 2 s early are tolerated.",
       .order = true,
       .seen = "{} pods had been Ready for minReadySeconds when the update went on",
       .judge = JudgeUpdateAvailability},
      {.id = "SS-UPD-12",
       .title = "maxUnavailable",
       .paragraph = "With maxUnavailable a rolling update never has more than that many pods away.",
       .since =
           "Kubernetes 1.35 behind the gate MaxUnavailableStatefulSet (off by default in 1.36)",
       .exercised = "a rolling update of a set with maxUnavailable deletes a pod",
       .order = true,
       .seen = "{} deletions by the rolling update kept to maxUnavailable",
       .judge = JudgeMaxUnavailable},
  };
}

}  // namespace holdfast::check
