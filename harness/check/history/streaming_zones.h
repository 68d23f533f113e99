// The test of zones.h while the history is still being made: memory depends on the number of
// clients and of crashed writes that nobody saw, not on the length.
//
// A unit is forgotten once it is certain that nothing legal can touch it again: some operation of
// it ended before one of another unit began, and that other unit has an operation that ended before
// anything still open began. What is read afterwards of a forgotten value is a violation.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_STREAMING_ZONES_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_STREAMING_ZONES_H_

#include <cstdint>
#include <limits>
#include <vector>

#include "harness/check/history/violation.h"

namespace holdfast::check::history {

// One key. Calls come in the order of time; values are unique integers. Not thread-safe.
class StreamingZones {
 public:
  explicit StreamingZones(int64_t initial);
  // A write or a compare-and-swap is sent.
  void Write(int64_t value, int64_t start);
  void Swap(int64_t expected, int64_t value, int64_t start);
  // It is acknowledged, or surely had no effect. What has an unknown outcome calls neither.
  void Acknowledge(int64_t value, int64_t finish);
  void Refuse(int64_t value);
  // A read is answered.
  void Read(int64_t value, int64_t start, int64_t finish);
  // Nothing that is open, or will begin, began before `watermark`. Forgets when it is worth it.
  void Advance(int64_t watermark);
  // Whether Advance would do something: finding the watermark can be saved otherwise.
  [[nodiscard]] bool WantsAdvance() const { return effective_blocks_ >= next_pass_; }

  // kNotApplicable when a value was written twice.
  [[nodiscard]] Decision decision() const { return decision_; }
  // What contradicts, and by which values (`other` may be equal).
  [[nodiscard]] Violation::Type type() const { return type_; }
  [[nodiscard]] int64_t value() const { return value_; }
  [[nodiscard]] int64_t other() const { return other_; }
  [[nodiscard]] size_t live() const { return live_blocks_; }
  [[nodiscard]] size_t peak() const { return peak_; }

 private:
  static constexpr int32_t kNobody = -1;
  static constexpr size_t kGroup = 16;
  struct Block {
    int64_t value = 0;
    int64_t expected = 0;  // Of a compare-and-swap.
    int64_t write_start = 0;
    int64_t least_finish = 0;        // Of its writer and its reads.
    int64_t write_finish = 0;
    int64_t least_read_finish = 0;
    int64_t greatest_read_start = 0;
    int32_t next = kNobody;
    int32_t previous = kNobody;
    int32_t unit = kNobody;  // kNobody until somebody saw it or it was acknowledged.
    bool swap = false;
    bool first = false;  // Of the live part of its chain.
  };
  void Begin(int64_t value, int64_t start, bool swap, int64_t expected);
  void Fail(Violation::Type type, int64_t value, int64_t other);
  bool MakeEffective(int32_t block);
  bool Link(int32_t block);
  void Touch(int32_t block, int64_t start, int64_t finish);
  bool CheckChain(int32_t block);
  void CheckUnits(int32_t unit);
  int32_t NewUnit(int32_t first);
  void Raise(size_t unit, int64_t start);
  void MoveUnit(size_t from, size_t to);
  void Shrink(size_t units);
  void RemoveUnit(int32_t unit);
  void ForgetChain(int32_t unit, int64_t watermark);
  void ForgetBlock(int32_t block);
  int32_t NewBlock();
  [[nodiscard]] int32_t Find(int64_t value) const;
  [[nodiscard]] size_t Home(int64_t value) const;
  void Insert(int64_t value, int32_t block);
  void Erase(int64_t value);

  Decision decision_ = Decision::kLinearizable;
  Violation::Type type_ = Violation::Type::kPhantom;
  int64_t value_ = 0;
  int64_t other_ = 0;
  std::vector<Block> blocks_;
  std::vector<int32_t> free_;
  // Units, side by side: least finish, greatest start, first live block, greatest start of what the
  // chain has forgotten.
  std::vector<int64_t> finish_;
  std::vector<int64_t> start_;
  std::vector<int32_t> first_;
  std::vector<int64_t> forgotten_start_;
  // At least the greatest start of every kGroup units: most groups need not be looked into.
  std::vector<int64_t> group_start_;
  // Of all units that ever were: what ends after it contradicts none of them.
  int64_t greatest_start_ = std::numeric_limits<int64_t>::min();
  // Value -> block, open addressing without tombstones.
  std::vector<std::pair<int64_t, int32_t>> table_;
  size_t table_used_ = 0;
  size_t live_blocks_ = 0;
  size_t effective_blocks_ = 0;
  size_t next_pass_ = 0;
  size_t peak_ = 0;
  std::vector<int32_t> work_;
};

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_STREAMING_ZONES_H_
