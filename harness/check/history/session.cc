#include "harness/check/history/session.h"

namespace holdfast::check::history {

SessionReport CheckSessions(const History& history) {
  SessionReport report;
  if (history.positions.empty()) return report;
  // By process, the operation with the newest revision. A client has one operation at a time, so
  // the order of invocation is the order of its session.
  std::vector<uint32_t> newest(history.processes.size(), kNone);
  for (const Op& op : history.ops) {
    // A replica that may lag promises no session either.
    if (op.end != End::kOk || !op.positioned || op.partial) continue;
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
