// SS-UPD-5, 6, 7, 8, 10, 13 to 17: which revision a pod has, and what an update leaves alone.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/order_facts.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::PodLife;
using trace::SetState;

// Current revisions that may have been in force.
std::set<std::string> CurrentRevisions(const Around& around) {
  std::set<std::string> revisions;
  for (const SetState* set : around)
    if (!set->current_revision.empty()) revisions.insert(set->current_revision);
  return revisions;
}

// States that the controller may have acted on when it created the ordinal's pod. If it had deleted
// the one before for an update, it had seen the update.
Around KnownFor(const Context& context, int64_t ordinal, const At& at) {
  Around around = context.SetAround(at);
  const Member* former = context.LastOf(ordinal, at.line);
  // Without versions a state after the deletion may seem to explain it.
  const bool known = context.trace.one_counter && at.version != 0;
  if (former == nullptr || former->cause != Cause::kUpdate || !known) return around;
  const std::string revision = RevisionAt(*former->life, former->life->term->line);
  for (const SetState* set : context.SetAround(*former->life->term)) {
    if (!MayUpdate(context, *set, ordinal, revision)) continue;
    std::erase_if(around, [&](const SetState* state) { return state->at.line < set->at.line; });
    break;
  }
  return around;
}

// The revisions at which a pod of the ordinal may be created; empty when the record does not tell.
std::set<std::string> Allowed(const Context& context, int64_t ordinal, const At& at) {
  const Around around = KnownFor(context, ordinal, at);
  const std::set<std::string> current = CurrentRevisions(around);
  std::set<std::string> allowed;
  for (const SetState* set : around) {
    const bool on_delete = set->strategy == "OnDelete";
    const bool is_protected = !on_delete && ordinal < set->start + set->partition;
    // Without the block rollingUpdate the line lies at currentReplicas of the last status.
    const bool either = !on_delete && !set->has_partition;
    std::set<std::string> update;
    if (const auto own = RevisionOfTemplate(context, *set)) {
      update.insert(*own);
    } else {
      update = context.UpdateRevisionsAround(at.t);
    }
    // Before the first status, current and update are one.
    const std::set<std::string>& now = current.empty() ? update : current;
    if (now.empty() || update.empty()) return {};
    if (is_protected || either) allowed.insert(now.begin(), now.end());
    if (!is_protected) allowed.insert(update.begin(), update.end());
  }
  return allowed;
}

std::string List(const std::set<std::string>& words) {
  std::string list;
  for (const std::string& word : words)
    list += (list.empty() ? "" : " or ") + word;
  return list;
}

void JudgeCreatedRevision(Judgement& judge, const Member& member) {
  const PodLife& life = *member.life;
  const At at = life.first();
  const std::set<std::string> allowed = Allowed(judge.context(), member.ordinal, at);
  if (allowed.empty()) return;
  judge.Saw();
  const std::string revision = RevisionAt(life, at.line);
  if (allowed.contains(revision)) return;
  judge.Broken(at.t,
               fmt::format("{} was created at {} at the revision {}, expected {}", Describe(life),
                           Seconds(at.t), revision.empty() ? "(none)" : revision, List(allowed)),
               {PodId(life)}, {at.line});
}

void JudgeRecreated(Judgement& judge) {
  for (const Member* member : judge.Created())
    JudgeCreatedRevision(judge, *member);
}

bool IsBelowPartition(const SetState& set, int64_t ordinal) {
  return set.strategy == "RollingUpdate" && set.partition > 0 && ordinal >= set.start &&
         ordinal < set.start + set.partition;
}

void JudgePartition(Judgement& judge) {
  const Context& context = judge.context();
  // Pods that were there below the partition while an update was pending.
  std::set<const PodLife*> spared;
  for (const SetState* set : judge.window().sets) {
    if (set->partition <= 0 || set->current_revision == set->update_revision) continue;
    for (const Member* member : AliveAt(context, set->at.line))
      if (IsBelowPartition(*set, member->ordinal)) spared.insert(member->life);
  }
  judge.Saw(static_cast<int64_t>(spared.size()));
  for (const Member* member : judge.Pods()) {
    const PodLife& life = *member->life;
    const SetState* then = context.SetAt(life.first().line);
    if (judge.window().Has(life.first()) && !life.listed && then != nullptr &&
        IsBelowPartition(*then, member->ordinal))
      JudgeCreatedRevision(judge, *member);
    if (!life.term || !judge.window().Has(*life.term) || member->cause != Cause::kUnknown) continue;
    const Around around = context.SetAround(*life.term);
    const bool is_protected = !around.empty() &&
                              std::all_of(around.begin(), around.end(),
                                          [&](const SetState* set) {
                                            return IsBelowPartition(*set, member->ordinal) ||
                                                   !MayUpdate(context, *set, member->ordinal,
                                                              RevisionAt(life, life.term->line));
                                          }) &&
                              std::any_of(around.begin(), around.end(), [&](const SetState* set) {
                                return IsBelowPartition(*set, member->ordinal);
                              });
    if (!is_protected) continue;
    judge.Saw();
    judge.Broken(life.term->t,
                 fmt::format("{}, which the partition protects, was deleted at {} without another "
                             "cause in the record",
                             Describe(life), Seconds(life.term->t)),
                 {PodId(life)}, {life.term->line});
  }
}

void JudgeCompletion(Judgement& judge) {
  for (const SetState* set : judge.window().sets) {
    const bool done = set->strategy == "RollingUpdate" &&
                      set->observed_generation == set->generation &&
                      set->status_updated == set->replicas && set->status_ready == set->replicas &&
                      set->status_replicas == set->replicas && !set->update_revision.empty();
    if (!done || set->gone || !judge.window().Has(set->at)) continue;
    judge.Saw();
    if (set->current_revision == set->update_revision) continue;
    judge.Broken(
        set->at.t,
        fmt::format("at {} all {} replicas are updated and Ready, but currentRevision is "
                    "{} and not {}",
                    Seconds(set->at.t), set->replicas, set->current_revision, set->update_revision),
        {{"StatefulSet", judge.context().trace.target_name, set->uid}}, {set->at.line});
  }
}

// States in which updateRevision changes, with the one before.
std::vector<std::pair<const SetState*, const SetState*>> RevisionChanges(const Judgement& judge) {
  std::vector<std::pair<const SetState*, const SetState*>> changes;
  const auto& sets = judge.window().sets;
  for (size_t i = 1; i < sets.size(); ++i)
    if (!sets[i - 1]->update_revision.empty() && sets[i]->uid == sets[i - 1]->uid &&
        sets[i]->update_revision != sets[i - 1]->update_revision)
      changes.emplace_back(sets[i - 1], sets[i]);
  return changes;
}

void JudgeRollback(Judgement& judge) {
  const Context& context = judge.context();
  std::map<uint64_t, const trace::RevisionLife*> by_data;
  for (const trace::RevisionLife& revision : context.trace.revisions) {
    const trace::RevisionState& first = revision.states.front();
    if (revision.first().line >= judge.window().end_line || first.data == 0) continue;
    const auto [found, is_new] = by_data.try_emplace(first.data, &revision);
    const trace::RevisionLife& before = *found->second;
    if (is_new) continue;
    found->second = &revision;
    const bool alive = !before.gone || before.gone->line > revision.first().line;
    if (!alive || !judge.window().Has(revision.first()) ||
        before.states.front().owner_uid != first.owner_uid)
      continue;
    judge.Broken(first.at.t,
                 fmt::format("the template of ControllerRevision {} (uid {}) was stored again as "
                             "{} (uid {}): a rollback must use the first again",
                             before.name, before.uid, revision.name, revision.uid),
                 {{"ControllerRevision", before.name, before.uid},
                  {"ControllerRevision", revision.name, revision.uid}},
                 {before.first().line, first.at.line});
  }
  // Going back to a template that was in force before, in this window or ever.
  std::map<uint64_t, const SetState*> templates;
  const SetState* last = nullptr;
  for (const SetState& set : context.trace.set) {
    if (set.at.line >= judge.window().end_line) break;
    if (set.gone || set.observed_generation != set.generation || set.update_revision.empty())
      continue;
    const auto [found, is_new] = templates.try_emplace(set.pod_template, &set);
    const bool back = !is_new && last != nullptr && last->pod_template != set.pod_template &&
                      last->uid == set.uid && found->second->uid == set.uid;
    last = &set;
    if (!back || !judge.window().Has(set.at)) continue;
    judge.Saw();
    const SetState& before = *found->second;
    if (before.update_revision == set.update_revision || before.collisions != set.collisions)
      continue;
    judge.Broken(set.at.t,
                 fmt::format("the set went back to the template of {}, but its updateRevision is "
                             "{} instead of {}",
                             Seconds(before.at.t), set.update_revision, before.update_revision),
                 {{"StatefulSet", context.trace.target_name, set.uid}},
                 {before.at.line, set.at.line});
  }
}

void JudgeOnDelete(Judgement& judge) {
  const Context& context = judge.context();
  const auto on_delete = [&](const At& at) {
    const Around around = context.SetAround(at);
    return !around.empty() && std::all_of(around.begin(), around.end(), [](const SetState* set) {
      return set->strategy == "OnDelete";
    });
  };
  for (const auto& [before, after] : RevisionChanges(judge))
    if (before->strategy == "OnDelete" && after->strategy == "OnDelete") judge.Saw();
  for (const Member* member : judge.Pods()) {
    const PodLife& life = *member->life;
    const Member* former = Former(context, life);
    if (judge.window().Has(life.first()) && former != nullptr && on_delete(life.first()))
      JudgeCreatedRevision(judge, *member);
    if (!life.term || !judge.window().Has(*life.term) || !on_delete(*life.term) ||
        member->cause != Cause::kUnknown)
      continue;
    judge.Saw();
    judge.Broken(life.term->t,
                 fmt::format("{} was deleted at {} although the strategy is OnDelete and nothing "
                             "in the record asked for it",
                             Describe(life), Seconds(life.term->t)),
                 {PodId(life)}, {life.term->line});
  }
}

// Since when the set's states, of which this is the last, say that all pods are at its one revision.
double CompleteSince(const Judgement& judge, const SetState& last) {
  double since = last.at.t;
  const auto& sets = judge.window().sets;
  for (auto set = sets.rbegin(); set != sets.rend(); ++set) {
    if ((*set)->uid != last.uid || (*set)->current_revision != last.current_revision ||
        (*set)->update_revision != last.update_revision ||
        (*set)->status_updated != (*set)->status_replicas)
      break;
    since = (*set)->at.t;
  }
  return since;
}

void JudgeThirdRevision(Judgement& judge) {
  const Context& context = judge.context();
  bool overtaken = false;
  for (const auto& [before, after] : RevisionChanges(judge))
    overtaken = overtaken || before->current_revision != before->update_revision;
  if (!overtaken) return;
  const SetState* set = context.SetAt(judge.window().end_line - 1);
  if (set == nullptr || set->gone || set->observed_generation != set->generation ||
      set->current_revision != set->update_revision || set->status_replicas != set->replicas ||
      set->status_updated != set->replicas || judge.window().t1 - CompleteSince(judge, *set) <= kDelta)
    return;
  judge.Saw();
  for (const Member* member : AliveAt(context, judge.window().end_line - 1)) {
    const std::string revision = RevisionAt(*member->life, judge.window().end_line);
    if (member->life->term || revision == set->update_revision) continue;
    judge.Broken(judge.window().t1,
                 fmt::format("the update to {} is complete, but {} is at {}", set->update_revision,
                             Describe(*member->life), revision),
                 {PodId(*member->life)}, {set->at.line});
  }
}

void JudgeNoOp(Judgement& judge) {
  const SetState* before = nullptr;
  for (const SetState* set : judge.window().sets) {
    if (set->gone || set->observed_generation != set->generation || set->update_revision.empty())
      continue;
    const SetState* last = before;
    before = set;
    if (last == nullptr || last->uid != set->uid || last->generation == set->generation ||
        last->pod_template != set->pod_template)
      continue;
    judge.Saw();
    if (last->update_revision == set->update_revision || last->collisions != set->collisions)
      continue;
    judge.Broken(
        set->at.t,
        fmt::format("a change that leaves the pod template alone (generation {} to {}) "
                    "changed updateRevision from {} to {}",
                    last->generation, set->generation, last->update_revision, set->update_revision),
        {{"StatefulSet", judge.context().trace.target_name, set->uid}},
        {last->at.line, set->at.line});
  }
}

void JudgeScaleDuring(Judgement& judge) {
  const Context& context = judge.context();
  std::optional<double> since;
  const auto& sets = judge.window().sets;
  for (size_t i = 1; i < sets.size() && !since; ++i)
    if (sets[i]->replicas != sets[i - 1]->replicas &&
        sets[i]->current_revision != sets[i]->update_revision && sets[i]->uid == sets[i - 1]->uid)
      since = sets[i]->at.t;
  if (!since) return;
  for (const Member* member : judge.Created()) {
    if (member->life->first().t < *since ||
        context.LastOf(member->ordinal, member->life->first().line) != nullptr)
      continue;
    JudgeCreatedRevision(judge, *member);
  }
  // What scaling takes away is not updated first.
  for (const Member* member : ScaleDeletions(judge)) {
    if (member->life->term->t < *since) continue;
    judge.Saw();
    for (const Member* next : Later(context, *member->life, judge.window().end_line)) {
      const At at = next->life->first();
      if (!CertainlyOut(context.SetAround(at), next->ordinal)) continue;
      judge.Broken(at.t,
                   fmt::format("{} was created at {} although scaling had taken its ordinal away",
                               Describe(*next->life), Seconds(at.t)),
                   {PodId(*next->life)}, {member->life->term->line, at.line});
    }
  }
}

void JudgeRestart(Judgement& judge) {
  const Window& window = judge.window();
  for (size_t i = 1; i < window.sets.size(); ++i) {
    const SetState& before = *window.sets[i - 1];
    const SetState& asked = *window.sets[i];
    if (before.uid != asked.uid || before.restarted_at == asked.restarted_at) continue;
    const SetState* seen = nullptr;
    for (size_t j = i; j < window.sets.size() && seen == nullptr; ++j)
      if (window.sets[j]->observed_generation >= asked.generation) seen = window.sets[j];
    // What was undone before the controller saw it gives no revision.
    if (seen == nullptr || asked.restarted_at.empty() || seen->restarted_at != asked.restarted_at)
      continue;
    judge.Saw();
    if (seen->update_revision != before.update_revision || seen->gone) continue;
    judge.Broken(asked.at.t,
                 fmt::format("kubectl rollout restart at {} was observed at {}, but updateRevision "
                             "stayed {}",
                             Seconds(asked.at.t), Seconds(seen->at.t), seen->update_revision),
                 {{"StatefulSet", judge.context().trace.target_name, asked.uid}},
                 {asked.at.line, seen->at.line});
  }
}

void JudgeDataOverUpdate(Judgement& judge) {
  const Context& context = judge.context();
  for (const Member* member : UpdateDeletions(judge)) {
    const At term = *member->life->term;
    for (const std::string& name : ClaimNames(context, judge.window(), member->ordinal)) {
      const trace::ClaimLife* before = nullptr;
      for (const trace::ClaimLife* life : context.ClaimsOf(name)) {
        if (life->first().t <= term.t) before = life;
        if (before == nullptr || life == before || !judge.window().Has(life->first())) continue;
        if (before->term && CauseOfClaimDeletion(context, *before)) continue;
        judge.Broken(life->first().t,
                     fmt::format("over the update of {} the claim {} changed its uid from {} to {}",
                                 Describe(*member->life), name, before->uid, life->uid),
                     {PodId(*member->life), ClaimId(*before), ClaimId(*life)},
                     {term.line, life->first().line});
      }
      if (before == nullptr) continue;
      judge.Saw();
      const std::string volume = StateAt(*before, term.line).volume;
      for (const trace::ClaimState& state : before->states) {
        if (volume.empty() || state.at.line < term.line || !judge.window().Has(state.at) ||
            state.volume == volume)
          continue;
        judge.Broken(state.at.t,
                     fmt::format("over the update of {} the claim {} (uid {}) changed its volume "
                                 "from {} to '{}'",
                                 Describe(*member->life), name, before->uid, volume, state.volume),
                     {PodId(*member->life), ClaimId(*before)}, {term.line, state.at.line});
      }
    }
  }
}

}  // namespace

std::vector<Guarantee> RevisionOfPodFamily() {
  const std::vector<std::string> storage = {"pods", "statefulsets", kClaims};
  return {
      {.id = "SS-UPD-5",
       .title = "partition",
       .paragraph = "Pods below start+partition keep uid and revision through a change of the "
                    "template; one that is deleted comes back at currentRevision.",
       .since = "Kubernetes 1.9",
       .exercised = "the set has a partition above 0",
       .exceptions = "Deletions that the record explains otherwise.",
       .seen = "{} pods below the partition were left alone or came back at currentRevision",
       .judge = JudgePartition},
      {.id = "SS-UPD-6",
       .title = "the revision of a pod that is created",
       .paragraph = "A pod below the partition is created at currentRevision, any other at "
                    "updateRevision; with OnDelete always at updateRevision.",
       .since = "Kubernetes 1.9",
       .exercised = "a pod of the set is created",
       .exceptions = "A strategy without the block rollingUpdate: also currentRevision. Revisions "
                     "in force 5 s before or told by the next status.",
       .seen = "{} pods were created at the revision that was due",
       .judge = JudgeRecreated},
      {.id = "SS-UPD-7",
       .title = "completion",
       .paragraph = "The status that says that all replicas are updated and Ready also sets "
                    "currentRevision to updateRevision.",
       .since = "Kubernetes 1.9",
       .exercised = "the status says that all replicas are updated and Ready",
       .seen = "{} statuses with all replicas updated had one revision",
       .judge = JudgeCompletion},
      {.id = "SS-UPD-8",
       .title = "rollback uses the old revision",
       .paragraph = "Going back to an earlier template uses its ControllerRevision again; no "
                    "template is stored twice.",
       .since = "Kubernetes 1.9",
       .exercised = "the template goes back to an earlier one",
       .needs = {"pods", "statefulsets", "controllerrevisions"},
       .seen = "{} times an earlier template came back under its own revision",
       .judge = JudgeRollback},
      {.id = "SS-UPD-10",
       .title = "OnDelete",
       .paragraph = "With OnDelete a change of the template deletes no pod; a pod that somebody "
                    "deletes comes back at updateRevision.",
       .since = "Kubernetes 1.9",
       .exercised = "the template of an OnDelete set changes or one of its pods is replaced",
       .seen = "{} changes and replacements left all other pods alone",
       .judge = JudgeOnDelete},
      {.id = "SS-UPD-13",
       .title = "a third revision ends like the second",
       .paragraph = "When the template changes during an update, the update still ends with all "
                    "pods at the newest revision.",
       .since = "Kubernetes 1.9",
       .exercised = "the template changes while an update is pending, and the update completes",
       .seen = "{} overtaken updates ended with all pods at the newest revision",
       .judge = JudgeThirdRevision},
      {.id = "SS-UPD-14",
       .title = "changes that are no updates",
       .paragraph = "Changing replicas, partition, minReadySeconds, retention or history limit "
                    "leaves updateRevision alone.",
       .since = "Kubernetes 1.9",
       .exercised = "the spec changes outside of its template",
       .seen = "{} changes outside of the template left updateRevision alone",
       .judge = JudgeNoOp},
      {.id = "SS-UPD-15",
       .title = "scaling during an update",
       .paragraph = "New ordinals come up at updateRevision (below the partition at "
                    "currentRevision), and pods that scaling takes away are not updated first.",
       .since = "Kubernetes 1.9",
       .exercised = "the set is scaled while an update is pending",
       .seen = "{} pods came or went by scaling during an update as they should",
       .judge = JudgeScaleDuring},
      {.id = "SS-UPD-16",
       .title = "kubectl rollout restart",
       .paragraph = "A new annotation restartedAt in the template is an update like any other.",
       .since = "Kubernetes 1.15",
       .exercised = "kubectl rollout restart is used",
       .seen = "{} restarts gave a new updateRevision",
       .judge = JudgeRestart},
      {.id = "SS-UPD-17",
       .title = "data and identity over an update",
       .paragraph = "A pod that is updated keeps its claims: uid and volume are the same after it.",
       .since = "Kubernetes 1.9",
       .exercised = "a rolling update deletes a pod with claims",
       .exceptions = "Claims that the run deletes itself, and the retention policy.",
       .needs = storage,
       .seen = "{} claims of updated pods kept uid and volume",
       .judge = JudgeDataOverUpdate},
  };
}

}  // namespace holdfast::check
