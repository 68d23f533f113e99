// SS-REV: the history of templates.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/order_facts.h"

namespace holdfast::check {
namespace {

using trace::RevisionLife;
using trace::RevisionState;
using trace::SetState;

ObjectId RevisionId(const RevisionLife& life) {
  return {"ControllerRevision", life.name, life.uid};
}

const RevisionState& LastState(const RevisionLife& life, int64_t line) {
  const RevisionState* last = &life.states.front();
  for (const RevisionState& state : life.states)
    if (state.at.line < line) last = &state;
  return *last;
}

// Revisions of the target that existed in the window.
std::vector<const RevisionLife*> Owned(const Judgement& judge) {
  std::vector<const RevisionLife*> owned;
  for (const RevisionLife& life : judge.context().trace.revisions) {
    ++judge.context().steps;
    if (!life.Overlaps(judge.window().begin_line, judge.window().end_line)) continue;
    const bool ours = std::any_of(
        judge.window().sets.begin(), judge.window().sets.end(), [&](const SetState* set) {
          return std::any_of(life.states.begin(), life.states.end(), [&](const RevisionState& state) {
            return state.owner_uid == set->uid;
          });
        });
    if (ours) owned.push_back(&life);
  }
  return owned;
}

// A revision that the set's status names was made by its controller, with its owner. One without that
// is adopted afterwards may be somebody's copy.
void JudgeOwner(Judgement& judge, const RevisionLife& life) {
  const Context& context = judge.context();
  const RevisionState& first = life.states.front();
  if (life.listed || !judge.window().Has(first.at)) return;
  const auto& sets = context.trace.set;
  const auto is_set = [&](const std::string& uid) {
    return std::any_of(sets.begin(), sets.end(), [&](const SetState& set) { return set.uid == uid; });
  };
  if (is_set(first.owner_uid)) return;
  const auto named = std::find_if(sets.begin(), sets.end(), [&](const SetState& set) {
    return set.update_revision == life.name || set.current_revision == life.name;
  });
  if (named == sets.end()) return;
  judge.Saw();
  const std::string what =
      first.owner_uid.empty()
          ? "without an owner"
          : fmt::format("with the owner {}, which is no set of the record", first.owner_uid);
  const std::string sentence =
      fmt::format("ControllerRevision {} (uid {}) was made {} at {}, and the set's status names it",
                  life.name, life.uid, what, Seconds(first.at.t));
  const auto watch = context.trace.opened.find("statefulsets");
  const bool known = watch != context.trace.opened.end() &&
                     first.at.t - watch->second.at.t > kDelta && sets.front().at.t < first.at.t;
  const bool adopted = std::any_of(
      life.states.begin(), life.states.end(),
      [&](const RevisionState& state) { return is_set(state.owner_uid); });
  if (adopted || (!first.owner_uid.empty() && !known)) return judge.Undecided(sentence);
  judge.Broken(first.at.t, sentence,
               {RevisionId(life), {"StatefulSet", context.trace.target_name, named->uid}},
               {first.at.line, named->at.line});
}

// The revision that a status names for the template that it has observed holds this template.
void JudgeTemplates(Judgement& judge) {
  const Context& context = judge.context();
  std::map<std::string_view, std::vector<const RevisionLife*>> lives;
  for (const RevisionLife& life : context.trace.revisions)
    lives[life.name].push_back(&life);
  std::set<std::pair<std::string_view, uint64_t>> told;
  for (const SetState* set : judge.window().sets) {
    if (set->template_print == 0 || set->observed_generation != set->generation ||
        !told.emplace(set->update_revision, set->template_print).second)
      continue;
    const auto found = lives.find(set->update_revision);
    if (found == lives.end()) continue;
    // One from before the record may be of another server's making.
    const bool right = std::any_of(
        found->second.begin(), found->second.end(), [&](const RevisionLife* life) {
          return life->listed || life->template_print == 0 ||
                 life->template_print == set->template_print;
        });
    if (right) continue;
    const RevisionLife& life = *found->second.front();
    judge.Saw();
    judge.Broken(set->at.t,
                 fmt::format("the set's status at {} names ControllerRevision {} (uid {}) for a template of "
                             "other containers or labels than it holds",
                             Seconds(set->at.t), life.name, life.uid),
                 {RevisionId(life), {"StatefulSet", context.trace.target_name, set->uid}},
                 {life.first().line, set->at.line});
  }
}

// A new number is the next one: whatever it leaves out was there, and is not in the record.
void JudgeNumbers(Judgement& judge) {
  std::vector<std::pair<const RevisionLife*, const RevisionState*>> states;
  for (const RevisionLife* life : Owned(judge))
    for (const RevisionState& state : life->states)
      states.emplace_back(life, &state);
  std::sort(states.begin(), states.end(),
            [](const auto& a, const auto& b) { return a.second->at.line < b.second->at.line; });
  int64_t newest = 0;
  for (const auto& [life, state] : states) {
    const bool is_first = state == &life->states.front();
    if (!(is_first && life->listed) && judge.window().Has(state->at) &&
        state->revision > newest + 1) {
      judge.Undecided(fmt::format("ControllerRevision {} has the number {} at {}, after {}", life->name,
                                  state->revision, Seconds(state->at.t), newest));
    }
    newest = std::max(newest, state->revision);
  }
}

void JudgeRevisionObjects(Judgement& judge) {
  const Context& context = judge.context();
  std::map<int64_t, const RevisionLife*> numbers;
  for (const RevisionLife* life : Owned(judge)) {
    judge.Saw();
    const RevisionState& first = life->states.front();
    const std::string expected = fmt::format("{}-{}", context.trace.target_name, first.hash_label);
    if (judge.window().Has(first.at) && life->name != expected) {
      judge.Broken(first.at.t,
                   fmt::format("ControllerRevision {} (uid {}) is not named {}", life->name,
                               life->uid, expected),
                   {RevisionId(*life)}, {first.at.line});
    }
    for (const RevisionState& state : life->states) {
      if (!judge.window().Has(state.at) || state.data == first.data) continue;
      judge.Broken(state.at.t,
                   fmt::format("the data of ControllerRevision {} (uid {}) changed at {}",
                               life->name, life->uid, Seconds(state.at.t)),
                   {RevisionId(*life)}, {first.at.line, state.at.line});
    }
    if (life->gone && life->gone->line < judge.window().end_line) continue;
    const RevisionState& last = LastState(*life, judge.window().end_line);
    // Two that changed a moment ago may be on their way.
    if (judge.window().t1 - last.at.t <= kDelta) continue;
    const auto [found, is_new] = numbers.try_emplace(last.revision, life);
    if (is_new) continue;
    // The controller counts on from what its cache shows, which may be old.
    judge.Undecided(fmt::format("ControllerRevisions {} and {} both have the number {} at {}",
                                found->second->name, life->name, last.revision, Seconds(last.at.t)));
  }
  for (const RevisionLife& life : context.trace.revisions)
    JudgeOwner(judge, life);
  JudgeTemplates(judge);
  JudgeNumbers(judge);
}

void JudgeHistoryLimit(Judgement& judge) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  const SetState* set = context.SetAt(window.end_line - 1);
  if (set == nullptr || set->gone || set->terminating || set->history_limit < 0 ||
      set->observed_generation != set->generation)
    return;
  std::set<std::string> live = {set->current_revision, set->update_revision};
  for (const Member* member : AliveAt(context, window.end_line - 1))
    live.insert(RevisionAt(*member->life, window.end_line));
  int64_t others = 0;
  double newest = 0;
  for (const RevisionLife* life : Owned(judge)) {
    newest = std::max(newest, life->states.back().at.t);
    if (life->gone && life->gone->line < window.end_line) continue;
    if (!live.contains(life->name)) ++others;
  }
  // History is cut at the end of a sync that saw no more change.
  if (window.t1 - newest <= kDelta) return;
  if (others <= set->history_limit) return judge.Saw();
  if (window.t1 - set->at.t <= kDelta) return;
  judge.Broken(window.t1,
               fmt::format("the set keeps {} old ControllerRevisions, its revisionHistoryLimit is "
                           "{}",
                           others, set->history_limit),
               {{"StatefulSet", context.trace.target_name, set->uid}}, {set->at.line});
}

// A set that was deleted without its dependants and made again takes its revisions over.
void JudgeRevisionAdoption(Judgement& judge) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  for (const RevisionLife& life : context.trace.revisions) {
    const RevisionState* orphan = nullptr;
    for (const RevisionState& state : life.states) {
      if (!window.Has(state.at)) continue;
      if (state.owner_uid.empty()) orphan = &state;
      if (orphan != nullptr && !state.owner_uid.empty()) {
        judge.Saw();
        orphan = nullptr;
      }
    }
    const SetState* set = context.SetAt(window.end_line - 1);
    if (orphan == nullptr || life.gone || set == nullptr || set->gone || set->terminating ||
        set->observed_generation == 0 || !window.complete)
      continue;
    // A hash has no dash: with more of them the name begins with that of another set.
    const std::string prefix = context.trace.target_name + "-";
    const bool ours = life.name.starts_with(prefix) &&
                      life.name.find('-', prefix.size()) == std::string::npos;
    const double waited = window.t1 - std::max(orphan->at.t, set->at.t);
    if (!ours || waited <= window.Settle()) continue;
    judge.Saw();
    judge.Broken(window.t1,
                 fmt::format("ControllerRevision {} (uid {}) has had no owner for {:.0f} s while "
                             "the set is there",
                             life.name, life.uid, waited),
                 {RevisionId(life)}, {orphan->at.line, set->at.line});
  }
}

void JudgeLimitMutable(Judgement& judge) {
  for (const trace::Action& action : judge.context().trace.actions) {
    if (!judge.window().Has(action.at) || action.resource != "statefulsets" || !action.answered ||
        GetString(action.fields, {"field"}) != "spec.revisionHistoryLimit")
      continue;
    judge.Saw();
    if (action.ok || action.status != 422) continue;
    judge.Broken(action.at.t,
                 fmt::format("a change of revisionHistoryLimit was refused: {}", action.message),
                 {{"StatefulSet", action.name, action.uid}},
                 {action.at.line, action.answered->line});
  }
  const auto& sets = judge.window().sets;
  for (size_t i = 1; i < sets.size(); ++i)
    if (sets[i]->uid == sets[i - 1]->uid && sets[i]->history_limit != sets[i - 1]->history_limit)
      judge.Saw();
}

}  // namespace

std::vector<Guarantee> RevisionFamily() {
  const std::vector<std::string> needs = {"pods", "statefulsets", "controllerrevisions"};
  return {
      {.id = "SS-REV-1",
       .title = "one revision per template",
       .paragraph = "A ControllerRevision is called <set>-<hash>, its data never changes and is the "
                    "template that it is named for, its number is its own; it is made with its owner.",
       .since = "Kubernetes 1.9",
       .exercised = "the set has a ControllerRevision",
       .needs = needs,
       .seen = "{} ControllerRevisions with names, numbers and data of their own",
       .judge = JudgeRevisionObjects},
      {.id = "SS-REV-2",
       .title = "history limit",
       .paragraph = "At rest no more than revisionHistoryLimit old revisions are kept: those that "
                    "neither the set nor a pod uses.",
       .since = "Kubernetes 1.9",
       .exercised = "the set comes to rest",
       .exceptions = "A negative limit means no limit.",
       .needs = needs,
       .seen = "{} sets at rest kept no more than their history limit",
       .judge = JudgeHistoryLimit},
      {.id = "SS-REV-3",
       .title = "revisions are adopted",
       .paragraph = "Revisions left behind by an orphaning deletion are taken over by the set that "
                    "is made again under the name.",
       .since = "Kubernetes 1.9",
       .exercised = "a ControllerRevision loses its owner while a set of the name is there",
       .needs = needs,
       .seen = "{} orphaned ControllerRevisions were adopted",
       .judge = JudgeRevisionAdoption},
      {.id = "SS-REV-4",
       .title = "the history limit can be changed",
       .paragraph = "revisionHistoryLimit of a set may be changed at any time.",
       .since = "Kubernetes 1.34",
       .exercised = "revisionHistoryLimit is changed",
       .seen = "{} changes of revisionHistoryLimit were accepted",
       .judge = JudgeLimitMutable},
  };
}

}  // namespace holdfast::check
