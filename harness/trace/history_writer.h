// Appends client operations to history.jsonl: an invoke line before the request is sent, a
// completion line after its whole answer, with Jepsen's field names.
//
// Lines get their order under a lock and are written by one thread at a time, in that order, while the
// others go on: with a write under the lock, some hundred clients wait for each other. A client's
// completion may wait for the next invocation, so that both are one write. At any moment the file is
// a prefix of the history; it is whole after Flush.
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
#include <condition_variable>
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

  // `process` is an integer for clients and a string for probes; `node` is the pod that is asked; the
  // fields of `extra` ("due", "scenario"), when it is an object, join the line.
  void Invoke(const Json& process,
              std::string_view function,
              std::string_view key,
              std::string_view node,
              const Json& value,
              const Json& extra = nullptr);
  void Complete(const Json& process,
                std::string_view function,
                std::string_view key,
                std::string_view node,
                OutcomeType type,
                const Json& value,
                const Json& extra = nullptr);

  struct Counts {
    int64_t ok = 0;
    int64_t fail = 0;
    int64_t info = 0;
    int64_t acked_adds = 0;
  };
  [[nodiscard]] Counts counts() const;
  // Operation lines so far, without the header: what a whole copy of the file has to hold.
  [[nodiscard]] int64_t events() const;
  // A time of the run's clock as the history writes it.
  [[nodiscard]] Nanos SinceStart(Nanos at) const { return at - clock_.origin; }
  // Returns when all lines of calls that have returned are in the file.
  void Flush() const;
  // After a flush.
  [[nodiscard]] Status Health() const;
  ~HistoryWriter() { Flush(); }
  HistoryWriter(const HistoryWriter&) = delete;
  HistoryWriter& operator=(const HistoryWriter&) = delete;

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
              std::string_view node,
              const Json& value,
              const Json& extra);

  // Writes what is pending until nothing is, unless another thread does. `lock` is held on entry and
  // at return, not in between.
  void Write(std::unique_lock<std::mutex>& lock) const;

  mutable std::mutex mutex_;
  mutable std::condition_variable written_;  // Something was.
  mutable std::string pending_;
  mutable std::string batch_;  // Of the thread that writes; its memory is used again.
  mutable bool writing_ = false;
  FileDescriptor file_;
  std::string name_;
  RunClock clock_;
  bool recording_;
  int64_t index_ = 0;
  mutable Status health_;
  std::atomic<int64_t> ok_{0};
  std::atomic<int64_t> fail_{0};
  std::atomic<int64_t> info_{0};
  std::atomic<int64_t> acked_adds_{0};
};

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_HISTORY_WRITER_H_
