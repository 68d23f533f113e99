#include "harness/check/history/zones.h"

#include <algorithm>

#include "harness/check/history/big_memory.h"
#include "harness/check/history/nearly_sorted.h"

namespace holdfast::check::history {
namespace {

constexpr int64_t kAlways = std::numeric_limits<int64_t>::min();

void Found(ZonesResult& result, Violation::Type type, std::vector<uint32_t> ops) {
  result.decision = Decision::kViolated;
  result.violation.type = type;
  result.violation.ops = std::move(ops);
}

}  // namespace

int32_t& Zones::Slot(uint32_t value) {
  if (value >= block_of_.size()) {
    const size_t size = std::max<size_t>(value + 1, block_of_.size() * 2);
    ReserveBig(block_of_, size);
    block_of_.resize(size, kNobody);
  }
  return block_of_[value];
}

ZonesResult Zones::Check(std::span<const Op> ops, uint32_t initial) {
  ZonesResult result;
  blocks_.clear();
  units_.clear();
  used_.clear();
  work_.clear();
  if (!MakeBlocks(ops, initial)) {
    result.decision = Decision::kNotApplicable;
  } else if (TakeReads(ops, result) && LinkChains(ops, result) && MakeUnits(ops, result)) {
    OrderUnits(ops, result);
  }
  for (const uint32_t value : used_)
    block_of_[value] = kNobody;
  return result;
}

// One block per write; false when two writes share a value. The initial value has a virtual write
// before everything.
bool Zones::MakeBlocks(std::span<const Op> ops, uint32_t initial) {
  const auto writes = static_cast<size_t>(std::count_if(
      ops.begin(), ops.end(), [](const Op& op) { return op.kind != Kind::kRead; }));
  ReserveBig(blocks_, writes + 1);
  ReserveBig(used_, writes + 1);
  blocks_.push_back({.write_start = kAlways, .write_finish = kAlways, .greatest_read_start = kAlways, .effective = true});
  Slot(initial) = 0;
  used_.push_back(initial);
  for (size_t i = 0; i < ops.size(); ++i) {
    const Op& op = ops[i];
    if (op.kind == Kind::kRead) continue;
    if (op.kind != Kind::kWrite && op.kind != Kind::kCas) return false;
    int32_t& slot = Slot(op.b);
    if (slot != kNobody) return false;
    slot = static_cast<int32_t>(blocks_.size());
    used_.push_back(op.b);
    blocks_.push_back({.write_start = op.start,
                       .write_finish = op.finish,
                       .greatest_read_start = kAlways,
                       .writer = static_cast<int32_t>(i),
                       .effective = op.end == End::kOk});
  }
  return true;
}

bool Zones::TakeReads(std::span<const Op> ops, ZonesResult& result) {
  for (const Op& op : ops) {
    if (op.kind != Kind::kRead) continue;
    const int32_t at = op.a < block_of_.size() ? block_of_[op.a] : kNobody;
    if (at == kNobody) {
      Found(result, Violation::Type::kPhantom, {op.index});
      return false;
    }
    Block& block = blocks_[static_cast<size_t>(at)];
    if (op.finish < block.write_start) {
      Found(result, Violation::Type::kFuture,
            {op.index, ops[static_cast<size_t>(block.writer)].index});
      return false;
    }
    block.least_read_finish = std::min(block.least_read_finish, op.finish);
    block.greatest_read_start = std::max(block.greatest_read_start, op.start);
    if (!block.effective) {
      block.effective = true;
      work_.push_back(at);
    }
  }
  return true;
}

// An effective compare-and-swap makes what it expected effective and follows it at once.
bool Zones::LinkChains(std::span<const Op> ops, ZonesResult& result) {
  for (size_t i = 1; i < blocks_.size(); ++i) {
    const Op& writer = ops[static_cast<size_t>(blocks_[i].writer)];
    if (writer.kind == Kind::kCas && writer.end == End::kOk) work_.push_back(static_cast<int32_t>(i));
  }
  bool sound = true;
  while (!work_.empty()) {
    const int32_t at = work_.back();
    work_.pop_back();
    Block& block = blocks_[static_cast<size_t>(at)];
    if (!sound || block.writer == kNobody || block.previous != kNobody) continue;
    const Op& writer = ops[static_cast<size_t>(block.writer)];
    if (writer.kind != Kind::kCas) continue;
    const int32_t before = writer.a < block_of_.size() ? block_of_[writer.a] : kNobody;
    if (before == kNobody) {
      Found(result, Violation::Type::kPhantom, {writer.index});
      sound = false;
      continue;
    }
    Block& expected = blocks_[static_cast<size_t>(before)];
    if (expected.next != kNobody) {
      const Block& other = blocks_[static_cast<size_t>(expected.next)];
      Found(result, Violation::Type::kTwoCas,
            {writer.index, ops[static_cast<size_t>(other.writer)].index});
      sound = false;
      continue;
    }
    expected.next = at;
    block.previous = before;
    if (!expected.effective) {
      expected.effective = true;
      work_.push_back(before);
    }
  }
  return sound;
}

// Walks every chain in its forced order: writer, its reads, the next swap, its reads, ...
bool Zones::MakeUnits(std::span<const Op> ops, ZonesResult& result) {
  size_t effective = 0;
  size_t walked = 0;
  ReserveBig(units_, blocks_.size());
  for (size_t i = 0; i < blocks_.size(); ++i) {
    if (!blocks_[i].effective) {
      ++result.unobserved;
      continue;
    }
    ++effective;
    if (blocks_[i].previous != kNobody) continue;
    int64_t finish = kNever;
    int64_t greatest = kAlways;
    for (auto at = static_cast<int32_t>(i); at != kNobody; at = blocks_[static_cast<size_t>(at)].next) {
      const Block& block = blocks_[static_cast<size_t>(at)];
      ++walked;
      const bool late_write = block.write_finish < greatest;
      greatest = std::max(greatest, block.write_start);
      if (late_write || block.least_read_finish < greatest) {
        ExplainChain(ops, at, result.violation);
        result.decision = Decision::kViolated;
        return false;
      }
      greatest = std::max(greatest, block.greatest_read_start);
      finish = std::min({finish, block.write_finish, block.least_read_finish});
    }
    units_.push_back({.finish = finish, .start = greatest, .root = static_cast<int32_t>(i)});
  }
  if (walked == effective) return true;
  // Blocks that no root reaches form a cycle.
  std::vector<bool> reached(blocks_.size(), false);
  for (const Unit& unit : units_)
    for (int32_t at = unit.root; at != kNobody; at = blocks_[static_cast<size_t>(at)].next)
      reached[static_cast<size_t>(at)] = true;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    if (!blocks_[i].effective || reached[i]) continue;
    std::vector<uint32_t> cycle;
    auto at = static_cast<int32_t>(i);
    do {
      cycle.push_back(ops[static_cast<size_t>(blocks_[static_cast<size_t>(at)].writer)].index);
      at = blocks_[static_cast<size_t>(at)].next;
    } while (at != static_cast<int32_t>(i) && cycle.size() < 6);
    Found(result, Violation::Type::kCasCycle, std::move(cycle));
    break;
  }
  return false;
}

// By ascending finish: a forward unit must not overlap another one, a backward unit must not lie
// inside a forward one.
bool Zones::OrderUnits(std::span<const Op> ops, ZonesResult& result) {
  SortNearlySorted(units_, [](const Unit& x, const Unit& y) { return x.finish < y.finish; });
  ReserveBig(greatest_, units_.size());
  greatest_.resize(units_.size());
  for (size_t i = 0; i < units_.size(); ++i) {
    greatest_[i] = {units_[i].start, units_[i].root};
    if (i > 0 && greatest_[i - 1].first > greatest_[i].first) greatest_[i] = greatest_[i - 1];
  }
  for (size_t i = 0; i < units_.size(); ++i) {
    const Unit& unit = units_[i];
    size_t before = i;
    if (unit.finish >= unit.start) {
      const auto end = units_.begin() + static_cast<std::ptrdiff_t>(i);
      before = static_cast<size_t>(
          std::lower_bound(units_.begin(), end, unit.start,
                           [](const Unit& x, int64_t start) { return x.finish < start; }) -
          units_.begin());
    }
    if (before == 0 || greatest_[before - 1].first <= unit.finish) continue;
    result.decision = Decision::kViolated;
    ExplainOrder(ops, greatest_[before - 1].second, unit.root, result.violation);
    return false;
  }
  return true;
}

int32_t Zones::RootOf(int32_t block) const {
  while (blocks_[static_cast<size_t>(block)].previous != kNobody)
    block = blocks_[static_cast<size_t>(block)].previous;
  return block;
}

int32_t Zones::BlockOf(const Op& op) const { return block_of_[op.kind == Kind::kRead ? op.a : op.b]; }

// For each unit the operation with the least finish and the one with the greatest start.
void Zones::ExplainOrder(std::span<const Op> ops, int32_t x, int32_t y, Violation& violation) const {
  const Op* least[2] = {nullptr, nullptr};
  const Op* greatest[2] = {nullptr, nullptr};
  std::vector<int8_t> side(blocks_.size(), -1);
  for (const int32_t root : {x, y})
    for (int32_t at = root; at != kNobody; at = blocks_[static_cast<size_t>(at)].next)
      side[static_cast<size_t>(at)] = root == x ? 0 : 1;
  for (const Op& op : ops) {
    const int8_t which = side[static_cast<size_t>(BlockOf(op))];
    if (which < 0) continue;
    const auto at = static_cast<size_t>(which);
    if (least[at] == nullptr || op.finish < least[at]->finish) least[at] = &op;
    if (greatest[at] == nullptr || op.start > greatest[at]->start) greatest[at] = &op;
  }
  violation.type = Violation::Type::kOrder;
  // Of the initial value nobody is the writer: its side is told by its reads alone.
  for (const size_t first : {size_t{0}, size_t{1}}) {
    const Op* earlier = least[first];
    const Op* later = greatest[1 - first];
    if (earlier == nullptr || later == nullptr || earlier->finish >= later->start) {
      // The virtual write of the initial value precedes everything.
      violation.ops.insert(violation.ops.begin(),
                           {kNone, later == nullptr ? kNone : later->index});
      continue;
    }
    violation.ops.push_back(earlier->index);
    violation.ops.push_back(later->index);
  }
}

// The two operations of the chain that are in the wrong order: one in or before `block`, one in it.
void Zones::ExplainChain(std::span<const Op> ops, int32_t block, Violation& violation) const {
  std::vector<int32_t> rank(blocks_.size(), -1);
  int32_t next = 0;
  for (int32_t at = RootOf(block); at != kNobody; at = blocks_[static_cast<size_t>(at)].next)
    rank[static_cast<size_t>(at)] = next++;
  const int32_t last = rank[static_cast<size_t>(block)];
  // Groups in the forced order: the writer of block r is 2r, its reads are 2r + 1.
  const auto group = [&](const Op& op) {
    const int32_t at = rank[static_cast<size_t>(BlockOf(op))];
    return at < 0 || at > last ? -1 : 2 * at + (op.kind == Kind::kRead ? 1 : 0);
  };
  violation.type = Violation::Type::kChain;
  for (const Op& late : ops) {
    const int32_t of_late = group(late);
    if (of_late < 2 * last) continue;
    for (const Op& early : ops) {
      const int32_t of_early = group(early);
      if (of_early < 0 || of_early >= of_late || late.finish >= early.start) continue;
      violation.ops = {early.index, late.index};
      return;
    }
  }
}

}  // namespace holdfast::check::history
