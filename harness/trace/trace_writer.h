// Appends events to trace.jsonl (holdfast-trace/1), one JSON object per line.
//
// Beyond the kinds of the recordings, a run writes
//   {"kind":"scenario","name":S,"phase":"begin"|"end"}
//   {"kind":"step","scenario":S,"name":"pod-delete","index":0,"phase":"begin"|"end","ok":bool,"message":"..."}
//   {"kind":"fault","id":N,"fault":"pod-delete","scenario":S,"phase":"begin","parameters":{...},
//       "targets":[{"kind","name","uid"}],"gives-up":["SS-AMO-2"],"proof-needed":"one sentence"}
//   {"kind":"fault","id":N,"phase":"proof","sentence":"...","objects":[...]}   or
//   "phase":"unproven","sentence":"why"
//   {"kind":"fault","id":N,"phase":"end"}
//   {"kind":"action","id":N,"verb":...,"resource":...,"name":...,"uid":...,"force":bool,"grace":seconds,"replicas":n}
//       and, where a guarantee asks for it, "field":"spec.replicas" (what a patch or create touches),
//       "expect":"refused", "effect":"kill-container", "cascade":"orphan"
//   {"kind":"action-result","id":N,"ok":bool,"status":http,"reason":"...","message":"..."}
//   {"kind":"probe","pod","uid","hostname","fqdn","hosts_line":[...],"mounts":[{"device","path"}],"scenario":S,
//       "marker":{"pod","nonce"},"database":{"system":"postgres","systemIdentifier","timeline","role","lsn"}}
//       or {"kind":"probe","pod","uid","error":"..."}; further fields that guarantees read:
//       "dns":{"<name>":["<address>"]}, "mounts":[{...,"options":"rw,relatime"}],
//       "data":{"uid","gid","mode"} of the data directory, "scratch":{"nonce"} of an emptyDir
//   {"kind":"hole","resource":R,"after":V,"reason":"..."}: two watches of R disagree about what came after version V
//   {"kind":"end","history":{"events":N}}: the last line; N operation lines had been written to history.jsonl
//   {"kind":"found","when":"before"|"after","object":{"kind","name"},"fields":{...}}: an object outside
//       of the run's namespace
#ifndef HOLDFAST_HARNESS_TRACE_TRACE_WRITER_H_
#define HOLDFAST_HARNESS_TRACE_TRACE_WRITER_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/json.h"

namespace holdfast::trace {

// The zero of a run's clock; shared by trace and history so that their times compare.
struct RunClock {
  Clock* clock;
  Nanos origin;
  [[nodiscard]] Nanos SinceStart() const { return clock->Now() - origin; }
};

// Thread-safe; lines of one thread keep their order, and a line is written whole by one write(2).
class TraceWriter {
 public:
  static Result<std::unique_ptr<TraceWriter>> Open(const std::filesystem::path& path,
                                                   RunClock clock);

  // Adds "t" and "kind" before the fields of `event` and appends the line. "managedFields" are
  // removed from a watched object. A failing disk is kept and returned by Health.
  void Append(std::string_view kind, Json event);
  // Ids of actions and of faults, each counted from 1.
  int NextActionId();
  int NextFaultId();
  // The first write error, if any.
  [[nodiscard]] Status Health() const;
  [[nodiscard]] const RunClock& clock() const { return clock_; }

 private:
  TraceWriter(FileDescriptor file, std::string name, RunClock clock)
      : file_(std::move(file)),
        name_(std::move(name)),
        clock_(clock) {}

  mutable std::mutex mutex_;
  FileDescriptor file_;
  std::string name_;
  RunClock clock_;
  int actions_ = 0;
  int faults_ = 0;
  Status health_;
};

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_TRACE_WRITER_H_
