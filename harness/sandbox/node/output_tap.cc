#include "harness/sandbox/node/output_tap.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace holdfast::sandbox::node {
namespace {

constexpr size_t kMostPending = size_t{4} << 20U;

void Ring(int fd) {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
}

}  // namespace

OutputTap::OutputTap() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void OutputTap::Write(bool standard_error, std::string_view bytes) {
  {
    const std::scoped_lock lock(mutex_);
    if (pending_.finished) return;
    if (pending_.out.size() + pending_.err.size() > kMostPending)
      pending_.finished = true;
    else
      (standard_error ? pending_.err : pending_.out) += bytes;
  }
  Ring(event_.get());
}

void OutputTap::Finish() {
  {
    const std::scoped_lock lock(mutex_);
    pending_.finished = true;
  }
  Ring(event_.get());
}

OutputTap::Taken OutputTap::Take() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(event_.get(), &count, sizeof count);
  const std::scoped_lock lock(mutex_);
  Taken taken = std::exchange(pending_, {});
  pending_.finished = taken.finished;
  return taken;
}

}  // namespace holdfast::sandbox::node
