// The judge: reads a run directory or a bare trace, and nothing else.
#ifndef HOLDFAST_HARNESS_CHECK_CHECK_H_
#define HOLDFAST_HARNESS_CHECK_CHECK_H_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/check/verdict.h"

namespace holdfast::check {

// The text of one guarantee, for `explain` and `list guarantees`.
struct GuaranteeText {
  std::string id;          // "SS-ORD-2".
  std::string title;       // A few words.
  std::string paragraph;   // For people.
  std::string since;       // Kubernetes versions, or the database's.
  std::string applies;     // When it is judged.
  std::string exceptions;  // What is not a violation; may be empty.
  std::string decided = {};     // By what: "trace", "probe", "witness", "history" or "run".
  std::string family = {};      // "identity", "ordering", ...
};

// In the order of the families; ids are unique.
const std::vector<GuaranteeText>& Guarantees();

// Judges every guarantee on every scenario. An error only when `path` is neither a run directory
// nor a trace, or cannot be read; damaged lines inside give unknown verdicts.
Result<Verdicts> CheckPath(const std::filesystem::path& path);

// Judges a run while it goes on: each call reads only what the trace has grown by since the call
// before. Not thread-safe.
class RunningCheck {
 public:
  explicit RunningCheck(std::filesystem::path directory);
  ~RunningCheck();
  RunningCheck(const RunningCheck&) = delete;
  RunningCheck& operator=(const RunningCheck&) = delete;
  // Every guarantee on that scenario, by what is recorded so far, with the results of the scenarios
  // that were asked for before; nothing about the whole run. An error when the directory cannot be
  // read or the scenario has not begun.
  Result<Verdicts> Judge(const std::string& scenario);

 private:
  class State;
  std::unique_ptr<State> state_;
};

// What judging a record cost, for tests and benchmarks.
struct CheckCost {
  int64_t watch_events = 0;
  int64_t kept_states = 0;
  int64_t steps = 0;  // Members, states and claims that the judges looked at.
};
// CheckPath, and what it cost.
Result<Verdicts> CheckPath(const std::filesystem::path& path, CheckCost& cost);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_CHECK_H_
