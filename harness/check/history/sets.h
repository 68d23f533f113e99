// What became of every element of a set: kept, lost, stale, duplicated, phantom, resurrected.
//
// An element is known once its add was acknowledged or a read has shown it. Then every read that
// begins later must show it: one that does not is stale, and when no later read shows it any more,
// the element is lost (Jepsen's set-full, in O(elements/64 + changes) per read: reads are bitmaps,
// and only bits that changed since the read before touch an element).
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_SETS_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_SETS_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/check/history/model.h"

namespace holdfast::check::history {

// The per-element histories of one set whose elements are dense numbers. 16 bytes and 2 bits per
// element. Not thread-safe.
class SetTimeline {
 public:
  explicit SetTimeline(size_t elements);
  // The add of the element was acknowledged.
  void Acknowledge(uint32_t element, int64_t finish);
  // A whole read, in the order of `start`; bit e of `present` is element e. REQUIRES as many words
  // as `elements` fill.
  void Read(int64_t start, int64_t finish, std::span<const uint64_t> present);
  // After the last read.
  void Finish();

  enum class Fate : uint8_t {
    kKept,       // In every read that began after it was known.
    kNeverRead,  // No read began after it was known.
    kStale,      // Missing from a read that began after it was known, and there later.
    kLost,       // Missing from the last reads that began after it was known.
    kAbsent,     // Never acknowledged nor seen.
  };
  // REQUIRES Finish.
  [[nodiscard]] Fate FateOf(uint32_t element) const;
  // Index, by start, of the latest read that showed or missed it; kNone when none did.
  [[nodiscard]] uint32_t LastPresent(uint32_t element) const { return elements_[element].present; }
  [[nodiscard]] uint32_t LastAbsent(uint32_t element) const { return elements_[element].absent; }
  [[nodiscard]] int64_t Known(uint32_t element) const { return elements_[element].known; }
  [[nodiscard]] size_t size() const { return elements_.size(); }

 private:
  struct Element {
    int64_t known = kNever;
    uint32_t present = kNone;
    uint32_t absent = kNone;
  };
  void Change(uint32_t element, bool present);
  void TakeEarlierFinish(std::span<const uint64_t> present);

  std::vector<Element> elements_;
  std::vector<uint64_t> previous_;
  std::vector<int64_t> starts_;  // Of the reads.
  int64_t finish_ = 0;           // Of the read that is taken in.
  // Elements that a read to come may show to have been known earlier: it may end before what told it.
  std::vector<uint32_t> young_;
};

// One element that is not as it should be.
struct SetFinding {
  // kBackwards: `read` misses what `before`, an earlier read of the same client, had shown.
  enum class Type : uint8_t { kLost, kStale, kDuplicated, kPhantom, kResurrected, kBackwards };
  Type type = Type::kLost;
  uint32_t key = 0;
  uint32_t value = 0;
  uint32_t add = kNone;   // Operation, when somebody attempted it; of a phantom, after the read.
  uint32_t read = kNone;  // Operation that shows the matter.
  uint32_t before = kNone;  // Operation, for kBackwards.
  int64_t times = 0;      // For kDuplicated.
};

struct SetReport {
  std::vector<SetFinding> findings;  // At most kMostSetFindings of each type.
  std::array<int64_t, 6> counts{};   // By type.
  int64_t elements = 0;
  int64_t acknowledged = 0;
  int64_t reads = 0;        // Whole ones that were answered.
  int64_t partial = 0;      // Window reads.
  int64_t again = 0;        // Whole reads by a client that had read the same set before.
  int64_t never_read = 0;   // Acknowledged elements that no later read could show.
  int64_t recovered = 0;    // Of unknown outcome, and present.
};
inline constexpr size_t kMostSetFindings = 20;

SetReport CheckSets(const History& history);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_SETS_H_
