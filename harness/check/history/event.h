// One line of a client history, whatever its format was.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_EVENT_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_EVENT_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace holdfast::check::history {

// nil, an integer, or a text (also what a value of any other type was written as).
struct Scalar {
  enum class Type : uint8_t { kNothing, kInteger, kText };
  Type type = Type::kNothing;
  int64_t number = 0;
  std::string_view text;
};

// A step of a transaction: ["append", key, value] or ["r", key, [values]].
struct MicroEvent {
  std::string_view function;
  Scalar key;
  Scalar value;
  bool is_list = false;
  uint32_t first = 0;  // The list is HistoryEvent::list[first, first + count).
  uint32_t count = 0;
};

enum class EventType : uint8_t { kInvoke, kOk, kFail, kInfo, kOther };
// The shape of "value".
enum class Shape : uint8_t { kNothing, kScalar, kList, kTransaction, kOdd };

// Texts point into the reader's buffer and live until the reader goes on. Reused from line to line.
struct HistoryEvent {
  int64_t line = 0;
  int64_t index = -1;  // -1: not told.
  int64_t time = -1;   // Nanoseconds; -1: not told.
  Scalar process;
  EventType type = EventType::kOther;
  std::string_view function;
  bool has_key = false;
  Scalar key;
  bool has_value = false;  // There is a field "value", whatever it holds.
  Shape shape = Shape::kNothing;
  Scalar value;
  std::vector<Scalar> list;
  std::vector<MicroEvent> micros;
  std::string_view node;
  std::string_view role;
  bool has_error = false;
  // An acknowledgement that promised less than its class: the effect may be lost again.
  bool durable = true;
  // What a refused compare-and-swap found instead.
  bool has_seen = false;
  Scalar seen;
  int64_t revision = -1;
  int64_t modified = -1;
  int64_t version = -1;

  void Clear() {
    list.clear();
    micros.clear();
    index = time = revision = modified = version = -1;
    process = key = value = seen = Scalar();
    type = EventType::kOther;
    function = node = role = {};
    has_key = has_value = has_error = has_seen = false;
    durable = true;
    shape = Shape::kNothing;
  }
};

EventType EventTypeOf(std::string_view name);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_EVENT_H_
