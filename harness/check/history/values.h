// Integers and texts as dense numbers, in the order in which they are first met.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_VALUES_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_VALUES_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::check::history {

// The number of "nothing": nil, null, absent.
inline constexpr uint32_t kNil = 0;
// No number at all.
inline constexpr uint32_t kNone = 0xffffffffU;

// The integer 7 and the text "7" are two values. Not thread-safe.
class Values {
 public:
  Values();
  // The number of a value, a new one when it was not met before.
  uint32_t Integer(int64_t value);
  uint32_t Text(std::string_view text);
  // The number of a value, or kNone.
  [[nodiscard]] uint32_t FindInteger(int64_t value) const;
  [[nodiscard]] size_t size() const { return numbers_.size(); }
  // For people: "nil", 4711, or the text itself.
  [[nodiscard]] std::string Show(uint32_t id) const;
  // The text itself; empty for integers and nil.
  [[nodiscard]] std::string_view TextOf(uint32_t id) const;
  [[nodiscard]] bool IsInteger(uint32_t id) const {
    return id != kNil && texts_of_.size() <= id ? true : id != kNil && texts_of_[id] == 0;
  }
  // REQUIRES IsInteger.
  [[nodiscard]] int64_t NumberOf(uint32_t id) const { return numbers_[id]; }

 private:
  void Grow();
  [[nodiscard]] size_t Slot(int64_t value) const;

  std::vector<int64_t> numbers_;     // By id; 0 for texts.
  std::vector<uint32_t> texts_of_;   // By id: 0 or 1 + index into texts_; short while all are integers.
  std::vector<uint32_t> table_;      // Open addressing over ids of integers; kNone is free.
  size_t integers_ = 0;
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, uint32_t> by_text_;
};

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_VALUES_H_
