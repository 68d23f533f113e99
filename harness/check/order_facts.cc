#include "harness/check/order_facts.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace holdfast::check {
namespace {

using trace::At;
using trace::PodLife;
using trace::PodState;
using trace::SetState;

std::vector<const Member*> DeletedBy(const Judgement& judge, Cause cause) {
  std::vector<const Member*> deleted;
  for (const Member* member : judge.Deleted())
    if (member->cause == cause && member->ordinal >= 0) deleted.push_back(member);
  std::sort(deleted.begin(), deleted.end(), [](const Member* a, const Member* b) {
    return a->life->term->line < b->life->term->line;
  });
  return deleted;
}

}  // namespace

Range CertainRange(const Around& around) {
  constexpr int64_t kMost = 100'000;  // A record with more is damaged; do not count them all.
  Range range;
  bool known = false;
  for (const SetState* set : around) {
    if (set->gone || set->terminating) return {};
    const int64_t last = set->start + std::clamp<int64_t>(set->replicas, 0, kMost);
    range.first = known ? std::max(range.first, set->start) : set->start;
    range.last = known ? std::min(range.last, last) : last;
    known = true;
  }
  if (range.last < range.first) range.last = range.first;
  return range;
}

bool CertainlyOut(const Around& around, int64_t ordinal) {
  return !around.empty() && std::none_of(around.begin(), around.end(), [&](const SetState* set) {
    return set->gone || set->terminating || InRange(*set, ordinal);
  });
}

int64_t LeastMinReady(const Around& around) {
  int64_t least = around.empty() ? 0 : around.front()->min_ready_seconds;
  for (const SetState* set : around)
    least = std::min(least, set->min_ready_seconds);
  return least;
}

int64_t MostMinReady(const Around& around) {
  int64_t most = 0;
  for (const SetState* set : around)
    most = std::max(most, set->min_ready_seconds);
  return most;
}

std::vector<const Member*> AliveAt(const Context& context, int64_t line) {
  std::vector<const Member*> alive;
  for (const int64_t ordinal : context.ordinals) {
    const Member* member = context.LastOf(ordinal, line);
    if (member != nullptr && member->life->Spans(line)) alive.push_back(member);
  }
  return alive;
}

std::optional<Trouble> TroubleOf(const PodLife& life, const At& at) {
  const std::optional<At> unwell = UnwellSince(life, at.line);
  if (!unwell || at.t - unwell->t <= kDelta) return std::nullopt;
  return Trouble{.clause = fmt::format("{} had been not Ready, terminating or gone since {}",
                                       Describe(life), Seconds(unwell->t)),
                 .life = &life,
                 .line = unwell->line};
}

std::optional<Trouble> TroubleOf(const Context& context, int64_t ordinal, const At& at) {
  const Member* member = context.LastOf(ordinal, at.line);
  if (member != nullptr) return TroubleOf(*member->life, at);
  const auto opened = context.trace.opened.find("pods");
  if (opened == context.trace.opened.end()) return std::nullopt;
  return Trouble{.clause = fmt::format("there was no pod {}-{}", context.trace.target_name, ordinal),
                 .life = nullptr,
                 .line = opened->second.at.line};
}

double LongestClear(const Context& context,
                    int64_t first,
                    int64_t ordinal,
                    double from,
                    const At& to,
                    int64_t min_ready) {
  std::vector<std::pair<double, double>> blocked;
  for (int64_t lower = first; lower < ordinal; ++lower) {
    bool bad = true;
    double since = from;
    const auto lives = context.by_ordinal.find(lower);
    if (lives == context.by_ordinal.end()) return 0;
    for (const Member* member : lives->second) {
      for (const PodState& state : member->life->states) {
        ++context.steps;
        if (state.at.line >= to.line) break;
        const bool well = state.RunningAndReady() && !state.terminating &&
                          !(member->life->gone && member->life->gone->line == state.at.line);
        if (well && bad) blocked.emplace_back(since, state.at.t + static_cast<double>(min_ready));
        if (!well && !bad) since = state.at.t;
        bad = !well;
      }
    }
    if (bad) blocked.emplace_back(since, to.t);
  }
  std::sort(blocked.begin(), blocked.end());
  double longest = 0;
  double clear = from;  // Since here.
  for (const auto& [begin, end] : blocked) {
    longest = std::max(longest, std::min(begin, to.t) - clear);
    clear = std::max(clear, end);
  }
  return std::max(longest, to.t - clear);
}

std::optional<Readiness> ReadinessAt(const PodLife& life, int64_t line) {
  std::optional<Readiness> streak;
  bool was_ready = false;
  bool unwell = false;
  double unwell_at = 0;
  for (const PodState& state : life.states) {
    if (state.at.line >= line) break;
    if (!state.RunningAndReady() || state.terminating) {
      if (!unwell) unwell_at = state.at.t;
      unwell = true;
      streak.reset();
      continue;
    }
    if (!streak || streak->since != state.ready_since) {
      streak = Readiness{.at = state.at,
                         .since = state.ready_since,
                         .first = !was_ready,
                         .unwell_at = unwell ? unwell_at : state.at.t};
    }
    was_ready = true;
    unwell = false;
  }
  return streak;
}

std::optional<std::string> TooEarly(const PodLife& life,
                                    const At& at,
                                    trace::Stamp stamp,
                                    int64_t seconds) {
  const std::optional<Readiness> ready = ReadinessAt(life, at.line);
  if (!ready || ready->since == trace::kNoStamp || stamp == trace::kNoStamp) return std::nullopt;
  // A flicker that the controller may not have seen.
  if (!ready->first && at.t - ready->unwell_at <= kDelta) return std::nullopt;
  const trace::Stamp waited = stamp - ready->since;
  if (waited >= seconds - kStampTolerance) return std::nullopt;
  return fmt::format("{} had been Ready for only {} s of the {} s of minReadySeconds",
                     Describe(life), waited, seconds);
}

bool HasFailedCreate(const Judgement& judge) {
  const auto& notes = judge.context().trace.notes;
  return std::any_of(notes.begin(), notes.end(), [&](const trace::Note& note) {
    return note.reason == "FailedCreate" && judge.window().Has(note.at);
  });
}

std::vector<const Member*> UpdateDeletions(const Judgement& judge) {
  return DeletedBy(judge, Cause::kUpdate);
}

std::vector<const Member*> ScaleDeletions(const Judgement& judge) {
  return DeletedBy(judge, Cause::kScale);
}

std::string RevisionAt(const PodLife& life, int64_t line) {
  const trace::Labels& labels = StateAt(life, line).identity->labels;
  const auto label = labels.find("controller-revision-hash");
  return label == labels.end() ? std::string() : label->second;
}

}  // namespace holdfast::check
