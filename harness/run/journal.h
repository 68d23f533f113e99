// The undo journal: before anything is changed outside of what a run deletes anyway, a line says
// how it was.
#ifndef HOLDFAST_HARNESS_RUN_JOURNAL_H_
#define HOLDFAST_HARNESS_RUN_JOURNAL_H_

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::run {

// Thread-safe. Every line is on the disk before Record returns: a change must not be made when it
// fails.
class Journal {
 public:
  static Result<std::unique_ptr<Journal>> Open(const std::filesystem::path& path);
  // {"change":"create namespace","object":{...},"undo":"delete namespace"}.
  Status Record(const std::string& change, const Json& object, const std::string& undo);
  Status Undone(const std::string& change, const Json& object);

 private:
  explicit Journal(FileDescriptor file, std::string name)
      : file_(std::move(file)),
        name_(std::move(name)) {}
  Status Append(const Json& line);
  std::mutex mutex_;
  FileDescriptor file_;
  std::string name_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_JOURNAL_H_
