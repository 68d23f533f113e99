#include "harness/trace/trace_reader.h"

#include <fstream>

#include <fmt/format.h>

#include "harness/trace/run_directory.h"
#include "harness/trace/watch_model.h"

namespace holdfast::trace {
namespace {

// One pass over the lines.
class Reader {
 public:
  // False after `end`.
  bool Add(int64_t number, std::string_view text, bool whole);
  Result<TraceModel> Take();

 private:
  void Damaged(std::string sentence) {
    model_.problems.push_back({.at = at_, .resource = {}, .sentence = std::move(sentence)});
  }
  void AddRun(const Json& event);
  void AddAction(const Json& event);
  void AddResult(const Json& event);
  void AddFault(const Json& event);
  void AddStep(const Json& event);
  void AddScenario(const Json& event);
  void AddProbe(const Json& event);
  void AddFile(const Json& event);
  void AddGap(const Json& event);

  TraceModel model_;
  WatchModel watch_{model_};
  At at_;
  bool is_trace_ = false;
};

void Reader::AddRun(const Json& event) {
  if (is_trace_) return Damaged("a second run line");
  if (GetString(event, {"format"}) != kTraceFormat) return;
  is_trace_ = true;
  model_.target_kind = GetString(event, {"target", "kind"}, "StatefulSet");
  model_.target_namespace = GetString(event, {"target", "namespace"});
  model_.target_name = GetString(event, {"target", "name"});
  model_.server = GetString(event, {"server"});
  model_.wall_ns = GetInt(event, {"started", "wall_ns"});
}

void Reader::AddAction(const Json& event) {
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
  if (action.text.empty()) action.text = action.verb + " " + action.resource + " " + action.name;
  model_.actions.push_back(std::move(action));
}

void Reader::AddResult(const Json& event) {
  const int64_t id = GetInt(event, {"id"}, -1);
  for (auto action = model_.actions.rbegin(); action != model_.actions.rend(); ++action) {
    if (action->id != id) continue;
    if (action->answered) return Damaged(fmt::format("a second result of action {}", id));
    action->answered = at_;
    action->ok = GetBool(event, {"ok"});
    return;
  }
  Damaged(fmt::format("a result of action {}, which was never begun", id));
}

void Reader::AddFault(const Json& event) {
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

void Reader::AddStep(const Json& event) {
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

void Reader::AddScenario(const Json& event) {
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

void Reader::AddProbe(const Json& event) {
  model_.probes.push_back({.at = at_,
                           .pod = GetString(event, {"pod"}),
                           .uid = GetString(event, {"uid"}),
                           .error = GetString(event, {"error"}),
                           .fields = event});
}

void Reader::AddFile(const Json& event) {
  VolumeFile file{.at = at_,
                  .claim = GetString(event, {"claim"}),
                  .claim_uid = GetString(event, {"claimUid"}),
                  .path = GetString(event, {"path"}),
                  .lines = {}};
  for (const Json& line : GetArray(event, {"lines"}))
    if (line.is_string()) file.lines.push_back(line.get<std::string>());
  model_.files.push_back(std::move(file));
}

void Reader::AddGap(const Json& event) {
  const std::string resource = GetString(event, {"resource"});
  if (resource.empty()) return Damaged("a gap that names no resource");
  model_.gaps.push_back({.at = at_, .resource = resource, .reason = GetString(event, {"reason"})});
  watch_.Lost(at_, resource);
}

bool Reader::Add(int64_t number, std::string_view text, bool whole) {
  auto parsed = ParseJson(text);
  if (!whole && !parsed) {
    model_.torn = true;
    return true;
  }
  at_.line = number;
  if (!parsed || !parsed->is_object()) {
    Damaged("the line is not a JSON object");
    return number > 1 || parsed.has_value();
  }
  const Json& event = *parsed;
  const Json* time = FindPath(event, {"t"});
  if (time == nullptr || !time->is_number()) {
    Damaged("the line has no time");
  } else {
    const double t = time->get<double>();
    if (t < at_.t) Damaged(fmt::format("time goes back from {:.6f} s to {:.6f} s", at_.t, t));
    at_.t = std::max(at_.t, t);
  }
  model_.last = at_;
  const std::string kind = GetString(event, {"kind"});
  if (kind == "watch") {
    watch_.Add(at_, event);
  } else if (kind == "run") {
    AddRun(event);
  } else if (kind == "watch-open") {
    watch_.Open(at_, event);
  } else if (kind == "gap") {
    AddGap(event);
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
  } else if (kind == "end") {
    model_.end = at_;
    for (const Action& action : model_.actions)
      if (!action.answered) Damaged(fmt::format("action {} has no result", action.id));
    return false;
  } else if (kind.empty()) {
    Damaged("the line has no kind");
  }
  return number > 1 || is_trace_;
}

Result<TraceModel> Reader::Take() {
  if (!is_trace_) {
    return Fail(ErrorCode::kInvalidArgument,
                "not a trace: the first line is not a run line of format {}", kTraceFormat);
  }
  watch_.Finish(at_);
  return std::move(model_);
}

bool IsVersion(std::string_view text) {
  if (text.empty() || text.front() == '0') return false;
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

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
  Reader reader;
  ForEachLine(in, [&](int64_t number, std::string_view text, bool whole) {
    return reader.Add(number, text, whole);
  });
  return reader.Take();
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
