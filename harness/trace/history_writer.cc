#include "harness/trace/history_writer.h"

#include <fcntl.h>

#include <cerrno>
#include <iterator>

#include <fmt/compile.h>
#include <fmt/format.h>

namespace holdfast::trace {
namespace {

void Put(fmt::memory_buffer& line, std::string_view text) {
  line.append(text.data(), text.data() + text.size());
}

// Nearly all values are integers, for which a serializer costs more than the digits.
void PutValue(fmt::memory_buffer& line, const Json& value) {
  if (value.is_number_integer() && !value.is_number_unsigned()) {
    fmt::format_to(std::back_inserter(line), FMT_COMPILE("{}"), value.get<int64_t>());
  } else {
    Put(line, DumpJson(value));
  }
}

}  // namespace

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
                           std::string_view node,
                           const Json& value,
                           const Json& extra) {
  Append(process, "invoke", function, key, node, value, extra);
}

void HistoryWriter::Complete(const Json& process,
                             std::string_view function,
                             std::string_view key,
                             std::string_view node,
                             OutcomeType type,
                             const Json& value,
                             const Json& extra) {
  switch (type) {
    case OutcomeType::kOk:
      ++ok_;
      if (function == "add") ++acked_adds_;
      return Append(process, "ok", function, key, node, value, extra);
    case OutcomeType::kFail:
      ++fail_;
      return Append(process, "fail", function, key, node, value, extra);
    case OutcomeType::kInfo:
      ++info_;
      return Append(process, "info", function, key, node, value, extra);
  }
}

void HistoryWriter::Append(const Json& process,
                           std::string_view type,
                           std::string_view function,
                           std::string_view key,
                           std::string_view node,
                           const Json& value,
                           const Json& extra) {
  if (!recording_) return;
  // Serialised outside the lock: only index, time and the write are under it.
  fmt::memory_buffer tail;
  Put(tail, R"(,"process":)");
  PutValue(tail, process);
  fmt::format_to(std::back_inserter(tail),
                 FMT_COMPILE(R"(,"type":"{}","f":"{}","key":"{}","node":"{}","value":)"), type,
                 function, key, node);
  PutValue(tail, value);
  if (extra.is_object() && !extra.empty()) {
    const std::string fields = DumpJson(extra);
    Put(tail, ",");
    Put(tail, std::string_view(fields).substr(1, fields.size() - 2));
  }
  Put(tail, "}\n");
  constexpr size_t kMostPending = size_t{4} << 20;
  const bool may_wait = type != "invoke" && process.is_number_integer();
  std::unique_lock lock(mutex_);
  // Completions alone may have filled it, and then nobody is writing.
  while (pending_.size() >= kMostPending) {
    if (writing_)
      written_.wait(lock);
    else
      Write(lock);
  }
  fmt::format_to(std::back_inserter(pending_), FMT_COMPILE(R"({{"index":{},"time":{})"), index_++,
                 clock_.SinceStart().count());
  pending_.append(tail.data(), tail.size());
  if (!may_wait) Write(lock);
}

void HistoryWriter::Write(std::unique_lock<std::mutex>& lock) const {
  if (writing_) return;
  writing_ = true;
  while (!pending_.empty()) {
    batch_.clear();
    std::swap(pending_, batch_);
    lock.unlock();
    Status written = WriteAll(file_.get(), batch_, name_);
    lock.lock();
    if (!written && health_) health_ = std::move(written);
    written_.notify_all();
  }
  writing_ = false;
  written_.notify_all();
}

void HistoryWriter::Flush() const {
  std::unique_lock lock(mutex_);
  Write(lock);
  written_.wait(lock, [this] { return !writing_; });
}

HistoryWriter::Counts HistoryWriter::counts() const { return {ok_, fail_, info_, acked_adds_}; }

int64_t HistoryWriter::events() const {
  const std::lock_guard lock(mutex_);
  return index_;
}

Status HistoryWriter::Health() const {
  Flush();
  const std::lock_guard lock(mutex_);
  return health_;
}

}  // namespace holdfast::trace
