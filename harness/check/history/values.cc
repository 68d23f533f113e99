#include "harness/check/history/values.h"

#include "harness/check/history/big_memory.h"

namespace holdfast::check::history {

namespace {
constexpr size_t kFirstTable = 64;  // A power of two, like every later size.
}  // namespace

Values::Values() : numbers_{0}, texts_of_{0}, table_(kFirstTable, kNone) {}

// Fibonacci hashing: neighbours scatter, the upper bits choose.
size_t Values::Slot(int64_t value) const {
  uint64_t mixed = static_cast<uint64_t>(value) * 0x9E3779B97F4A7C15ULL;
  mixed ^= mixed >> 32U;
  size_t slot = mixed & (table_.size() - 1);
  while (table_[slot] != kNone && numbers_[table_[slot]] != value)
    slot = (slot + 1) & (table_.size() - 1);
  return slot;
}

uint32_t Values::Integer(int64_t value) {
  size_t slot = Slot(value);
  if (table_[slot] != kNone) return table_[slot];
  if ((integers_ + 1) * 2 > table_.size()) {
    Grow();
    slot = Slot(value);
  }
  const auto id = static_cast<uint32_t>(numbers_.size());
  table_[slot] = id;
  ++integers_;
  if (numbers_.size() == numbers_.capacity()) ReserveBig(numbers_, 2 * numbers_.size());
  numbers_.push_back(value);
  return id;
}

uint32_t Values::FindInteger(int64_t value) const { return table_[Slot(value)]; }

void Values::Grow() {
  std::vector<uint32_t> old;
  AssignBig(old, table_.size() * 2, kNone);
  old.swap(table_);
  for (const uint32_t id : old)
    if (id != kNone) table_[Slot(numbers_[id])] = id;
}

uint32_t Values::Text(std::string_view text) {
  if (const auto found = by_text_.find(text); found != by_text_.end()) return found->second;
  texts_.emplace_back(text);
  const auto id = static_cast<uint32_t>(numbers_.size());
  numbers_.push_back(0);
  texts_of_.resize(numbers_.size(), 0);
  texts_of_[id] = static_cast<uint32_t>(texts_.size());
  by_text_.emplace(texts_.back(), id);
  return id;
}

std::string_view Values::TextOf(uint32_t id) const {
  if (id >= texts_of_.size() || texts_of_[id] == 0) return {};
  return texts_[texts_of_[id] - 1];
}

std::string Values::Show(uint32_t id) const {
  if (id == kNil) return "nil";
  if (id >= numbers_.size()) return "?";
  return IsInteger(id) ? std::to_string(numbers_[id]) : std::string(TextOf(id));
}

}  // namespace holdfast::check::history
