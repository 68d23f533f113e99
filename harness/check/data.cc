// SS-DATA-1 and the accounting of acknowledged writes: HX-LOST, HX-RESURRECTED, HX-DUPLICATED,
// HX-PHANTOM, HX-TORN. An acknowledged write is a debt; the final reads say whether it was paid.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "harness/check/client_rules.h"
#include "harness/check/families.h"
#include "harness/check/finals.h"
#include "harness/check/history/torn.h"

namespace holdfast::check {
namespace {

using trace::Operation;
using trace::OperationEnd;

// A row that is not as it should be. `id` tells the same matter in two scenarios.
struct Wrong {
  std::string id;
  Finding finding;
};
using Collector = std::vector<Wrong> (*)(const Context& context, const FinalReads& finals);

std::string WhoStillHas(const FinalReads& finals, size_t key, int64_t value) {
  std::string who;
  for (const auto& [node, reads] : finals.nodes) {
    const auto read = reads.find(key);
    if (node == finals.PrimaryOf(key) || read == reads.end()) continue;
    const std::vector<int64_t>& values = read->second->values;
    if (std::find(values.begin(), values.end(), value) != values.end())
      who += (who.empty() ? "" : ", ") + node;
  }
  return who.empty() ? "" : "; still on " + who;
}

std::vector<Wrong> CollectLost(const Context& context, const FinalReads& finals) {
  std::vector<Wrong> lost;
  std::unordered_map<size_t, std::unordered_set<int64_t>> rows;
  std::unordered_map<size_t, const Operation*> decisive;
  for (const auto& [node, reads] : finals.nodes) {
    for (const auto& [key, read] : reads) {
      if (node != finals.PrimaryOf(key)) continue;
      decisive[key] = read;
      rows[key].insert(read->values.begin(), read->values.end());
    }
  }
  for (const Operation& add : context.history->adds) {
    if (add.end != OperationEnd::kOk || !add.durable) continue;
    const auto read = decisive.find(add.key);
    if (read == decisive.end() || add.completed >= read->second->invoked) continue;
    if (rows[add.key].contains(add.value)) continue;
    lost.push_back(
        {std::to_string(add.value),
         RowFinding(
             context,
             fmt::format("{} was acknowledged by {} at {} and is missing from the final "
                         "read of the primary {}{}",
                         RowName(context, add.value, add.key), add.node, NanoSeconds(add.completed),
                         finals.PrimaryOf(add.key), WhoStillHas(finals, add.key, add.value)),
             add.completed, add.value, {add.complete_line, read->second->complete_line})});
  }
  return lost;
}

// Calls `look` for every row of every final read.
template <typename Look>
void ForEachRow(const FinalReads& finals, const Look& look) {
  for (const auto& [node, reads] : finals.nodes)
    for (const auto& [key, read] : reads)
      for (const int64_t value : read->values)
        look(node, key, *read, value);
}

std::vector<Wrong> CollectResurrected(const Context& context, const FinalReads& finals) {
  std::vector<Wrong> wrong;
  std::unordered_set<int64_t> seen;
  ForEachRow(
      finals, [&](const std::string& node, size_t key, const Operation& read, int64_t value) {
        const Operation* add = FindAdd(context, value);
        if (add == nullptr || add->end != OperationEnd::kFail || !seen.insert(value).second) return;
        wrong.push_back(
            {std::to_string(value),
             RowFinding(
                 context,
                 fmt::format("{} was refused by {} at {} ({}), yet it is in the final read of {}",
                             RowName(context, value, key), add->node, NanoSeconds(add->completed),
                             add->error, node),
                 add->completed, value, {add->complete_line, read.complete_line})});
      });
  return wrong;
}

std::vector<Wrong> CollectDuplicated(const Context& context, const FinalReads& finals) {
  std::vector<Wrong> wrong;
  for (const auto& [node, reads] : finals.nodes) {
    for (const auto& [key, read] : reads) {
      std::unordered_map<int64_t, int> counts;
      for (const int64_t value : read->values) {
        if (++counts[value] != 2) continue;
        const Operation* add = FindAdd(context, value);
        const auto times = std::count(read->values.begin(), read->values.end(), value);
        wrong.push_back({node + " " + std::to_string(value),
                         RowFinding(context,
                                    fmt::format("{} is {} times in the final read of {}, it was "
                                                "written once",
                                                RowName(context, value, key), times, node),
                                    add == nullptr ? read->completed : add->invoked, value,
                                    {add == nullptr ? 0 : add->invoke_line, read->complete_line})});
      }
    }
  }
  return wrong;
}

// Where a row that nobody of this run wrote here may come from.
std::string Origin(const Context& context, int64_t value, size_t key) {
  const trace::History& history = *context.history;
  if (const Operation* add = FindAdd(context, value)) {
    return add->key == key ? "" : fmt::format("it was written to key {}", history.keys[add->key]);
  }
  const int64_t run = history.adds.empty() ? -1 : trace::SplitValue(history.adds.front().value).run;
  const trace::ValueParts parts = trace::SplitValue(value);
  if (run >= 0 && parts.run != run)
    return fmt::format("it carries the run id {}, this run is {}: it was left by another run",
                       parts.run, run);
  return "no client of this run attempted it";
}

std::vector<Wrong> CollectPhantoms(const Context& context, const FinalReads& finals) {
  std::vector<Wrong> wrong;
  std::unordered_set<int64_t> seen;
  ForEachRow(finals,
             [&](const std::string& node, size_t key, const Operation& read, int64_t value) {
               const std::string origin = Origin(context, value, key);
               if (origin.empty() || !seen.insert(value).second) return;
               wrong.push_back({std::to_string(value),
                                RowFinding(context,
                                           fmt::format("{} is in the final read of {}, but {}",
                                                       RowName(context, value, key), node, origin),
                                           read.completed, value, {read.complete_line})});
             });
  return wrong;
}

// Writes that may have been cut short before this read: nobody promised anything of them.
int64_t MayBeHalf(const Context& context, const Operation& read) {
  const std::unordered_set<int64_t> whole(read.values.begin(), read.values.end());
  return std::count_if(
      context.history->adds.begin(), context.history->adds.end(), [&](const Operation& add) {
        return add.key == read.key && add.node == read.node && add.invoked <= read.completed &&
               (add.end == OperationEnd::kInfo || add.end == OperationEnd::kOpen ||
                add.completed >= read.invoked) &&
               !whole.contains(add.value);
      });
}

void FindTornIn(const Context& context, const Operation& read, const char* what, std::vector<Wrong>& wrong) {
  if (read.end != OperationEnd::kOk) return;
  const auto finding = [&](std::string sentence, int64_t value, const Operation* add) {
    return RowFinding(context, std::move(sentence), read.completed, value,
                      {add == nullptr ? 0 : add->complete_line, read.complete_line});
  };
  if (const int64_t half = read.torn > 0 ? MayBeHalf(context, read) : 0; read.torn > half) {
    const std::string cause =
        half == 0 ? "no write was open or of unknown outcome"
                  : fmt::format("only {} write{} of this key had an unknown outcome or {} under way", half,
                                half == 1 ? "" : "s", half == 1 ? "was" : "were");
    Wrong entry{fmt::format("{} {} torn {}", read.node, read.key, read.torn),
                finding(fmt::format("the {} of key {} on {} at {} met {} place{} whose checksum does not "
                                    "fit; {}",
                                    what, context.history->keys[read.key], read.node,
                                    NanoSeconds(read.completed), read.torn, read.torn == 1 ? "" : "s", cause),
                        0, nullptr)};
    entry.finding.objects = {{"Pod", read.node, ""}};
    wrong.push_back(std::move(entry));
  }
  for (const int64_t value : read.values) {
    if (FindAdd(context, value) != nullptr) continue;
    const std::string text = std::to_string(value);
    for (const Operation& add : context.history->adds) {
      if (add.key != read.key || !history::IsPart(text, std::to_string(add.value))) continue;
      wrong.push_back({text, finding(fmt::format("{} is in the {} of {}; nobody wrote it, and it is a part "
                                                 "of {}",
                                                 value, what, read.node,
                                                 RowName(context, add.value, add.key)),
                                     value, &add)});
      break;
    }
    if (wrong.size() > 20) return;
  }
}

std::vector<Wrong> CollectTorn(const Context& context, const FinalReads& finals) {
  std::vector<Wrong> wrong;
  for (const auto& [node, reads] : finals.nodes)
    for (const auto& [key, read] : reads)
      FindTornIn(context, *read, "final read", wrong);
  return wrong;
}

// Whether its findings rest on nobody having written a row.
bool Foreign(Collector collect) { return collect == CollectPhantoms; }

// What earlier scenarios showed already is not told again.
CheckResult JudgeRows(const Context& context,
                      const Window& window,
                      const char* id,
                      bool primary_only,
                      Collector collect,
                      const char* seen) {
  Judgement judge(context, window, id);
  if (const auto excuse = DataExcuse(context, window)) return judge.NotApplicable(*excuse);
  if (!CheckHistory(judge)) return judge.Conclude("", "");
  std::unordered_set<std::string> told;
  for (const Window& earlier : context.windows) {
    if (&earlier == &window || earlier.name == window.name) break;
    if (DataExcuse(context, earlier)) continue;
    for (const Wrong& wrong : collect(context, FindFinals(context, earlier)))
      told.insert(wrong.id);
  }
  const FinalReads finals = FindFinals(context, window);
  for (const std::string& clause : primary_only ? finals.primary_missing : finals.missing)
    judge.Undecided(clause);
  if (!primary_only && finals.nodes.empty()) judge.Undecided("there are no final reads");
  int64_t rows = 0;
  for (const auto& [node, reads] : finals.nodes) {
    for (const auto& [key, read] : reads)
      if (!primary_only || node == finals.PrimaryOf(key))
        rows += static_cast<int64_t>(read->values.size());
  }
  judge.Saw(rows);
  // A row that nobody wrote may have been written by a line that is damaged.
  const bool doubtful = Foreign(collect) && !context.history->problems.empty();
  for (Wrong& wrong : collect(context, finals)) {
    if (told.contains(wrong.id)) continue;
    if (doubtful) {
      judge.Undecided(fmt::format("{}; but {} is damaged at line {}", wrong.finding.sentence,
                                  context.history_file, context.history->problems.front().line));
    } else {
      judge.Broken(std::move(wrong.finding));
    }
  }
  return judge.Conclude(fmt::format("{} {}", rows, seen),
                        "nothing was written before this scenario");
}

}  // namespace

CheckResult JudgeDurability(const Context& context, const Window& window) {
  return JudgeRows(context, window, "SS-DATA-1", true, CollectLost,
                   "rows on the primary; every acknowledged write is among them");
}
CheckResult JudgeLost(const Context& context, const Window& window) {
  return JudgeRows(context, window, "HX-LOST", true, CollectLost,
                   "rows on the primary; none was lost after its acknowledgement");
}
CheckResult JudgeResurrected(const Context& context, const Window& window) {
  return JudgeRows(context, window, "HX-RESURRECTED", false, CollectResurrected,
                   "rows on all nodes; none of a refused write");
}
CheckResult JudgeDuplicated(const Context& context, const Window& window) {
  return JudgeRows(context, window, "HX-DUPLICATED", false, CollectDuplicated,
                   "rows on all nodes; none twice");
}
// Of registers the clients' reads tell, of rows the final reads and the reads before.
CheckResult JudgeTorn(const Context& context, const Window& window) {
  if (context.history && GetString(context.history->header, {"model"}, "set") != "set")
    return JudgeTornRegisters(context, window);
  CheckResult result = JudgeRows(context, window, "HX-TORN", false, CollectTorn,
                                 "rows on all nodes; none is a part of another one");
  if (!context.history || result.verdict == Verdict::kNotApplicable) return result;
  std::vector<Wrong> wrong;
  for (const Operation& read : context.history->reads)
    if (read.torn > 0 && window.HasTime(read.completed) && wrong.empty())
      FindTornIn(context, read, "read", wrong);
  if (wrong.empty()) return result;
  if (result.verdict != Verdict::kFail) result.reason = wrong.front().finding.sentence;
  result.verdict = Verdict::kFail;
  result.findings.push_back(std::move(wrong.front().finding));
  return result;
}
CheckResult JudgePhantom(const Context& context, const Window& window) {
  return JudgeRows(context, window, "HX-PHANTOM", false, CollectPhantoms,
                   "rows on all nodes; every one was attempted by this run");
}

}  // namespace holdfast::check
