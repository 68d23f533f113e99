#include "harness/check/history/torn.h"

#include <algorithm>

namespace holdfast::check::history {
namespace {

constexpr size_t kLeast = 4;

// How many characters both begin with.
size_t CommonHead(std::string_view a, std::string_view b) {
  return static_cast<size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())),
                    b.begin())
          .first -
      a.begin());
}

size_t CommonTail(std::string_view a, std::string_view b) {
  size_t length = 0;
  while (length < std::min(a.size(), b.size()) && a[a.size() - 1 - length] == b[b.size() - 1 - length])
    ++length;
  return length;
}

class Finder {
 public:
  explicit Finder(const History& history) : history_(history) {}

  TornReport Run() {
    written_.assign(history_.values.size(), false);
    written_[kNil] = true;
    for (const Op& op : history_.ops)
      if (Writes(op)) written_[op.b] = true;
    for (const Op& op : history_.ops) {
      if (op.end != End::kOk) continue;
      if (op.kind == Kind::kRead) {
        ++report_.reads;
        Look(op, op.a);
      } else if (op.kind == Kind::kReadSet) {
        ++report_.reads;
        for (uint32_t i = op.a; i < op.a + op.b; ++i)
          Look(op, history_.pool[i]);
      }
    }
    return std::move(report_);
  }

 private:
  static bool Writes(const Op& op) {
    return op.kind == Kind::kWrite || op.kind == Kind::kCas || op.kind == Kind::kAdd ||
           op.kind == Kind::kAppend;
  }

  void Look(const Op& read, uint32_t value) {
    if (written_[value]) return;
    written_[value] = true;  // Told, or not to be tried again.
    if (++tried_ > kMostTried) return;
    const std::string text = history_.values.Show(value);
    const uint32_t key = history_.origins[read.index].key;
    uint32_t head = kNone;
    uint32_t tail = kNone;
    size_t head_length = 0;
    size_t tail_length = 0;
    for (const Op& op : history_.ops) {
      if (!Writes(op) || op.b == kNil || history_.origins[op.index].key != key) continue;
      const std::string whole = history_.values.Show(op.b);
      if (IsPart(text, whole)) return Found({.read = read.index, .value = value, .first = op.index});
      if (const size_t length = CommonHead(text, whole); length > head_length) {
        head = op.index;
        head_length = length;
      }
      if (const size_t length = CommonTail(text, whole); length > tail_length) {
        tail = op.index;
        tail_length = length;
      }
    }
    if (head != kNone && tail != kNone &&
        IsMixture(text, history_.values.Show(history_.ops[head].b), history_.values.Show(history_.ops[tail].b)))
      Found({.read = read.index, .value = value, .first = head, .second = tail});
  }

  void Found(const TornFinding& finding) {
    if (++report_.count <= static_cast<int64_t>(kMostTorn)) report_.findings.push_back(finding);
  }

  // Each one is compared with everything written.
  static constexpr int kMostTried = 100;
  const History& history_;
  TornReport report_;
  std::vector<bool> written_;  // By value.
  int tried_ = 0;
};

}  // namespace

bool IsPart(std::string_view text, std::string_view whole) {
  if (text.empty() || text.size() >= whole.size()) return false;
  if (text.size() < kLeast && text.size() * 2 < whole.size()) return false;
  return whole.starts_with(text) || whole.ends_with(text);
}

bool IsMixture(std::string_view text, std::string_view head, std::string_view tail) {
  if (text == head || text == tail || head == tail) return false;
  const size_t begins = CommonHead(text, head);
  const size_t ends = CommonTail(text, tail);
  return begins + ends >= text.size() && begins >= CommonHead(text, tail) + kLeast &&
         ends >= CommonTail(text, head) + kLeast;
}

TornReport FindTorn(const History& history) { return Finder(history).Run(); }

}  // namespace holdfast::check::history
