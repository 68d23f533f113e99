#include "harness/check/history/list_append.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "harness/check/history/big_memory.h"
#include "harness/check/history/explain.h"
#include "harness/check/history/graph.h"
#include "harness/check/history/nearly_sorted.h"

namespace holdfast::check::history {
namespace {

// Of one key, so many may each be before everything unread, whatever that costs.
constexpr size_t kMostReaders = 64;

// One appearance of a key in a transaction.
struct Use {
  uint32_t op = 0;     // Transaction.
  uint32_t micro = 0;  // Into History::micros.
};

// The order of one key's versions.
struct Versions {
  uint32_t begin = 0;  // Of its writers in Checker::writers_.
  uint32_t count = 0;
  uint32_t longest = kNone;       // Micro: the read that gave the order.
  uint32_t first_longest = 0;     // Use: the first read that has all of it.
  uint32_t first_unread = kNone;  // Use: the first append that stands in no read.
};

class Checker {
 public:
  Checker(const History& history, bool real_time)
      : history_(history),
        real_time_(real_time),
        versions_(history.keys.size()),
        append_of_(history.values.size(), kNone),
        graph_(static_cast<uint32_t>(history.ops.size())) {
    AssignBig(position_, history.micros.size(), kNone);
  }

  ListAppendReport Run() {
    Group();
    for (size_t key = 0; key + 1 < key_begin_.size(); ++key)
      if (key_begin_[key] < key_begin_[key + 1]) OrderKey(static_cast<uint32_t>(key));
    graph_.Reserve(uses_.size() * 2 + history_.ops.size() * 3);
    for (const Op& op : history_.ops)
      if (op.kind == Kind::kTransaction) AddTransaction(op);
    for (size_t key = 0; key < versions_.size(); ++key)
      if (versions_[key].first_unread != kNone) AddUnread(static_cast<uint32_t>(key));
    for (size_t key = 0; key < versions_.size(); ++key)
      for (uint32_t i = 1; i < versions_[key].count; ++i)
        Depend(writers_[versions_[key].begin + i - 1], writers_[versions_[key].begin + i], Arrow::kWriteWrite);
    if (real_time_) AddRealTime();
    graph_.Build();
    report_.edges = graph_.edges();
    FindCycles();
    return std::move(report_);
  }

 private:
  [[nodiscard]] std::string Key(uint32_t key) const { return history_.keys.Show(key); }
  [[nodiscard]] std::string Value(uint32_t value) const { return history_.values.Show(value); }
  [[nodiscard]] std::string Transaction(uint32_t op) const {
    return fmt::format("{} ({})", Who(history_, op), When(history_, op));
  }

  void Found(Level level, const std::string& name, const std::string& sentence,
             const std::vector<uint32_t>& ops) {
    ++report_.found;
    if (++told_[name] > kMostAnomalies) return;
    Anomaly anomaly{.broken = level, .name = name, .sentence = name + ": " + sentence, .lines = {}};
    for (const uint32_t op : ops) {
      AddLines(history_, op, anomaly.lines);
      if (op == kNone) continue;
      const Op& entry = history_.ops[op];
      anomaly.time = std::max(anomaly.time, entry.finish == kNever ? entry.start : entry.finish);
    }
    std::sort(anomaly.lines.begin(), anomaly.lines.end());
    anomaly.lines.erase(std::unique(anomaly.lines.begin(), anomaly.lines.end()), anomaly.lines.end());
    report_.anomalies.push_back(std::move(anomaly));
  }

  // Appends of all transactions and reads of those that committed, by key.
  void Group() {
    AssignBig(key_begin_, history_.keys.size() + 1, 0U);
    const auto each = [&](const auto& take) {
      for (const Op& op : history_.ops) {
        if (op.kind != Kind::kTransaction) continue;
        for (uint32_t i = op.a; i < op.a + op.b; ++i) {
          const Micro& micro = history_.micros[i];
          if (micro.kind == Micro::Kind::kAppend ||
              (micro.kind == Micro::Kind::kReadList && micro.known && op.end == End::kOk))
            take(op.index, i, micro.key);
        }
      }
    };
    each([&](uint32_t, uint32_t, uint32_t key) { ++key_begin_[key + 1]; });
    for (size_t i = 1; i < key_begin_.size(); ++i) {
      if (key_begin_[i] > 0) ++report_.keys;
      key_begin_[i] += key_begin_[i - 1];
    }
    ReserveBig(uses_, key_begin_.back());
    uses_.resize(key_begin_.back());
    ReserveBig(writers_, uses_.size());
    std::vector<uint32_t> next(key_begin_.begin(), key_begin_.end() - 1);
    each([&](uint32_t op, uint32_t micro, uint32_t key) {
      uses_[next[key]++] = {.op = op, .micro = micro};
    });
  }

  // The longest read, what all other reads must be the beginning of, and who wrote each element.
  void OrderKey(uint32_t key) {
    Versions& versions = versions_[key];
    versions.begin = static_cast<uint32_t>(writers_.size());
    versions.first_longest = key_begin_[key];
    for (uint32_t i = key_begin_[key]; i < key_begin_[key + 1]; ++i) {
      const Micro& micro = history_.micros[uses_[i].micro];
      if (micro.kind == Micro::Kind::kAppend) {
        uint32_t& append = append_of_[micro.value];
        if (append != kNone) {
          Found(Level::kReadCommitted, "duplicate append",
                fmt::format("{} was appended to key {} by {} and by {}: the record cannot be judged",
                            Value(micro.value), Key(key), Transaction(uses_[append].op),
                            Transaction(uses_[i].op)),
                {uses_[append].op, uses_[i].op});
        }
        append = i;
      } else if (versions.longest == kNone ||
                 micro.count > history_.micros[versions.longest].count) {
        versions.longest = uses_[i].micro;
        versions.first_longest = i;
      }
    }
    if (versions.longest != kNone) {
      TakeWriters(key, versions);
      CheckReads(key, versions);
    }
    CheckAppends(key, versions);
  }

  void TakeWriters(uint32_t key, Versions& versions) {
    const uint32_t reader = uses_[versions.first_longest].op;
    const Micro& read = history_.micros[versions.longest];
    versions.count = read.count;
    newest_.clear();
    uint32_t newest = 0;
    for (uint32_t i = 0; i < read.count; ++i) {
      const uint32_t value = history_.pool[read.value + i];
      const uint32_t append = append_of_[value];
      if (append == kNone) {
        Found(Level::kReadCommitted, "garbage read",
              fmt::format("{} read {} in key {}, which no transaction appended",
                          Transaction(reader), Value(value), Key(key)),
              {reader});
        writers_.push_back(kNone);
        newest_.push_back(newest);
        continue;
      }
      const Use& use = uses_[append];
      if (position_[use.micro] != kNone) {
        Found(Level::kReadCommitted, "duplicate element",
              fmt::format("{} read {} twice in key {}; it was appended once, by {}",
                          Transaction(reader), Value(value), Key(key), Transaction(use.op)),
              {reader, use.op});
      }
      position_[use.micro] = i;
      writers_.push_back(use.op);
      newest = std::max(newest, use.op);
      newest_.push_back(newest);
      if (history_.ops[use.op].end == End::kFail) {
        Found(Level::kReadCommitted, "G1a",
              fmt::format("{} read {} in key {}, which {} appended and aborted",
                          Transaction(reader), Value(value), Key(key), Transaction(use.op)),
              {reader, use.op});
      }
    }
  }

  // Every read is the beginning of the longest one; and no level of isolation lets a read show what had
  // not been sent yet when it ended.
  void CheckReads(uint32_t key, const Versions& versions) {
    const uint32_t* order = history_.pool.data() + history_.micros[versions.longest].value;
    for (uint32_t i = key_begin_[key]; i < key_begin_[key + 1]; ++i) {
      const Micro& micro = history_.micros[uses_[i].micro];
      if (micro.kind == Micro::Kind::kAppend || micro.count == 0) continue;
      const uint32_t reader = uses_[i].op;
      const uint32_t* list = history_.pool.data() + micro.value;
      if (std::memcmp(list, order, micro.count * sizeof(uint32_t)) != 0) {
        TellOrder(key, versions, i);
        continue;
      }
      const uint32_t writer = newest_[micro.count - 1];
      if (writer <= reader || history_.ops[writer].start <= history_.ops[reader].finish) continue;
      Found(Level::kReadCommitted, "future read",
            fmt::format("{} read in key {} what {} appended, and had ended before that one began",
                        Transaction(reader), Key(key), Transaction(writer)),
            {reader, writer});
    }
  }

  void TellOrder(uint32_t key, const Versions& versions, uint32_t use) {
    const uint32_t* order = history_.pool.data() + history_.micros[versions.longest].value;
    const Micro& micro = history_.micros[uses_[use].micro];
    const uint32_t* list = history_.pool.data() + micro.value;
    const auto at = static_cast<size_t>(std::mismatch(list, list + micro.count, order).first - list);
    const uint32_t longest = uses_[versions.first_longest].op;
    Found(Level::kReadCommitted, "incompatible order",
          fmt::format("of key {} {} read {} at place {}, where {} read {}", Key(key),
                      Transaction(uses_[use].op), Value(list[at]), at + 1, Transaction(longest),
                      Value(order[at])),
          {uses_[use].op, longest});
  }

  // What one transaction appended stands in its own order, from its first append on; and nothing is
  // missing that was acknowledged before a read began which does not show it, nor any longer one.
  void CheckAppends(uint32_t key, Versions& versions) {
    uint32_t before = kNone;    // Use: the append before this one.
    uint32_t earliest = kNone;  // Use: of the unread ones that which was acknowledged first.
    uint32_t latest = kNone;    // Use: the read that began last.
    for (uint32_t i = key_begin_[key]; i < key_begin_[key + 1]; ++i) {
      const Use& use = uses_[i];
      const Micro& micro = history_.micros[use.micro];
      if (micro.kind != Micro::Kind::kAppend) {
        latest = i;
        continue;
      }
      append_of_[micro.value] = kNone;
      const uint32_t previous = std::exchange(before, i);
      if (position_[use.micro] != kNone) {
        if (previous != kNone && uses_[previous].op == use.op &&
            position_[uses_[previous].micro] > position_[use.micro])
          TellOwnOrder(key, versions, previous, i);
        continue;
      }
      if (versions.first_unread == kNone) versions.first_unread = i;
      const Op& op = history_.ops[use.op];
      if (op.end != End::kOk) continue;
      ++report_.unread;
      if (earliest == kNone || op.finish < history_.ops[uses_[earliest].op].finish) earliest = i;
    }
    if (real_time_ && earliest != kNone && latest != kNone) CheckLost(key, earliest, latest);
  }

  void TellOwnOrder(uint32_t key, const Versions& versions, uint32_t first, uint32_t second) {
    const uint32_t longest = uses_[versions.first_longest].op;
    Found(Level::kReadCommitted, "incompatible order",
          fmt::format("{} read {} in key {} without {} before it, which {} had appended before",
                      Transaction(longest), Value(history_.micros[uses_[second].micro].value), Key(key),
                      Value(history_.micros[uses_[first].micro].value), Transaction(uses_[first].op)),
          {longest, uses_[first].op});
  }

  void CheckLost(uint32_t key, uint32_t earliest, uint32_t latest) {
    const Use& append = uses_[earliest];
    const Use& read = uses_[latest];
    if (history_.ops[append.op].finish >= history_.ops[read.op].start) return;
    Found(Level::kStrict, "lost append",
          fmt::format("{} appended {} to key {} and had ended before {} began, which does not show "
                      "it; neither does any longer read",
                      Transaction(append.op), Value(history_.micros[append.micro].value), Key(key),
                      Transaction(read.op)),
          {append.op, read.op});
  }

  // It committed for certain: it says so, or some read shows an append of it.
  [[nodiscard]] bool Committed(const Op& op) const {
    if (op.end != End::kInfo) return op.end == End::kOk;
    for (uint32_t i = op.a; i < op.a + op.b; ++i)
      if (history_.micros[i].kind == Micro::Kind::kAppend && position_[i] != kNone) return true;
    return false;
  }

  // Every read is the beginning of the list that there is in the end. So what committed and stands in no
  // read is behind the longest one: after its last writer, and after whoever read just that much. Nothing
  // is known of the order among the unread ones.
  void AddUnread(uint32_t key) {
    unread_.clear();
    const Versions& versions = versions_[key];
    for (uint32_t i = versions.first_unread; i < key_begin_[key + 1]; ++i) {
      const Use& use = uses_[i];
      if (history_.micros[use.micro].kind == Micro::Kind::kAppend && position_[use.micro] == kNone &&
          (unread_.empty() || unread_.back() != use.op) && Committed(history_.ops[use.op]))
        unread_.push_back(use.op);
    }
    if (unread_.empty()) return;
    if (versions.count > 0)
      for (const uint32_t op : unread_)
        Depend(writers_[versions.begin + versions.count - 1], op, Arrow::kWriteWrite);
    // Uses come by transaction, and both lists with them.
    size_t next = 0;
    uint32_t updated = kNone;
    uint32_t last = kNone;
    size_t readers = 0;
    for (uint32_t i = versions.first_longest; i < key_begin_[key + 1]; ++i) {
      const Use& use = uses_[i];
      const Micro& read = history_.micros[use.micro];
      if (read.kind == Micro::Kind::kAppend || use.op == last) continue;
      if (External(versions, use.op, std::min(read.count, versions.count)) < versions.count) continue;
      last = use.op;
      while (next < unread_.size() && unread_[next] < use.op)
        ++next;
      if (next < unread_.size() && unread_[next] == use.op) {
        if (updated != kNone) LostUpdate(key, updated, use.op);
        updated = use.op;
      }
      // As many edges as uses; more only where few readers meet many appends.
      if (++readers > kMostReaders && readers * unread_.size() > 4 * size_t{key_begin_[key + 1] - key_begin_[key]}) {
        if (!report_.given_up || Level::kSnapshot < *report_.given_up) report_.given_up = Level::kSnapshot;
        return;
      }
      for (const uint32_t op : unread_)
        Depend(use.op, op, Arrow::kReadWrite);
    }
  }

  // Whichever appended first, the other had not read it. Where one of them is read, there is a cycle of
  // dependencies; where neither is, this tells it.
  void LostUpdate(uint32_t key, uint32_t first, uint32_t second) {
    Found(Level::kSnapshot, "lost update",
          fmt::format("{} and {} both read the same version of key {} and both appended to it",
                      Transaction(first), Transaction(second), Key(key)),
          {first, second});
  }

  void Depend(uint32_t from, uint32_t to, Arrow arrow) {
    if (from != kNone && to != kNone) graph_.Add(from, to, arrow);
  }

  // How much of the list was there before the reader's own appends.
  [[nodiscard]] uint32_t External(const Versions& versions, uint32_t op, uint32_t count) const {
    while (count > 0 && count <= versions.count && writers_[versions.begin + count - 1] == op)
      --count;
    return count;
  }

  void AddTransaction(const Op& op) {
    ++report_.transactions;
    if (op.end == End::kInfo) ++report_.crashed;
    if (op.end != End::kOk) return;
    CheckInternal(op);
    for (uint32_t i = op.a; i < op.a + op.b; ++i) {
      const Micro& micro = history_.micros[i];
      if (micro.kind != Micro::Kind::kReadList || !micro.known) continue;
      const Versions& versions = versions_[micro.key];
      const uint32_t count = External(versions, op.index, std::min(micro.count, versions.count));
      if (count > 0) {
        const uint32_t writer = writers_[versions.begin + count - 1];
        Depend(writer, op.index, Arrow::kWriteRead);
        // Its next append to the key, if somebody read it, stands right behind.
        if (writer != kNone &&
            (count == versions.count || writers_[versions.begin + count] == writer))
          CheckIntermediate(op, micro, versions, count, writer);
      }
      if (count < versions.count)
        Depend(op.index, writers_[versions.begin + count], Arrow::kReadWrite);
    }
  }

  // The writer went on appending to the key: what was read existed only inside of it.
  void CheckIntermediate(const Op& op, const Micro& read, const Versions& versions, uint32_t count,
                         uint32_t writer) {
    const Op& other = history_.ops[writer];
    bool later = false;
    for (uint32_t i = other.a; i < other.a + other.b; ++i) {
      const Micro& micro = history_.micros[i];
      if (micro.kind != Micro::Kind::kAppend || micro.key != read.key) continue;
      if (later) {
        Found(Level::kReadCommitted, "G1b",
              fmt::format("{} read key {} up to {}, an intermediate state of {}, which went on to "
                          "append {}",
                          Transaction(op.index), Key(read.key),
                          Value(history_.pool[history_.micros[versions.longest].value + count - 1]),
                          Transaction(writer), Value(micro.value)),
              {op.index, writer});
        return;
      }
      later = position_[i] == count - 1;
    }
  }

  // A transaction sees what it did itself: each read is the read before plus its own appends.
  void CheckInternal(const Op& op) {
    for (uint32_t i = op.a; i < op.a + op.b; ++i) {
      const Micro& read = history_.micros[i];
      if (read.kind != Micro::Kind::kReadList || !read.known) continue;
      uint32_t own = 0;
      bool fits = true;
      for (uint32_t j = i; j-- > op.a && fits;) {
        const Micro& before = history_.micros[j];
        if (before.key != read.key) continue;
        if (before.kind == Micro::Kind::kAppend) {
          ++own;
          fits = own <= read.count && history_.pool[read.value + read.count - own] == before.value;
          continue;
        }
        fits = before.count + own == read.count &&
               std::equal(history_.pool.begin() + before.value,
                          history_.pool.begin() + before.value + before.count,
                          history_.pool.begin() + read.value);
        break;
      }
      if (fits) continue;
      Found(Level::kReadCommitted, "internal",
            fmt::format("{} read key {} otherwise than its own steps before it left it",
                        Transaction(op.index), Key(read.key)),
            {op.index});
      return;
    }
  }

  // A moment wherever a transaction ends after one began; everything that ended goes to the moment,
  // everything that begins comes from it. At equal times beginnings come first.
  void AddRealTime() {
    std::vector<std::pair<int64_t, uint32_t>> ends;
    ReserveBig(ends, history_.ops.size());
    for (const Op& op : history_.ops)
      if (op.kind == Kind::kTransaction && op.end == End::kOk) ends.emplace_back(op.finish, op.index);
    SortNearlySorted(ends, std::less<>());
    size_t next = 0;
    uint32_t moment = kNone;
    bool open = false;
    for (const Op& op : history_.ops) {
      if (op.kind != Kind::kTransaction || op.end == End::kFail) continue;
      for (; next < ends.size() && ends[next].first < op.start; ++next) {
        if (!open) {
          const uint32_t fresh = graph_.AddMoment();
          if (moment != kNone) graph_.Add(moment, fresh, Arrow::kRealTime);
          moment = fresh;
          open = true;
        }
        graph_.Add(ends[next].second, moment, Arrow::kRealTime);
      }
      open = false;
      if (moment != kNone) graph_.Add(moment, op.index, Arrow::kRealTime);
    }
  }

  void FindCycles() {
    constexpr Arrows kWw = BitOf(Arrow::kWriteWrite);
    constexpr Arrows kWr = kWw | BitOf(Arrow::kWriteRead);
    constexpr Arrows kAll = kWr | BitOf(Arrow::kReadWrite);
    constexpr Arrows kTime = BitOf(Arrow::kRealTime);
    using Kind = DependencyGraph::Kind;
    using ReadWrites = Kind::ReadWrites;
    struct Search {
      const char* name;
      Level level;
      Kind kind;
    };
    // From the gravest on; each component is told by the first that fits without real time and, if
    // none does, by the first that fits with it.
    const Search searches[] = {
        {"G0", Level::kReadCommitted, {kWw, ReadWrites::kAny}},
        {"G1c", Level::kReadCommitted, {kWr, ReadWrites::kAny}},
        {"G-single", Level::kSnapshot, {kAll, ReadWrites::kExactlyOne}},
        {"G-nonadjacent", Level::kSnapshot, {kAll, ReadWrites::kNeverAdjacent}},
        {"G2", Level::kSerializable, {kAll, ReadWrites::kAny}},
        {"G0-realtime", Level::kStrict, {kWw | kTime, ReadWrites::kAny}},
        {"G1c-realtime", Level::kStrict, {kWr | kTime, ReadWrites::kAny}},
        {"G-single-realtime", Level::kStrict, {kAll | kTime, ReadWrites::kExactlyOne}},
        {"G2-realtime", Level::kStrict, {kAll | kTime, ReadWrites::kAny}},
    };
    for (const std::vector<uint32_t>& component : graph_.Components(kAll | kTime)) {
      for (const Search& search : searches) {
        const DependencyGraph::Cycle cycle = graph_.FindCycle(component, search.kind);
        if (cycle.given_up && (!report_.given_up || search.level < *report_.given_up))
          report_.given_up = search.level;
        if (cycle.edges.empty()) continue;
        TellCycle(search.level, search.name, cycle.edges);
        break;
      }
    }
  }

  void TellCycle(Level level, std::string name, const std::vector<Edge>& edges) {
    if (name == "G-single" && IsLostUpdate(edges)) name = "lost update";
    std::string sentence;
    std::vector<uint32_t> ops;
    for (size_t i = 0; i < edges.size(); ++i) {
      ops.push_back(edges[i].from);
      sentence += fmt::format("{}T{} = {}", i == 0 ? "" : ", ", i + 1, Transaction(edges[i].from));
    }
    for (size_t i = 0; i < edges.size(); ++i) {
      const size_t to = (i + 1) % edges.size();
      sentence += fmt::format("; T{} is before T{}: {}", i + 1, to + 1, Reason(edges[i], i + 1, to + 1));
    }
    Found(level, name, "a cycle: " + sentence, ops);
  }

  // Two transactions that both read one version of a key and both appended to it.
  [[nodiscard]] bool IsLostUpdate(const std::vector<Edge>& edges) const {
    if (edges.size() != 2) return false;
    const uint32_t key = KeyOf(edges[0]);
    return key != kNone && key == KeyOf(edges[1]) && edges[0].arrow != edges[1].arrow &&
           (edges[0].arrow == Arrow::kWriteWrite || edges[1].arrow == Arrow::kWriteWrite);
  }

  struct Cause {
    uint32_t key = kNone;
    uint32_t first = kNone;   // Value.
    uint32_t second = kNone;  // Value.
    bool unread = false;      // No read shows the second.
  };

  // Through which key and values the edge came to be.
  [[nodiscard]] Cause CauseOf(const Edge& edge) const {
    const Op& from = history_.ops[edge.from];
    const Op& to = history_.ops[edge.to];
    const auto element = [&](const Versions& versions, uint32_t at) {
      return history_.pool[history_.micros[versions.longest].value + at];
    };
    const Op& reader = edge.arrow == Arrow::kReadWrite ? from : to;
    for (uint32_t i = reader.a; i < reader.a + reader.b; ++i) {
      const Micro& micro = history_.micros[i];
      const Versions& versions = versions_[micro.key];
      if (edge.arrow == Arrow::kWriteWrite) {
        if (micro.kind != Micro::Kind::kAppend) continue;
        // What no read shows stands somewhere behind the last that one shows.
        const uint32_t at = position_[i] == kNone ? versions.count : position_[i];
        if (at > 0 && writers_[versions.begin + at - 1] == edge.from)
          return {.key = micro.key,
                  .first = element(versions, at - 1),
                  .second = micro.value,
                  .unread = position_[i] == kNone};
        continue;
      }
      if (micro.kind != Micro::Kind::kReadList || !micro.known) continue;
      const uint32_t count = External(versions, reader.index, std::min(micro.count, versions.count));
      if (edge.arrow == Arrow::kWriteRead && count > 0 &&
          writers_[versions.begin + count - 1] == edge.from)
        return {.key = micro.key, .first = element(versions, count - 1), .second = kNone};
      if (edge.arrow == Arrow::kReadWrite && count < versions.count &&
          writers_[versions.begin + count] == edge.to)
        return {.key = micro.key,
                .first = count == 0 ? kNone : element(versions, count - 1),
                .second = element(versions, count)};
      if (edge.arrow == Arrow::kReadWrite && count == versions.count)
        if (const uint32_t unread = UnreadOf(to, micro.key); unread != kNone)
          return {.key = micro.key,
                  .first = count == 0 ? kNone : element(versions, count - 1),
                  .second = unread};
    }
    return {};
  }
  // A value that it appended to the key and no read shows, or kNone.
  [[nodiscard]] uint32_t UnreadOf(const Op& op, uint32_t key) const {
    for (uint32_t i = op.a; i < op.a + op.b; ++i) {
      const Micro& micro = history_.micros[i];
      if (micro.kind == Micro::Kind::kAppend && micro.key == key && position_[i] == kNone) return micro.value;
    }
    return kNone;
  }
  [[nodiscard]] uint32_t KeyOf(const Edge& edge) const { return CauseOf(edge).key; }

  [[nodiscard]] std::string Reason(const Edge& edge, size_t from, size_t to) const {
    if (edge.arrow == Arrow::kRealTime)
      return fmt::format("T{} ended at {}, before T{} began at {}", from,
                         At(history_, history_.ops[edge.from].finish), to,
                         At(history_, history_.ops[edge.to].start));
    const Cause cause = CauseOf(edge);
    if (edge.arrow == Arrow::kWriteWrite)
      return fmt::format("T{} appended {} to key {} {} T{}'s {}", to, Value(cause.second), Key(cause.key),
                         cause.unread ? "behind" : "right after", from, Value(cause.first));
    if (edge.arrow == Arrow::kWriteRead)
      return fmt::format("T{} read T{}'s append of {} to key {}", to, from, Value(cause.first),
                         Key(cause.key));
    return fmt::format("T{} read key {} without T{}'s append of {}", from, Key(cause.key), to,
                       Value(cause.second));
  }

  const History& history_;
  bool real_time_;
  ListAppendReport report_;
  std::vector<Use> uses_;            // By key.
  std::vector<uint32_t> key_begin_;  // By key, and one more.
  std::vector<Versions> versions_;   // By key.
  std::vector<uint32_t> append_of_;  // By value: use that appends it, of the key at hand.
  std::vector<uint32_t> position_;   // By micro: place of an append in its key's order, or kNone.
  std::vector<uint32_t> writers_;    // By key and place: transaction, or kNone.
  std::vector<uint32_t> newest_;     // By place in the key at hand: the last of the writers so far to begin.
  std::vector<uint32_t> unread_;     // Transactions that appended to the key at hand what no read shows.
  DependencyGraph graph_;
  std::map<std::string, size_t> told_;
};

}  // namespace

ListAppendReport CheckListAppend(const History& history, bool real_time) {
  return Checker(history, real_time).Run();
}

}  // namespace holdfast::check::history
