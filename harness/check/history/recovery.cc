#include "harness/check/history/recovery.h"

#include <algorithm>

namespace holdfast::check::history {
namespace {

bool IsWrite(const History& history, const Op& op) {
  switch (op.kind) {
    case Kind::kWrite:
    case Kind::kCas:
    case Kind::kNotEqual:
    case Kind::kAppend:
    case Kind::kAdd:
      return true;
    case Kind::kTransaction:
      for (uint32_t i = op.a; i < op.a + op.b; ++i)
        if (history.micros[i].kind == Micro::Kind::kAppend || history.micros[i].kind == Micro::Kind::kWrite)
          return true;
      return false;
    default:
      return false;
  }
}

// One class of operations, in the order of invocation.
Availability Measure(const History& history, const std::vector<uint32_t>& ops, int64_t from, int64_t to) {
  Availability result;
  result.attempted = static_cast<int64_t>(ops.size());
  std::vector<std::pair<int64_t, uint32_t>> answers;  // Acknowledgements.
  std::vector<int64_t> ends;                          // Of everything that ended.
  for (const uint32_t index : ops) {
    const Op& op = history.ops[index];
    if (op.finish == kNever) continue;
    ends.push_back(op.finish);
    if (op.end == End::kOk) answers.emplace_back(op.finish, index);
  }
  std::sort(answers.begin(), answers.end());
  std::sort(ends.begin(), ends.end());
  result.acknowledged = static_cast<int64_t>(answers.size());
  int64_t crashed = 0;
  size_t begun = 0;  // Operations that began at or before the gap's begin.
  size_t ended = 0;
  int64_t last = from;
  uint32_t before = kNone;
  const auto gap = [&](int64_t until, bool over, uint32_t after) {
    while (begun < ops.size() && history.ops[ops[begun]].start <= last) {
      if (history.ops[ops[begun]].finish == kNever) ++crashed;
      ++begun;
    }
    while (ended < ends.size() && ends[ended] <= last)
      ++ended;
    const bool waiting = static_cast<int64_t>(begun) - crashed > static_cast<int64_t>(ended);
    int64_t start = until;
    if (waiting) {
      start = last;
    } else if (begun < ops.size()) {
      start = std::min(until, history.ops[ops[begun]].start);
    }
    Outage outage{.from = start, .to = until, .ended = over, .before = before, .after = after};
    if (outage.length() > kNoticeableGap) result.unavailable += outage.length();
    if (outage.length() > result.longest.length()) result.longest = outage;
  };
  for (const auto& [time, index] : answers) {
    gap(time, true, index);
    last = time;
    before = index;
  }
  // Behind the last acknowledgement: as long as somebody still tried.
  int64_t tried = last;
  for (const uint32_t index : ops)
    tried = std::max(tried, history.ops[index].start);
  for (const int64_t end : ends)
    tried = std::max(tried, end);
  if (tried > last) gap(std::min(to, tried), false, kNone);
  return result;
}

}  // namespace

std::vector<Availability> MeasureAvailability(const History& history, int64_t from, int64_t to) {
  std::vector<Availability> all;
  for (uint32_t node = 0; node < history.nodes.size(); ++node) {
    std::vector<uint32_t> classes[2];
    for (const Op& op : history.ops) {
      const Origin& origin = history.origins[op.index];
      // A name instead of a number is a probe or the nemesis, which waits for the service.
      if (op.start < from || op.start >= to || !history.processes.IsInteger(origin.process)) continue;
      if (node == kNil || origin.node == node) classes[IsWrite(history, op) ? 0 : 1].push_back(op.index);
    }
    for (const size_t which : {size_t{0}, size_t{1}}) {
      if (classes[which].empty()) continue;
      Availability entry = Measure(history, classes[which], from, to);
      entry.writes = which == 0;
      entry.node = node;
      all.push_back(entry);
    }
  }
  return all;
}

}  // namespace holdfast::check::history
