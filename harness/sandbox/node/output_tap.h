// A live copy of a container's output for one attached client.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_OUTPUT_TAP_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_OUTPUT_TAP_H_

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "harness/base/files.h"

namespace holdfast::sandbox::node {

// Thread-safe: the container's pump writes, one session reads.
class OutputTap {
 public:
  OutputTap();
  // A reader that is more than 4 MiB behind loses the rest: it must never hold the container up.
  void Write(bool standard_error, std::string_view bytes);
  void Finish();

  // Readable when there is something to take.
  [[nodiscard]] int fd() const { return event_.get(); }
  struct Taken {
    std::string out;
    std::string err;
    bool finished = false;  // Nothing follows.
  };
  Taken Take();

 private:
  std::mutex mutex_;
  Taken pending_;
  FileDescriptor event_;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_OUTPUT_TAP_H_
