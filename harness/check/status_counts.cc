// A part of SS-STAT-2: what the status counts, against the pods that the record shows. The controller
// counts when a sync begins and writes when it ends, which may be long after in a large set; but it
// begins only after the sync before has written. Its view may be kDelta old then, and two watches are
// not ordered. So a count is held against all that was there from kDelta before the last status to kDelta
// after this one.
#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "harness/check/families.h"

namespace holdfast::check {
namespace {

using trace::PodState;
using trace::SetState;

constexpr double kAlways = std::numeric_limits<double>::infinity();

// Stretches of time, counted by binary search.
class Spans {
 public:
  // In order of `begin` for each name. Of one name there is one pod at a time: what lies closer
  // together than the time that a count is held against is one stretch.
  void Add(const std::string& name, double begin, double end) {
    const auto [last, is_new] = newest_.try_emplace(name, ends_.size());
    if (!is_new && begin - ends_[last->second] <= 2 * kDelta) {
      ends_[last->second] = std::max(ends_[last->second], end);
      return;
    }
    last->second = ends_.size();
    begins_.push_back(begin);
    ends_.push_back(end);
  }
  void Sort() {
    std::sort(begins_.begin(), begins_.end());
    std::sort(ends_.begin(), ends_.end());
  }
  // Those that have a moment in common with [from, to].
  [[nodiscard]] int64_t During(double from, double to) const {
    return Until(begins_, to) - (std::lower_bound(ends_.begin(), ends_.end(), from) - ends_.begin());
  }
  // At least so many hold all of [from, to].
  [[nodiscard]] int64_t Throughout(double from, double to) const {
    return Until(begins_, from) - Until(ends_, to);
  }

 private:
  static int64_t Until(const std::vector<double>& times, double t) {
    return std::upper_bound(times.begin(), times.end(), t) - times.begin();
  }
  std::map<std::string, size_t> newest_;  // By name, until they are sorted.
  std::vector<double> begins_;
  std::vector<double> ends_;
};

struct Counted {
  Spans there;
  Spans counted;  // Only those that must be counted, each for itself.
  Spans ready;
  std::map<std::string, Spans, std::less<>> of_revision;
};

std::string RevisionOf(const PodState& state) {
  const auto label = state.identity->labels.find("controller-revision-hash");
  return label == state.identity->labels.end() ? std::string() : label->second;
}

bool MustCount(const trace::PodLife& life, const std::string& set) {
  return std::all_of(life.states.begin(), life.states.end(), [&](const PodState& state) {
    const trace::OwnerReference* owner = Controller(state.identity->owners);
    return owner != nullptr && owner->uid == set && state.phase != "Failed" &&
           state.phase != "Succeeded";
  });
}

Counted CountSpans(const Context& context, const std::string& set) {
  Counted counted;
  // Lives of one name follow each other in the order of their lines.
  for (const trace::PodLife& life : context.trace.pods) {
    if (context.OrdinalOf(life.name) < 0) continue;
    const auto& trace = context.trace;
    const double seen = trace.WrittenBy(life.first());
    const double begin = life.listed ? -kAlways : seen;
    const double end = life.gone ? trace.WrittenBy(*life.gone) : kAlways;
    counted.there.Add(life.name, begin, end);
    counted.of_revision[RevisionOf(life.states.front())].Add(life.name, begin, end);
    // Since when a listed pod had been there is not in the record.
    if (MustCount(life, set)) counted.counted.Add(life.uid, seen, end);
    for (size_t i = 0; i < life.states.size(); ++i) {
      ++context.steps;
      if (!life.states[i].RunningAndReady()) continue;
      const double from = i == 0 ? begin : trace.WrittenBy(life.states[i].at);
      while (i + 1 < life.states.size() && life.states[i + 1].RunningAndReady())
        ++i;
      const bool is_last = i + 1 == life.states.size();
      counted.ready.Add(life.name, from, is_last ? end : trace.WrittenBy(life.states[i + 1].at));
    }
  }
  counted.there.Sort();
  counted.counted.Sort();
  counted.ready.Sort();
  for (auto& [revision, spans] : counted.of_revision)
    spans.Sort();
  return counted;
}

auto Told(const SetState& set) {
  return std::tie(set.status_replicas, set.status_ready, set.status_current, set.status_updated,
                  set.status_available, set.observed_generation, set.current_revision,
                  set.update_revision);
}

class Counts {
 public:
  explicit Counts(Judgement& judge) : judge_(judge) {}

  // `written`: when the status was, before.
  void Judge(const SetState& set, const SetState& before, double written, const Counted& counted) {
    const trace::TraceModel& trace = judge_.context().trace;
    const double told = trace.WrittenBy(set.at);
    const double from = std::min(written, told) - kDelta;
    const double to = told + kDelta;
    is_whole_ = to <= trace.last.t || trace.HasToldAfter("pods", set.at);
    const auto of_revision = [&](const std::string& revision) {
      const auto spans = counted.of_revision.find(revision);
      return spans == counted.of_revision.end() ? 0 : spans->second.During(from, to);
    };
    if (set.status_replicas != before.status_replicas) {
      AtMost(set, "replicas", set.status_replicas, counted.there.During(from, to));
      const int64_t least = to > judge_.window().t1 ? 0 : counted.counted.Throughout(from, to);
      if (set.status_replicas < least)
        Wrong(set, "replicas", set.status_replicas, fmt::format("at least {}", least));
    }
    if (set.status_ready != before.status_ready)
      AtMost(set, "readyReplicas", set.status_ready, counted.ready.During(from, to));
    if (set.status_updated != before.status_updated)
      AtMost(set, "updatedReplicas", set.status_updated, of_revision(set.update_revision));
    if (set.status_current != before.status_current)
      AtMost(set, "currentReplicas", set.status_current, of_revision(set.current_revision));
  }

 private:
  void AtMost(const SetState& set, const char* counter, int64_t told, int64_t most) {
    if (told <= most) return;
    if (is_whole_) return Wrong(set, counter, told, fmt::format("at most {}", most));
    judge_.Undecided(fmt::format("at {} the status has {} {}, the pods' watch had told of {} when the "
                                 "record ends",
                                 Seconds(set.at.t), counter, told, most));
  }
  void Wrong(const SetState& set, const char* counter, int64_t told, const std::string& there) {
    judge_.Broken(set.at.t,
                  fmt::format("at {} the status has {} {}, but since the status before there were {} such "
                              "pods",
                              Seconds(set.at.t), counter, told, there),
                  {{"StatefulSet", judge_.context().trace.target_name, set.uid}}, {set.at.line});
  }
  Judgement& judge_;
  // No pod that the newest status may have counted is still to be told of.
  bool is_whole_ = true;
};

}  // namespace

void JudgeCounts(Judgement& judge) {
  Counts counts(judge);
  std::map<std::string, Counted> by_set;
  const SetState* before = nullptr;
  double written = -kAlways;
  for (const SetState* set : judge.window().sets) {
    const SetState* last = before != nullptr && before->uid == set->uid ? before : nullptr;
    before = set;
    const double since = written;
    if (last == nullptr)
      written = -kAlways;
    else if (Told(*set) != Told(*last))
      written = judge.context().trace.WrittenBy(set->at);
    if (last == nullptr || set->gone || !judge.window().Has(set->at)) continue;
    auto counted = by_set.find(set->uid);
    if (counted == by_set.end())
      counted = by_set.emplace(set->uid, CountSpans(judge.context(), set->uid)).first;
    counts.Judge(*set, *last, since, counted->second);
  }
}

}  // namespace holdfast::check
