#include "harness/check/client_rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/check/finals.h"
#include "harness/check/history/reader.h"

namespace holdfast::check {
namespace {

using history::Kind;
using history::Op;

bool IsTransactional(const std::string& id) {
  return id != "HX-LINEARIZABLE" && id != "HX-SESSION" && id != "HX-TORN";
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
  if (!CheckHistory(judge)) return judge.Conclude("", "");
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
CheckResult JudgeTornRegisters(const Context& context, const Window& window) {
  return FromClients(context, window, "HX-TORN");
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

}  // namespace holdfast::check
