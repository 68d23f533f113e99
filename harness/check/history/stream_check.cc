#include "harness/check/history/stream_check.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "harness/check/history/model.h"
#include "harness/check/history/reader.h"
#include "harness/check/history/recorder.h"
#include "harness/check/history/streaming_zones.h"

namespace holdfast::check::history {
namespace {

// Stands for nil, which no history writes.
constexpr int64_t kNoValue = std::numeric_limits<int64_t>::min();

const char* Sentence(Violation::Type type) {
  switch (type) {
    case Violation::Type::kPhantom:
      return "it was read, but nobody wrote it, or it had been overwritten for certain";
    case Violation::Type::kFuture:
      return "it was read before its write was sent";
    case Violation::Type::kTwoCas:
      return "two compare-and-swaps replaced the same value";
    case Violation::Type::kCasCycle:
      return "compare-and-swaps that each need another one before them";
    case Violation::Type::kChain:
      return "the chain of compare-and-swaps contradicts the real time";
    default:
      return "each of the two would have to be the older one";
  }
}

class StreamChecker final : public EventSink {
 public:
  void Header(const Json& header) override {
    epsilon_ = GetInt(header, {"eps_ns"});
    dense_ = true;
    if (epsilon_ >= 0 && epsilon_ <= kMostEpsilon) return;
    Damaged(1, "eps_ns of the header is no duration");
    epsilon_ = 0;
  }
  void Damaged(int64_t line, const std::string& sentence) override {
    if (report_.damaged++ == 0) report_.damage = fmt::format("line {}: {}", line, sentence);
  }

  void Torn(int64_t line) override { Damaged(line, "the last line is cut off"); }

  void Event(const HistoryEvent& event) override {
    if (report_.decision != Decision::kLinearizable) return;
    if (dense_ && event.index != next_index_)
      Damaged(event.line, "the index is not the next one: a line is missing or moved");
    if (!dense_ && event.index >= 0 && event.index < next_index_)
      Damaged(event.line, "the index is not above the one before: a line is there twice or moved");
    next_index_ = dense_ ? event.index + 1 : std::max(next_index_, event.index + 1);
    if (event.time < 0) return Damaged(event.line, "the event has no time");
    if (event.time < time_) Damaged(event.line, "time goes back");
    time_ = std::max(time_, event.time);
    Kind kind = Kind::kRead;
    if (!KindOfFunction(event.function, kind)) {
      // The nemesis and probes of other kinds speak of no value; but a client may have any name.
      if (event.process.type == Scalar::Type::kText &&
          (event.type != EventType::kInvoke || event.process.text == "nemesis"))
        return;
      return NotApplicable(event, fmt::format("the function '{}'", event.function.substr(0, 40)));
    }
    if (kind != Kind::kRead && kind != Kind::kWrite && kind != Kind::kCas)
      return NotApplicable(event, fmt::format("the function '{}'", event.function.substr(0, 40)));
    if (event.process.type == Scalar::Type::kNothing || event.type == EventType::kOther)
      return Damaged(event.line, "the operation has no process, or a type that is none of them");
    // The order that revisions claim is tested over all keys at once.
    if (event.revision >= 0) return NotApplicable(event, "the revision that an answer tells");
    const uint32_t process = event.process.type == Scalar::Type::kInteger
                                 ? processes_.Integer(event.process.number)
                                 : processes_.Text(event.process.text);
    if (process >= clients_.size()) clients_.resize(process + 1);
    if (const char* lacks = dense_ ? Lacks(event, kind) : nullptr) {
      // What was asked is not known, or what was answered: then the outcome is open.
      Damaged(event.line, fmt::format("the operation has no {}", lacks));
      if (event.type != EventType::kInvoke && clients_[process].open != kIdle) Close(process);
    } else if (event.type == EventType::kInvoke) {
      Invoke(event, kind, process);
    } else {
      Complete(event, kind, process);
    }
  }

  StreamReport Take() {
    report_.keys = static_cast<int64_t>(zones_.size());
    for (const Open& open : open_)
      if (open.kind != Kind::kRead) ++report_.crashed;
    for (const auto& zones : zones_)
      if (zones) report_.peak = std::max(report_.peak, zones->peak());
    return std::move(report_);
  }

 private:
  static constexpr uint32_t kIdle = kNone;
  struct Client {
    uint32_t open = kIdle;  // Into open_.
  };
  struct Open {
    Kind kind = Kind::kRead;
    uint32_t process = 0;
    uint32_t key = 0;
    int64_t value = 0;
    int64_t expected = 0;
    int64_t start = 0;
  };

  void NotApplicable(const HistoryEvent& event, const std::string& why) {
    report_.decision = Decision::kNotApplicable;
    report_.sentence = fmt::format("line {}: {} needs the whole history", event.line, why);
    report_.line = event.line;
  }

  bool Value(const HistoryEvent& event, const Scalar& scalar, int64_t& value) {
    value = scalar.type == Scalar::Type::kInteger ? scalar.number : kNoValue;
    if (scalar.type != Scalar::Type::kText) return true;
    NotApplicable(event, "a value that is no integer");
    return false;
  }

  // The arguments of a write or a swap. False when the shape is another one.
  bool Arguments(const HistoryEvent& event, Open& open) {
    const bool swap = open.kind == Kind::kCas;
    if (swap ? event.shape != Shape::kList || event.list.size() != 2
             : event.shape != Shape::kScalar && event.shape != Shape::kNothing) {
      Damaged(event.line, "the value does not fit the function");
      return false;
    }
    if (!swap) return Value(event, event.value, open.value);
    return Value(event, event.list[0], open.expected) && Value(event, event.list[1], open.value);
  }

  StreamingZones& ZonesOf(uint32_t key) {
    if (key >= zones_.size()) zones_.resize(key + 1);
    if (!zones_[key]) zones_[key] = std::make_unique<StreamingZones>(kNoValue);
    return *zones_[key];
  }

  uint32_t KeyOf(const HistoryEvent& event) {
    if (event.key.type == Scalar::Type::kInteger) return keys_.Integer(event.key.number);
    return event.key.type == Scalar::Type::kText ? keys_.Text(event.key.text) : kNil;
  }

  void Invoke(const HistoryEvent& event, Kind kind, uint32_t process) {
    Open open{.kind = kind, .process = process, .key = KeyOf(event), .start = event.time - epsilon_};
    if (kind != Kind::kRead && !Arguments(event, open)) return;
    if (clients_[process].open != kIdle) {
      Damaged(event.line, "a process begins an operation inside another");
      Close(process);
    }
    clients_[process].open = static_cast<uint32_t>(open_.size());
    open_.push_back(open);
    if (kind == Kind::kRead) return;
    StreamingZones& zones = ZonesOf(open.key);
    if (kind == Kind::kWrite) {
      zones.Write(open.value, open.start);
    } else {
      zones.Swap(open.expected, open.value, open.start);
    }
    Look(event, zones);
  }

  // The last of the open ones takes the place of the one that ends.
  void Close(uint32_t process) {
    const uint32_t at = std::exchange(clients_[process].open, kIdle);
    open_[at] = open_.back();
    open_.pop_back();
    if (at < open_.size()) clients_[open_[at].process].open = at;
  }

  void Complete(const HistoryEvent& event, Kind kind, uint32_t process) {
    if (clients_[process].open == kIdle)
      return Damaged(event.line, "a process completes an operation that it never began");
    const Open open = open_[clients_[process].open];
    Close(process);
    Open again = open;
    if (open.kind != kind || (event.has_key && KeyOf(event) != open.key) ||
        (kind != Kind::kRead && event.shape != Shape::kNothing &&
         (!Arguments(event, again) || again.value != open.value || again.expected != open.expected)))
      return Damaged(event.line, "a process completes another operation than it began");
    StreamingZones& zones = ZonesOf(open.key);
    // An acknowledgement that promised less leaves open whether the effect stays.
    if (event.type == EventType::kInfo || (event.type == EventType::kOk && !event.durable)) {
      if (kind != Kind::kRead) ++report_.crashed;
      return;
    }
    const int64_t finish = event.time + epsilon_;
    if (event.type == EventType::kFail) {
      if (kind == Kind::kRead) return;
      if (kind == Kind::kCas && !event.has_seen && !event.has_error)
        return NotApplicable(event, "a refused compare-and-swap");
      zones.Refuse(open.value);
      int64_t seen = 0;
      if (kind == Kind::kCas && event.has_seen) {
        // It told what stood there: as good as a read.
        if (!Value(event, event.seen, seen)) return;
        zones.Read(seen, open.start, finish);
      }
      return Look(event, zones);
    }
    ++report_.operations;
    if (kind != Kind::kRead) {
      zones.Acknowledge(open.value, finish);
    } else if (event.shape != Shape::kScalar && event.shape != Shape::kNothing) {
      return NotApplicable(event, "a read of more than one value");
    } else if (event.role != "replica") {
      int64_t value = 0;
      if (!Value(event, event.value, value)) return;
      zones.Read(value, open.start, finish);
    }
    if (zones.WantsAdvance()) {
      int64_t watermark = event.time - epsilon_;
      for (const Open& other : open_)
        watermark = std::min(watermark, other.start);
      zones.Advance(watermark);
    }
    Look(event, zones);
  }

  void Look(const HistoryEvent& event, const StreamingZones& zones) {
    if (zones.decision() == Decision::kLinearizable || report_.decision != Decision::kLinearizable) return;
    if (zones.decision() == Decision::kNotApplicable)
      return NotApplicable(event, "a value written twice");
    report_.decision = Decision::kViolated;
    report_.type = zones.type();
    report_.line = event.line;
    const auto name = [](int64_t value) { return value == kNoValue ? "nil" : std::to_string(value); };
    std::string key;
    if (event.key.type == Scalar::Type::kText) key = event.key.text;
    if (event.key.type == Scalar::Type::kInteger) key = std::to_string(event.key.number);
    report_.sentence = fmt::format("key {}: value {}{}: {}; visible at line {}", key, name(zones.value()),
                                   zones.other() == zones.value() ? "" : " and value " + name(zones.other()),
                                   Sentence(zones.type()), event.line);
  }

  StreamReport report_;
  int64_t epsilon_ = 0;
  int64_t time_ = 0;
  int64_t next_index_ = 0;
  bool dense_ = false;  // There is a header: a missing index is a missing line.
  Values processes_;
  Values keys_;
  std::vector<Client> clients_;  // By process.
  std::vector<Open> open_;
  std::vector<std::unique_ptr<StreamingZones>> zones_;
};

}  // namespace

Result<StreamReport> StreamRegisters(const std::filesystem::path& path) {
  StreamChecker checker;
  HOLDFAST_RETURN_IF_ERROR(StreamJsonLines(path, checker));
  return checker.Take();
}

}  // namespace holdfast::check::history
