// Lines out of a pipe that is polled together with other things.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_LINE_READER_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_LINE_READER_H_

#include <optional>
#include <string>

#include "harness/base/files.h"

namespace holdfast::sandbox {

class LineReader {
 public:
  explicit LineReader(FileDescriptor fd) : fd_(std::move(fd)) {}
  // -1 after the end: poll ignores it.
  [[nodiscard]] int fd() const { return fd_.get(); }
  // Reads once; to be called when poll says so. False at the end.
  bool Fill();
  // The next whole line without its newline.
  std::optional<std::string> Take();

 private:
  FileDescriptor fd_;
  std::string buffer_;
};

// One line in one write, so that lines of several writers do not mix.
void WriteLine(int fd, std::string line);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_LINE_READER_H_
