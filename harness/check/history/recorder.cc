#include "harness/check/history/recorder.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "harness/check/history/big_memory.h"

namespace holdfast::check::history {
namespace {

uint32_t Intern(Values& values, const Scalar& scalar) {
  switch (scalar.type) {
    case Scalar::Type::kInteger:
      return values.Integer(scalar.number);
    case Scalar::Type::kText:
      return values.Text(scalar.text);
    case Scalar::Type::kNothing:
      break;
  }
  return kNil;
}

// Whether the scalar is the value of that number, without looking it up.
bool Is(const Values& values, uint32_t id, const Scalar& scalar) {
  switch (scalar.type) {
    case Scalar::Type::kInteger:
      return values.IsInteger(id) && values.NumberOf(id) == scalar.number;
    case Scalar::Type::kText:
      return id != kNil && !values.IsInteger(id) && values.TextOf(id) == scalar.text;
    case Scalar::Type::kNothing:
      break;
  }
  return id == kNil;
}

std::string Show(const Scalar& scalar) {
  if (scalar.type == Scalar::Type::kInteger) return std::to_string(scalar.number);
  return scalar.type == Scalar::Type::kText ? std::string(scalar.text.substr(0, 80)) : "nil";
}

bool Writes(Kind kind) {
  return kind == Kind::kWrite || kind == Kind::kCas || kind == Kind::kAppend || kind == Kind::kAdd;
}

}  // namespace

EventType EventTypeOf(std::string_view name) {
  if (name == "invoke") return EventType::kInvoke;
  if (name == "ok") return EventType::kOk;
  if (name == "fail") return EventType::kFail;
  return name == "info" ? EventType::kInfo : EventType::kOther;
}

void Recorder::Damaged(int64_t line, std::string sentence) {
  ++history_.problem_count;
  if (history_.problems.size() < kMostProblems)
    history_.problems.push_back({.line = line, .sentence = std::move(sentence)});
}

bool KindOfFunction(std::string_view function, Kind& kind) {
  static constexpr std::array<std::pair<std::string_view, Kind>, 12> kKinds{
      {{"read", Kind::kRead},
       {"write", Kind::kWrite},
       {"cas", Kind::kCas},
       {"get", Kind::kRead},
       {"put", Kind::kWrite},
       {"append", Kind::kAppend},
       {"add", Kind::kAdd},
       {"txn", Kind::kTransaction},
       {"final-read", Kind::kReadSet},
       {"r", Kind::kRead},
       {"w", Kind::kWrite},
       {"read-all", Kind::kReadSet}}};
  for (const auto& [name, value] : kKinds) {
    if (function == name) {
      kind = value;
      return true;
    }
  }
  return false;
}

const char* Lacks(const HistoryEvent& event, Kind kind) {
  if (kind != Kind::kTransaction && !event.has_key) return "key";
  // A read says what it saw in its answer, everything else what it wants in its request.
  const bool read = kind == Kind::kRead || kind == Kind::kReadSet;
  const bool tells = event.type == (read ? EventType::kOk : EventType::kInvoke) ||
                     (kind == Kind::kTransaction && event.type == EventType::kOk);
  return tells && !event.has_value ? "value" : nullptr;
}

// Two lines for each operation.
void Recorder::Expect(size_t lines) {
  ReserveBig(history_.ops, lines / 2);
  ReserveBig(history_.origins, lines / 2);
}

void Recorder::Add(const HistoryEvent& event) {
  history_.lines = event.line;
  CheckIndex(event);
  if (!options_.times_are_lines && event.time < 0) {
    Damaged(event.line, "the event has no time");
    return;
  }
  const int64_t time = options_.times_are_lines ? event.line : event.time;
  if (time < time_)
    Damaged(event.line, fmt::format("time goes back from {} ns to {} ns", time_, time));
  time_ = std::max(time_, time);
  Kind kind = Kind::kRead;
  if (!KindOfFunction(event.function, kind)) return Ignore(event);
  if (event.type == EventType::kOther)
    return Damaged(event.line, "the operation has a type that is none of invoke, ok, fail, info");
  if (event.process.type == Scalar::Type::kNothing)
    return Damaged(event.line, "the operation has no process");
  if (const char* lacks = options_.own_format ? Lacks(event, kind) : nullptr)
    return Incomplete(event, lacks);
  const uint32_t process = Intern(history_.processes, event.process);
  if (process >= open_.size()) open_.resize(process + 1, kNone);
  // A map of texts, as Porcupine records it: what was never put is "".
  if (!options_.own_format && (event.function == "get" || event.function == "put"))
    history_.starts_empty = true;
  if (event.type == EventType::kInvoke) return Invoke(event, kind, process);
  Complete(event, kind, process);
}

// Our own writer leaves out no index. Elsewhere some lines may have been filtered out, but none comes
// twice or before an earlier one.
void Recorder::CheckIndex(const HistoryEvent& event) {
  if (options_.own_format) {
    if (event.index != next_index_)
      Damaged(event.line, fmt::format("the index is {}, {} was expected: a line is missing or moved",
                                      event.index, next_index_));
    next_index_ = event.index + 1;
  } else if (event.index >= 0) {
    if (event.index < next_index_)
      Damaged(event.line, fmt::format("the index is {}, and {} stood before it: a line is there twice or moved",
                                      event.index, next_index_ - 1));
    next_index_ = std::max(next_index_, event.index + 1);
  }
}

// The nemesis and probes of other kinds speak of no value; a client does, whatever it is called.
void Recorder::Ignore(const HistoryEvent& event) {
  if (event.type != EventType::kInvoke || event.process.type == Scalar::Type::kNothing) return;
  if (event.process.type == Scalar::Type::kInteger) {
    if (history_.ignored++ == 0) history_.ignored_function = std::string(event.function.substr(0, 40));
  } else if (event.process.text != "nemesis") {
    Stranger& stranger = strangers_[history_.processes.Text(event.process.text)];
    if (stranger.operations++ == 0) stranger.function = std::string(event.function.substr(0, 40));
  }
}

void Recorder::CountStrangers() {
  if (strangers_.empty()) return;
  for (const Origin& origin : history_.origins) {
    const auto stranger = strangers_.find(origin.process);
    if (stranger == strangers_.end()) continue;
    if (history_.ignored == 0) history_.ignored_function = stranger->second.function;
    history_.ignored += stranger->second.operations;
    strangers_.erase(stranger);
  }
}

// What was asked is not known, or what was answered: then the outcome is open.
void Recorder::Incomplete(const HistoryEvent& event, const char* lacks) {
  Damaged(event.line, fmt::format("the operation has no {}", lacks));
  const uint32_t process = Intern(history_.processes, event.process);
  if (event.type == EventType::kInvoke || process >= open_.size()) return;
  if (const uint32_t open = std::exchange(open_[process], kNone); open != kNone)
    history_.origins[open].complete_line = static_cast<uint32_t>(event.line);
}

// The key, and the arguments as (a, b). False when the shape does not fit the function.
bool Recorder::Split(
    const HistoryEvent& event, Kind kind, Scalar& key, Scalar& a, Scalar& b) {
  key = event.has_key ? event.key : Scalar();
  if (event.shape == Shape::kOdd) return false;
  const bool keyed = options_.keys_in_values && !event.has_key;
  if (kind == Kind::kCas) {
    // [old new], or [key [old new]] as the reader flattened it: three scalars.
    const size_t at = keyed ? 1 : 0;
    if (event.shape != Shape::kList || event.list.size() != at + 2) return false;
    if (keyed) key = event.list[0];
    a = event.list[at];
    b = event.list[at + 1];
    return true;
  }
  Scalar value = event.value;
  if (keyed) {
    if (event.shape != Shape::kList || event.list.empty() || event.list.size() > 2) return false;
    key = event.list[0];
    value = event.list.size() == 2 ? event.list[1] : Scalar();
  } else if (event.shape == Shape::kList || event.shape == Shape::kTransaction) {
    return false;
  }
  (kind == Kind::kRead ? a : b) = value;
  return true;
}

void Recorder::Invoke(const HistoryEvent& event, Kind kind, uint32_t process) {
  if (open_[process] != kNone)
    Damaged(event.line, fmt::format("process {} begins an operation inside another",
                                    Show(event.process)));
  Op op;
  op.kind = kind;
  op.start = time_ - options_.epsilon;
  op.index = static_cast<uint32_t>(history_.ops.size());
  Origin origin;
  origin.process = process;
  origin.invoke_line = static_cast<uint32_t>(event.line);
  // Mostly what the operation before had: that saves looking it up.
  const Origin before = history_.origins.empty() ? Origin() : history_.origins.back();
  if (!event.node.empty())
    origin.node = history_.nodes.TextOf(before.node) == event.node ? before.node
                                                                   : history_.nodes.Text(event.node);
  Scalar key = event.has_key ? event.key : Scalar();
  if (Writes(kind)) {
    Scalar a;
    Scalar b;
    if (!Split(event, kind, key, a, b))
      return Damaged(event.line, fmt::format("the value does not fit the function {}", event.function));
    op.a = Intern(history_.values, a);
    op.b = Intern(history_.values, b);
  } else if (kind == Kind::kTransaction) {
    TakeTransaction(event, op);
  } else if (options_.keys_in_values && !event.has_key && !event.list.empty()) {
    key = event.list[0];
  }
  origin.key = Is(history_.keys, before.key, key) ? before.key : Intern(history_.keys, key);
  open_[process] = op.index;
  history_.functions |= 1U << static_cast<unsigned>(kind);
  history_.ops.push_back(op);
  history_.origins.push_back(origin);
  if (!history_.positions.empty()) history_.positions.emplace_back();
}

void Recorder::Complete(const HistoryEvent& event, Kind kind, uint32_t process) {
  const uint32_t open = open_[process];
  if (open == kNone)
    return Damaged(event.line, fmt::format("process {} completes an operation that it never began",
                                           Show(event.process)));
  open_[process] = kNone;
  Op& op = history_.ops[open];
  Origin& origin = history_.origins[open];
  origin.complete_line = static_cast<uint32_t>(event.line);
  if (!event.node.empty() && history_.nodes.TextOf(origin.node) != event.node)
    origin.node = history_.nodes.Text(event.node);
  if (op.kind != kind)
    return Damaged(event.line, fmt::format("process {} completes another operation than it began",
                                           Show(event.process)));
  if (event.has_key && !Is(history_.keys, origin.key, event.key))
    return Damaged(event.line, fmt::format("process {} completes an operation on another key than it began",
                                           Show(event.process)));
  // Of an unknown outcome nothing is known, whatever the line says; an acknowledgement that promised
  // less leaves open whether the effect stays.
  if (event.type == EventType::kInfo || (event.type == EventType::kOk && !event.durable)) return;
  op.end = event.type == EventType::kOk ? End::kOk : End::kFail;
  op.finish = time_ + options_.epsilon;
  if (op.end == End::kFail) {
    if (kind == Kind::kCas && event.has_seen) {
      // It told what stood there: as good as a read.
      op.kind = Kind::kRead;
      op.end = End::kOk;
      op.a = Intern(history_.values, event.seen);
      op.b = kNil;
      history_.functions |= 1U << static_cast<unsigned>(Kind::kRead);
      TakePosition(event, op);
    } else if (kind == Kind::kCas && !event.has_error &&
        options_.refused_cas == RefusedCas::kStateDiffered) {
      op.kind = Kind::kNotEqual;
      op.end = End::kOk;
      history_.functions |= 1U << static_cast<unsigned>(Kind::kNotEqual);
    }
    return;
  }
  TakePosition(event, op);
  Scalar key;
  Scalar a;
  Scalar b;
  switch (kind) {
    case Kind::kRead:
    case Kind::kReadSet:
      if (kind == Kind::kRead && Split(event, kind, key, a, b)) {
        op.a = Intern(history_.values, a);
        op.partial = event.role == "replica";
        return;
      }
      if (event.shape == Shape::kTransaction ||
          (event.shape != Shape::kList && event.shape != Shape::kNothing)) {
        op.end = End::kInfo;
        op.finish = kNever;
        return Damaged(event.line, "a read whose answer is no value");
      }
      op.partial = event.role == "replica" || (options_.reads_are_windows && kind == Kind::kRead);
      op.kind = Kind::kReadSet;
      history_.functions |= 1U << static_cast<unsigned>(Kind::kReadSet);
      op.a = static_cast<uint32_t>(history_.pool.size());
      op.b = static_cast<uint32_t>(event.list.size());
      for (const Scalar& element : event.list)
        history_.pool.push_back(Intern(history_.values, element));
      return;
    case Kind::kTransaction:
      return CompleteTransaction(event, op);
    default:
      // An answer may leave the arguments out; when it gives them they are those of the request.
      if (event.shape == Shape::kNothing || !Split(event, kind, key, a, b)) return;
      if (!Is(history_.values, op.b, b) || (kind == Kind::kCas && !Is(history_.values, op.a, a)))
        Damaged(event.line, fmt::format("process {} completes another operation than it began",
                                        Show(event.process)));
  }
}

// An answer repeats the steps that were asked for and fills in what its reads saw. When it tells of
// others, what became of those asked for is open.
void Recorder::CompleteTransaction(const HistoryEvent& event, Op& op) {
  const uint32_t asked = op.a;
  const uint32_t count = op.b;
  TakeTransaction(event, op);
  if (SameSteps(asked, count, op)) return;
  Damaged(event.line, fmt::format("process {} completes a transaction of other steps than it began",
                                  Show(event.process)));
  op.a = asked;
  op.b = count;
  op.end = End::kInfo;
  op.finish = kNever;
}

bool Recorder::SameSteps(uint32_t asked, uint32_t count, const Op& answered) const {
  const auto reads = [](const Micro& step) {
    return step.kind == Micro::Kind::kReadList || step.kind == Micro::Kind::kRead;
  };
  if (answered.b != count) return false;
  for (uint32_t i = 0; i < count; ++i) {
    const Micro& before = history_.micros[asked + i];
    const Micro& after = history_.micros[answered.a + i];
    if (before.key != after.key || reads(before) != reads(after)) return false;
    if (!reads(before) && (before.kind != after.kind || before.value != after.value)) return false;
  }
  return true;
}

void Recorder::TakeTransaction(const HistoryEvent& event, Op& op) {
  if (event.shape != Shape::kTransaction && !(event.shape == Shape::kList && event.list.empty()))
    return Damaged(event.line, "a transaction whose value is no list of steps");
  op.a = static_cast<uint32_t>(history_.micros.size());
  op.b = static_cast<uint32_t>(event.micros.size());
  for (const MicroEvent& step : event.micros) {
    Micro micro;
    micro.key = Intern(history_.keys, step.key);
    if (step.function == "append") {
      micro.kind = Micro::Kind::kAppend;
      micro.value = Intern(history_.values, step.value);
    } else if (step.function == "w") {
      micro.kind = Micro::Kind::kWrite;
      micro.value = Intern(history_.values, step.value);
      history_.registers_in_txns = true;
    } else if (step.function == "r" &&
               (step.is_list || step.value.type == Scalar::Type::kNothing)) {
      micro.kind = Micro::Kind::kReadList;
      // nil after the answer is the empty list, before it means not read yet.
      micro.known = event.type == EventType::kOk;
      micro.value = static_cast<uint32_t>(history_.pool.size());
      micro.count = step.count;
      for (uint32_t i = 0; i < step.count; ++i)
        history_.pool.push_back(Intern(history_.values, event.list[step.first + i]));
    } else if (step.function == "r") {
      micro.kind = Micro::Kind::kRead;
      micro.value = Intern(history_.values, step.value);
      history_.registers_in_txns = true;
    } else {
      Damaged(event.line, fmt::format("a transaction with the unknown step '{}'",
                                      step.function.substr(0, 40)));
      continue;
    }
    history_.micros.push_back(micro);
  }
  op.b = static_cast<uint32_t>(history_.micros.size()) - op.a;
}

void Recorder::TakePosition(const HistoryEvent& event, Op& op) {
  if (event.revision < 0) return;
  if (history_.positions.empty()) history_.positions.resize(history_.ops.size());
  history_.positions[op.index] = {
      .revision = event.revision, .modified = event.modified, .version = event.version};
  op.positioned = true;
}

History Recorder::Take() {
  history_.timed = !options_.times_are_lines;
  CountStrangers();
  return std::move(history_);
}

std::string_view ToString(Model model) {
  switch (model) {
    case Model::kRegister:
      return "register";
    case Model::kKv:
      return "kv";
    case Model::kSet:
      return "set";
    case Model::kListAppend:
      return "list-append";
    case Model::kUnknown:
      break;
  }
  return "unknown";
}

Model ModelOf(const History& history) {
  const auto has = [&](Kind kind) {
    return (history.functions & (1U << static_cast<unsigned>(kind))) != 0;
  };
  if (has(Kind::kTransaction)) return Model::kListAppend;
  if (has(Kind::kAppend)) return Model::kKv;
  if (has(Kind::kAdd)) return Model::kSet;
  if (has(Kind::kWrite) || has(Kind::kCas) || has(Kind::kRead)) return Model::kRegister;
  return has(Kind::kReadSet) ? Model::kSet : Model::kUnknown;
}

}  // namespace holdfast::check::history
