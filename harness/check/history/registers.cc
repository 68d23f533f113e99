#include "harness/check/history/registers.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "harness/check/history/big_memory.h"
#include "harness/check/history/minimise.h"
#include "harness/check/history/replay.h"
#include "harness/check/history/zones.h"

namespace holdfast::check::history {
namespace {

bool IsRegister(Kind kind) {
  return kind == Kind::kRead || kind == Kind::kWrite || kind == Kind::kCas ||
         kind == Kind::kNotEqual || kind == Kind::kAppend;
}

// What says something: what surely had no effect and reads without an answer do not.
bool Counts(const Op& op) {
  // A replica that may lag promises no fresh reads.
  if (!IsRegister(op.kind) || op.end == End::kFail || op.partial) return false;
  return op.end == End::kOk || (op.kind != Kind::kRead && op.kind != Kind::kNotEqual);
}

// Operations of each key side by side, in the order of invocation.
struct ByKey {
  std::vector<Op> ops;
  std::vector<size_t> begin;  // By key, and one more.
};

ByKey SplitByKey(const History& history) {
  ByKey split;
  split.begin.assign(history.keys.size() + 1, 0);
  for (const Op& op : history.ops)
    if (Counts(op)) ++split.begin[history.origins[op.index].key + 1];
  for (size_t i = 1; i < split.begin.size(); ++i)
    split.begin[i] += split.begin[i - 1];
  ReserveBig(split.ops, split.begin.back());
  split.ops.resize(split.begin.back());
  std::vector<size_t> next(split.begin.begin(), split.begin.end() - 1);
  for (const Op& op : history.ops)
    if (Counts(op)) split.ops[next[history.origins[op.index].key]++] = op;
  return split;
}

class Checker {
 public:
  Checker(const History& history, const RegisterOptions& options)
      : history_(history), options_(options) {}

  RegisterReport Run() {
    const bool replayed = ReplayAll();
    ByKey split = SplitByKey(history_);
    StartEmpty(split.ops);
    for (size_t key = 0; key + 1 < split.begin.size(); ++key) {
      const std::span<const Op> ops(split.ops.data() + split.begin[key],
                                    split.begin[key + 1] - split.begin[key]);
      if (!ops.empty()) CheckKey(static_cast<uint32_t>(key), ops, replayed);
    }
    return std::move(report_);
  }

 private:
  // In a map of texts a key that nobody wrote reads as "": one value with nil.
  void StartEmpty(std::vector<Op>& ops) const {
    const bool appended = (history_.functions & (1U << static_cast<unsigned>(Kind::kAppend))) != 0;
    if (!appended && !history_.starts_empty && !options_.starts_empty && history_.model != ToString(Model::kKv))
      return;
    uint32_t empty = kNone;
    for (uint32_t value = 1; value < history_.values.size() && empty == kNone; ++value)
      if (!history_.values.IsInteger(value) && history_.values.TextOf(value).empty()) empty = value;
    for (Op& op : ops) {
      if (op.a == empty) op.a = kNil;
      if (op.b == empty) op.b = kNil;
    }
  }

  // By reference: a call may still look at the violation for its other arguments.
  void Found(uint32_t key, const char* engine, Violation&& violation) {
    ++report_.violated_keys;
    if (report_.violations.size() < kMostViolations)
      report_.violations.push_back({.key = key, .engine = engine, .violation = std::move(violation)});
  }

  // True when every operation was placed by its revision.
  bool ReplayAll() {
    if (history_.positions.empty()) return false;
    Replay replay;
    ReplayResult result = replay.Check(history_, {});
    if (result.decision == Decision::kNotApplicable) return false;
    report_.replayed = result.operations;
    report_.holes = result.holes;
    if (result.early != kNone)
      GiveUp(history_.origins[result.early].key,
             "its version counts more writes than there are before it, and nothing shows that it was absent at first");
    if (result.decision == Decision::kViolated) {
      const uint32_t key = history_.origins[result.violation.ops.front()].key;
      Found(key, "replay", std::move(result.violation));
    }
    return true;
  }

  void CheckKey(uint32_t key, std::span<const Op> ops, bool replayed) {
    ++report_.keys;
    report_.operations += static_cast<int64_t>(ops.size());
    bool text = false;
    for (const Op& op : ops) {
      if (op.end != End::kOk) ++report_.crashed;
      text = text || op.kind == Kind::kAppend;
    }
    if (!text) {
      ZonesResult result = zones_.Check(ops, kNil);
      if (result.decision != Decision::kNotApplicable) {
        ++report_.by_zones;
        report_.unobserved += result.unobserved;
        if (result.decision == Decision::kViolated) Found(key, "zones", std::move(result.violation));
        return;
      }
      // Its values repeat, but the revisions have placed every operation already.
      if (replayed) return;
    } else if (std::any_of(ops.begin(), ops.end(), [](const Op& op) {
                 return op.kind == Kind::kCas || op.kind == Kind::kNotEqual;
               })) {
      return GiveUp(key, "it is both lengthened and compared-and-swapped, which no engine judges");
    }
    Search(key, ops, text);
  }

  void Search(uint32_t key, std::span<const Op> ops, bool text) {
    ++report_.by_search;
    FrontierResult result = text ? frontier_.CheckText(ops, history_.values, options_.limits)
                                 : frontier_.CheckRegister(ops, kNil, options_.limits);
    report_.steps += result.steps;
    report_.peak = std::max(report_.peak, result.peak);
    if (result.decision == Decision::kLimit)
      return GiveUp(key, fmt::format("the search was given up: too many {}", result.limit));
    if (result.decision != Decision::kViolated) return;
    if (!text && options_.minimise && report_.violations.size() < kMostViolations) {
      const uint32_t failed = result.violation.ops.front();
      for (const Op& op : Minimise(ops, kNil, failed, frontier_))
        if (op.index != failed) result.violation.ops.push_back(op.index);
    }
    if (text) AddLastWrites(ops, result.violation);
    Found(key, "frontier", std::move(result.violation));
  }

  // Of a text nothing can be left out without changing all that follows: what it was made of last.
  static void AddLastWrites(std::span<const Op> ops, Violation& violation) {
    constexpr size_t kLast = 4;
    const uint32_t failed = violation.ops.front();
    int64_t until = kNever;
    for (const Op& op : ops)
      if (op.index == failed) until = op.finish;
    std::vector<const Op*> writes;
    for (const Op& op : ops)
      if (op.kind != Kind::kRead && op.index != failed && op.start <= until) writes.push_back(&op);
    for (size_t i = writes.size() - std::min(writes.size(), kLast); i < writes.size(); ++i)
      violation.ops.push_back(writes[i]->index);
  }

  void GiveUp(uint32_t key, const std::string& why) {
    ++report_.undecided_keys;
    if (report_.undecided.size() < kMostViolations)
      report_.undecided.push_back(fmt::format("key {}: {}", history_.keys.Show(key), why));
  }

  const History& history_;
  const RegisterOptions& options_;
  RegisterReport report_;
  Zones zones_;
  Frontier frontier_;
};

}  // namespace

RegisterReport CheckRegisters(const History& history, const RegisterOptions& options) {
  return Checker(history, options).Run();
}

}  // namespace holdfast::check::history
