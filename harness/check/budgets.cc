// SS-PDB: what a PodDisruptionBudget lets happen, and what it does not cover.
#include <algorithm>

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/families.h"
#include "harness/check/order_facts.h"

namespace holdfast::check {
namespace {

using trace::Action;
using trace::At;
using trace::BudgetLife;
using trace::BudgetState;
using trace::PodLife;
using trace::PodState;

constexpr int64_t kTooMany = 429;
// Within it a watch tells what the API server has answered; a record may end before.
constexpr double kSoon = 1.0;

// In policy/v1 an empty selector selects all pods, and one that is left out selects none.
bool Selects(const BudgetState& budget, const trace::Labels& labels) {
  return budget.selector && !budget.expressions &&
         std::all_of(budget.match_labels.begin(), budget.match_labels.end(), [&](const auto& want) {
           const auto label = labels.find(want.first);
           return label != labels.end() && label->second == want.second;
         });
}

// One budget that covered a pod, with the states that may have been in force at a time.
struct Cover {
  const BudgetLife* life = nullptr;
  std::vector<const BudgetState*> states;
};

std::vector<Cover> CoversOf(const Context& context, const PodLife& pod, double from, double to) {
  std::vector<Cover> covers;
  const trace::Labels& labels = pod.states.front().identity->labels;
  for (const BudgetLife& life : context.trace.budgets) {
    if (life.gone && context.trace.WrittenBy(*life.gone) < from - kDelta) continue;
    Cover cover{.life = &life, .states = {}};
    for (const BudgetState& state : life.states) {
      ++context.steps;
      // Its watch may be late, the API server acts on what is written.
      const double written = context.trace.WrittenBy(state.at);
      if (written > to + kDelta) break;
      if (written <= from - kDelta) cover.states.clear();
      cover.states.push_back(&state);
    }
    if (!cover.states.empty() && Selects(*cover.states.back(), labels)) covers.push_back(cover);
  }
  return covers;
}

template <typename Predicate>
bool Always(const Cover& cover, Predicate holds) {
  return std::all_of(cover.states.begin(), cover.states.end(), holds);
}

// Pods that are evicted whatever the budget says.
bool IsBypassed(const PodState& state) {
  return state.phase != "Running" || state.terminating;
}

// Evictions by the run that were answered, with the pod.
template <typename F>
void ForEachEviction(const Judgement& judge, F&& f) {
  for (const Action& action : judge.context().trace.actions) {
    if (action.verb != "evict" || !action.answered || !judge.window().Has(action.at)) continue;
    const auto member = judge.context().by_uid.find(action.uid);
    if (member == judge.context().by_uid.end()) continue;
    const PodState& state = StateAt(*member->second->life, action.at.line);
    f(action, *member->second, state,
      CoversOf(judge.context(), *member->second->life, action.at.t, action.answered->t));
  }
}

ObjectId BudgetId(const BudgetLife& life) { return {"PodDisruptionBudget", life.name, life.uid}; }

// Who got a pod evicted does not ask again while the pod is there and nothing deletes it: one of the
// answers is not the one that was given.
const Action* AskedAgain(const Context& context, const Action& granted, const PodLife& life) {
  const auto asked = context.actions_by_uid.find(granted.uid);
  if (asked == context.actions_by_uid.end()) return nullptr;
  for (const Action* action : asked->second) {
    if (action->verb == "evict" && action->at.line > granted.answered->line &&
        (!life.term || life.term->line > action->at.line))
      return action;
  }
  return nullptr;
}

void JudgeRefusal(Judgement& judge) {
  ForEachEviction(judge, [&](const Action& action, const Member& member, const PodState& state,
                             const std::vector<Cover>& covers) {
    const PodLife& life = *member.life;
    if (action.ok && !life.term && judge.window().t1 > action.answered->t + kSoon) {
      judge.Undecided(fmt::format("the eviction of {} at {} was granted, but the record does not show "
                                  "that the pod was deleted",
                                  Describe(life), Seconds(action.at.t)));
    }
    if (const Action* again = action.ok ? AskedAgain(judge.context(), action, life) : nullptr) {
      judge.Undecided(fmt::format("the eviction of {} at {} was granted, but its deletion is not in the "
                                  "record when it is asked for again at {}",
                                  Describe(life), Seconds(action.at.t), Seconds(again->at.t)));
    }
    for (const Cover& cover : covers) {
      const bool none = Always(cover, [](const BudgetState* budget) {
        return budget->allowed == 0 && budget->observed_generation >= budget->generation;
      });
      if (!action.ok && action.status == kTooMany) judge.Saw();
      if (!none || IsBypassed(state) || !state.ready) continue;
      const bool ended = life.term && life.term->line >= action.at.line &&
                         life.term->t <= action.answered->t + 0.5 &&
                         life.states.back().disruption == "EvictionByEvictionAPI";
      const bool refused = !action.ok && action.status == kTooMany;
      if (action.ok) judge.Saw();
      if (action.ok || (refused && ended)) {
        judge.Broken(action.at.t,
                     fmt::format("{} was evicted at {} although the budget {} allowed no "
                                 "disruption{}",
                                 Describe(life), Seconds(action.at.t), cover.life->name,
                                 refused ? ", and the eviction had been refused" : ""),
                     {PodId(life), BudgetId(*cover.life)},
                     {cover.states.back()->at.line, action.at.line, action.answered->line});
      }
    }
  });
}

int64_t CeilPercent(int64_t total, int64_t percent) { return (total * percent + 99) / 100; }

// The desiredHealthy that the spec asks for; nullopt when it cannot be told.
std::optional<int64_t> Desired(const BudgetState& state) {
  const bool is_min = !state.min_available.empty();
  const std::string& text = is_min ? state.min_available : state.max_unavailable;
  if (text.empty()) return std::nullopt;
  const bool percent = text.ends_with('%');
  const auto number =
      ParseInt(std::string_view(text).substr(0, text.size() - (percent ? 1 : 0)));
  if (!number || *number < 0 || *number > 1'000'000) return std::nullopt;
  const int64_t pods = percent ? CeilPercent(state.expected, *number) : *number;
  return is_min ? pods : std::max<int64_t>(0, state.expected - pods);
}

void JudgeArithmetic(Judgement& judge) {
  for (const BudgetLife& life : judge.context().trace.budgets) {
    for (const BudgetState& state : life.states) {
      ++judge.context().steps;
      if (!judge.window().Has(state.at) || state.observed_generation != state.generation) continue;
      judge.Saw();
      const int64_t most = std::max<int64_t>(0, state.current - state.desired);
      const std::optional<int64_t> desired = Desired(state);
      if (state.allowed > most) {
        judge.Broken(state.at.t,
                     fmt::format("the budget {} allows {} disruptions with {} healthy pods of {} "
                                 "desired",
                                 life.name, state.allowed, state.current, state.desired),
                     {BudgetId(life)}, {state.at.line});
      } else if (state.allowed < most && state.expected > 0 && state.disrupted == 0 && state.counted) {
        judge.Broken(state.at.t,
                     fmt::format("the budget {} allows {} disruptions with {} healthy pods of {} "
                                 "desired, and no eviction is under way",
                                 life.name, state.allowed, state.current, state.desired),
                     {BudgetId(life)}, {state.at.line});
      } else if (desired && *desired != state.desired) {
        judge.Broken(state.at.t,
                     fmt::format("the budget {} desires {} healthy pods of {}, its spec asks for {}",
                                 life.name, state.desired, state.expected, *desired),
                     {BudgetId(life)}, {state.at.line});
      }
    }
  }
}

// Pods that were evicted while they were Ready, in line order.
std::vector<const Member*> Evicted(const Judgement& judge) {
  std::vector<const Member*> evicted;
  for (const Member* member : judge.Deleted()) {
    const PodLife& life = *member->life;
    bool was_ready = false;
    bool by_api = false;
    for (const PodState& state : life.states) {
      if (state.at.line > life.term->line) break;
      if (!by_api && state.disruption.empty()) was_ready = state.RunningAndReady();
      by_api = by_api || state.disruption == "EvictionByEvictionAPI";
    }
    if (by_api && was_ready) evicted.push_back(member);
  }
  std::sort(evicted.begin(), evicted.end(), [](const Member* a, const Member* b) {
    return a->life->term->line < b->life->term->line;
  });
  return evicted;
}

// How many pods the budgets of a pod let go at one time; nullopt when none covers it.
std::optional<int64_t> Limit(const Context& context, const PodLife& life) {
  std::optional<int64_t> least;
  for (const Cover& cover : CoversOf(context, life, life.term->t, life.term->t)) {
    int64_t most = 0;
    for (const BudgetState* state : cover.states)
      most = std::max(most, state->expected - state->desired);
    least = std::min(least.value_or(INT64_MAX), most);
  }
  return least;
}

// Evicted before the line and not back Ready by then, by the order of the pods' watch. Who was scaled away
// since is not to come back, and the budget does not expect it any more.
bool IsAway(const Context& context, const Member& evicted, const At& at) {
  if (evicted.life->term->line > at.line) return false;
  for (const Member* next : Later(context, *evicted.life, at.line))
    if (WasReadyBefore(*next->life, at.line)) return false;
  const Around around = context.SetAround(at);
  return std::all_of(around.begin(), around.end(), [&](const trace::SetState* set) {
    return InRange(*set, evicted.ordinal);
  });
}

void JudgeSafety(Judgement& judge) {
  const Context& context = judge.context();
  const std::vector<const Member*> evicted = Evicted(judge);
  std::map<int64_t, const Member*> newest;  // The newest eviction of each ordinal.
  for (const Member* member : evicted) {
    newest[member->ordinal] = member;
    const std::optional<int64_t> limit = Limit(context, *member->life);
    if (!limit) continue;
    judge.Saw();
    const At term = *member->life->term;
    int64_t away = 0;
    for (const auto& [ordinal, other] : newest)
      away += other == member || IsAway(context, *other, term) ? 1 : 0;
    if (away <= *limit) continue;
    judge.Broken(term.t,
                 fmt::format("with {} at {} evictions had taken {} pods away, the budget lets {}",
                             Describe(*member->life), Seconds(term.t), away, *limit),
                 {PodId(*member->life)}, {term.line});
  }
}

void JudgeNotCovered(Judgement& judge) {
  const Context& context = judge.context();
  for (const Action& action : context.trace.actions) {
    if (action.verb != "delete" || action.resource != "pods" || !action.answered ||
        !judge.window().Has(action.at))
      continue;
    const auto member = context.by_uid.find(action.uid);
    if (member == context.by_uid.end() ||
        CoversOf(context, *member->second->life, action.at.t, action.at.t).empty())
      continue;
    judge.Saw();
    if (action.ok || action.status != kTooMany) continue;
    judge.Broken(action.at.t,
                 fmt::format("the deletion of {} was refused by a budget, which covers evictions "
                             "only",
                             Describe(*member->second->life)),
                 {PodId(*member->second->life)}, {action.at.line, action.answered->line});
  }
}

void JudgeUnhealthy(Judgement& judge) {
  ForEachEviction(judge, [&](const Action& action, const Member& member, const PodState& state,
                             const std::vector<Cover>& covers) {
    const std::optional<At> unwell = UnwellSince(*member.life, action.at.line);
    if (covers.size() != 1 || IsBypassed(state) || state.ready || !unwell ||
        action.at.t - unwell->t <= kDelta)
      return;
    const Cover& cover = covers.front();
    const bool always = Always(
        cover, [](const BudgetState* budget) { return budget->unhealthy_policy == "AlwaysAllow"; });
    const bool never = Always(cover, [](const BudgetState* budget) {
      return budget->unhealthy_policy == "IfHealthyBudget" && budget->allowed == 0 &&
             (budget->current < budget->desired || budget->desired <= 0);
    });
    if (!always && !never) return;
    judge.Saw();
    const bool refused = !action.ok && action.status == kTooMany;
    if ((!always || !refused) && (!never || !action.ok)) return;
    judge.Broken(action.at.t,
                 fmt::format("the eviction of {}, which was not Ready, was {} although the budget "
                             "{} has the policy {}",
                             Describe(*member.life), action.ok ? "accepted" : "refused",
                             cover.life->name, cover.states.back()->unhealthy_policy),
                 {PodId(*member.life), BudgetId(*cover.life)},
                 {cover.states.back()->at.line, action.at.line});
  });
}

void JudgeSeveral(Judgement& judge) {
  ForEachEviction(judge, [&](const Action& action, const Member& member, const PodState& state,
                             const std::vector<Cover>& covers) {
    const auto lasting = std::count_if(covers.begin(), covers.end(), [&](const Cover& cover) {
      return cover.life->first().t < action.at.t - kDelta && !cover.life->gone;
    });
    if (lasting < 2 || IsBypassed(state)) return;
    judge.Saw();
    if (!action.ok) return;
    judge.Broken(action.at.t,
                 fmt::format("{} was evicted at {} although {} budgets cover it",
                             Describe(*member.life), Seconds(action.at.t), lasting),
                 {PodId(*member.life)}, {action.at.line});
  });
}

void JudgeUnobserved(Judgement& judge) {
  ForEachEviction(judge, [&](const Action& action, const Member& member, const PodState& state,
                             const std::vector<Cover>& covers) {
    for (const Cover& cover : covers) {
      const bool unobserved = Always(cover, [](const BudgetState* budget) {
        return budget->observed_generation < budget->generation;
      });
      if (!unobserved || IsBypassed(state) || cover.life->first().t > action.at.t - kDelta)
        continue;
      judge.Saw();
      if (!action.ok) continue;
      judge.Broken(action.at.t,
                   fmt::format("{} was evicted at {} although the budget {} had not been observed",
                               Describe(*member.life), Seconds(action.at.t), cover.life->name),
                   {PodId(*member.life), BudgetId(*cover.life)},
                   {cover.states.back()->at.line, action.at.line});
    }
  });
}

void JudgeDrain(Judgement& judge) {
  const Context& context = judge.context();
  const std::vector<const Member*> evicted = Evicted(judge);
  for (size_t i = 1; i < evicted.size(); ++i) {
    const Member& before = *evicted[i - 1];
    const Member& member = *evicted[i];
    const std::optional<int64_t> limit = Limit(context, *member.life);
    if (!limit || *limit != 1) continue;
    judge.Saw();
    const At term = *member.life->term;
    if (!IsAway(context, before, term)) continue;
    judge.Broken(term.t,
                 fmt::format("{} was evicted at {} before {} was back and Ready",
                             Describe(*member.life), Seconds(term.t), before.life->name),
                 {PodId(*member.life), PodId(*before.life)}, {before.life->term->line, term.line});
  }
}

}  // namespace

std::vector<Guarantee> BudgetFamily() {
  const std::vector<std::string> wants = {"poddisruptionbudgets"};
  const std::vector<std::string> pods = {"pods"};
  return {
      {.id = "SS-PDB-1",
       .title = "evictions respect the budget",
       .paragraph = "While a budget allows no disruption, evicting a healthy pod is refused (429) "
                    "and the pod stays.",
       .since = "Kubernetes 1.21",
       .exercised = "an eviction is refused, or accepted while the budget allows none",
       .exceptions = "Pods that are not running, not Ready or already terminating.",
       .needs = pods,
       .wants = wants,
       .seen = "{} evictions were refused while the budget allowed none",
       .judge = JudgeRefusal},
      {.id = "SS-PDB-2",
       .title = "the budget's arithmetic",
       .paragraph = "desiredHealthy follows from the spec, and disruptionsAllowed never exceeds "
                    "currentHealthy less desiredHealthy.",
       .since = "Kubernetes 1.21",
       .exercised = "a budget is in force",
       .needs = {},
       .wants = wants,
       .seen = "{} states of budgets added up",
       .judge = JudgeArithmetic},
      {.id = "SS-PDB-3",
       .title = "evictions never take more than the budget",
       .paragraph = "At no time have evictions taken more pods away than the budget lets go.",
       .since = "Kubernetes 1.21",
       .exercised = "a Ready pod under a budget is evicted",
       .exceptions = "Deletions that are no evictions.",
       .needs = pods,
       .wants = wants,
       .order = true,
       .seen = "{} evictions kept to the budget",
       .judge = JudgeSafety},
      {.id = "SS-PDB-4",
       .title = "a budget covers evictions only",
       .paragraph = "Deleting a pod directly is never refused by a budget.",
       .since = "Kubernetes 1.21",
       .exercised = "the run deletes a pod under a budget",
       .needs = pods,
       .wants = wants,
       .seen = "{} deletions of pods under a budget were not refused by it",
       .judge = JudgeNotCovered},
      {.id = "SS-PDB-5",
       .title = "unhealthy pods",
       .paragraph = "A running pod that is not Ready may be evicted only while enough others are "
                    "healthy (IfHealthyBudget), or always (AlwaysAllow).",
       .since = "Kubernetes 1.31",
       .exercised = "a pod that is not Ready for longer than 5 s is to be evicted",
       .needs = pods,
       .wants = wants,
       .seen = "{} evictions of unhealthy pods were answered by the budget's policy",
       .judge = JudgeUnhealthy},
      {.id = "SS-PDB-6",
       .title = "several budgets",
       .paragraph = "A pod that several budgets cover cannot be evicted.",
       .since = "Kubernetes 1.21",
       .exercised = "a pod under several budgets is to be evicted",
       .needs = pods,
       .wants = wants,
       .seen = "{} evictions under several budgets failed",
       .judge = JudgeSeveral},
      {.id = "SS-PDB-7",
       .title = "a budget that was not observed yet",
       .paragraph = "While the controller has not seen the newest budget, evictions are refused.",
       .since = "Kubernetes 1.21",
       .exercised = "an eviction meets a budget that was not observed for longer than 5 s",
       .needs = pods,
       .wants = wants,
       .seen = "{} evictions under unobserved budgets were refused",
       .judge = JudgeUnobserved},
      {.id = "SS-PDB-8",
       .title = "drains go one by one",
       .paragraph = "Under a budget that lets one pod go, each evicted pod is back and Ready "
                    "before the next is evicted.",
       .since = "Kubernetes 1.21",
       .exercised = "two pods are evicted one after the other under a budget of one",
       .needs = pods,
       .wants = wants,
       .order = true,
       .seen = "{} evictions came after the pod before was back and Ready",
       .judge = JudgeDrain},
  };
}

}  // namespace holdfast::check
