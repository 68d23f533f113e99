#include "harness/trace/trace_writer.h"

#include <fcntl.h>

#include <cerrno>

namespace holdfast::trace {

Result<std::unique_ptr<TraceWriter>> TraceWriter::Open(const std::filesystem::path& path,
                                                       RunClock clock) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!file.valid())
    return Fail(ErrorCode::kUnavailable, "cannot create {}: {}", path.string(), ErrnoText(errno));
  return std::unique_ptr<TraceWriter>(new TraceWriter(std::move(file), path.string(), clock));
}

void TraceWriter::Append(std::string_view kind, Json event) {
  if (const auto watched = event.find("event");
      watched != event.end() && watched->contains("object")) {
    Json& object = (*watched)["object"];
    if (const auto metadata = object.find("metadata"); metadata != object.end())
      metadata->erase("managedFields");
  }
  std::string body = DumpJson(event);
  const std::lock_guard lock(mutex_);
  const double seconds = std::chrono::duration<double>(clock_.SinceStart()).count();
  std::string line = fmt::format(R"({{"t":{:.6f},"kind":"{}")", seconds, kind);
  if (body.size() > 2) {
    line += ',';
    line.append(body, 1, body.size() - 1);
  } else {
    line += '}';
  }
  line += '\n';
  if (Status written = WriteAll(file_.get(), line, name_); !written && health_) health_ = written;
}

int TraceWriter::NextActionId() {
  const std::lock_guard lock(mutex_);
  return ++actions_;
}
int TraceWriter::NextFaultId() {
  const std::lock_guard lock(mutex_);
  return ++faults_;
}
Status TraceWriter::Health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

}  // namespace holdfast::trace
