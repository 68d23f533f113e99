#include "harness/check/history/replay.h"

#include <algorithm>
#include <functional>

#include "harness/check/history/big_memory.h"
#include "harness/check/history/nearly_sorted.h"

namespace holdfast::check::history {
namespace {

constexpr size_t kMostHoles = 256;  // Beyond, the matching is not tried.
constexpr uint32_t kAmbiguous = kNone - 1;

bool Found(ReplayResult& result, Violation::Type type, std::vector<uint32_t> ops, int64_t revision) {
  result.decision = Decision::kViolated;
  result.violation.type = type;
  result.violation.ops = std::move(ops);
  result.violation.revision = revision;
  return false;
}

bool Wrote(const History& history, const Op& op) {
  if (op.kind == Kind::kWrite || op.kind == Kind::kCas || op.kind == Kind::kAdd) return true;
  if (op.kind != Kind::kTransaction) return false;
  for (uint32_t i = op.a; i < op.a + op.b; ++i)
    if (history.micros[i].kind == Micro::Kind::kWrite) return true;
  return false;
}

}  // namespace

ReplayResult Replay::Check(const History& history, const ReplayOptions& options) {
  ReplayResult result;
  entries_.clear();
  crashed_.clear();
  holes_.clear();
  stills_.clear();
  pins_.clear();
  complete_ = options.complete;
  if (!Collect(history, result) || !PinCrashed(history, result)) return result;
  // Nearly sorted already. Among equal orders that of invocation decides: such reads may take any.
  SortNearlySorted(entries_, [](const Entry& x, const Entry& y) {
    return x.order != y.order ? x.order < y.order : x.op < y.op;
  });
  result.operations = static_cast<int64_t>(entries_.size());
  if (Walk(history, options, result) && options.complete && !holes_.empty())
    OwnHoles(history, result);
  return result;
}

bool Replay::Collect(const History& history, ReplayResult& result) {
  AssignBig(crashed_of_, history.values.size(), kNone);
  ReserveBig(entries_, history.ops.size());
  for (const Op& op : history.ops) {
    if (op.end == End::kFail) continue;
    // Elements of sets own their revisions, too, where they tell them.
    if (op.kind == Kind::kAdd && !op.positioned) continue;
    const bool wrote = Wrote(history, op);
    if (op.end == End::kInfo) {
      if (!wrote) continue;
      // A crashed transaction is not placed by one value alone.
      if (op.kind == Kind::kTransaction) {
        result.decision = Decision::kNotApplicable;
        return false;
      }
      crashed_.push_back(op.index);
      uint32_t& writer = crashed_of_[op.b];
      writer = writer == kNone ? op.index : kAmbiguous;
      continue;
    }
    if (op.kind != Kind::kRead && op.kind != Kind::kNotEqual && !wrote &&
        op.kind != Kind::kTransaction)
      continue;
    if (!op.positioned) {
      result.decision = Decision::kNotApplicable;
      return false;
    }
    const int64_t revision = history.positions[op.index].revision;
    entries_.push_back({.order = 2 * revision + (wrote ? 0 : 1), .op = op.index});
  }
  return true;
}

// A read of a crashed write's value tells at which revision that was applied.
bool Replay::PinCrashed(const History& history, ReplayResult& result) {
  if (crashed_.empty()) return true;
  std::vector<int64_t> owned;
  for (const Entry& entry : entries_)
    if (entry.order % 2 == 0) owned.push_back(entry.order / 2);
  std::sort(owned.begin(), owned.end());
  pins_.assign(history.ops.size(), 0);
  for (size_t i = 0, end = entries_.size(); i < end; ++i) {
    const Op& op = history.ops[entries_[i].op];
    if (op.kind != Kind::kRead || crashed_of_[op.a] == kNone) continue;
    const int64_t modified = history.positions[op.index].modified;
    if (modified < 0) {
      result.decision = Decision::kNotApplicable;
      return false;
    }
    // A deletion of unknown outcome is seen nowhere by its revision.
    if (modified == 0 && op.a == kNil) {
      result.decision = Decision::kNotApplicable;
      return false;
    }
    // Another, acknowledged write of the same value.
    if (modified == 0 || std::binary_search(owned.begin(), owned.end(), modified)) continue;
    const uint32_t writer = crashed_of_[op.a];
    if (writer == kAmbiguous) {
      result.decision = Decision::kNotApplicable;
      return false;
    }
    if (pins_[writer] == modified) continue;
    if (pins_[writer] != 0 || history.origins[writer].key != history.origins[op.index].key)
      return Found(result, Violation::Type::kWrongOrigin, {op.index, writer}, modified);
    pins_[writer] = modified;
    entries_.push_back({.order = 2 * modified, .op = writer});
  }
  // A swap and a transaction, too, show what they found, but not since when.
  const auto placed = [&](uint32_t value) {
    const uint32_t writer = crashed_of_[value];
    return writer == kNone || (writer != kAmbiguous && pins_[writer] != 0);
  };
  for (const Entry& entry : entries_) {
    const Op& op = history.ops[entry.op];
    bool good = op.kind != Kind::kCas || placed(op.a);
    if (op.kind == Kind::kTransaction)
      for (uint32_t i = op.a; i < op.a + op.b; ++i)
        good = good && (history.micros[i].kind != Micro::Kind::kRead || placed(history.micros[i].value));
    if (good) continue;
    result.decision = Decision::kNotApplicable;
    return false;
  }
  return true;
}

void Replay::CountUnseen(const History& history) {
  unseen_.assign(history.keys.size(), 0);
  for (const uint32_t index : crashed_) {
    if (pins_[index] != 0) continue;
    int64_t& count = unseen_[history.origins[index].key];
    if (count != kNever) count = history.ops[index].b == kNil ? kNever : count + 1;
  }
}

bool Replay::Walk(const History& history, const ReplayOptions& options, ReplayResult& result) {
  states_.assign(history.keys.size(), State());
  CountUnseen(history);
  least_after_.assign(options.complete ? entries_.size() + 1 : 0, kNever);
  if (options.complete)
    for (size_t i = entries_.size(); i-- > 0;)
      least_after_[i] = std::min(least_after_[i + 1], history.ops[entries_[i].op].finish);
  int64_t last = options.complete ? options.first_revision : entries_.empty() ? 0 : entries_.front().order / 2 - 1;
  uint32_t last_owner = kNone;
  int64_t greatest_start = std::numeric_limits<int64_t>::min();
  uint32_t started = kNone;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Op& op = history.ops[entries_[i].op];
    const int64_t revision = entries_[i].order / 2;
    const bool owns = entries_[i].order % 2 == 0;
    if (revision < last || (owns && revision == last))
      return Found(result, Violation::Type::kTwoOwners,
                   last_owner == kNone ? std::vector<uint32_t>{op.index}
                                       : std::vector<uint32_t>{op.index, last_owner},
                   revision);
    const int64_t until = owns ? revision - 1 : revision;
    result.holes += until - std::min(until, last);
    for (int64_t hole = last + 1; options.complete && hole <= until; ++hole) {
      if (holes_.size() >= kMostHoles) {
        result.decision = Decision::kLimit;
        return false;
      }
      holes_.push_back({.revision = hole, .latest = least_after_[i], .before = i});
    }
    last = revision;
    if (owns) last_owner = op.index;
    // What a replica shows may be old, but must have been true at its revision.
    if (!op.partial && op.start > greatest_start) {
      greatest_start = op.start;
      started = op.index;
    }
    if (!op.partial && greatest_start > op.finish)
      return Found(result, Violation::Type::kBackwards, {started, op.index}, revision);
    if (!Apply(history, op, revision, result)) return false;
  }
  for (const uint32_t op : crashed_)
    if (pins_[op] == 0) ++result.unobserved;
  return true;
}

bool Replay::See(const History& history,
                 const Op& op,
                 uint32_t key,
                 uint32_t value,
                 ReplayResult& result) {
  State& state = states_[key];
  const Position& position = history.positions[op.index];
  const bool other = op.kind == Kind::kRead && position.modified >= 0 &&
                     position.modified != state.modified;
  if (other || (op.kind == Kind::kNotEqual ? state.value == value : state.value != value)) {
    result.violation.value = state.value;
    return Found(result, Violation::Type::kWrongState,
                 state.owner == kNone ? std::vector<uint32_t>{op.index}
                                      : std::vector<uint32_t>{op.index, state.owner},
                 position.revision);
  }
  if (state.modified == 0 && op.kind == Kind::kRead) state.rooted = true;
  if (op.kind == Kind::kRead && position.version >= 0 && state.modified != 0 &&
      !Count(state, op, position.version, position.revision, result))
    return false;
  if (complete_) stills_.push_back({.key = key, .from = state.modified, .to = position.revision});
  return true;
}

bool Replay::Write(const Op& op,
                   uint32_t key,
                   uint32_t value,
                   int64_t version,
                   int64_t revision,
                   ReplayResult& result) {
  State& state = states_[key];
  if (value == kNil) {
    state = {.value = kNil, .owner = op.index, .rooted = true};
    return true;
  }
  // Any number of unseen writes may stand before this one, and after a deletion it counts from one again.
  state.slack = unseen_[key];
  state.least = state.slack == kNever ? 1 : state.least + 1;
  ++state.most;
  state.value = value;
  state.modified = revision;
  if (version >= 0 && !Count(state, op, version, revision, result)) return false;
  state.owner = op.index;
  return true;
}

// What was told against what the writes add up to; from here on it is known.
bool Replay::Count(State& state, const Op& op, int64_t version, int64_t revision, ReplayResult& result) {
  const bool more = state.slack != kNever && version > state.most + state.slack;
  if (version < state.least || (more && state.rooted))
    return Found(result, Violation::Type::kVersion, {op.index, state.owner}, revision);
  if (more && result.early == kNone) result.early = op.index;
  state.least = state.most = version;
  state.slack = 0;
  state.rooted = true;
  return true;
}

bool Replay::Apply(const History& history, const Op& op, int64_t revision, ReplayResult& result) {
  const uint32_t key = history.origins[op.index].key;
  const int64_t version = op.positioned ? history.positions[op.index].version : -1;
  switch (op.kind) {
    case Kind::kRead:
    case Kind::kNotEqual:
      return See(history, op, key, op.a, result);
    case Kind::kCas:
      // Of a crashed one nothing but its place is known; that place must fit, too.
      if (states_[key].value != op.a) {
        result.violation.value = states_[key].value;
        return Found(result, Violation::Type::kWrongState, {op.index}, revision);
      }
      if (op.a == kNil) states_[key].rooted = true;
      return Write(op, key, op.b, version, revision, result);
    case Kind::kWrite:
      return Write(op, key, op.b, version, revision, result);
    case Kind::kTransaction:
      for (uint32_t i = op.a; i < op.a + op.b; ++i) {
        const Micro& micro = history.micros[i];
        if (micro.kind == Micro::Kind::kWrite) {
          if (!Write(op, micro.key, micro.value, -1, revision, result)) return false;
        } else if (micro.kind == Micro::Kind::kRead || (micro.kind == Micro::Kind::kReadList && micro.count == 0)) {
          const uint32_t value = micro.kind == Micro::Kind::kRead ? micro.value : kNil;
          if (!See(history, op, micro.key, value, result)) return false;
        }
      }
      return true;
    default:
      return true;
  }
}

// The write may have been applied there: it had been sent by then, and nobody saw its key untouched
// across the revision.
bool Replay::CanOwn(const History& history, const Hole& hole, uint32_t op) const {
  if (history.ops[op].start > hole.latest) return false;
  const uint32_t key = history.origins[op].key;
  return std::none_of(stills_.begin(), stills_.end(), [&](const Still& still) {
    return still.key == key && hole.revision > still.from && hole.revision <= still.to;
  });
}

bool Replay::OwnHoles(const History& history, ReplayResult& result) {
  std::vector<uint32_t> candidates;
  for (const uint32_t op : crashed_)
    if (pins_[op] == 0) candidates.push_back(op);
  // A crashed compare-and-swap would need its expectation at that place: not decided here.
  if (std::any_of(candidates.begin(), candidates.end(),
                  [&](uint32_t op) { return history.ops[op].kind != Kind::kWrite; })) {
    result.decision = Decision::kNotApplicable;
    return false;
  }
  std::vector<int> hole_of(candidates.size(), -1);
  std::vector<bool> visited;
  const std::function<bool(int)> assign = [&](int hole) {
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (visited[i] || !CanOwn(history, holes_[static_cast<size_t>(hole)], candidates[i])) continue;
      visited[i] = true;
      if (hole_of[i] >= 0 && !assign(hole_of[i])) continue;
      hole_of[i] = hole;
      return true;
    }
    return false;
  };
  for (size_t hole = 0; hole < holes_.size(); ++hole) {
    visited.assign(candidates.size(), false);
    if (assign(static_cast<int>(hole))) continue;
    const Entry& entry = entries_[holes_[hole].before];
    return Found(result, Violation::Type::kHole, {entry.op}, holes_[hole].revision);
  }
  return true;
}

}  // namespace holdfast::check::history
