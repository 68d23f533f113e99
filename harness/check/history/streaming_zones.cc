#include "harness/check/history/streaming_zones.h"

#include <algorithm>
#include <limits>

#include "harness/check/history/model.h"

namespace holdfast::check::history {
namespace {

constexpr int64_t kAlways = std::numeric_limits<int64_t>::min();
constexpr size_t kFewest = 24;  // Live blocks below which forgetting is not worth a pass.

}  // namespace

StreamingZones::StreamingZones(int64_t initial) : next_pass_(kFewest) {
  table_.assign(64, {0, kNobody});
  Begin(initial, kAlways, false, 0);
  Acknowledge(initial, kAlways);
}

// --- the table -----------------------------------------------------------------------------------

size_t StreamingZones::Home(int64_t value) const {
  const uint64_t mixed = static_cast<uint64_t>(value) * 0x9E3779B97F4A7C15ULL;
  return (mixed ^ (mixed >> 32U)) & (table_.size() - 1);
}

int32_t StreamingZones::Find(int64_t value) const {
  for (size_t at = Home(value);; at = (at + 1) & (table_.size() - 1)) {
    if (table_[at].second == kNobody) return kNobody;
    if (table_[at].first == value) return table_[at].second;
  }
}

void StreamingZones::Insert(int64_t value, int32_t block) {
  if ((table_used_ + 1) * 2 > table_.size()) {
    std::vector<std::pair<int64_t, int32_t>> old(table_.size() * 2, {0, kNobody});
    old.swap(table_);
    table_used_ = 0;
    for (const auto& [known, at] : old)
      if (at != kNobody) Insert(known, at);
  }
  size_t at = Home(value);
  while (table_[at].second != kNobody)
    at = (at + 1) & (table_.size() - 1);
  table_[at] = {value, block};
  ++table_used_;
}

// Moves back what stands behind, so that no search ends early.
void StreamingZones::Erase(int64_t value) {
  const size_t mask = table_.size() - 1;
  size_t hole = Home(value);
  while (table_[hole].first != value || table_[hole].second == kNobody)
    hole = (hole + 1) & mask;
  for (size_t at = (hole + 1) & mask; table_[at].second != kNobody; at = (at + 1) & mask) {
    const size_t home = Home(table_[at].first);
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    table_[hole] = table_[at];
    hole = at;
  }
  table_[hole].second = kNobody;
  --table_used_;
}

// --- blocks --------------------------------------------------------------------------------------

int32_t StreamingZones::NewBlock() {
  ++live_blocks_;
  peak_ = std::max(peak_, live_blocks_);
  if (free_.empty()) {
    blocks_.emplace_back();
    return static_cast<int32_t>(blocks_.size()) - 1;
  }
  const int32_t block = free_.back();
  free_.pop_back();
  blocks_[static_cast<size_t>(block)] = {};
  return block;
}

void StreamingZones::ForgetBlock(int32_t block) {
  Block& entry = blocks_[static_cast<size_t>(block)];
  if (entry.unit != kNobody) --effective_blocks_;
  Erase(entry.value);
  free_.push_back(block);
  --live_blocks_;
}

void StreamingZones::Fail(Violation::Type type, int64_t value, int64_t other) {
  if (decision_ != Decision::kLinearizable) return;
  decision_ = Decision::kViolated;
  type_ = type;
  value_ = value;
  other_ = other;
}

void StreamingZones::Begin(int64_t value, int64_t start, bool swap, int64_t expected) {
  if (decision_ != Decision::kLinearizable) return;
  if (Find(value) != kNobody) {
    decision_ = Decision::kNotApplicable;
    value_ = value;
    return;
  }
  const int32_t at = NewBlock();
  Block& block = blocks_[static_cast<size_t>(at)];
  block.value = value;
  block.expected = expected;
  block.write_start = start;
  block.write_finish = block.least_finish = block.least_read_finish = kNever;
  block.greatest_read_start = kAlways;
  block.swap = swap;
  Insert(value, at);
}

void StreamingZones::Write(int64_t value, int64_t start) { Begin(value, start, false, 0); }
void StreamingZones::Swap(int64_t expected, int64_t value, int64_t start) {
  Begin(value, start, true, expected);
}

void StreamingZones::Acknowledge(int64_t value, int64_t finish) {
  if (decision_ != Decision::kLinearizable) return;
  const int32_t at = Find(value);
  // An open write cannot have been forgotten unless what overtook it was a violation.
  if (at == kNobody) return Fail(Violation::Type::kOrder, value, value);
  Block& block = blocks_[static_cast<size_t>(at)];
  block.write_finish = finish;
  block.least_finish = std::min(block.least_finish, finish);
  if (MakeEffective(at)) Touch(at, block.write_start, finish);
}

void StreamingZones::Refuse(int64_t value) {
  if (decision_ != Decision::kLinearizable) return;
  const int32_t at = Find(value);
  if (at == kNobody || blocks_[static_cast<size_t>(at)].unit != kNobody)
    return Fail(Violation::Type::kPhantom, value, value);
  ForgetBlock(at);
}

void StreamingZones::Read(int64_t value, int64_t start, int64_t finish) {
  if (decision_ != Decision::kLinearizable) return;
  const int32_t at = Find(value);
  if (at == kNobody) return Fail(Violation::Type::kPhantom, value, value);
  Block& block = blocks_[static_cast<size_t>(at)];
  if (finish < block.write_start) return Fail(Violation::Type::kFuture, value, value);
  block.least_read_finish = std::min(block.least_read_finish, finish);
  block.greatest_read_start = std::max(block.greatest_read_start, start);
  block.least_finish = std::min(block.least_finish, finish);
  if (MakeEffective(at)) Touch(at, start, finish);
}

// --- units ---------------------------------------------------------------------------------------

// Gives the block a unit; a compare-and-swap joins that of what it expected, which it makes
// effective, too. False after a violation.
bool StreamingZones::MakeEffective(int32_t at) {
  if (blocks_[static_cast<size_t>(at)].unit != kNobody) return true;
  work_.assign(1, at);
  while (!work_.empty()) {
    const int32_t next = work_.back();
    work_.pop_back();
    Block& block = blocks_[static_cast<size_t>(next)];
    if (block.unit == kNobody) block.unit = NewUnit(next);
    if (block.swap && block.previous == kNobody && !Link(next)) return false;
  }
  return true;
}

// Of a block that nobody has seen so far.
int32_t StreamingZones::NewUnit(int32_t first) {
  Block& block = blocks_[static_cast<size_t>(first)];
  block.first = true;
  ++effective_blocks_;
  const size_t unit = finish_.size();
  finish_.push_back(block.least_finish);
  start_.push_back(kAlways);
  first_.push_back(first);
  forgotten_start_.push_back(kAlways);
  if (unit % kGroup == 0) group_start_.push_back(kAlways);
  Raise(unit, std::max(block.write_start, block.greatest_read_start));
  return static_cast<int32_t>(unit);
}

void StreamingZones::Raise(size_t unit, int64_t start) {
  start_[unit] = std::max(start_[unit], start);
  group_start_[unit / kGroup] = std::max(group_start_[unit / kGroup], start);
  greatest_start_ = std::max(greatest_start_, start);
}

bool StreamingZones::Link(int32_t at) {
  Block& block = blocks_[static_cast<size_t>(at)];
  const int32_t before = Find(block.expected);
  if (before == kNobody) {
    Fail(Violation::Type::kPhantom, block.expected, block.value);
    return false;
  }
  Block& expected = blocks_[static_cast<size_t>(before)];
  if (expected.next != kNobody) {
    Fail(Violation::Type::kTwoCas, block.value, blocks_[static_cast<size_t>(expected.next)].value);
    return false;
  }
  for (int32_t i = before; i != kNobody; i = blocks_[static_cast<size_t>(i)].previous) {
    if (i != at) continue;
    Fail(Violation::Type::kCasCycle, block.value, expected.value);
    return false;
  }
  if (expected.unit == kNobody) {
    // As in MakeEffective; its own link, if it is a swap, comes next.
    expected.unit = NewUnit(before);
    if (expected.swap) work_.push_back(before);
  }
  expected.next = at;
  block.previous = before;
  block.first = false;
  const int32_t from = block.unit;
  const auto into = static_cast<size_t>(expected.unit);
  finish_[into] = std::min(finish_[into], finish_[static_cast<size_t>(from)]);
  Raise(into, start_[static_cast<size_t>(from)]);
  for (int32_t i = at; i != kNobody; i = blocks_[static_cast<size_t>(i)].next)
    blocks_[static_cast<size_t>(i)].unit = expected.unit;
  first_[static_cast<size_t>(from)] = kNobody;
  RemoveUnit(from);
  return CheckChain(at);
}

// REQUIRES room at `to`: the unit that was there is gone.
void StreamingZones::MoveUnit(size_t from, size_t to) {
  finish_[to] = finish_[from];
  start_[to] = start_[from];
  first_[to] = first_[from];
  forgotten_start_[to] = forgotten_start_[from];
  group_start_[to / kGroup] = std::max(group_start_[to / kGroup], start_[to]);
  if (from == to) return;
  for (int32_t i = first_[to]; i != kNobody; i = blocks_[static_cast<size_t>(i)].next)
    blocks_[static_cast<size_t>(i)].unit = static_cast<int32_t>(to);
}

void StreamingZones::Shrink(size_t units) {
  finish_.resize(units);
  start_.resize(units);
  first_.resize(units);
  forgotten_start_.resize(units);
  group_start_.resize((units + kGroup - 1) / kGroup);
}

// The last unit takes the place of the one removed.
void StreamingZones::RemoveUnit(int32_t unit) {
  const auto at = static_cast<size_t>(unit);
  if (at + 1 != finish_.size()) MoveUnit(finish_.size() - 1, at);
  Shrink(finish_.size() - 1);
}

void StreamingZones::Touch(int32_t at, int64_t start, int64_t finish) {
  const Block& block = blocks_[static_cast<size_t>(at)];
  const auto unit = static_cast<size_t>(block.unit);
  finish_[unit] = std::min(finish_[unit], finish);
  Raise(unit, start);
  if (block.least_read_finish < block.write_start)
    return Fail(Violation::Type::kFuture, block.value, block.value);
  if ((block.next != kNobody || !block.first) && !CheckChain(at)) return;
  CheckUnits(block.unit);
}

// The forced order inside a chain: writer, its reads, the next swap, its reads, ...
bool StreamingZones::CheckChain(int32_t at) {
  const auto unit = static_cast<size_t>(blocks_[static_cast<size_t>(at)].unit);
  int64_t greatest = forgotten_start_[unit];
  int64_t last = blocks_[static_cast<size_t>(at)].value;
  for (int32_t i = first_[unit]; i != kNobody; i = blocks_[static_cast<size_t>(i)].next) {
    const Block& block = blocks_[static_cast<size_t>(i)];
    if (block.write_finish < greatest ||
        block.least_read_finish < std::max(greatest, block.write_start)) {
      Fail(Violation::Type::kChain, block.value, last);
      return false;
    }
    greatest = std::max({greatest, block.write_start, block.greatest_read_start});
    last = block.value;
  }
  CheckUnits(static_cast<int32_t>(unit));
  return decision_ == Decision::kLinearizable;
}

// Two units that must each be before the other.
void StreamingZones::CheckUnits(int32_t unit) {
  const auto mine = static_cast<size_t>(unit);
  const int64_t finish = finish_[mine];
  const int64_t start = start_[mine];
  if (finish >= greatest_start_) return;  // Nothing can have to be after it yet.
  size_t wrong = finish_.size();
  for (size_t group = 0; group < group_start_.size(); ++group) {
    if (finish >= group_start_[group]) continue;
    const size_t end = std::min(finish_.size(), (group + 1) * kGroup);
    for (size_t i = group * kGroup; i < end; ++i)
      if (finish < start_[i] && finish_[i] < start && i != mine) wrong = i;
  }
  if (wrong == finish_.size()) return;
  Fail(Violation::Type::kOrder, blocks_[static_cast<size_t>(first_[mine])].value,
       blocks_[static_cast<size_t>(first_[wrong])].value);
}

// --- forgetting ----------------------------------------------------------------------------------

void StreamingZones::Advance(int64_t watermark) {
  if (effective_blocks_ < next_pass_ || decision_ != Decision::kLinearizable) return;
  // The two greatest starts among units with something that ended before the watermark.
  int64_t greatest = kAlways;
  int64_t second = kAlways;
  size_t owner = finish_.size();
  for (size_t i = 0; i < finish_.size(); ++i) {
    if (finish_[i] >= watermark) continue;
    if (start_[i] > greatest) {
      second = greatest;
      greatest = start_[i];
      owner = i;
    } else {
      second = std::max(second, start_[i]);
    }
  }
  // What stays keeps its order: units that began late stand late, so that few groups are looked into.
  std::fill(group_start_.begin(), group_start_.end(), kAlways);
  size_t kept = 0;
  for (size_t i = 0; i < finish_.size(); ++i) {
    const int64_t other = i == owner ? second : greatest;
    if (finish_[i] >= watermark || finish_[i] >= other) {
      ForgetChain(static_cast<int32_t>(i), watermark);
      MoveUnit(i, kept++);
      continue;
    }
    for (int32_t at = first_[i]; at != kNobody;) {
      const int32_t next = blocks_[static_cast<size_t>(at)].next;
      ForgetBlock(at);
      at = next;
    }
  }
  Shrink(kept);
  next_pass_ = effective_blocks_ + std::max(kFewest, effective_blocks_ / 4);
}

// Blocks before one that is proven to be over: whatever touches them later breaks the chain.
void StreamingZones::ForgetChain(int32_t unit, int64_t watermark) {
  const auto at = static_cast<size_t>(unit);
  int32_t over = kNobody;
  for (int32_t i = first_[at]; i != kNobody; i = blocks_[static_cast<size_t>(i)].next)
    if (blocks_[static_cast<size_t>(i)].least_finish < watermark) over = i;
  while (over != kNobody && first_[at] != over) {
    const int32_t gone = first_[at];
    const Block& block = blocks_[static_cast<size_t>(gone)];
    forgotten_start_[at] =
        std::max({forgotten_start_[at], block.write_start, block.greatest_read_start});
    first_[at] = block.next;
    ForgetBlock(gone);
    Block& head = blocks_[static_cast<size_t>(first_[at])];
    head.previous = kNobody;
    head.first = false;  // Its chain goes on backwards, out of sight.
    head.swap = false;   // And is linked already.
  }
}

}  // namespace holdfast::check::history
