// Reads run.json and trace.jsonl into what the HTML report draws.
#include "reports/run_record.h"

#include <algorithm>
#include <fstream>

#include "harness/base/strings.h"
#include "harness/trace/run_directory.h"
#include "reports/history_lane.h"
#include "reports/text.h"

namespace holdfast::reports {
namespace {

namespace fs = std::filesystem;

double Time(const Json& event) {
  const Json* t = FindPath(event, {"t"});
  return t != nullptr && t->is_number() ? t->get<double>() : 0;
}

std::string PodState(const Json& pod) {
  if (FindPath(pod, {"metadata", "deletionTimestamp"}) != nullptr) return "terminating";
  const std::string phase = GetString(pod, {"status", "phase"});
  if (phase == "Failed" || phase == "Succeeded") return "failed";
  if (phase != "Running") return "pending";
  for (const Json& condition : GetArray(pod, {"status", "conditions"})) {
    if (GetString(condition, {"type"}) == "Ready" && GetString(condition, {"status"}) == "True")
      return "ready";
  }
  return "running";
}

// "pods MODIFIED pg-0 (uid 1234, Running)", "action delete pod pg-0", ...
std::string DescribeEvent(const Json& event) {
  const std::string kind = GetString(event, {"kind"});
  std::string text = kind;
  if (kind == "watch") {
    const Json& object = GetObject(event, {"event", "object"});
    text =
        fmt::format("{} {} {}", GetString(event, {"resource"}), GetString(event, {"event", "type"}),
                    GetString(object, {"metadata", "name"}));
    if (const std::string uid = GetString(object, {"metadata", "uid"}); !uid.empty())
      text += " uid " + uid;
    if (GetString(event, {"resource"}) == "pods") text += ", " + PodState(object);
    return Shorten(OneLine(text), 200);
  }
  for (const char* field : {"verb", "action", "fault", "resource", "pod", "name", "step", "phase",
                            "reason", "message", "sentence", "error"}) {
    if (const std::string value = GetString(event, {field}); !value.empty()) text += " " + value;
  }
  return Shorten(OneLine(text), 200);
}

// Reads the trace line by line into the record.
class TraceReader {
 public:
  explicit TraceReader(RunRecord& record) : record_(record) {}

  void Read(const fs::path& path) {
    std::ifstream in(path);
    std::string line;
    for (int64_t number = 1; std::getline(in, line); ++number) {
      const auto wanted = record_.evidence.find({"trace.jsonl", number});
      if (wanted == record_.evidence.end() && IsOtherWatch(line)) continue;
      const auto event = ParseJson(line);
      if (!event || !event->is_object()) {
        ++record_.damaged_lines;
        continue;
      }
      if (wanted != record_.evidence.end()) wanted->second = {Time(*event), DescribeEvent(*event)};
      Take(*event);
    }
    Finish();
  }

 private:
  // Most lines are watch events of resources that are not drawn: they are not worth parsing.
  static bool IsOtherWatch(std::string_view line) {
    const std::string_view start = line.substr(0, 120);
    return start.find(R"("kind":"watch","resource":")") != std::string_view::npos &&
           start.find(R"("resource":"pods")") == std::string_view::npos;
  }

  void Take(const Json& event) {
    const double at = Time(event);
    record_.end = std::max(record_.end, at);
    const std::string kind = GetString(event, {"kind"});
    if (kind == "watch" && GetString(event, {"resource"}) == "pods") return TakePod(event, at);
    if (kind == "fault") return TakeFault(event, at);
    if (kind == "scenario") return TakeScenario(event, at);
    if (kind == "action" || (kind == "step" && GetString(event, {"phase"}) == "begin"))
      record_.actions.push_back({at, DescribeEvent(event)});
    if (kind == "gap") record_.gaps.push_back({at, DescribeEvent(event)});
  }

  void TakePod(const Json& event, double at) {
    const Json& pod = GetObject(event, {"event", "object"});
    const std::string name = GetString(pod, {"metadata", "name"});
    const std::string uid = GetString(pod, {"metadata", "uid"});
    if (name.empty()) return;
    PodLane& lane = lanes_[name];
    lane.name = name;
    PodSpan* last = lane.spans.empty() ? nullptr : &lane.spans.back();
    const bool open = last != nullptr && last->end < 0;
    if (GetString(event, {"event", "type"}) == "DELETED") {
      if (open) last->end = at;
      return;
    }
    const std::string state = PodState(pod);
    if (open && last->state == state && last->uid == uid) return;
    if (open) last->end = at;
    lane.spans.push_back({at, -1, state, uid});
  }

  void TakeFault(const Json& event, double at) {
    const int64_t id = GetInt(event, {"id"}, -1);
    const std::string phase = GetString(event, {"phase"});
    FaultBand& fault = faults_[id];
    if (phase == "begin") {
      fault = {};
      fault.name = GetString(event, {"fault"});
      fault.scenario = GetString(event, {"scenario"});
      fault.begin = at;
      fault.end = -1;
      std::vector<std::string> names;
      for (const Json& target : GetArray(event, {"targets"}))
        names.push_back(GetString(target, {"name"}));
      fault.targets = Join(names, ", ");
    } else if (phase == "end") {
      fault.end = at;
    } else {
      fault.proven = phase == "proof";
      fault.proof = GetString(event, {"sentence"});
    }
  }

  void TakeScenario(const Json& event, double at) {
    const std::string name = GetString(event, {"name"});
    if (GetString(event, {"phase"}) == "begin") {
      record_.scenarios.push_back({name, at, -1});
      return;
    }
    for (ScenarioSpan& scenario : record_.scenarios) {
      if (scenario.name == name && scenario.end < 0) scenario.end = at;
    }
  }

  // What is still open ends with the record.
  void Finish() {
    const auto close = [&](double& end) {
      if (end < 0) end = record_.end;
    };
    for (auto& [name, lane] : lanes_) {
      for (PodSpan& span : lane.spans)
        close(span.end);
      record_.lanes.push_back(std::move(lane));
    }
    // "pg-2" before "pg-10".
    std::stable_sort(record_.lanes.begin(), record_.lanes.end(), [](const auto& a, const auto& b) {
      return std::pair(a.name.size(), a.name) < std::pair(b.name.size(), b.name);
    });
    for (auto& [id, fault] : faults_) {
      close(fault.end);
      record_.faults.push_back(std::move(fault));
    }
    for (ScenarioSpan& scenario : record_.scenarios)
      close(scenario.end);
  }

  RunRecord& record_;
  std::map<std::string, PodLane> lanes_;
  std::map<int64_t, FaultBand> faults_;
};

}  // namespace

Result<RunRecord> ReadRunRecord(const fs::path& path, const check::Verdicts& verdicts) {
  RunRecord record;
  for (const check::CheckResult& result : verdicts.checks) {
    for (const check::Finding& finding : result.findings) {
      for (const check::Evidence& place : finding.evidence)
        record.evidence[{place.file, place.line}] = {-1, ""};
    }
  }
  std::error_code error;
  fs::path trace = path;
  if (fs::is_directory(path, error)) {
    const trace::RunDirectory directory{path};
    HOLDFAST_ASSIGN(record.run, trace::ReadRunJson(directory));
    trace = directory.Trace();
    ReadHistoryLane(directory.History(), record);
  } else if (!fs::is_regular_file(path, error)) {
    return Fail(ErrorCode::kNotFound, "{} is neither a run directory nor a trace", path.string());
  }
  TraceReader(record).Read(trace);
  return record;
}

}  // namespace holdfast::reports
