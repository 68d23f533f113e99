// Reads trace.jsonl (holdfast-trace/1), a line at a time, into a TraceModel.
#ifndef HOLDFAST_HARNESS_TRACE_TRACE_READER_H_
#define HOLDFAST_HARNESS_TRACE_TRACE_READER_H_

#include <filesystem>
#include <functional>
#include <istream>
#include <memory>
#include <string_view>

#include "harness/base/result.h"
#include "harness/trace/trace_model.h"

namespace holdfast::trace {

// Calls `line` with the 1-based number and the text of each line; `whole` is false for a last line
// without a line feed. Ends early when it returns false.
void ForEachLine(
    std::istream& in,
    const std::function<bool(int64_t number, std::string_view text, bool whole)>& line);

// Reads a trace that may still grow. Not thread-safe; `model` must outlive it and be changed by
// nobody else. Time and memory grow with what is new, not with what was read before.
class TraceReader {
 public:
  explicit TraceReader(TraceModel& model);
  ~TraceReader();
  TraceReader(const TraceReader&) = delete;
  TraceReader& operator=(const TraceReader&) = delete;
  // Takes the whole lines that `in` holds from where it stands. An error only when the first line
  // is not that of a trace; damaged lines, missing fields and contradictions become problems;
  // unknown kinds are ignored.
  Status Read(std::istream& in);
  // What can only be known at the end: a torn last line is skipped. Call once.
  Status Finish();

 private:
  class Lines;
  std::unique_ptr<Lines> lines_;
};

// The whole of it, finished.
Result<TraceModel> ReadTrace(std::istream& in);
Result<TraceModel> ReadTraceFile(const std::filesystem::path& path);

// Numeric comparison of resource versions as Kubernetes 1.35 documents it: decimal strings without
// leading zero; longer is greater, equal length compares lexically. nullopt when either is not
// such a string (or "0").
std::optional<int> CompareResourceVersions(std::string_view a, std::string_view b);

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_TRACE_READER_H_
