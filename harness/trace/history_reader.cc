#include "harness/trace/history_reader.h"

#include <algorithm>
#include <fstream>
#include <unordered_map>

#include <fmt/format.h>

#include "harness/trace/trace_reader.h"

namespace holdfast::trace {
namespace {

std::string ErrorText(const Json& event) {
  const Json* error = FindPath(event, {"error"});
  if (error == nullptr) return {};
  if (error->is_string()) return error->get<std::string>();
  std::string text;
  if (error->is_array()) {
    for (const Json& part : *error) {
      if (!part.is_string()) continue;
      if (!text.empty()) text += ": ";
      text += part.get<std::string>();
    }
  }
  return text;
}

enum class Kind { kAdd, kRead, kFinal };
struct Open {
  Kind kind = Kind::kAdd;
  size_t index = 0;
};

class Reader {
 public:
  bool Add(int64_t number, std::string_view text, bool whole);
  Result<History> Take();

 private:
  void Damaged(std::string sentence) {
    history_.problems.push_back({.line = line_, .time = history_.last_time, .sentence = std::move(sentence)});
  }
  std::vector<Operation>& Of(Kind kind) {
    if (kind == Kind::kAdd) return history_.adds;
    return kind == Kind::kRead ? history_.reads : history_.finals;
  }
  void AddEvent(const Json& event);
  void Invoke(const Json& event, const std::string& process, Kind kind);
  void Complete(const Json& event, const std::string& process, Kind kind, OperationEnd end);
  void TakeExtras(const Json& event, Operation& operation);
  size_t KeyIndex(const std::string& key);

  History history_;
  std::unordered_map<std::string, size_t> keys_;
  std::unordered_map<std::string, Open> open_;
  int64_t line_ = 0;
  int64_t next_index_ = 0;
  bool is_history_ = false;
};

size_t Reader::KeyIndex(const std::string& key) {
  const auto [found, is_new] = keys_.try_emplace(key, history_.keys.size());
  if (is_new) history_.keys.push_back(key);
  return found->second;
}

bool Reader::Add(int64_t number, std::string_view text, bool whole) {
  auto parsed = ParseJson(text);
  if (!whole && !parsed) {
    history_.torn = true;
    return true;
  }
  line_ = number;
  if (number == 1) {
    is_history_ = parsed && parsed->is_object() && GetInt(*parsed, {"hist"}) == 1;
    if (is_history_) history_.header = *std::move(parsed);
    return is_history_;
  }
  if (!parsed || !parsed->is_object()) {
    Damaged("the line is not a JSON object");
    return true;
  }
  AddEvent(*parsed);
  return true;
}

void Reader::AddEvent(const Json& event) {
  ++history_.events;
  const int64_t index = GetInt(event, {"index"}, -1);
  if (index != next_index_)
    Damaged(fmt::format("the index is {}, {} was expected: a line is missing or moved", index,
                        next_index_));
  next_index_ = index + 1;
  const int64_t time = GetInt(event, {"time"}, -1);
  if (time < history_.last_time)
    Damaged(fmt::format("time goes back from {} ns to {} ns", history_.last_time, time));
  history_.last_time = std::max(history_.last_time, time);
  const std::string function = GetString(event, {"f"});
  if (function != "add" && function != "read" && function != "final-read") return;
  const Kind kind = function == "add"    ? Kind::kAdd
                    : function == "read" ? Kind::kRead
                                         : Kind::kFinal;
  const Json* process = FindPath(event, {"process"});
  if (process == nullptr || !(process->is_string() || process->is_number_integer()))
    return Damaged("the operation has no process");
  const std::string name = process->is_string() ? process->get<std::string>() : DumpJson(*process);
  const std::string type = GetString(event, {"type"});
  if (type == "invoke") return Invoke(event, name, kind);
  if (type == "ok") return Complete(event, name, kind, OperationEnd::kOk);
  if (type == "fail") return Complete(event, name, kind, OperationEnd::kFail);
  if (type == "info") return Complete(event, name, kind, OperationEnd::kInfo);
  Damaged(fmt::format("the operation has the unknown type '{}'", type));
}

void Reader::TakeExtras(const Json& event, Operation& operation) {
  if (const std::string node = GetString(event, {"node"}); !node.empty()) operation.node = node;
  if (const std::string role = GetString(event, {"role"}); !role.empty()) operation.role = role;
  if (const std::string scenario = GetString(event, {"scenario"}); !scenario.empty())
    operation.scenario = scenario;
  operation.durable = GetBool(event, {"durable"}, operation.durable);
  operation.caught_up = GetBool(event, {"caughtUp"}, operation.caught_up);
  operation.error = ErrorText(event);
  if (const auto lsn = ParseLsn(GetString(event, {"pos0", "lsn"}))) operation.position_before = lsn;
  if (const auto lsn = ParseLsn(GetString(event, {"pos", "lsn"}))) operation.position_after = lsn;
  if (std::string gtid = GetString(event, {"pos0", "gtid"}); !gtid.empty()) operation.gtid_before = std::move(gtid);
  if (std::string gtid = GetString(event, {"pos", "gtid"}); !gtid.empty()) operation.gtid_after = std::move(gtid);
  operation.torn = std::max<int64_t>(operation.torn, GetInt(event, {"torn"}));
}

void Reader::Invoke(const Json& event, const std::string& process, Kind kind) {
  Operation operation;
  operation.invoke_line = line_;
  operation.invoked = history_.last_time;
  operation.key = KeyIndex(GetString(event, {"key"}));
  operation.probe = FindPath(event, {"process"})->is_string();
  TakeExtras(event, operation);
  if (kind == Kind::kAdd) {
    const Json* value = FindPath(event, {"value"});
    if (value == nullptr || !value->is_number_integer()) return Damaged("an add without a value");
    operation.value = value->get<int64_t>();
  }
  if (open_.contains(process))
    Damaged(fmt::format("process {} begins an operation inside another", process));
  std::vector<Operation>& operations = Of(kind);
  open_[process] = {.kind = kind, .index = operations.size()};
  operations.push_back(std::move(operation));
}

void Reader::Complete(const Json& event, const std::string& process, Kind kind, OperationEnd end) {
  const auto open = open_.find(process);
  if (open == open_.end() || open->second.kind != kind)
    return Damaged(fmt::format("process {} completes an operation that it never began", process));
  Operation& operation = Of(kind)[open->second.index];
  open_.erase(open);
  if (KeyIndex(GetString(event, {"key"})) != operation.key ||
      (kind == Kind::kAdd && GetInt(event, {"value"}, -1) != operation.value))
    Damaged(fmt::format("process {} completes another operation than it began", process));
  operation.complete_line = line_;
  operation.completed = history_.last_time;
  operation.end = end;
  TakeExtras(event, operation);
  if (kind == Kind::kAdd || end != OperationEnd::kOk) return;
  const Json* values = FindPath(event, {"value"});
  if (values == nullptr || !values->is_array()) {
    // Where the clients use registers, a read has one value, which is judged elsewhere.
    if (GetString(history_.header, {"model"}, "set") == "set")
      return Damaged("a read without its rows");
    operation.end = OperationEnd::kInfo;
    return;
  }
  operation.values.reserve(values->size());
  for (const Json& value : *values) {
    if (!value.is_number_integer()) return Damaged("a read with a row that is no integer");
    operation.values.push_back(value.get<int64_t>());
  }
}

Result<History> Reader::Take() {
  if (!is_history_)
    return Fail(ErrorCode::kInvalidArgument, "not a history: the first line is no header");
  return std::move(history_);
}

}  // namespace

ReplicaPosition PositionBefore(const Operation& operation) {
  ReplicaPosition position{.lsn = operation.position_before, .gtids = std::nullopt};
  if (!operation.gtid_before.empty()) position.gtids = GtidSet::Parse(operation.gtid_before);
  return position;
}

ReplicaPosition PositionAfter(const Operation& operation) {
  ReplicaPosition position{.lsn = operation.position_after, .gtids = std::nullopt};
  if (!operation.gtid_after.empty()) position.gtids = GtidSet::Parse(operation.gtid_after);
  return position;
}

ValueParts SplitValue(int64_t value) {
  return {.run = value >> 41, .writer = (value >> 32) & 0x1ff, .sequence = value & 0xffffffff};
}

Result<History> ReadHistory(std::istream& in) {
  Reader reader;
  ForEachLine(in, [&](int64_t number, std::string_view text, bool whole) {
    return reader.Add(number, text, whole);
  });
  return reader.Take();
}

Result<History> ReadHistoryFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(ErrorCode::kNotFound, "cannot open {}", path.string());
  auto history = ReadHistory(in);
  if (!history) return Fail(history.error().In(path.string()));
  return history;
}

}  // namespace holdfast::trace
