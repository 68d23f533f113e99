// How long clients went without an answer: outages of writes and of reads, of the service and of
// each node.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_RECOVERY_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_RECOVERY_H_

#include <cstdint>
#include <vector>

#include "harness/check/history/model.h"

namespace holdfast::check::history {

// Gaps between acknowledgements that are longer than this count as unavailability.
inline constexpr int64_t kNoticeableGap = 1'000'000'000;

// From the moment a client tried (or the last acknowledgement, when one was waiting then) to the
// next acknowledgement, or to the end of the window when there was none. A time in which nobody
// tried is no outage.
struct Outage {
  int64_t from = 0;  // Nanoseconds.
  int64_t to = 0;
  bool ended = true;       // False: nothing was acknowledged any more.
  uint32_t before = kNone; // The last acknowledged operation, when there is one.
  uint32_t after = kNone;  // The first acknowledged one.
  [[nodiscard]] int64_t length() const { return to - from; }
};

struct Availability {
  bool writes = false;
  uint32_t node = kNil;  // Into History::nodes; kNil is the service as a whole.
  int64_t acknowledged = 0;
  int64_t attempted = 0;
  Outage longest;
  int64_t unavailable = 0;  // Sum of the gaps longer than kNoticeableGap.
};

// Of client operations that began in [from, to): the service first, then each node; writes before
// reads. What nobody attempted is left out.
std::vector<Availability> MeasureAvailability(const History& history, int64_t from, int64_t to);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_RECOVERY_H_
