#include "harness/check/history/session.h"

#include <unordered_map>

namespace holdfast::check::history {

SessionReport CheckSessions(const History& history) {
  SessionReport report;
  if (history.positions.empty()) return report;
  // By process, the operation with the newest revision. A client has one operation at a time, so
  // the order of invocation is the order of its session.
  std::vector<uint32_t> newest(history.processes.size(), kNone);
  std::unordered_map<uint64_t, uint32_t> newest_of_replica;  // By process and node.
  for (const Op& op : history.ops) {
    if (op.end != End::kOk || !op.positioned) continue;
    if (op.partial) {
      // A replica that may lag promises no session over several of them.
      const Origin& origin = history.origins[op.index];
      if (origin.node == kNil) continue;
      const uint64_t pair = (uint64_t{origin.process} << 32U) | origin.node;
      uint32_t& last = newest_of_replica.emplace(pair, op.index).first->second;
      const int64_t had = history.positions[last].revision;
      const int64_t has = history.positions[op.index].revision;
      if (has >= had) {
        last = op.index;
      } else if (report.replicas.size() < kMostSessionFindings) {
        report.replicas.push_back(
            {.earlier = last, .later = op.index, .earlier_revision = had, .later_revision = has});
      }
      continue;
    }
    ++report.operations;
    uint32_t& before = newest[history.origins[op.index].process];
    if (before == kNone) {
      ++report.sessions;
      before = op.index;
      continue;
    }
    const int64_t had = history.positions[before].revision;
    const int64_t has = history.positions[op.index].revision;
    if (has >= had) {
      before = op.index;
      continue;
    }
    if (++report.count <= static_cast<int64_t>(kMostSessionFindings))
      report.findings.push_back({.earlier = before,
                                 .later = op.index,
                                 .earlier_revision = had,
                                 .later_revision = has});
  }
  return report;
}

}  // namespace holdfast::check::history
