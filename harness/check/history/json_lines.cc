#include "harness/check/history/json_lines.h"

#include <string_view>

#include <simdjson.h>

namespace holdfast::check::history {
namespace {

namespace dom = simdjson::dom;

// Scalars only; false for anything else.
bool TakeScalar(dom::element value, Scalar& scalar) {
  switch (value.type()) {
    case dom::element_type::INT64:
      scalar.type = Scalar::Type::kInteger;
      scalar.number = value.get_int64().value_unsafe();
      return true;
    case dom::element_type::STRING:
      scalar.type = Scalar::Type::kText;
      scalar.text = value.get_string().value_unsafe();
      return true;
    case dom::element_type::NULL_VALUE:
      scalar.type = Scalar::Type::kNothing;
      return true;
    case dom::element_type::BOOL:
      scalar.type = Scalar::Type::kText;
      scalar.text = value.get_bool().value_unsafe() ? "true" : "false";
      return true;
    default:
      // No history has fractions or integers beyond 64 bits: those stand there as texts.
      return false;
  }
}

bool TakeText(dom::element value, std::string_view& text) {
  return value.get_string().get(text) == simdjson::SUCCESS;
}

bool TakeInteger(dom::element value, int64_t& number) {
  return value.get_int64().get(number) == simdjson::SUCCESS;
}

bool TakeList(dom::array array, std::vector<Scalar>& list) {
  for (const dom::element element : array) {
    Scalar scalar;
    if (!TakeScalar(element, scalar)) return false;
    list.push_back(scalar);
  }
  return true;
}

// ["append", k, v] or ["r", k, null or list].
bool TakeMicro(dom::array array, HistoryEvent& event) {
  MicroEvent step;
  int at = 0;
  for (const dom::element element : array) {
    if (at == 0) {
      if (!TakeText(element, step.function)) return false;
    } else if (at == 1) {
      if (!TakeScalar(element, step.key)) return false;
    } else if (at == 2) {
      if (element.is_array()) {
        step.is_list = true;
        step.first = static_cast<uint32_t>(event.list.size());
        dom::array list;
        if (element.get_array().get(list) != simdjson::SUCCESS || !TakeList(list, event.list))
          return false;
        step.count = static_cast<uint32_t>(event.list.size()) - step.first;
      } else if (!TakeScalar(element, step.value)) {
        return false;
      }
    } else {
      return false;
    }
    ++at;
  }
  if (at < 2) return false;
  event.micros.push_back(step);
  return true;
}

bool TakeValue(dom::element value, HistoryEvent& event) {
  if (value.is_object()) {
    // Mostly of a fault or a probe. The reader looks again when it is of an operation.
    event.shape = Shape::kOdd;
    return true;
  }
  if (!value.is_array()) {
    if (!TakeScalar(value, event.value)) return false;
    event.shape = event.value.type == Scalar::Type::kNothing ? Shape::kNothing : Shape::kScalar;
    return true;
  }
  event.shape = Shape::kList;
  dom::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return false;
  for (const dom::element entry : array) {
    if (entry.is_array()) {
      if (!event.list.empty() && event.micros.empty()) return false;
      event.shape = Shape::kTransaction;
      dom::array step;
      if (entry.get_array().get(step) != simdjson::SUCCESS || !TakeMicro(step, event)) return false;
    } else {
      Scalar scalar;
      if (!event.micros.empty() || !TakeScalar(entry, scalar)) return false;
      event.list.push_back(scalar);
    }
  }
  return true;
}

bool TakePosition(dom::element value, HistoryEvent& event) {
  if (!value.is_object()) return true;
  dom::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return false;
  for (const dom::key_value_pair field : object) {
    int64_t* target = field.key == "rev"   ? &event.revision
                      : field.key == "mod" ? &event.modified
                      : field.key == "ver" ? &event.version
                                           : nullptr;
    if (target != nullptr && !TakeInteger(field.value, *target)) return false;
  }
  return true;
}

bool TakeField(std::string_view key, dom::element value, HistoryEvent& event) {
  if (key == "time") return TakeInteger(value, event.time);
  if (key == "index") return TakeInteger(value, event.index);
  if (key == "process") return TakeScalar(value, event.process);
  if (key == "type") {
    std::string_view text;
    if (!TakeText(value, text)) return false;
    event.type = EventTypeOf(text);
    return true;
  }
  if (key == "f") return TakeText(value, event.function);
  if (key == "key") {
    event.has_key = true;
    return TakeScalar(value, event.key);
  }
  if (key == "value") {
    event.has_value = true;
    // Whether that matters depends on the function.
    if (!TakeValue(value, event)) event.shape = Shape::kOdd;
    return true;
  }
  if (key == "node") return TakeText(value, event.node);
  if (key == "role") return TakeText(value, event.role);
  if (key == "seen") {
    event.has_seen = TakeScalar(value, event.seen);
    return event.has_seen;
  }
  if (key == "durable") return value.get_bool().get(event.durable) == simdjson::SUCCESS;
  if (key == "pos") return TakePosition(value, event);
  if (key == "error") event.has_error = !value.is_null();
  return true;
}

}  // namespace

struct JsonLineParser::Impl {
  dom::parser parser;
};

JsonLineParser::JsonLineParser() : impl_(std::make_unique<Impl>()) {}
JsonLineParser::~JsonLineParser() = default;

bool JsonLineParser::Parse(const char* data, size_t size, HistoryEvent& event) {
  dom::element document;
  if (impl_->parser.parse(data, size, false).get(document) != simdjson::SUCCESS) return false;
  dom::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) return false;
  for (const dom::key_value_pair field : object)
    if (!TakeField(field.key, field.value, event)) return false;
  return true;
}

}  // namespace holdfast::check::history
