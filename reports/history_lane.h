// Counts operations per half second from history.jsonl, in one pass and constant memory.
#ifndef HOLDFAST_REPORTS_HISTORY_LANE_H_
#define HOLDFAST_REPORTS_HISTORY_LANE_H_

#include <string>

#include "reports/run_record.h"

namespace holdfast::reports {

// Adds what history.jsonl holds to `record`: buckets, end, evidence, damaged lines. The final reads
// after a scenario are probes, not load, and are left out. A missing file adds nothing.
void ReadHistoryLane(const std::filesystem::path& path, RunRecord& record);

}  // namespace holdfast::reports

#endif  // HOLDFAST_REPORTS_HISTORY_LANE_H_
