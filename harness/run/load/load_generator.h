// The clients of a run: writers and readers, each in a thread of its own, from before the first
// fault until after the last.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_LOAD_GENERATOR_H_
#define HOLDFAST_HARNESS_RUN_LOAD_LOAD_GENERATOR_H_

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "harness/run/load/client.h"
#include "harness/run/load/gate.h"
#include "harness/run/load/list_client.h"
#include "harness/run/load/register_client.h"
#include "harness/run/load/schedule.h"
#include "harness/run/load/worker.h"

namespace holdfast::run {

struct LoadOptions {
  int writers = 4;  // 0..kMaxWriters; none for a workload without clients.
  int readers = 2;  // 0 or more
  double rate = 0;  // Operations per second over all clients; 0 is as fast as possible.
  Loop loop = Loop::kClosed;  // kOpen needs a rate.
  double skew = 0;  // Exponent of Zipf's law by which readers and registers' clients choose keys.
  int window = 64;  // Rows that a read asks for at most.
  uint64_t seed = 1;
  std::vector<std::string> pods;  // Readers choose among them; not empty.
  // Which of the pods take writes. kPrimary is the first pod.
  workloads::Writes writes = workloads::Writes::kPrimary;
  int padding = 0;    // Bytes stored beside each value.
  int registers = 0;  // Clients of registers, 0 for a workload without them.
  int register_keys = 4;  // Registers that they share: few, so that they meet on them.
  RegisterMix mix = {};
  int lists = 0;      // Clients of list transactions, 0 for a workload without them.
};

// The writers' keys, then the sentinel's (one, or one for each pod with keys of its own): what
// readers ask for and final reads must cover.
std::vector<LoadKey> LoadKeys(const LoadOptions& options);
std::vector<LoadKey> SentinelKeys(const LoadOptions& options);
// Process numbers: writers from 0, then readers, clients of registers and of lists, the sentinel last; the stride keeps them
// apart for ever.
int64_t SentinelProcess(const LoadOptions& options);
int64_t ProcessStride(const LoadOptions& options);

// Line 1 of the history; `system` is the workload's name. Where each pod has keys of its own,
// "owners" says which pod a key lives on: only there are its final reads.
Json HistoryHeader(const std::string& run, const std::string& system, const LoadOptions& options);

// Start, Pause, Resume, Stop and WriteTombstones are called by one thread.
class LoadGenerator {
 public:
  // kInvalidArgument when the options are out of range.
  static Result<std::unique_ptr<LoadGenerator>> Create(const LoadContext& context,
                                                       const LoadOptions& options);
  // Stops.
  ~LoadGenerator();
  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  void Start();
  // Returns when no operation is in flight: at the latest after a connection timeout and a
  // deadline.
  void Pause();
  void Resume();
  // Ends all threads; the counts stay. Final.
  void Stop();

  // One acknowledged add per writer, each tried with new values until `timeout` for all of them:
  // it bounds every write before it whose outcome is unknown. REQUIRES paused. kTimedOut names the
  // first key that could not be written.
  Status WriteTombstones(Nanos timeout, const std::stop_token& stop);

  // Thread-safe; of all operations in the history so far, the sentinel's included.
  [[nodiscard]] trace::HistoryWriter::Counts counts() const { return context_.history->counts(); }

 private:
  LoadGenerator(const LoadContext& context, const LoadOptions& options);
  void Loop(Worker& worker, const std::stop_token& stop);

  const LoadContext context_;
  const bool open_;
  Schedule schedule_;
  std::atomic<Nanos> resumed_;  // Nothing was due before.
  Gate gate_;
  std::vector<std::unique_ptr<Writer>> writers_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<std::unique_ptr<RegisterClient>> registers_;
  std::vector<std::unique_ptr<ListClient>> lists_;
  std::vector<std::jthread> threads_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_LOAD_GENERATOR_H_
