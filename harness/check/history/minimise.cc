#include "harness/check/history/minimise.h"

#include <algorithm>

namespace holdfast::check::history {
namespace {

constexpr FrontierLimits kLimits{.configurations = 1U << 12U, .steps = 100'000};

class Minimiser {
 public:
  Minimiser(std::vector<Op> ops, uint32_t initial, Frontier& frontier, int64_t budget)
      : ops_(std::move(ops)), initial_(initial), frontier_(frontier), budget_(budget) {}

  std::vector<Op> Run() {
    for (size_t before = ops_.size() + 1; ops_.size() < before;) {
      before = ops_.size();
      DropReads();
      DropValues();
    }
    return std::move(ops_);
  }

 private:
  // Whether these still are not linearizable; then they are taken.
  bool Try(std::vector<Op> fewer) {
    budget_ -= static_cast<int64_t>(fewer.size());
    if (budget_ < 0) return false;
    const FrontierResult result = frontier_.CheckRegister(fewer, initial_, kLimits);
    if (result.decision != Decision::kViolated) return false;
    ops_ = std::move(fewer);
    return true;
  }

  void DropReads() {
    for (size_t i = ops_.size(); i-- > 0;) {
      if (ops_[i].kind != Kind::kRead && ops_[i].kind != Kind::kNotEqual) continue;
      std::vector<Op> fewer = ops_;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      Try(std::move(fewer));
    }
  }

  void DropValues() {
    // "The state was not a" may hold only because of the value that is dropped.
    if (std::any_of(ops_.begin(), ops_.end(),
                    [](const Op& op) { return op.kind == Kind::kNotEqual; }))
      return;
    std::vector<uint32_t> values;
    for (const Op& op : ops_)
      values.push_back(op.kind == Kind::kRead ? op.a : op.b);
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    for (const uint32_t value : values) {
      if (value == initial_) continue;
      std::vector<Op> fewer;
      for (Op op : ops_) {
        if ((op.kind == Kind::kRead && op.a == value) || (op.kind != Kind::kRead && op.b == value))
          continue;
        if (op.kind == Kind::kCas && op.a == value) {
          op.kind = Kind::kWrite;
          op.a = kNil;
        }
        fewer.push_back(op);
      }
      Try(std::move(fewer));
    }
  }

  std::vector<Op> ops_;
  uint32_t initial_;
  Frontier& frontier_;
  int64_t budget_;
};

}  // namespace

std::vector<Op> Minimise(std::span<const Op> ops,
                         uint32_t initial,
                         uint32_t failed,
                         Frontier& frontier,
                         int64_t budget) {
  int64_t until = kNever;
  for (const Op& op : ops)
    if (op.index == failed) until = op.finish;
  std::vector<Op> window;
  for (Op op : ops) {
    if (op.start > until) continue;
    // What had not ended by then: its end cannot matter any more, but its effect can.
    if (op.finish > until) {
      if (op.kind == Kind::kRead || op.kind == Kind::kNotEqual) continue;
      op.end = End::kInfo;
      op.finish = kNever;
    }
    window.push_back(op);
  }
  if (frontier.CheckRegister(window, initial, kLimits).decision != Decision::kViolated)
    return {ops.begin(), ops.end()};
  return Minimiser(std::move(window), initial, frontier, budget).Run();
}

}  // namespace holdfast::check::history
