#include "harness/check/history/event_json.h"

#include "harness/check/history/recorder.h"

namespace holdfast::check::history {
namespace {

std::string_view TextOf(const Json& object, std::string_view key) {
  const Json* value = FindPath(object, {key});
  if (value == nullptr || !value->is_string()) return {};
  return value->get_ref<const std::string&>();
}

Scalar ScalarOf(const Json& value, std::deque<std::string>& texts) {
  Scalar scalar;
  if (value.is_null()) return scalar;
  if (value.is_number_integer() &&
      !(value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX})) {
    scalar.type = Scalar::Type::kInteger;
    scalar.number = value.get<int64_t>();
    return scalar;
  }
  scalar.type = Scalar::Type::kText;
  if (value.is_string()) {
    scalar.text = value.get_ref<const std::string&>();
  } else {
    texts.push_back(DumpJson(value));
    scalar.text = texts.back();
  }
  return scalar;
}

bool IsStep(const Json& value) {
  return value.is_array() && value.size() >= 2 && value.size() <= 3 && value[0].is_string() &&
         (value[0] == "append" || value[0] == "r" || value[0] == "w");
}

void TakeStep(const Json& value, HistoryEvent& event, std::deque<std::string>& texts) {
  MicroEvent step;
  step.function = value[0].get_ref<const std::string&>();
  step.key = ScalarOf(value[1], texts);
  if (value.size() == 3 && value[2].is_array()) {
    step.is_list = true;
    step.first = static_cast<uint32_t>(event.list.size());
    step.count = static_cast<uint32_t>(value[2].size());
    for (const Json& element : value[2])
      event.list.push_back(ScalarOf(element, texts));
  } else if (value.size() == 3) {
    step.value = ScalarOf(value[2], texts);
  }
  event.micros.push_back(step);
}

void TakeValue(const Json& value, HistoryEvent& event, std::deque<std::string>& texts) {
  // Of an operation an object is a value like another: its text, with the fields in one order.
  Kind kind = Kind::kRead;
  if (value.is_object() && !KindOfFunction(event.function, kind)) return;
  if (!value.is_array()) {
    event.value = ScalarOf(value, texts);
    event.shape = event.value.type == Scalar::Type::kNothing ? Shape::kNothing : Shape::kScalar;
    return;
  }
  event.shape = Shape::kList;
  if (!value.empty() && IsStep(value[0])) {
    event.shape = Shape::kTransaction;
    for (const Json& step : value)
      if (IsStep(step)) TakeStep(step, event, texts);
    return;
  }
  for (const Json& element : value) {
    // [key [old new]] of an independent compare-and-swap becomes three scalars.
    if (element.is_array() && value.size() == 2) {
      for (const Json& inner : element)
        event.list.push_back(ScalarOf(inner, texts));
    } else {
      event.list.push_back(ScalarOf(element, texts));
    }
  }
}

}  // namespace

bool EventOf(const Json& object, HistoryEvent& event, std::deque<std::string>& texts) {
  if (!object.is_object()) return false;
  const std::string_view type = TextOf(object, "type");
  if (type.empty()) return false;
  event.type = EventTypeOf(type);
  event.function = TextOf(object, "f");
  event.index = GetInt(object, {"index"}, -1);
  event.time = GetInt(object, {"time"}, -1);
  if (const Json* process = FindPath(object, {"process"}))
    event.process = ScalarOf(*process, texts);
  if (const Json* key = FindPath(object, {"key"})) {
    event.has_key = true;
    event.key = ScalarOf(*key, texts);
  }
  if (const Json* value = FindPath(object, {"value"})) {
    event.has_value = true;
    TakeValue(*value, event, texts);
  }
  event.node = TextOf(object, "node");
  event.role = TextOf(object, "role");
  if (const Json* error = FindPath(object, {"error"})) event.has_error = !error->is_null();
  event.durable = GetBool(object, {"durable"}, true);
  if (const Json* seen = FindPath(object, {"seen"})) {
    event.has_seen = true;
    event.seen = ScalarOf(*seen, texts);
  }
  event.revision = GetInt(object, {"pos", "rev"}, -1);
  event.modified = GetInt(object, {"pos", "mod"}, -1);
  event.version = GetInt(object, {"pos", "ver"}, -1);
  return true;
}

}  // namespace holdfast::check::history
