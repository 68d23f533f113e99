#include "harness/trace/history_writer.h"

#include <fcntl.h>

#include <cerrno>

namespace holdfast::trace {

Result<std::unique_ptr<HistoryWriter>> HistoryWriter::Open(const std::filesystem::path& path,
                                                           RunClock clock,
                                                           const Json& header,
                                                           bool recording) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!file.valid())
    return Fail(ErrorCode::kUnavailable, "cannot create {}: {}", path.string(), ErrnoText(errno));
  std::unique_ptr<HistoryWriter> writer(
      new HistoryWriter(std::move(file), path.string(), clock, recording));
  HOLDFAST_RETURN_IF_ERROR(WriteAll(writer->file_.get(), DumpJson(header) + "\n", writer->name_));
  return writer;
}

void HistoryWriter::Invoke(const Json& process,
                           std::string_view function,
                           std::string_view key,
                           const Json& value,
                           const Json& extra) {
  Append(process, "invoke", function, key, value, extra);
}

void HistoryWriter::Complete(const Json& process,
                             std::string_view function,
                             std::string_view key,
                             OutcomeType type,
                             const Json& value,
                             const Json& extra) {
  switch (type) {
    case OutcomeType::kOk:
      ++ok_;
      if (function == "add") ++acked_adds_;
      return Append(process, "ok", function, key, value, extra);
    case OutcomeType::kFail:
      ++fail_;
      return Append(process, "fail", function, key, value, extra);
    case OutcomeType::kInfo:
      ++info_;
      return Append(process, "info", function, key, value, extra);
  }
}

void HistoryWriter::Append(const Json& process,
                           std::string_view type,
                           std::string_view function,
                           std::string_view key,
                           const Json& value,
                           const Json& extra) {
  if (!recording_) return;
  // Serialised outside the lock: only index, time and the write are under it.
  std::string tail = fmt::format(R"(,"process":{},"type":"{}","f":"{}","key":"{}","value":{})",
                                 DumpJson(process), type, function, key, DumpJson(value));
  if (extra.is_object() && !extra.empty()) {
    const std::string fields = DumpJson(extra);
    tail += ',';
    tail.append(fields, 1, fields.size() - 2);
  }
  tail += "}\n";
  const std::lock_guard lock(mutex_);
  const std::string line =
      fmt::format(R"({{"index":{},"time":{})", index_++, clock_.SinceStart().count()) + tail;
  if (Status written = WriteAll(file_.get(), line, name_); !written && health_) health_ = written;
}

HistoryWriter::Counts HistoryWriter::counts() const { return {ok_, fail_, info_, acked_adds_}; }

Status HistoryWriter::Health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

}  // namespace holdfast::trace
