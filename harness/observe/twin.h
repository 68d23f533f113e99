// Compares two watches of one resource. A watch that leaves an event out, or sends one twice, looks
// whole by itself; beside a second one it does not.
#ifndef HOLDFAST_HARNESS_OBSERVE_TWIN_H_
#define HOLDFAST_HARNESS_OBSERVE_TWIN_H_

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "harness/base/clock.h"

namespace holdfast::observe {

// Both watches are told the same events in the same order, each at its own pace. Versions are
// compared as numbers, which Kubernetes promises within one resource since 1.35 and has always
// kept; a version that is no number ends the comparison. Not thread-safe.
class Twin {
 public:
  enum Side { kRecorded = 0, kSecond = 1 };

  // `side` has listed and goes on from `version`: also after it had lost its place.
  void Listed(Side side, const std::string& version);
  // An event of `side`. Returns what is wrong, once; the comparison then goes on behind it.
  std::optional<std::string> Event(Side side, const std::string& version, Nanos now);
  // The last version up to which both sides are known to be equal, before what Event or Overdue
  // has just told.
  [[nodiscard]] uint64_t agreed() const { return agreed_; }
  // What one side still owes for longer than `patience`.
  std::optional<std::string> Overdue(Nanos now, Nanos patience);

 private:
  struct Seen {
    uint64_t version = 0;
    Nanos at{0};
  };
  struct Stream {
    bool listed = false;
    uint64_t list_version = 0;
    uint64_t last = 0;
    std::deque<Seen> waiting;  // Not yet seen on the other side.
  };
  void DropCovered();
  std::optional<std::string> Match();
  void GoOnBehind(uint64_t version);

  std::array<Stream, 2> streams_;
  uint64_t floor_ = 0;   // Events up to it are not compared.
  uint64_t agreed_ = 0;
  bool comparable_ = true;
};

}  // namespace holdfast::observe

#endif  // HOLDFAST_HARNESS_OBSERVE_TWIN_H_
