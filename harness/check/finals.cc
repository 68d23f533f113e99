#include "harness/check/finals.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace holdfast::check {
namespace {

using trace::Operation;
using trace::OperationEnd;

// The pods that must have been read: those that the set wants at the window's end.
std::vector<std::string> ExpectedNodes(const Context& context, const Window& window) {
  std::vector<std::string> nodes;
  if (const trace::SetState* set = context.SetAt(window.end_line - 1);
      set != nullptr && set->replicas < 10000) {
    for (int64_t i = set->start; i < set->start + set->replicas; ++i)
      nodes.push_back(fmt::format("{}-{}", context.trace.target_name, i));
    return nodes;
  }
  for (const Json& node : GetArray(context.history->header, {"nodes"}))
    if (node.is_string()) nodes.push_back(node.get<std::string>());
  return nodes;
}

std::string WhyNot(const Context& context,
                   const Window& window,
                   const std::string& node,
                   size_t key) {
  std::string why;
  for (const Operation& read : context.history->finals)
    if (read.scenario == window.name && read.node == node && read.key == key)
      why = read.error.empty() ? " (it was not answered)" : " (" + read.error + ")";
  return why;
}

// Each key must have been read from its own node.
void FindMissingOwned(const Context& context, const Window& window, FinalReads& finals) {
  for (const size_t key : finals.keys) {
    const std::string& node = finals.PrimaryOf(key);
    const auto reads = finals.nodes.find(node);
    if (reads != finals.nodes.end() && reads->second.contains(key)) continue;
    const std::string clause = fmt::format("there is no final read of {} for key {}{}", node,
                                           context.history->keys[key],
                                           WhyNot(context, window, node, key));
    finals.missing.push_back(clause);
    finals.primary_missing.push_back(clause);
  }
}

void FindMissing(const Context& context, const Window& window, FinalReads& finals) {
  if (!finals.owners.empty()) return FindMissingOwned(context, window, finals);
  const trace::History& history = *context.history;
  if (finals.primary.empty())
    finals.primary_missing.push_back("no final read says that its node is the primary");
  std::vector<std::string> nodes = ExpectedNodes(context, window);
  if (!finals.primary.empty() &&
      std::find(nodes.begin(), nodes.end(), finals.primary) == nodes.end())
    nodes.push_back(finals.primary);
  for (const std::string& node : nodes) {
    for (const size_t key : finals.keys) {
      const auto reads = finals.nodes.find(node);
      if (reads != finals.nodes.end() && reads->second.contains(key)) continue;
      const std::string clause =
          fmt::format("there is no final read of {} for key {}{}", node, history.keys[key],
                      WhyNot(context, window, node, key));
      finals.missing.push_back(clause);
      if (node == finals.primary) finals.primary_missing.push_back(clause);
    }
  }
}

}  // namespace

FinalReads FindFinals(const Context& context, const Window& window) {
  FinalReads finals;
  const trace::History& history = *context.history;
  std::set<std::string> primaries;
  int64_t first = INT64_MAX;
  for (const Operation& read : history.finals) {
    if (read.scenario != window.name) continue;
    first = std::min(first, read.invoked);
    if (read.end != OperationEnd::kOk) continue;
    finals.nodes[read.node][read.key] = &read;
    if (read.role == "primary") primaries.insert(read.node);
  }
  const Json& owners = GetObject(history.header, {"owners"});
  for (size_t key = 0; key < history.keys.size(); ++key)
    if (const std::string node = GetString(owners, {history.keys[key]}); !node.empty())
      finals.owners[key] = node;
  if (!finals.owners.empty()) primaries.clear();
  if (primaries.size() == 1) finals.primary = *primaries.begin();
  std::set<size_t> keys;
  for (const Operation& add : history.adds)
    if (add.invoked < first) keys.insert(add.key);
  finals.keys.assign(keys.begin(), keys.end());
  FindMissing(context, window, finals);
  if (primaries.size() > 1) {
    finals.primary_missing.push_back(fmt::format("both {} and {} say that they are the primary",
                                                 *primaries.begin(), *primaries.rbegin()));
  }
  return finals;
}

std::optional<std::string> DataExcuse(const Context& context, const Window& window) {
  if (!window.run) return "the scenario was planned, but not run";
  if (context.IsDeployment()) return "the target is a Deployment, which does not promise this";
  if (context.run.is_null()) return "a bare trace has no client history";
  if (window.name == kDeploy) return "final reads follow a scenario, not the deployment";
  if (window.name == kLeftAsFound) return "the clients had ended before it";
  if (FindPath(context.run, {"load"}) == nullptr &&
      (!context.history || context.history->events == 0))
    return "the run had no clients";
  return std::nullopt;
}

bool CheckHistory(Judgement& judge) {
  const Context& context = judge.context();
  if (!context.history) {
    judge.Undecided(context.history_file + " is not there or cannot be read");
    return false;
  }
  // What was written after the window and its final reads cannot hide anything of it.
  int64_t last = 0;
  for (const Operation& read : context.history->finals)
    if (read.scenario == judge.window().name)
      last = std::max({last, read.invoke_line, read.complete_line});
  for (const trace::HistoryProblem& problem : context.history->problems) {
    if (problem.line > last && static_cast<double>(problem.time) * 1e-9 > judge.window().t1) break;
    judge.Undecided(fmt::format("{} contradicts itself or is damaged at line {}: {}",
                                context.history_file, problem.line, problem.sentence));
  }
  return true;
}

std::string RowName(const Context& context, int64_t value, size_t key) {
  const trace::ValueParts parts = trace::SplitValue(value);
  return fmt::format("row {} (key {}, writer {}, sequence {})", value, context.history->keys[key],
                     parts.writer, parts.sequence);
}

namespace {

// A later fault that took the storage of the row's pod away, by its own word; empty without one.
std::string StorageTaken(const Context& context, int64_t value, int64_t time) {
  const Operation* add = FindAdd(context, value);
  if (add == nullptr) return "";
  for (const trace::Fault& fault : context.trace.faults) {
    if (fault.begin.t < static_cast<double>(time) * 1e-9) continue;
    const auto& given = fault.gives_up;
    if (std::find(given.begin(), given.end(), "HX-LOST") == given.end()) continue;
    for (const trace::FaultTarget& target : fault.targets) {
      if (target.kind == "Pod" && target.name == add->node)
        return fmt::format("; fault {} ({}) then gave up what {} held", fault.id, fault.fault,
                           add->node);
    }
  }
  return "";
}

}  // namespace

Finding RowFinding(const Context& context,
                   std::string sentence,
                   int64_t time,
                   int64_t value,
                   const std::vector<int64_t>& lines) {
  Finding finding;
  finding.during = context.During(static_cast<double>(time) * 1e-9);
  if (!finding.during.empty()) sentence += " (" + finding.during + ")";
  sentence += StorageTaken(context, value, time);
  finding.sentence = std::move(sentence);
  finding.objects.push_back({"Row", std::to_string(value), ""});
  for (const int64_t line : lines)
    if (line > 0) finding.evidence.push_back({context.history_file, line});
  return finding;
}

const Operation* FindAdd(const Context& context, int64_t value) {
  const auto found = context.adds.find(value);
  return found == context.adds.end() ? nullptr : &context.history->adds[found->second];
}

std::string NanoSeconds(int64_t time) { return Seconds(static_cast<double>(time) * 1e-9); }

}  // namespace holdfast::check
