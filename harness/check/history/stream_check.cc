#include "harness/check/history/stream_check.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "harness/check/history/model.h"
#include "harness/check/history/reader.h"
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
  void Header(const Json& header) override { epsilon_ = std::max<int64_t>(0, GetInt(header, {"eps_ns"})); }
  void Damaged(int64_t line, const std::string& sentence) override {
    if (report_.damaged++ == 0) report_.damage = fmt::format("line {}: {}", line, sentence);
  }

  void Event(const HistoryEvent& event) override {
    if (report_.decision != Decision::kLinearizable) return;
    if (event.time < time_) Damaged(event.line, "time goes back");
    time_ = std::max(time_, event.time);
    if (event.process.type == Scalar::Type::kText) return;  // The nemesis.
    const bool read = event.function == "read";
    if (!read && event.function != "write" && event.function != "cas")
      return NotApplicable(event, fmt::format("the function '{}'", event.function.substr(0, 40)));
    if (event.process.type != Scalar::Type::kInteger)
      return Damaged(event.line, "the operation has no process");
    const uint32_t process = processes_.Integer(event.process.number);
    if (process >= open_.size()) open_.resize(process + 1);
    if (event.type == EventType::kInvoke) {
      Invoke(event, open_[process], read);
    } else if (event.type != EventType::kOther) {
      Complete(event, open_[process], read);
    }
  }

  StreamReport Take() {
    report_.keys = static_cast<int64_t>(zones_.size());
    report_.crashed += std::count_if(open_.begin(), open_.end(), [](const Open& open) { return open.active && !open.read; });
    for (const auto& zones : zones_)
      if (zones) report_.peak = std::max(report_.peak, zones->peak());
    return std::move(report_);
  }

 private:
  struct Open {
    bool active = false;
    bool read = false;
    uint32_t key = 0;
    int64_t value = 0;
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

  StreamingZones& ZonesOf(uint32_t key) {
    if (key >= zones_.size()) zones_.resize(key + 1);
    if (!zones_[key]) zones_[key] = std::make_unique<StreamingZones>(kNoValue);
    return *zones_[key];
  }

  uint32_t KeyOf(const HistoryEvent& event) {
    if (event.key.type == Scalar::Type::kInteger) return keys_.Integer(event.key.number);
    return event.key.type == Scalar::Type::kText ? keys_.Text(event.key.text) : kNil;
  }

  void Invoke(const HistoryEvent& event, Open& open, bool read) {
    if (open.active) Damaged(event.line, "a process begins an operation inside another");
    open = {.active = true, .read = read, .key = KeyOf(event), .value = 0, .start = event.time - epsilon_};
    if (read) return;
    StreamingZones& zones = ZonesOf(open.key);
    if (event.function == "write") {
      if (!Value(event, event.value, open.value)) return;
      zones.Write(open.value, open.start);
    } else {
      int64_t expected = 0;
      if (event.shape != Shape::kList || event.list.size() != 2)
        return Damaged(event.line, "the value does not fit the function cas");
      if (!Value(event, event.list[0], expected) || !Value(event, event.list[1], open.value)) return;
      zones.Swap(expected, open.value, open.start);
    }
    Look(event, zones);
  }

  void Complete(const HistoryEvent& event, Open& open, bool read) {
    if (!open.active || open.read != read)
      return Damaged(event.line, "a process completes an operation that it never began");
    open.active = false;
    StreamingZones& zones = ZonesOf(open.key);
    if (event.type == EventType::kInfo) {
      if (!read) ++report_.crashed;
      return;
    }
    if (event.type == EventType::kFail) {
      if (!read && event.function == "cas" && !event.has_error)
        return NotApplicable(event, "a refused compare-and-swap");
      if (!read) zones.Refuse(open.value);
      return Look(event, zones);
    }
    ++report_.operations;
    if (!read) {
      zones.Acknowledge(open.value, event.time + epsilon_);
    } else if (event.role != "replica") {
      int64_t value = 0;
      if (!Value(event, event.value, value)) return;
      zones.Read(value, open.start, event.time + epsilon_);
    }
    if (zones.WantsAdvance()) {
      int64_t watermark = event.time - epsilon_;
      for (const Open& other : open_)
        if (other.active) watermark = std::min(watermark, other.start);
      zones.Advance(watermark);
    }
    Look(event, zones);
  }

  void Look(const HistoryEvent& event, const StreamingZones& zones) {
    if (zones.decision() == Decision::kLinearizable || report_.decision != Decision::kLinearizable) return;
    if (zones.decision() == Decision::kNotApplicable)
      return NotApplicable(event, "a value written twice");
    report_.decision = Decision::kViolated;
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
  Values processes_;
  Values keys_;
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
