// HX-PREFIX: a replica holds a prefix of the primary, in its final reads and in every read before.
//
// Inserts of one run are ordered in real time: v is before w when v was acknowledged before w was
// sent. Who shows w must show every such v (reference: checking algorithms 2.7). Where positions are
// recorded (LSN, global transaction ids) they say more: who has applied all of the primary holds all of
// it, what a replica had applied the primary has, and no transaction is left out.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/finals.h"

namespace holdfast::check {
namespace {

using trace::Operation;
using trace::OperationEnd;

// What the primary finally holds of one key.
struct FinalKey {
  const Operation* read = nullptr;
  std::unordered_set<int64_t> rows;
  std::vector<const Operation*> acked;  // Adds of these rows that were acknowledged, by value.
};

std::map<size_t, FinalKey> PrimaryKeys(const Context& context, const FinalReads& finals) {
  std::map<size_t, FinalKey> keys;
  std::map<size_t, const Operation*> decisive;
  for (const auto& [node, reads] : finals.nodes)
    for (const auto& [key, read] : reads)
      if (node == finals.PrimaryOf(key)) decisive[key] = read;
  for (const auto& [key, read] : decisive) {
    FinalKey& entry = keys[key];
    entry.read = read;
    entry.rows.insert(read->values.begin(), read->values.end());
    for (const int64_t value : entry.rows) {
      const Operation* add = FindAdd(context, value);
      if (add != nullptr && add->end == OperationEnd::kOk && add->key == key)
        entry.acked.push_back(add);
    }
    std::sort(entry.acked.begin(), entry.acked.end(),
              [](const Operation* a, const Operation* b) { return a->value < b->value; });
  }
  return keys;
}

// When the youngest of these rows was sent: everything acknowledged before must be beside it.
int64_t YoungestSent(const Context& context, const std::vector<int64_t>& values) {
  int64_t youngest = -1;
  for (const int64_t value : values)
    if (const Operation* add = FindAdd(context, value)) youngest = std::max(youngest, add->invoked);
  return youngest;
}

void JudgeFinal(Judgement& judge,
                const Operation& read,
                const FinalKey& primary,
                int64_t youngest) {
  const Context& context = judge.context();
  const std::unordered_set<int64_t> rows(read.values.begin(), read.values.end());
  judge.Saw();
  const bool caught_up =
      trace::Reached(trace::PositionBefore(read), trace::PositionAfter(*primary.read)).value_or(false);
  for (const int64_t value : primary.rows) {
    if (rows.contains(value)) continue;
    const Operation* add = FindAdd(context, value);
    const bool before_youngest =
        add != nullptr && add->end == OperationEnd::kOk && add->completed < youngest;
    if (!caught_up && !before_youngest) continue;
    const int64_t time = add == nullptr ? read.completed : add->completed;
    judge.Broken(RowFinding(
        context,
        fmt::format("{} is on the primary {} and missing from the final read of {}, {}",
                    RowName(context, value, read.key), primary.read->node, read.node,
                    before_youngest ? "which holds younger rows"
                                    : "which had applied everything that the primary had"),
        time, value,
        {add == nullptr ? 0 : add->complete_line, primary.read->complete_line,
         read.complete_line}));
  }
  for (const int64_t value : rows) {
    if (primary.rows.contains(value)) continue;
    const Operation* add = FindAdd(context, value);
    // The outcome of the others is open: they may have been applied after the primary was read.
    if (add != nullptr && add->end != OperationEnd::kFail &&
        (add->end != OperationEnd::kOk || add->completed >= primary.read->invoked))
      continue;
    judge.Broken(
        RowFinding(context,
                   fmt::format("{} is in the final read of {}, but the primary {} does not have it",
                               RowName(context, value, read.key), read.node, primary.read->node),
                   read.completed, value, {primary.read->complete_line, read.complete_line}));
  }
}

Finding PositionFinding(const Context& context, const Operation& read, const Operation& primary,
                        std::string sentence) {
  Finding finding;
  finding.during = context.During(static_cast<double>(read.completed) * 1e-9);
  if (!finding.during.empty()) sentence += " (" + finding.during + ")";
  finding.sentence = std::move(sentence);
  finding.objects.push_back({"Pod", read.node, ""});
  for (const int64_t line : {primary.complete_line, read.complete_line})
    finding.evidence.push_back({context.history_file, line});
  return finding;
}

// Nobody wrote while the one node was read after the other: what the second has is all there is.
bool Quiet(const Context& context, const Operation& from, const Operation& to) {
  return std::none_of(context.history->adds.begin(), context.history->adds.end(), [&](const Operation& add) {
    if (add.end == OperationEnd::kFail || add.invoked > to.completed) return false;
    return add.end != OperationEnd::kOk || add.completed > from.invoked;
  });
}

// A source with semi-synchronous replicas commits only after a replica's word, which it may miss and
// wait for; then a replica is ahead of it for that long.
constexpr int64_t kSourceWaits = 15'000'000'000;

// A read of the primary so long after the replica's that what the one had applied, the other must
// have; nullptr when there is none.
const Operation* PrimaryAfter(const Context& context, const std::string& primary, const Operation& read) {
  for (const auto* operations : {&context.history->finals, &context.history->reads})
    for (const Operation& other : *operations)
      if (other.node == primary && other.role == "primary" && other.end == OperationEnd::kOk &&
          other.completed >= read.completed + kSourceWaits && !other.gtid_after.empty())
        return &other;
  return nullptr;
}

// By global transaction ids: a replica has nothing that the primary has not, and no gap. Servers tell
// these sets apart from the rows, so that a transaction without rows is judged, too.
void JudgeTransactions(Judgement& judge, const Operation& read, const std::string& node,
                       const Operation& primary) {
  const Context& context = judge.context();
  const trace::ReplicaPosition before = trace::PositionBefore(read);
  if (!before.gtids) return;
  const trace::ReplicaPosition at_primary = trace::PositionAfter(primary);
  if (!at_primary.gtids) return;
  judge.Saw();
  if (const auto gap = before.gtids->Gap(*at_primary.gtids)) {
    judge.Broken(PositionFinding(
        context, read, primary,
        fmt::format("{} had applied younger transactions than {} of the primary {}, but not that one: {}",
                    read.node, *gap, node, read.gtid_before)));
  }
  const Operation* later = PrimaryAfter(context, node, read);
  if (later == nullptr && Quiet(context, primary, read)) later = &primary;
  if (later == nullptr) return;
  const trace::ReplicaPosition all = trace::PositionAfter(*later);
  if (!all.gtids) return;
  if (const auto errant = all.gtids->Missing(*before.gtids)) {
    judge.Broken(PositionFinding(
        context, read, *later,
        fmt::format("{} had the transaction {}, which the primary {} does not have: {} against {}",
                    read.node, *errant, node, read.gtid_before, later->gtid_after)));
  }
}

void JudgeFinals(Judgement& judge,
                 const FinalReads& finals,
                 const std::map<size_t, FinalKey>& primary) {
  for (const auto& [node, reads] : finals.nodes) {
    if (node == finals.primary || finals.primary.empty() || !finals.owners.empty()) continue;
    if (std::any_of(reads.begin(), reads.end(),
                    [](const auto& entry) { return !entry.second->caught_up; })) {
      judge.Undecided(fmt::format("{} had not caught up with the primary when it was read", node));
    }
    bool told = false;
    for (const auto& [key, read] : reads) {
      const auto entry = primary.find(key);
      if (entry == primary.end()) continue;
      // One position tells of all keys.
      if (!std::exchange(told, true))
        JudgeTransactions(judge, *read, finals.primary, *entry->second.read);
      // What this node showed of any key before this read began, it still holds.
      int64_t youngest = YoungestSent(judge.context(), read->values);
      for (const auto& [other_key, other] : reads)
        if (other->completed <= read->invoked)
          youngest = std::max(youngest, YoungestSent(judge.context(), other->values));
      JudgeFinal(judge, *read, entry->second, youngest);
    }
  }
}

// Rows that a read must not show.
void JudgeShown(Judgement& judge, const Operation& read, const FinalKey& final) {
  const Context& context = judge.context();
  for (const int64_t value : read.values) {
    const Operation* add = FindAdd(context, value);
    std::string what;
    if ((add == nullptr || add->key != read.key) && !context.history->problems.empty()) {
      // The line that wrote it may be one of those that are damaged.
      judge.Undecided(fmt::format("nobody is seen to have written {}, which {} showed; but {} is damaged at line {}",
                                  value, read.node, context.history_file,
                                  context.history->problems.front().line));
      return;
    } else if (add == nullptr || add->key != read.key) {
      what = "which no client wrote there";
    } else if (add->end == OperationEnd::kFail) {
      what = "although the write was refused";
    } else if (!final.rows.contains(value) && read.completed < final.read->invoked &&
               add->end != OperationEnd::kOk) {
      what = fmt::format("which the primary {} does not have in the end", final.read->node);
    } else {
      continue;
    }
    judge.Broken(RowFinding(
        context,
        fmt::format("{} was read from {} at {}, {}", RowName(context, value, read.key), read.node,
                    NanoSeconds(read.completed), what),
        read.completed, value, {read.complete_line, add == nullptr ? 0 : add->complete_line}));
  }
}

// Rows that a window read must show: between the oldest one shown and the youngest there is no
// hole, and the primary shows everything acknowledged before the read was sent.
void JudgeHoles(Judgement& judge, const Operation& read, const FinalKey& final, int64_t window) {
  const Context& context = judge.context();
  const bool all = window > 0 && static_cast<int64_t>(read.values.size()) < window;
  int64_t oldest = all ? -1 : INT64_MAX;
  for (const int64_t value : read.values) {
    const Operation* add = FindAdd(context, value);
    if (!all && add != nullptr && add->end == OperationEnd::kOk) oldest = std::min(oldest, value);
  }
  if (oldest == INT64_MAX) return;
  int64_t horizon = YoungestSent(context, read.values);
  if (read.role == "primary") horizon = std::max(horizon, read.invoked);
  const std::unordered_set<int64_t> shown(read.values.begin(), read.values.end());
  auto at =
      std::upper_bound(final.acked.begin(), final.acked.end(), oldest,
                       [](int64_t value, const Operation* add) { return value < add->value; });
  for (; at != final.acked.end() && (*at)->invoked <= horizon; ++at) {
    const Operation& add = **at;
    if (add.completed >= horizon || shown.contains(add.value)) continue;
    judge.Broken(RowFinding(
        context,
        fmt::format("{} was acknowledged at {} and is missing from the read of {} at {}, {}",
                    RowName(context, add.value, read.key), NanoSeconds(add.completed), read.node,
                    NanoSeconds(read.completed),
                    read.role == "primary" ? "the primary" : "which shows younger rows"),
        read.invoked, add.value, {add.complete_line, read.complete_line}));
    return;  // One hole tells the read; the rest follows from it.
  }
}

}  // namespace

CheckResult JudgePrefix(const Context& context, const Window& window) {
  Judgement judge(context, window, "HX-PREFIX");
  if (const auto excuse = DataExcuse(context, window)) return judge.NotApplicable(*excuse);
  if (!CheckHistory(judge)) return judge.Conclude("", "");
  const FinalReads finals = FindFinals(context, window);
  for (const std::string& clause : finals.missing)
    judge.Undecided(clause);
  for (const std::string& clause : finals.primary_missing)
    judge.Undecided(clause);
  const std::map<size_t, FinalKey> primary = PrimaryKeys(context, finals);
  JudgeFinals(judge, finals, primary);
  const int64_t rows = GetInt(context.run, {"load", "window"});
  int64_t reads = 0;
  for (const Operation& read : context.history->reads) {
    const auto entry = primary.find(read.key);
    if (read.end != OperationEnd::kOk || !window.HasTime(read.invoked) || entry == primary.end() ||
        read.completed >= entry->second.read->invoked)
      continue;
    ++reads;
    judge.Saw();
    JudgeShown(judge, read, entry->second);
    JudgeHoles(judge, read, entry->second, rows);
  }
  return judge.Conclude(
      fmt::format("{} final reads of replicas and {} reads before were prefixes of the primary",
                  judge.judged() - reads, reads),
      "no replica was read in this scenario");
}

}  // namespace holdfast::check
