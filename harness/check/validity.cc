// RUN-*: whether the record can carry a verdict at all, and whether the run kept what it promised.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/families.h"
#include "harness/check/finals.h"

namespace holdfast::check {
namespace {

using trace::Fault;
using trace::Operation;
using trace::OperationEnd;

// How far around a fault the clients must have been at work.
constexpr double kAround = 1.0;

CheckResult NotRun(const Context& context, const Window& window, const char* id) {
  Judgement judge(context, window, id);
  CheckResult result = judge.NotApplicable("the scenario was planned, but not run");
  return result;
}

std::vector<const Fault*> FaultsOf(const Context& context, const Window& window) {
  std::vector<const Fault*> faults;
  for (const Fault& fault : context.trace.faults)
    if (window.Has(fault.begin)) faults.push_back(&fault);
  return faults;
}

bool AtWorkDuring(const std::vector<Operation>& operations, double begin, double end) {
  return std::any_of(operations.begin(), operations.end(), [&](const Operation& operation) {
    const double invoked = static_cast<double>(operation.invoked) * 1e-9;
    const double completed = static_cast<double>(operation.completed) * 1e-9;
    const bool open = operation.end == OperationEnd::kOpen;
    return !operation.probe && invoked <= end && (open || completed >= begin);
  });
}

// A database that takes no write after the faults has not come back, whatever the reads say.
// Clients write each of their keys once more when all is healed.
void JudgeAfterFaults(Judgement& judge, const std::vector<const Fault*>& faults) {
  const trace::History& history = *judge.context().history;
  double last = -1;
  for (const Fault* fault : faults)
    last = std::max(last, fault->end ? fault->end->t : fault->begin.t);
  if (last < 0) return;
  std::map<size_t, bool> written;  // Keys that were written to in this scenario: again afterwards?
  for (const Operation& add : history.adds) {
    if (add.probe || !judge.window().HasTime(add.invoked)) continue;
    const bool after =
        add.end == OperationEnd::kOk && static_cast<double>(add.completed) * 1e-9 >= last;
    written[add.key] = written[add.key] || after;
  }
  for (const auto& [key, again] : written) {
    if (!again)
      judge.Undecided(fmt::format("no write to key {} was acknowledged after the last fault",
                                  history.keys[key]));
  }
}

std::vector<std::string> NeededResources(const Context& context) {
  if (context.IsDeployment()) return {"pods", "deployments", "replicasets"};
  return {"pods", "statefulsets", "controllerrevisions", "persistentvolumeclaims",
          "persistentvolumes"};
}

}  // namespace

CheckResult JudgeFaults(const Context& context, const Window& window) {
  Judgement judge(context, window, "RUN-FAULT");
  if (!window.run) {
    CheckResult result = judge.NotApplicable("the scenario was planned, but not run");
    result.verdict = Verdict::kUnknown;
    return result;
  }
  const std::vector<const Fault*> faults = FaultsOf(context, window);
  for (const Fault* fault : faults) {
    judge.Saw();
    std::string needed = fault->proof_needed;
    if (!needed.empty()) needed = " (needed: " + needed + ")";
    if (fault->unproven) {
      judge.Undecided(fmt::format("fault {} ({}) is not proven: {}", fault->id, fault->fault,
                                  *fault->unproven));
    } else if (!fault->proof) {
      judge.Undecided(fmt::format("nothing proves that fault {} ({}) happened{}", fault->id,
                                  fault->fault, needed));
    }
  }
  const int64_t planned = GetInt(window.plan, {"faults"});
  if (static_cast<int64_t>(faults.size()) < planned)
    judge.Undecided(fmt::format("{} faults were planned, {} were begun", planned, faults.size()));
  return judge.Conclude(fmt::format("{} faults, each with its proof", faults.size()),
                        "no fault belongs to this scenario");
}

CheckResult JudgeWatches(const Context& context, const Window& window) {
  Judgement judge(context, window, "RUN-WATCH");
  if (!window.run) return NotRun(context, window, "RUN-WATCH");
  judge.Needs(NeededResources(context));
  judge.Saw();
  return judge.Conclude("the record is whole: every watch was open, without a gap",
                        "nothing was watched");
}

CheckResult JudgeLoad(const Context& context, const Window& window) {
  Judgement judge(context, window, "RUN-LOAD");
  if (const auto excuse = DataExcuse(context, window)) return judge.NotApplicable(*excuse);
  if (GetInt(context.run, {"load", "writers"}) == 0 &&
      GetInt(context.run, {"load", "readers"}) == 0)
    return judge.NotApplicable("the suite asks for no clients");
  if (!CheckHistory(judge)) return judge.Conclude("", "");
  const trace::History& history = *context.history;
  const int64_t acks =
      std::count_if(history.adds.begin(), history.adds.end(), [&](const Operation& add) {
        return add.end == OperationEnd::kOk && !add.probe && window.HasTime(add.completed);
      });
  const int64_t needed = GetInt(window.plan, {"limits", "minimum-acks"},
                                GetInt(context.run, {"limits", "minimum-acks"}));
  judge.Saw();
  if (acks < needed) {
    judge.Undecided(
        fmt::format("only {} writes were acknowledged in this scenario, fewer than {} "
                    "decide nothing",
                    acks, needed));
  }
  const std::vector<const Fault*> faults = FaultsOf(context, window);
  JudgeAfterFaults(judge, faults);
  for (const Fault* fault : faults) {
    const double begin = fault->begin.t - kAround;
    const double end = (fault->end ? fault->end->t : window.t1) + kAround;
    if (AtWorkDuring(history.adds, begin, end) || AtWorkDuring(history.reads, begin, end)) continue;
    judge.Undecided(
        fmt::format("no client was at work during fault {} ({})", fault->id, fault->fault));
  }
  return judge.Conclude(
      fmt::format("{} acknowledged writes; clients worked during every fault", acks), "no clients");
}

CheckResult JudgeSteps(const Context& context, const Window& window) {
  Judgement judge(context, window, "RUN-SETTLE");
  if (!window.run) return NotRun(context, window, "RUN-SETTLE");
  for (const trace::StepRecord& step : context.trace.steps) {
    if (!window.Has(step.begin)) continue;
    judge.Saw();
    if (!step.end) {
      judge.Undecided(fmt::format("step '{}' has no end in the record", step.name));
    } else if (!step.ok) {
      judge.Undecided(fmt::format("step '{}' did not end as it should: {}", step.name,
                                  step.message.empty() ? "no reason is given" : step.message));
    }
  }
  return judge.Conclude(fmt::format("{} steps ended as they should", judge.judged()),
                        "no step belongs to this scenario");
}

CheckResult JudgeLimits(const Context& context, const Window& window) {
  Judgement judge(context, window, "RUN-LIMITS");
  if (!window.run) return NotRun(context, window, "RUN-LIMITS");
  if (FindPath(window.plan, {"limits", "settle"}) == nullptr)
    return judge.NotApplicable("the scenario has no limit for settling");
  for (const trace::StepRecord& step : context.trace.steps) {
    if (!window.Has(step.begin) || !step.name.starts_with("settle") || !step.end) continue;
    judge.Saw();
    const double took = step.end->t - step.begin.t;
    if (took <= window.Settle()) continue;
    judge.Broken(step.begin.t,
                 fmt::format("settling took {:.1f} s from {}, the limit is {:.0f} s", took,
                             Seconds(step.begin.t), window.Settle()),
                 {}, {step.begin.line, step.end->line});
  }
  return judge.Conclude(fmt::format("settled {} times within the limit", judge.judged()),
                        "no settling belongs to this scenario");
}

CheckResult JudgeLeftAsFound(const Context& context, const Window& window) {
  Judgement judge(context, window, "RUN-LEFT-AS-FOUND");
  // The whole run is judged once, with its last scenario.
  if (&window != &context.windows.back())
    return judge.NotApplicable("it is judged with the last scenario");
  std::map<std::pair<std::string, std::string>, std::vector<const trace::FoundFact*>> objects;
  bool looked_again = false;
  for (const trace::FoundFact& fact : context.trace.found) {
    objects[{fact.kind, fact.name}].push_back(&fact);
    looked_again = looked_again || fact.after;
  }
  if (!objects.empty() && !looked_again)
    judge.Undecided("what the run left behind is not recorded");
  for (const auto& [id, facts] : objects) {
    const auto& [kind, name] = id;
    const auto before = std::find_if(facts.begin(), facts.end(),
                                     [](const auto* fact) { return !fact->after; });
    const auto after = std::find_if(facts.rbegin(), facts.rend(),
                                    [](const auto* fact) { return fact->after; });
    if (!looked_again) break;
    judge.Saw();
    if (before == facts.end() || after == facts.rend()) {
      const trace::FoundFact& only = *facts.front();
      judge.Broken(only.at.t,
                   before == facts.end()
                       ? fmt::format("{} {} was left behind", kind, name)
                       : fmt::format("{} {} was there before the run and is gone", kind, name),
                   {{kind, name, ""}}, {only.at.line});
      continue;
    }
    if ((*before)->fields == (*after)->fields) continue;
    judge.Broken((*after)->at.t,
                 fmt::format("{} {} is not as it was found: before {}, after {}", kind, name,
                             DumpJson((*before)->fields), DumpJson((*after)->fields)),
                 {{kind, name, ""}}, {(*before)->at.line, (*after)->at.line});
  }
  return judge.Conclude(fmt::format("{} objects are as they were found", judge.judged()),
                        "the run records no object outside of its namespace");
}

}  // namespace holdfast::check
