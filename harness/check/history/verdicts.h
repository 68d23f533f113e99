// The guarantees over a client history (HX-*), judged on whatever the history holds.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_VERDICTS_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_VERDICTS_H_

#include <optional>
#include <string>
#include <vector>

#include "harness/check/history/list_append.h"
#include "harness/check/history/model.h"
#include "harness/check/history/registers.h"
#include "harness/check/verdict.h"

namespace holdfast::check::history {

struct JudgeOptions {
  // Judges only this; kUnknown judges everything that occurs.
  Model model = Model::kUnknown;
  // What transactions were promised; the header's word when it says one, else strict.
  std::optional<Level> isolation;
  // Reads of sets were promised to show everything acknowledged before they began.
  bool fresh_reads = false;
  bool sets = true;  // False: sets are judged elsewhere.
  RegisterOptions registers;
};

// One guarantee. `times` says when each finding had become visible, nanoseconds.
struct Judged {
  CheckResult result;  // Without a scenario; evidence names `file`.
  std::vector<int64_t> times;
};

// One entry per guarantee of kHistoryIds, in that order; what the history does not exercise is
// not-applicable. A history with problems never passes.
std::vector<Judged> JudgeHistory(const History& history,
                                 const JudgeOptions& options,
                                 const std::string& file);

// The guarantees that a bare history is judged by.
inline constexpr const char* kHistoryIds[] = {
    "HX-LINEARIZABLE", "HX-SESSION",  "HX-LOST",           "HX-RESURRECTED",
    "HX-DUPLICATED",   "HX-PHANTOM",  "HX-TORN",           "HX-STALE",
    "HX-READ-COMMITTED", "HX-SNAPSHOT", "HX-SERIALIZABLE", "HX-STRICT"};

// "read-committed", "snapshot", "serializable", "strict"; nullopt for another word.
std::optional<Level> ParseLevel(std::string_view name);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_VERDICTS_H_
