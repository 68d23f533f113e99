// Pairs invocations with completions, in one pass, into a History.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_RECORDER_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_RECORDER_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/check/history/event.h"
#include "harness/check/history/model.h"

namespace holdfast::check::history {

// How a `cas` without error that ended in `fail` is to be read.
enum class RefusedCas : uint8_t {
  kStateDiffered,  // The state was not the expected value (etcd's logs, and our own writer).
  kNothing,        // It says nothing (Knossos, and whoever does not promise more).
};

struct RecorderOptions {
  RefusedCas refused_cas = RefusedCas::kNothing;
  bool times_are_lines = false;  // The format has no times: use the line numbers.
  bool keys_in_values = false;   // Jepsen's `independent`: the value is [key value].
  bool reads_are_windows = false;  // `read` gives the newest elements only, `final-read` all.
  // Our own writer made it: a missing index is a missing line, a missing field is damage.
  bool own_format = false;
  // Half-width of what the clocks of several recorders may differ by; intervals are widened by it.
  int64_t epsilon = 0;
};

// What an operation of our own format lacks, or nullptr. REQUIRES a type that is not kOther.
const char* Lacks(const HistoryEvent& event, Kind kind);

// What a function's name stands for; false for one that no model knows.
bool KindOfFunction(std::string_view function, Kind& kind);

// The widest half-width of clocks that is taken for one: an hour.
inline constexpr int64_t kMostEpsilon = 3'600'000'000'000;

// Not thread-safe.
class Recorder {
 public:
  explicit Recorder(RecorderOptions options) : options_(options) {}
  // Takes the events in the order of the record.
  void Add(const HistoryEvent& event);
  // The line is damaged.
  void Damaged(int64_t line, std::string sentence);
  // So many lines may come: room for them.
  void Expect(size_t lines);
  // What still is open has an unknown outcome. Nothing may be added afterwards.
  History Take();
  [[nodiscard]] History& history() { return history_; }

 private:
  void Incomplete(const HistoryEvent& event, const char* lacks);
  void Invoke(const HistoryEvent& event, Kind kind, uint32_t process);
  void Complete(const HistoryEvent& event, Kind kind, uint32_t process);
  void CompleteTransaction(const HistoryEvent& event, Op& op);
  void TakeTransaction(const HistoryEvent& event, Op& op);
  [[nodiscard]] bool SameSteps(uint32_t asked, uint32_t count, const Op& answered) const;
  void CheckIndex(const HistoryEvent& event);
  void Ignore(const HistoryEvent& event);
  void CountStrangers();
  void TakePosition(const HistoryEvent& event, Op& op);
  bool Split(const HistoryEvent& event, Kind kind, Scalar& key, Scalar& a, Scalar& b);

  RecorderOptions options_;
  History history_;
  std::vector<uint32_t> open_;  // By process: index of its open operation, or kNone.
  // Operations of functions that no model knows, by processes with a name; they count once the process
  // turns out to be a client.
  struct Stranger {
    int64_t operations = 0;
    std::string function;  // The first of them.
  };
  std::map<uint32_t, Stranger> strangers_;  // By process.
  int64_t next_index_ = 0;
  int64_t time_ = 0;
};

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_RECORDER_H_
