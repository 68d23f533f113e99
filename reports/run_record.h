// What the HTML report shows of a run directory: lives of pods, faults, actions, operations per
// second. A reading for people; nothing is judged here.
#ifndef HOLDFAST_REPORTS_RUN_RECORD_H_
#define HOLDFAST_REPORTS_RUN_RECORD_H_

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/check/verdict.h"

namespace holdfast::reports {

// All times are seconds since the run began.
struct PodSpan {
  double begin = 0;
  double end = 0;
  std::string state;  // "pending", "running", "ready", "terminating", "failed".
  std::string uid;
};
struct PodLane {
  std::string name;
  std::vector<PodSpan> spans;  // In order of begin; pods of one name follow each other.
};
struct FaultBand {
  std::string name;
  std::string scenario;
  std::string targets;  // "pg-0, pg-1".
  std::string proof;    // The sentence that proves it, or why there is no proof.
  bool proven = false;
  double begin = 0;
  double end = 0;
};
struct Mark {
  double at = 0;
  std::string text;
};
struct ScenarioSpan {
  std::string name;
  double begin = 0;
  double end = 0;
};

// Completed operations per bucket.
struct OperationBuckets {
  static constexpr double kWidth = 0.5;  // Seconds.
  enum Kind { kOk, kFail, kInfo };
  std::vector<std::array<int64_t, 3>> counts;
};

struct RunRecord {
  Json run = nullptr;  // run.json, or null for a bare trace.
  double end = 0;      // The last time seen.
  std::vector<PodLane> lanes;
  std::vector<FaultBand> faults;
  std::vector<Mark> actions;
  std::vector<Mark> gaps;  // Watches that lost their place.
  std::vector<ScenarioSpan> scenarios;
  OperationBuckets operations;
  // What the verdicts' evidence lines say: (file, line) -> when and in short.
  std::map<std::pair<std::string, int64_t>, Mark> evidence;
  int64_t damaged_lines = 0;  // Skipped: torn or not JSON.
};

// Reads a run directory or a bare trace file. Files that are missing inside a directory are empty;
// damaged lines are skipped and counted. An error when `path` itself cannot be read.
Result<RunRecord> ReadRunRecord(const std::filesystem::path& path, const check::Verdicts& verdicts);

}  // namespace holdfast::reports

#endif  // HOLDFAST_REPORTS_RUN_RECORD_H_
