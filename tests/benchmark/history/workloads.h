// Large histories that are right by construction: simulated objects with clients that always have an
// operation open.
#ifndef HOLDFAST_TESTS_BENCHMARK_HISTORY_WORKLOADS_H_
#define HOLDFAST_TESTS_BENCHMARK_HISTORY_WORKLOADS_H_

#include <string>
#include <vector>

#include "harness/check/history/model.h"

namespace holdfast::check::history {

// One event of a register history in the order of time.
struct StreamEvent {
  enum class Type : uint8_t { kInvoke, kOk, kInfo } type = Type::kInvoke;
  bool write = false;
  uint32_t client = 0;
  int64_t value = 0;  // Written, or seen; 0 when a read is sent.
  int64_t time = 0;
  int64_t start = 0;  // Of the operation.
};

// Reads and writes of unique values on one register; `crashes` per thousand writes have an unknown
// outcome.
std::vector<StreamEvent> RegisterEvents(size_t operations, uint32_t clients, uint32_t crashes);
std::vector<Op> RegisterOps(const std::vector<StreamEvent>& events);
// The same as lines of history.jsonl.
std::string RegisterLines(const std::vector<StreamEvent>& events);
// `crashed` crashed writes of unique values among 500 operations, and a last read that is stale.
std::vector<Op> StaleRead(uint32_t crashed);
// Reads and writes of a versioned store with 1,000 keys.
History StoreHistory(size_t operations, uint32_t clients);
// Transactions of 1 to 4 steps on 10 keys at a time, 32 appends per key.
History AppendHistory(size_t transactions, uint32_t clients);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_TESTS_BENCHMARK_HISTORY_WORKLOADS_H_
