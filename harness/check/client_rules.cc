#include "harness/check/client_rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/finals.h"
#include "harness/check/history/explain.h"
#include "harness/check/history/reader.h"
#include "harness/check/history/recovery.h"

namespace holdfast::check {
namespace {

using history::Kind;
using history::Op;

bool IsTransactional(const std::string& id) {
  return id != "HX-LINEARIZABLE" && id != "HX-SESSION";
}

bool Concerns(const std::string& id, const Op& op) {
  if (op.kind == Kind::kTransaction) return IsTransactional(id);
  return !IsTransactional(id) && op.kind != Kind::kAdd && op.kind != Kind::kReadSet;
}

// A finding belongs to the scenario in which it had become visible; one that became visible between
// the last scenario's end and the end of the record belongs to the last.
bool Belongs(const Context& context, const Window& window, int64_t time) {
  if (window.HasTime(time)) return true;
  const Window* last = nullptr;
  for (const Window& other : context.windows)
    if (other.run) last = &other;
  return last == &window && static_cast<double>(time) * 1e-9 >= window.t1;
}

CheckResult FromClients(const Context& context, const Window& window, const char* id) {
  Judgement judge(context, window, id);
  if (const auto excuse = DataExcuse(context, window)) return judge.NotApplicable(*excuse);
  if (context.clients == nullptr) {
    judge.Undecided(context.history_file + " is not there or cannot be read");
    return judge.Conclude("", "");
  }
  const auto& all = context.clients->judged;
  const auto judged = std::find_if(all.begin(), all.end(), [&](const history::Judged& entry) {
    return entry.result.id == id;
  });
  if (judged == all.end()) return judge.NotApplicable("the clients did nothing of the kind");
  if (judged->result.verdict == Verdict::kNotApplicable)
    return judge.NotApplicable(judged->result.reason);
  int64_t operations = 0;
  for (const Op& op : context.clients->record.ops)
    if (Concerns(id, op) && window.HasTime(op.start)) ++operations;
  judge.Saw(operations);
  if (judged->result.verdict == Verdict::kUnknown) judge.Undecided(judged->result.reason);
  for (size_t i = 0; i < judged->result.findings.size(); ++i) {
    if (!Belongs(context, window, judged->times[i])) continue;
    Finding finding = judged->result.findings[i];
    finding.during = context.During(static_cast<double>(judged->times[i]) * 1e-9);
    if (!finding.during.empty()) finding.sentence += " (" + finding.during + ")";
    judge.Broken(std::move(finding));
  }
  const bool elsewhere = judged->result.verdict == Verdict::kFail;
  return judge.Conclude(
      fmt::format("{} operations of this scenario{}; in the whole run: {}", operations,
                  elsewhere ? " show no violation" : "",
                  elsewhere ? "broken in another scenario" : judged->result.reason),
      "the clients did nothing of the kind in this scenario");
}

// The limit in nanoseconds, or nullopt when the suite sets none.
std::optional<int64_t> LimitOf(const Window& window, const char* name) {
  const std::string text = GetString(window.plan, {"limits", name});
  if (text.empty()) return std::nullopt;
  const auto limit = ParseDuration(text);
  if (!limit) return std::nullopt;
  return limit->count();
}

std::string OutageText(const history::History& record, const history::Availability& entry) {
  const history::Outage& outage = entry.longest;
  return fmt::format("the longest time without {} of {} was {:.3f} s ({:.3f} s to {:.3f} s{})",
                     entry.writes ? "an acknowledged write" : "a read",
                     entry.node == history::kNil ? "the service" : record.nodes.Show(entry.node),
                     static_cast<double>(outage.length()) * 1e-9,
                     static_cast<double>(outage.from) * 1e-9, static_cast<double>(outage.to) * 1e-9,
                     outage.ended ? "" : ", and it did not end");
}

}  // namespace

std::shared_ptr<const ClientVerdicts> JudgeClients(const std::filesystem::path& path) {
  auto record = history::ReadHistory(path, history::Format::kHoldfast);
  if (!record) return nullptr;
  auto clients = std::make_shared<ClientVerdicts>();
  clients->record = *std::move(record);
  history::JudgeOptions options;
  options.sets = false;
  clients->judged = history::JudgeHistory(clients->record, options, path.filename().string());
  return clients;
}

CheckResult JudgeLinearizable(const Context& context, const Window& window) {
  return FromClients(context, window, "HX-LINEARIZABLE");
}
CheckResult JudgeSession(const Context& context, const Window& window) {
  return FromClients(context, window, "HX-SESSION");
}
CheckResult JudgeStale(const Context& context, const Window& window) {
  return Judgement(context, window, "HX-STALE")
      .NotApplicable("of a run, HX-PREFIX judges whether reads of the primary are fresh");
}
CheckResult JudgeReadCommitted(const Context& context, const Window& window) {
  return FromClients(context, window, "HX-READ-COMMITTED");
}
CheckResult JudgeSnapshot(const Context& context, const Window& window) {
  return FromClients(context, window, "HX-SNAPSHOT");
}
CheckResult JudgeSerializable(const Context& context, const Window& window) {
  return FromClients(context, window, "HX-SERIALIZABLE");
}
CheckResult JudgeStrict(const Context& context, const Window& window) {
  return FromClients(context, window, "HX-STRICT");
}

CheckResult JudgeOutages(const Context& context, const Window& window) {
  Judgement judge(context, window, "HX-RECOVERY");
  if (const auto excuse = DataExcuse(context, window)) return judge.NotApplicable(*excuse);
  if (context.clients == nullptr) {
    judge.Undecided(context.history_file + " is not there or cannot be read");
    return judge.Conclude("", "");
  }
  const history::History& record = context.clients->record;
  const auto nanoseconds = [](double seconds) { return static_cast<int64_t>(seconds * 1e9); };
  std::string measured;
  bool limited = false;
  for (const history::Availability& entry :
       history::MeasureAvailability(record, nanoseconds(window.t0), nanoseconds(window.t1))) {
    const std::string text = OutageText(record, entry);
    // Limits are of the service; the nodes are told beside it.
    if (entry.node != history::kNil) continue;
    measured += (measured.empty() ? "" : "; ") + text;
    const auto limit = LimitOf(window, entry.writes ? "write-outage" : "read-outage");
    if (!limit) continue;
    limited = true;
    judge.Saw(entry.attempted);
    if (entry.longest.length() <= *limit) continue;
    Finding finding;
    finding.sentence = fmt::format("{}; the limit is {:.3f} s", text, static_cast<double>(*limit) * 1e-9);
    finding.during = context.During(static_cast<double>(entry.longest.from) * 1e-9);
    std::vector<int64_t> lines;
    if (entry.longest.before != history::kNone) history::AddLines(record, entry.longest.before, lines);
    if (entry.longest.after != history::kNone) history::AddLines(record, entry.longest.after, lines);
    for (const int64_t line : lines)
      finding.evidence.push_back({.file = context.history_file, .line = line});
    judge.Broken(std::move(finding));
  }
  if (measured.empty()) return judge.NotApplicable("no client did anything in this scenario");
  if (!limited) return judge.NotApplicable("no limit is set; " + measured);
  if (record.problem_count > 0)
    judge.Undecided(fmt::format("{} is damaged at line {}: {}", context.history_file,
                                record.problems.front().line, record.problems.front().sentence));
  return judge.Conclude(measured, "");
}

}  // namespace holdfast::check
