// A client history in a compact form: one 32-byte operation per invocation, keys and values as
// dense numbers. Everything that judges a history works on this.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_MODEL_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_MODEL_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "harness/check/history/values.h"

namespace holdfast::check::history {

// The finish of an operation whose outcome is unknown: it may take effect at any later time.
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

enum class Kind : uint8_t {
  kRead,         // a = the value seen.
  kWrite,        // b = the new value.
  kCas,          // a = the value expected, b = the new one.
  kNotEqual,     // A compare-and-swap that was refused: the state was not a.
  kAppend,       // b = what was put behind the state (a text).
  kAdd,          // b = an element put into a set.
  kReadSet,      // Elements pool[a, a + b).
  kTransaction,  // micros[a, a + b).
};

enum class End : uint8_t {
  kOk,    // It took effect between start and finish, and its result is known.
  kFail,  // It surely had no effect.
  kInfo,  // Unknown; also what never ended. finish is kNever.
};

// Times are nanoseconds; intervals are closed, so equal times count as concurrent.
struct Op {
  int64_t start = 0;
  int64_t finish = kNever;
  uint32_t a = kNil;
  uint32_t b = kNil;
  uint32_t index = 0;  // Into History::ops and History::origins.
  Kind kind = Kind::kRead;
  End end = End::kInfo;
  bool positioned = false;  // History::positions[index] holds where the system put it.
  bool partial = false;     // A read of some elements only, or of a replica that may lag.
};
static_assert(sizeof(Op) == 32);

// Where an operation stands in the record, for people.
struct Origin {
  uint32_t key = 0;      // Into History::keys.
  uint32_t process = 0;  // Into History::processes.
  uint32_t node = 0;     // Into History::nodes; kNil when it is not told.
  uint32_t invoke_line = 0;
  uint32_t complete_line = 0;  // 0: never completed.
};

// What the answer of a versioned store says: the revision of the whole store when the request was
// applied, and of the key that was read (0: it was absent).
struct Position {
  int64_t revision = -1;
  int64_t modified = -1;  // -1: not told.
  int64_t version = -1;   // Writes of the key since it was made; -1: not told.
};

// One step of a transaction.
struct Micro {
  enum class Kind : uint8_t { kAppend, kReadList, kWrite, kRead };
  Kind kind = Kind::kAppend;
  bool known = true;   // False for a read without an answer.
  uint32_t key = 0;    // Into History::keys.
  uint32_t value = 0;  // The value, or where the list begins in History::pool.
  uint32_t count = 0;  // Length of the list.
};

// Something in the record that forbids to call it right.
struct Problem {
  int64_t line = 0;
  std::string sentence;
};

// What the record holds, by the functions of its operations.
enum class Model { kRegister, kKv, kSet, kListAppend, kUnknown };
std::string_view ToString(Model model);

struct History {
  std::vector<Op> ops;  // In the order of invocation.
  std::vector<Origin> origins;
  std::vector<Position> positions;  // As many as ops, or none.
  std::vector<Micro> micros;
  std::vector<uint32_t> pool;
  Values values;
  Values keys;
  Values processes;
  Values nodes;
  std::vector<Problem> problems;  // At most kMostProblems, and how many there were.
  int64_t problem_count = 0;
  bool torn = false;              // The last line is cut off and was skipped.
  int64_t lines = 0;
  int64_t ignored = 0;            // Operations of functions that no model knows.
  std::string ignored_function;   // The first of them.
  bool timed = true;              // False: times are line numbers.
  std::string model;              // As its header says, or empty.
  std::string isolation;          // As its header says, or empty.
  uint32_t functions = 0;         // Bit 1 << Kind for each kind that occurs.
  bool starts_empty = false;      // A key that nobody wrote reads as the empty text.
  bool registers_in_txns = false; // A transaction reads or writes registers instead of lists.
};
inline constexpr size_t kMostProblems = 20;

// The model that fits the functions of the history.
Model ModelOf(const History& history);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_MODEL_H_
