// Appends client operations to history.jsonl: an invoke line before the request is sent, a
// completion line after its whole answer, with Jepsen's field names.
//
// Line 1 is a header:
// {"hist":1,"run","clock":"monotonic-ns","system","nodes":[...],"workload":"insert-set",
// "model":"set","seed","unique_values":true}. Operations on the insert-only table of a run:
//   add         value = the integer inserted; key = the writer's set ("w0", ...) or "sentinel"
//   read        value on ok = the newest values of the key, at most load.window, newest first; on
//   invoke null final-read  process "probe:<pod>", value on ok = every row of the key on that node
//   (duplicates included),
//               with "scenario"; written for each key and pod after each scenario
// "due" (open loop) is when the operation was to begin, before or at "time"; "node" is the pod asked, "role" on ok what it said it is ("primary", "replica"); "pos0" and "pos"
// are
// {"lsn":"0/3000148"} or {"gtid":"0-100-407"} before and after a read; "torn" on a read counts what
// failed its checksum; "error" is [class, text]. A value is below 2^53:
// run id (12 bits) | writer (9) | sequence (32). Times are integer nanoseconds on the run's clock.
#ifndef HOLDFAST_HARNESS_TRACE_HISTORY_WRITER_H_
#define HOLDFAST_HARNESS_TRACE_HISTORY_WRITER_H_

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/trace/trace_writer.h"

namespace holdfast::trace {

enum class OutcomeType {
  kOk,    // It took effect, and the result is known.
  kFail,  // It certainly did not take effect.
  kInfo,  // Nobody knows.
};

// Thread-safe.
class HistoryWriter {
 public:
  // `recording` false counts and times operations but writes none (to measure the cost of
  // recording).
  static Result<std::unique_ptr<HistoryWriter>> Open(const std::filesystem::path& path,
                                                     RunClock clock,
                                                     const Json& header,
                                                     bool recording = true);

  // `process` is an integer for clients and a string for probes; `extra` fields ("node",
  // "scenario") join the line.
  void Invoke(const Json& process,
              std::string_view function,
              std::string_view key,
              const Json& value,
              const Json& extra);
  void Complete(const Json& process,
                std::string_view function,
                std::string_view key,
                OutcomeType type,
                const Json& value,
                const Json& extra);

  struct Counts {
    int64_t ok = 0;
    int64_t fail = 0;
    int64_t info = 0;
    int64_t acked_adds = 0;
  };
  [[nodiscard]] Counts counts() const;
  // A time of the run's clock as the history writes it.
  [[nodiscard]] Nanos SinceStart(Nanos at) const { return at - clock_.origin; }
  [[nodiscard]] Status Health() const;

 private:
  HistoryWriter(FileDescriptor file, std::string name, RunClock clock, bool recording)
      : file_(std::move(file)),
        name_(std::move(name)),
        clock_(clock),
        recording_(recording) {}
  void Append(const Json& process,
              std::string_view type,
              std::string_view function,
              std::string_view key,
              const Json& value,
              const Json& extra);

  mutable std::mutex mutex_;
  FileDescriptor file_;
  std::string name_;
  RunClock clock_;
  bool recording_;
  int64_t index_ = 0;
  Status health_;
  std::atomic<int64_t> ok_{0};
  std::atomic<int64_t> fail_{0};
  std::atomic<int64_t> info_{0};
  std::atomic<int64_t> acked_adds_{0};
};

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_HISTORY_WRITER_H_
