#include "harness/trace/trace_reader.h"

#include <fstream>

#include <fmt/format.h>

#include "harness/trace/run_directory.h"
#include "harness/trace/trace_json.h"
#include "harness/trace/trace_lines.h"
#include "harness/trace/watch_model.h"

namespace holdfast::trace {
namespace {

// Of a line that has no time; times are never negative.
constexpr double kNoTime = -1;

bool IsVersion(std::string_view text) {
  if (text.empty() || text.front() == '0') return false;
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

// One pass over the lines. Watched objects go to the WatchModel as they are; the few other lines
// are read as Json.
class TraceReader::Lines {
 public:
  explicit Lines(TraceModel& model) : model_(model), watch_(model) {}
  // False after `end`, or when this is no trace.
  bool Add(const LineBuffer::Line& line);
  Status Finish();
  [[nodiscard]] Status Health() const;

  LineBuffer buffer;
  bool over = false;

 private:
  void Damaged(std::string sentence) { model_.Damaged(at_, {}, std::move(sentence)); }
  void AddTime(JsonView event);
  void AddOther(std::string_view kind, const Json& event);
  void AddRun(const Json& event);
  void AddAction(const Json& event);
  void AddResult(const Json& event);
  void AddFault(const Json& event);
  void AddStep(const Json& event);
  void AddScenario(const Json& event);
  void AddProbe(const Json& event);
  void AddFile(const Json& event);
  void AddGap(const Json& event);
  void AddFound(const Json& event);
  void AddHole(const Json& event);

  TraceModel& model_;
  WatchModel watch_;
  JsonLineParser parser_;
  std::unordered_map<int64_t, size_t> actions_;  // Id -> index of the newest.
  At at_;
  bool is_trace_ = false;
};

void TraceReader::Lines::AddRun(const Json& event) {
  if (is_trace_) return Damaged("a second run line");
  if (GetString(event, {"format"}) != kTraceFormat) return;
  is_trace_ = true;
  model_.target_kind = GetString(event, {"target", "kind"}, "StatefulSet");
  model_.target_namespace = GetString(event, {"target", "namespace"});
  model_.target_name = GetString(event, {"target", "name"});
  model_.server = GetString(event, {"server"});
  model_.wall_ns = GetInt(event, {"started", "wall_ns"});
  if (const Json* offset = FindPath(event, {"started", "server_offset_ns"}))
    model_.server_offset_ns = offset->is_number_integer() ? offset->get<int64_t>() : 0;
}

void TraceReader::Lines::AddAction(const Json& event) {
  Action action;
  action.id = GetInt(event, {"id"});
  action.at = at_;
  action.verb = GetString(event, {"verb"});
  action.resource = GetString(event, {"resource"});
  action.name = GetString(event, {"name"});
  action.uid = GetString(event, {"uid"});
  action.force = GetBool(event, {"force"});
  action.grace = GetInt(event, {"grace"}, -1);
  action.text = GetString(event, {"action"});
  action.fields = event;
  if (action.text.empty()) action.text = action.verb + " " + action.resource + " " + action.name;
  actions_[action.id] = model_.actions.size();
  model_.actions.push_back(std::move(action));
}

void TraceReader::Lines::AddResult(const Json& event) {
  const int64_t id = GetInt(event, {"id"}, -1);
  if (const auto found = actions_.find(id); found != actions_.end()) {
    Action& action = model_.actions[found->second];
    if (action.answered) return Damaged(fmt::format("a second result of action {}", id));
    action.answered = at_;
    action.ok = GetBool(event, {"ok"});
    action.status = GetInt(event, {"status"});
    action.reason = GetString(event, {"reason"});
    action.message = GetString(event, {"message"});
    return;
  }
  Damaged(fmt::format("a result of action {}, which was never begun", id));
}

void TraceReader::Lines::AddFault(const Json& event) {
  const int64_t id = GetInt(event, {"id"}, -1);
  const std::string phase = GetString(event, {"phase"});
  if (phase == "begin") {
    Fault fault;
    fault.id = id;
    fault.fault = GetString(event, {"fault"});
    fault.scenario = GetString(event, {"scenario"});
    fault.begin = at_;
    fault.proof_needed = GetString(event, {"proof-needed"});
    for (const Json& target : GetArray(event, {"targets"})) {
      fault.targets.push_back({.kind = GetString(target, {"kind"}),
                               .name = GetString(target, {"name"}),
                               .uid = GetString(target, {"uid"})});
    }
    for (const Json& guarantee : GetArray(event, {"gives-up"}))
      if (guarantee.is_string()) fault.gives_up.push_back(guarantee.get<std::string>());
    model_.faults.push_back(std::move(fault));
    return;
  }
  for (Fault& fault : model_.faults) {
    if (fault.id != id) continue;
    if (phase == "proof") fault.proof = at_;
    if (phase == "unproven") fault.unproven = GetString(event, {"sentence"}, "no reason is given");
    if (phase == "end") fault.end = at_;
    return;
  }
  Damaged(fmt::format("the {} of fault {}, which was never begun", phase, id));
}

void TraceReader::Lines::AddStep(const Json& event) {
  std::string name = GetString(event, {"name"});
  if (name.empty()) name = GetString(event, {"step"});
  if (GetString(event, {"phase"}) == "begin") {
    model_.steps.push_back({.scenario = GetString(event, {"scenario"}),
                            .name = name,
                            .begin = at_,
                            .end = std::nullopt,
                            .ok = true,
                            .message = {}});
    return;
  }
  for (auto step = model_.steps.rbegin(); step != model_.steps.rend(); ++step) {
    if (step->name != name || step->end) continue;
    step->end = at_;
    step->ok = GetBool(event, {"ok"}, true);
    step->message = GetString(event, {"message"});
    return;
  }
  Damaged(fmt::format("the end of step '{}', which was never begun", name));
}

void TraceReader::Lines::AddScenario(const Json& event) {
  const std::string name = GetString(event, {"name"});
  const bool open = !model_.scenarios.empty() && !model_.scenarios.back().end;
  if (GetString(event, {"phase"}) == "begin") {
    if (open) Damaged(fmt::format("scenario '{}' begins inside another", name));
    model_.scenarios.push_back({.name = name, .begin = at_, .end = std::nullopt});
    return;
  }
  if (!open || model_.scenarios.back().name != name)
    return Damaged(fmt::format("the end of scenario '{}', which was not begun", name));
  model_.scenarios.back().end = at_;
}

void TraceReader::Lines::AddProbe(const Json& event) {
  model_.probes.push_back({.at = at_,
                           .pod = GetString(event, {"pod"}),
                           .uid = GetString(event, {"uid"}),
                           .error = GetString(event, {"error"}),
                           .fields = event});
}

void TraceReader::Lines::AddFile(const Json& event) {
  VolumeFile file{.at = at_,
                  .claim = GetString(event, {"claim"}),
                  .claim_uid = GetString(event, {"claimUid"}),
                  .volume = GetString(event, {"volume"}),
                  .path = GetString(event, {"path"}),
                  .lines = {}};
  for (const Json& line : GetArray(event, {"lines"}))
    if (line.is_string()) file.lines.push_back(line.get<std::string>());
  model_.files.push_back(std::move(file));
}

void TraceReader::Lines::AddGap(const Json& event) {
  const std::string resource = GetString(event, {"resource"});
  if (resource.empty()) return Damaged("a gap that names no resource");
  model_.gaps.push_back({.at = at_, .resource = resource, .reason = GetString(event, {"reason"})});
  watch_.Lost(at_, resource);
}

void TraceReader::Lines::AddHole(const Json& event) {
  const std::string resource = GetString(event, {"resource"});
  if (resource.empty()) return Damaged("a hole that names no resource");
  watch_.Hole(at_, resource, GetString(event, {"after"}), GetString(event, {"reason"}));
}

// {"when":"before"|"after","object":{"kind","name"} or "kind" of another spelling,"fields"}.
void TraceReader::Lines::AddFound(const Json& event) {
  FoundFact fact;
  fact.at = at_;
  fact.after = GetString(event, {"when"}) == "after";
  fact.kind = GetString(event, {"object", "kind"});
  fact.name = GetString(event, {"object", "name"});
  if (fact.kind.empty()) fact.kind = GetString(event, {"objectKind"});
  if (fact.name.empty()) fact.name = GetString(event, {"name"});
  fact.fields = GetObject(event, {"fields"});
  if (fact.kind.empty() || fact.name.empty()) return Damaged("a fact that names no object");
  model_.found.push_back(std::move(fact));
}

void TraceReader::Lines::AddOther(std::string_view kind, const Json& event) {
  if (kind == "run") {
    AddRun(event);
  } else if (kind == "gap") {
    AddGap(event);
  } else if (kind == "hole") {
    AddHole(event);
  } else if (kind == "scenario") {
    AddScenario(event);
  } else if (kind == "step") {
    AddStep(event);
  } else if (kind == "action") {
    AddAction(event);
  } else if (kind == "action-result") {
    AddResult(event);
  } else if (kind == "fault") {
    AddFault(event);
  } else if (kind == "probe") {
    AddProbe(event);
  } else if (kind == "volume-file") {
    AddFile(event);
  } else if (kind == "found" || kind == "left") {
    AddFound(event);
  } else if (kind == "end") {
    model_.end = at_;
    if (const int64_t events = GetInt(event, {"history", "events"}, -1); events >= 0)
      model_.history_events = events;
    for (const Action& action : model_.actions)
      if (!action.answered) Damaged(fmt::format("action {} has no result", action.id));
  }
}

void TraceReader::Lines::AddTime(JsonView event) {
  const double t = event["t"].Number(kNoTime);
  if (!(t >= 0)) return Damaged("the line has no time");
  if (t < at_.t) Damaged(fmt::format("time goes back from {:.6f} s to {:.6f} s", at_.t, t));
  at_.t = std::max(at_.t, t);
}

bool TraceReader::Lines::Add(const LineBuffer::Line& line) {
  if (over) return false;
  const auto parsed = line.too_long ? std::nullopt : parser_.Parse(line.text);
  if (!line.whole && !parsed) {
    model_.torn = true;
    return true;
  }
  at_.line = line.number;
  if (!parsed || !parsed->IsObject()) {
    Damaged(line.too_long ? fmt::format("the line is longer than {} MiB", LineBuffer::kLongest >> 20)
                          : "the line is not a JSON object");
    over = line.number == 1;
    return !over;
  }
  const JsonView event = *parsed;
  AddTime(event);
  model_.last = at_;
  const std::string_view kind = event["kind"].Text();
  if (kind == "watch") {
    watch_.Add(at_, event);
  } else if (kind == "watch-open") {
    watch_.Open(at_, event);
  } else if (kind.empty()) {
    Damaged("the line has no kind");
  } else if (const auto whole = ParseJson(line.text)) {
    AddOther(kind, *whole);
  } else {
    Damaged("the line is not a JSON object");
  }
  over = model_.end.has_value() || (line.number == 1 && !is_trace_);
  return !over;
}

Status TraceReader::Lines::Health() const {
  if (is_trace_) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "not a trace: the first line is not a run line of format {}", kTraceFormat);
}

Status TraceReader::Lines::Finish() {
  const LineBuffer::Line rest = buffer.Rest();
  if (!over && (!rest.text.empty() || rest.too_long)) Add(rest);
  HOLDFAST_RETURN_IF_ERROR(Health());
  watch_.Finish(at_);
  return {};
}

TraceReader::TraceReader(TraceModel& model) : lines_(std::make_unique<Lines>(model)) {}
TraceReader::~TraceReader() = default;

Status TraceReader::Read(std::istream& in) {
  if (lines_->over) return lines_->Health();
  lines_->buffer.Read(in, [this](const LineBuffer::Line& line) { return lines_->Add(line); });
  return lines_->over ? lines_->Health() : Status();
}

Status TraceReader::Finish() { return lines_->Finish(); }

void ForEachLine(
    std::istream& in,
    const std::function<bool(int64_t number, std::string_view text, bool whole)>& line) {
  std::string text;
  int64_t number = 0;
  while (std::getline(in, text)) {
    const bool whole = !in.eof();
    if (!whole && text.empty()) return;
    if (!line(++number, text, whole)) return;
  }
}

Result<TraceModel> ReadTrace(std::istream& in) {
  TraceModel model;
  TraceReader reader(model);
  HOLDFAST_RETURN_IF_ERROR(reader.Read(in));
  HOLDFAST_RETURN_IF_ERROR(reader.Finish());
  return model;
}

Result<TraceModel> ReadTraceFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(ErrorCode::kNotFound, "cannot open {}", path.string());
  auto model = ReadTrace(in);
  if (!model) return Fail(model.error().In(path.string()));
  return model;
}

std::optional<int> CompareResourceVersions(std::string_view a, std::string_view b) {
  if (!IsVersion(a) || !IsVersion(b)) return std::nullopt;
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const int order = a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

}  // namespace holdfast::trace
