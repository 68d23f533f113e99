#include "harness/run/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace holdfast::run {

Result<std::unique_ptr<Journal>> Journal::Open(const std::filesystem::path& path) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!file.valid())
    return Fail(ErrorCode::kUnavailable, "cannot create the undo journal {}: {}", path.string(),
                ErrnoText(errno));
  return std::unique_ptr<Journal>(new Journal(std::move(file), path.string()));
}

Status Journal::Record(const std::string& change, const Json& object, const std::string& undo) {
  return Append({{"change", change}, {"object", object}, {"undo", undo}});
}

Status Journal::Undone(const std::string& change, const Json& object) {
  return Append({{"undone", change}, {"object", object}});
}

Status Journal::Append(const Json& line) {
  const std::lock_guard lock(mutex_);
  HOLDFAST_RETURN_IF_ERROR(WriteAll(file_.get(), DumpJson(line) + "\n", name_));
  if (::fdatasync(file_.get()) != 0 && errno != EINVAL)
    return Fail(ErrorCode::kUnavailable, "cannot sync the undo journal {}: {}", name_,
                ErrnoText(errno));
  return {};
}

}  // namespace holdfast::run
