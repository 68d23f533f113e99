#include "harness/check/history/sets.h"

#include <algorithm>
#include <bit>
#include <map>
#include <unordered_map>
#include <utility>

namespace holdfast::check::history {

SetTimeline::SetTimeline(size_t elements)
    : elements_(elements), previous_((elements + 63) / 64, 0) {}

void SetTimeline::Acknowledge(uint32_t element, int64_t finish) {
  elements_[element].known = std::min(elements_[element].known, finish);
}

// `present` since this read, or no more.
void SetTimeline::Change(uint32_t element, bool present) {
  Element& entry = elements_[element];
  const auto before = static_cast<uint32_t>(starts_.size()) - 2;  // The read before this one.
  if (present) {
    if (starts_.size() > 1) entry.absent = before;
    entry.known = std::min(entry.known, finish_);
    if (entry.known > starts_.back()) young_.push_back(element);
  } else {
    entry.present = before;
  }
}

void SetTimeline::Read(int64_t start, int64_t finish, std::span<const uint64_t> present) {
  starts_.push_back(start);
  finish_ = finish;
  for (size_t word = 0; word < previous_.size(); ++word) {
    for (uint64_t changed = previous_[word] ^ present[word]; changed != 0; changed &= changed - 1) {
      const auto bit = static_cast<uint32_t>(std::countr_zero(changed));
      Change(static_cast<uint32_t>(word * 64) + bit, (present[word] >> bit & 1U) != 0);
    }
    previous_[word] = present[word];
  }
  TakeEarlierFinish(present);
}

// Reads come by their starts. One that began later may end earlier: what it shows is known from there.
void SetTimeline::TakeEarlierFinish(std::span<const uint64_t> present) {
  const int64_t start = starts_.back();
  size_t kept = 0;
  for (const uint32_t element : young_) {
    Element& entry = elements_[element];
    if (finish_ < entry.known && (present[element / 64] >> (element % 64) & 1U) != 0) entry.known = finish_;
    // No read that is still to come ends before this one began.
    if (entry.known > start) young_[kept++] = element;
  }
  young_.resize(kept);
}

void SetTimeline::Finish() {
  if (starts_.empty()) return;
  const auto last = static_cast<uint32_t>(starts_.size()) - 1;
  for (size_t i = 0; i < elements_.size(); ++i)
    ((previous_[i / 64] >> (i % 64) & 1U) != 0 ? elements_[i].present : elements_[i].absent) = last;
}

SetTimeline::Fate SetTimeline::FateOf(uint32_t element) const {
  const Element& entry = elements_[element];
  if (entry.known == kNever) return Fate::kAbsent;
  if (entry.absent != kNone && starts_[entry.absent] > entry.known)
    return entry.present != kNone && entry.present > entry.absent ? Fate::kStale : Fate::kLost;
  return entry.present == kNone ? Fate::kNeverRead : Fate::kKept;
}

namespace {

// Works on one key after the other.
class SetChecker {
 public:
  explicit SetChecker(const History& history)
      : history_(history), element_of_(history.values.size(), kNone) {}

  SetReport Run() {
    std::vector<std::vector<uint32_t>> by_key(history_.keys.size());
    for (const Op& op : history_.ops)
      if (op.kind == Kind::kAdd || op.kind == Kind::kReadSet)
        by_key[history_.origins[op.index].key].push_back(op.index);
    for (size_t key = 0; key < by_key.size(); ++key)
      if (!by_key[key].empty()) CheckKey(static_cast<uint32_t>(key), by_key[key]);
    return std::move(report_);
  }

 private:
  struct Attempt {
    uint32_t add = kNone;   // The acknowledged add, else any.
    bool acknowledged = false;
    bool possible = false;  // An add that may have had an effect.
    int64_t sent = kNever;  // The first of those.
    bool told = false;      // Its phantom, refusal or duplicate was reported.
    bool shown = false;
  };

  void CheckKey(uint32_t key, const std::vector<uint32_t>& ops) {
    attempts_.clear();
    values_.clear();
    gone_.clear();
    last_read_.clear();
    std::vector<uint32_t> reads;
    for (const uint32_t index : ops) {
      const Op& op = history_.ops[index];
      if (op.kind == Kind::kAdd) {
        Add(op);
      } else if (op.end == End::kOk) {
        reads.push_back(index);
      }
    }
    report_.elements += static_cast<int64_t>(attempts_.size());
    SetTimeline timeline(attempts_.size());
    for (size_t i = 0; i < attempts_.size(); ++i) {
      if (!attempts_[i].acknowledged) continue;
      ++report_.acknowledged;
      timeline.Acknowledge(static_cast<uint32_t>(i), history_.ops[attempts_[i].add].finish);
    }
    std::stable_sort(reads.begin(), reads.end(), [&](uint32_t a, uint32_t b) {
      return history_.ops[a].start < history_.ops[b].start;
    });
    std::vector<uint32_t> whole;
    for (const uint32_t read : reads) {
      Fill(key, read);
      if (history_.ops[read].partial) {
        ++report_.partial;
        continue;
      }
      ++report_.reads;
      whole.push_back(read);
      CompareWithBefore(read);
      timeline.Read(history_.ops[read].start, history_.ops[read].finish, bits_);
    }
    timeline.Finish();
    Conclude(key, timeline, whole);
    for (const uint32_t value : values_)
      element_of_[value] = kNone;
  }

  void Add(const Op& op) {
    uint32_t& element = element_of_[op.b];
    if (element == kNone) {
      element = static_cast<uint32_t>(attempts_.size());
      attempts_.emplace_back();
      values_.push_back(op.b);
    }
    Attempt& attempt = attempts_[element];
    if (op.end != End::kFail) {
      attempt.possible = true;
      attempt.sent = std::min(attempt.sent, op.start);
    }
    if (attempt.add == kNone || (op.end == End::kOk && !attempt.acknowledged)) attempt.add = op.index;
    attempt.acknowledged = attempt.acknowledged || op.end == End::kOk;
  }

  // The read as a bitmap; what it must not show is found on the way.
  void Fill(uint32_t key, uint32_t read) {
    const Op& op = history_.ops[read];
    bits_.assign((attempts_.size() + 63) / 64, 0);
    for (uint32_t i = op.a; i < op.a + op.b; ++i) {
      const uint32_t value = history_.pool[i];
      const uint32_t element = element_of_[value];
      if (element == kNone) {
        Found(SetFinding::Type::kPhantom, key, value, kNone, read, 1);
        continue;
      }
      Attempt& attempt = attempts_[element];
      attempt.shown = true;
      const uint64_t bit = uint64_t{1} << (element % 64);
      if ((bits_[element / 64] & bit) != 0 && !attempt.told) {
        attempt.told = true;
        const auto times = std::count(history_.pool.begin() + op.a,
                                      history_.pool.begin() + op.a + op.b, value);
        Found(SetFinding::Type::kDuplicated, key, value, attempt.add, read, times);
      }
      bits_[element / 64] |= bit;
      if (attempt.told) continue;
      if (!attempt.possible) {
        attempt.told = true;
        Found(SetFinding::Type::kResurrected, key, value, attempt.add, read, 1);
      } else if (op.finish < attempt.sent) {
        attempt.told = true;
        Found(SetFinding::Type::kPhantom, key, value, attempt.add, read, 1);
      }
    }
  }

  // What the same client had been shown by its read before, and bits_ lack. A client does one thing at a
  // time, so the order of its reads is certain, however far clocks may differ.
  void CompareWithBefore(uint32_t read) {
    const auto [at, first] = last_read_.emplace(history_.origins[read].process, read);
    if (first) return;
    const uint32_t before = std::exchange(at->second, read);
    ++report_.again;
    const Op& op = history_.ops[before];
    for (uint32_t i = op.a; i < op.a + op.b; ++i) {
      const uint32_t element = element_of_[history_.pool[i]];
      if (element == kNone || (bits_[element / 64] >> (element % 64) & 1U) != 0) continue;
      gone_.try_emplace(element, read, before);
    }
  }

  void Conclude(uint32_t key, const SetTimeline& timeline, const std::vector<uint32_t>& reads) {
    for (size_t i = 0; i < attempts_.size(); ++i) {
      const auto element = static_cast<uint32_t>(i);
      const Attempt& attempt = attempts_[i];
      if (attempt.shown && !attempt.acknowledged && attempt.possible) ++report_.recovered;
      const SetTimeline::Fate fate = timeline.FateOf(element);
      if (fate == SetTimeline::Fate::kNeverRead) ++report_.never_read;
      // What is lost is told as lost.
      if (const auto gone = gone_.find(element); gone != gone_.end() && fate != SetTimeline::Fate::kLost)
        Found(SetFinding::Type::kBackwards, key, values_[i], attempt.add, gone->second.first, 1,
              gone->second.second);
      if (fate != SetTimeline::Fate::kLost && fate != SetTimeline::Fate::kStale) continue;
      Found(fate == SetTimeline::Fate::kLost ? SetFinding::Type::kLost : SetFinding::Type::kStale,
            key, values_[i], attempt.add, reads[timeline.LastAbsent(element)], 1);
    }
  }

  void Found(SetFinding::Type type, uint32_t key, uint32_t value, uint32_t add, uint32_t read,
             int64_t times, uint32_t before = kNone) {
    if (static_cast<size_t>(report_.counts[static_cast<size_t>(type)]++) >= kMostSetFindings) return;
    report_.findings.push_back(
        {.type = type, .key = key, .value = value, .add = add, .read = read, .before = before, .times = times});
  }

  const History& history_;
  SetReport report_;
  std::vector<uint32_t> element_of_;  // By value, of the key at hand.
  std::vector<Attempt> attempts_;     // By element.
  std::vector<uint32_t> values_;      // By element.
  std::vector<uint64_t> bits_;
  std::unordered_map<uint32_t, uint32_t> last_read_;  // By process: its whole read before.
  std::map<uint32_t, std::pair<uint32_t, uint32_t>> gone_;  // By element: the read without it, and the one before.
};

}  // namespace

SetReport CheckSets(const History& history) { return SetChecker(history).Run(); }

}  // namespace holdfast::check::history
