// Reads history.jsonl (format in history_writer.h) and pairs each invocation with its completion.
#ifndef HOLDFAST_HARNESS_TRACE_HISTORY_READER_H_
#define HOLDFAST_HARNESS_TRACE_HISTORY_READER_H_

#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/trace/replica_position.h"

namespace holdfast::trace {

enum class OperationEnd {
  kOk,
  kFail,
  kInfo,
  kOpen,  // No completion in the record: like info.
};

// One operation. Times are nanoseconds on the run's clock.
struct Operation {
  int64_t invoke_line = 0;
  int64_t complete_line = 0;  // 0 when open.
  int64_t invoked = 0;
  int64_t completed = 0;
  OperationEnd end = OperationEnd::kOpen;
  size_t key = 0;               // Index into History::keys.
  int64_t value = 0;            // Of an add.
  std::vector<int64_t> values;  // Of a read.
  std::string node;
  std::string role;
  std::string scenario;  // Of a final read.
  std::string error;     // "class: text".
  bool durable = true;   // False for an ack that promised less (no replica had it).
  std::optional<uint64_t> position_before;  // Postgres LSN.
  std::optional<uint64_t> position_after;
  std::string gtid_before;  // MySQL, MariaDB; as the server wrote it.
  std::string gtid_after;
  int64_t torn = 0;       // Of a read: places whose checksum does not fit.
  bool probe = false;     // By a probe, not by a client.
  bool caught_up = true;  // False for a final read made before the node had all of the primary.
};

struct HistoryProblem {
  int64_t line = 0;
  int64_t time = 0;  // Nanoseconds; the newest time read before it.
  std::string sentence;
};

struct History {
  Json header;
  std::vector<std::string> keys;
  std::vector<Operation> adds;    // In the order of invocation, like the rest.
  std::vector<Operation> reads;   // Window reads by clients.
  std::vector<Operation> finals;  // Final reads.
  std::vector<HistoryProblem> problems;
  int64_t events = 0;
  int64_t last_time = 0;  // Nanoseconds; the newest.
  bool torn = false;
};

// Where the node stood before and after a read; unknown where the record does not say.
ReplicaPosition PositionBefore(const Operation& operation);
ReplicaPosition PositionAfter(const Operation& operation);

// The parts of a value: run id (12 bits) | writer (9) | sequence (32).
struct ValueParts {
  int64_t run = 0;
  int64_t writer = 0;
  int64_t sequence = 0;
};
ValueParts SplitValue(int64_t value);

// An error only when the first line is no header. A torn last line is skipped; damaged lines,
// missing indices and completions without invocation become problems.
Result<History> ReadHistory(std::istream& in);
Result<History> ReadHistoryFile(const std::filesystem::path& path);

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_HISTORY_READER_H_
