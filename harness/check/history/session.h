// Monotonic reads and read your writes, for clients of a versioned store: what one client sees never
// goes back to an older revision.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_SESSION_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_SESSION_H_

#include <vector>

#include "harness/check/history/model.h"

namespace holdfast::check::history {

struct SessionFinding {
  uint32_t earlier = 0;  // Operations.
  uint32_t later = 0;
  int64_t earlier_revision = 0;
  int64_t later_revision = 0;
};

struct SessionReport {
  std::vector<SessionFinding> findings;  // At most kMostSessionFindings.
  int64_t count = 0;
  // A replica may lag, but one that goes back under one client has lost something, or began again.
  std::vector<SessionFinding> replicas;  // At most kMostSessionFindings.
  int64_t sessions = 0;
  int64_t operations = 0;
};
inline constexpr size_t kMostSessionFindings = 20;

SessionReport CheckSessions(const History& history);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_SESSION_H_
