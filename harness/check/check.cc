#include "harness/check/check.h"

#include <cmath>
#include <fstream>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/check/client_rules.h"
#include "harness/check/contradictions.h"
#include "harness/check/families.h"
#include "harness/check/summary.h"
#include "harness/trace/run_directory.h"
#include "harness/trace/trace_reader.h"

namespace holdfast::check {
namespace {

namespace fs = std::filesystem;
using trace::At;
using trace::ScenarioRecord;
using trace::TraceModel;

// Where the judged part of the record ends: at `end`, else after its last line.
At EndOf(const TraceModel& trace) {
  if (trace.end) return *trace.end;
  return {.line = trace.last.line + 1, .t = std::nextafter(trace.last.t, HUGE_VAL)};
}

Json PlanOf(const Json& run, const std::string& name) {
  for (const Json& plan : GetArray(run, {"scenarios"}))
    if (GetString(plan, {"name"}) == name) return plan;
  return nullptr;
}

// What precedes the first scenario is `deploy`. What lies between two scenarios belongs to the
// former, so that nothing escapes; what follows the last is the undoing, which is not judged here.
std::vector<Window> MakeWindows(const TraceModel& trace, const Json& run) {
  const At end = EndOf(trace);
  const bool bare = run.is_null() && trace.scenarios.empty();
  std::vector<Window> windows;
  Window first;
  first.name = bare ? kBareTrace : kDeploy;
  first.begin_line = 1;
  first.end_line = trace.scenarios.empty() ? end.line : trace.scenarios.front().begin.line;
  first.t1 = trace.scenarios.empty() ? end.t : trace.scenarios.front().begin.t;
  first.complete = trace.end.has_value() || !trace.scenarios.empty();
  windows.push_back(first);
  for (size_t i = 0; i < trace.scenarios.size(); ++i) {
    const ScenarioRecord& record = trace.scenarios[i];
    At until = end;
    if (i + 1 < trace.scenarios.size()) {
      until = trace.scenarios[i + 1].begin;
    } else if (record.end) {
      until = {.line = record.end->line + 1, .t = std::nextafter(record.end->t, HUGE_VAL)};
    }
    Window window;
    window.name = record.name;
    window.begin_line = record.begin.line;
    window.end_line = until.line;
    window.t0 = record.begin.t;
    window.t1 = until.t;
    window.complete = record.end.has_value();
    window.plan = PlanOf(run, record.name);
    windows.push_back(std::move(window));
  }
  for (const Json& plan : GetArray(run, {"scenarios"})) {
    const std::string name = GetString(plan, {"name"});
    bool known = false;
    for (size_t i = 1; i < windows.size(); ++i)
      known = known || windows[i].name == name;
    if (known) continue;
    Window window;
    window.name = name;
    window.begin_line = end.line;
    window.end_line = end.line;
    window.t0 = end.t;
    window.t1 = end.t;
    window.run = false;
    window.plan = plan;
    windows.push_back(std::move(window));
  }
  return windows;
}

// A history that is cut between two lines is damaged nowhere, but the trace knows its length.
void RequireWhole(int64_t written, trace::History& history) {
  if (history.events == written) return;
  history.problems.push_back(
      {.line = history.events + 2,
       .time = history.last_time,
       .sentence = fmt::format("it holds {} of the {} operation lines that the run had written",
                               history.events, written)});
}

void LoadHistory(const fs::path& path, Context& context) {
  std::error_code error;
  context.history.reset();
  context.clients.reset();
  if (!fs::exists(path, error)) return;
  // A history without a header is evidence that cannot be read, not a wrong command.
  if (auto history = trace::ReadHistoryFile(path)) context.history = *std::move(history);
  context.clients = JudgeClients(path);
  if (context.history && context.trace.history_events)
    RequireWhole(*context.trace.history_events, *context.history);
}

Result<Context> Load(const fs::path& path) {
  Context context;
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    context.trace_file = path.filename().string();
    HOLDFAST_ASSIGN(context.trace, trace::ReadTraceFile(path));
    return context;
  }
  const trace::RunDirectory directory{path};
  HOLDFAST_ASSIGN(context.run, trace::ReadRunJson(directory));
  if (!fs::exists(directory.Trace(), error)) {
    return Fail(ErrorCode::kNotFound,
                "{} holds no trace.jsonl: the run ended before anything was recorded",
                path.string());
  }
  HOLDFAST_ASSIGN(context.trace, trace::ReadTraceFile(directory.Trace()));
  LoadHistory(directory.History(), context);
  return context;
}

std::vector<CheckResult> JudgeWindow(const Context& context, const Window& window) {
  std::vector<CheckResult> checks;
  for (const Rule& rule : Rules())
    checks.push_back(rule.judge(context, window));
  return checks;
}

}  // namespace

Result<Verdicts> CheckPath(const fs::path& path, CheckCost& cost) {
  HOLDFAST_ASSIGN(Context context, Load(path));
  context.windows = MakeWindows(context.trace, context.run);
  context.Prepare();
  FindContradictions(context);
  std::vector<CheckResult> checks;
  for (const Window& window : context.windows)
    for (CheckResult& check : JudgeWindow(context, window))
      checks.push_back(std::move(check));
  cost = {.watch_events = context.trace.watch_events,
          .kept_states = context.trace.kept_states,
          .steps = context.steps};
  return Summarize(std::move(checks), context.run);
}

Result<Verdicts> CheckPath(const fs::path& path) {
  CheckCost cost;
  return CheckPath(path, cost);
}

class RunningCheck::State {
 public:
  explicit State(fs::path root) : directory{std::move(root)}, reader(context.trace) {}
  trace::RunDirectory directory;
  Context context;
  trace::TraceReader reader;
  std::ifstream in;
  std::vector<CheckResult> results;  // Of the scenarios judged so far.
};

RunningCheck::RunningCheck(fs::path directory)
    : state_(std::make_unique<State>(std::move(directory))) {}
RunningCheck::~RunningCheck() = default;

Result<Verdicts> RunningCheck::Judge(const std::string& scenario) {
  State& state = *state_;
  Context& context = state.context;
  HOLDFAST_ASSIGN(context.run, trace::ReadRunJson(state.directory));
  if (!state.in.is_open()) state.in.open(state.directory.Trace(), std::ios::binary);
  if (!state.in)
    return Fail(ErrorCode::kNotFound, "cannot open {}", state.directory.Trace().string());
  HOLDFAST_RETURN_IF_ERROR(state.reader.Read(state.in));
  LoadHistory(state.directory.History(), context);
  context.windows = MakeWindows(context.trace, context.run);
  context.Prepare();
  for (const Window& window : context.windows) {
    if (window.name != scenario || !window.run) continue;
    std::erase_if(state.results,
                  [&](const CheckResult& result) { return result.scenario == scenario; });
    for (CheckResult& result : JudgeWindow(context, window))
      state.results.push_back(std::move(result));
    // The whole run is not judged before its end.
    Json plan = context.run;
    for (const char* later : {"state", "error", "expect"})
      plan.erase(later);
    return Summarize(state.results, plan);
  }
  return Fail(ErrorCode::kNotFound, "scenario '{}' has not begun in {}", scenario,
              state.directory.Trace().string());
}

}  // namespace holdfast::check
