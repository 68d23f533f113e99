// Transactions on lists against an exhaustive search for an order that agrees with real time: the
// dependencies tell everything, whether or not a last read shows what was appended.
#include <algorithm>
#include <cstdlib>
#include <map>

#include <gtest/gtest.h>

#include "harness/base/random.h"
#include "harness/base/strings.h"
#include "harness/check/history/graph.h"
#include "harness/check/history/list_append.h"

namespace holdfast::check::history {
namespace {

using Lists = std::map<uint32_t, std::vector<uint32_t>>;

// A simulated database that runs transactions one by one, sometimes on an old state, sometimes damaged.
class Database {
 public:
  explicit Database(Random& random) : random_(random) {
    for (int64_t key = 1; key <= 3; ++key)
      history_.keys.Integer(key);
    for (int64_t value = 1; value <= 40; ++value)
      history_.values.Integer(value);
  }

  History Run() {
    struct Client {
      uint32_t op = kNone;
      bool applied = false;
    };
    std::vector<Client> clients(1 + random_.Below(4));
    const size_t transactions = 2 + random_.Below(4);
    const bool weak = random_.Below(3) == 0;
    for (;;) {
      const bool busy = std::any_of(clients.begin(), clients.end(), [](const Client& c) { return c.op != kNone; });
      if (history_.ops.size() >= transactions && !busy) break;
      Client& client = clients[random_.Below(clients.size())];
      if (random_.Below(4) > 0) ++time_;
      if (client.op == kNone) {
        if (history_.ops.size() >= transactions) continue;
        client = {.op = Begin(), .applied = false};
      } else if (!client.applied) {
        client.applied = true;
        Apply(client.op, weak && random_.Below(2) == 0);
      } else {
        Op& op = history_.ops[client.op];
        if (op.end != End::kInfo) op.finish = time_;
        client = {};
      }
    }
    if (random_.Below(2) == 0) Damage();
    // The last read of all lists, or of some, or of none: then appends stay that nobody read.
    for (uint32_t key = 1; key <= 3; ++key)
      if (random_.Below(2) == 0) last_.push_back(key);
    if (random_.Below(2) == 0) last_ = {1, 2, 3};
    if (!last_.empty()) ReadLast();
    return std::move(history_);
  }

 private:
  void ReadLast() {
    time_ += 5;
    Op& op = history_.ops[Begin()];
    op.a = static_cast<uint32_t>(history_.micros.size());
    op.b = static_cast<uint32_t>(last_.size());
    for (const uint32_t key : last_)
      Look(key, lists_);
    op.end = End::kOk;
    op.finish = ++time_;
  }

  uint32_t Begin() {
    Op op;
    op.kind = Kind::kTransaction;
    op.start = time_;
    op.end = End::kOk;
    op.index = static_cast<uint32_t>(history_.ops.size());
    history_.ops.push_back(op);
    history_.origins.emplace_back();
    return op.index;
  }

  void Look(uint32_t key, const Lists& lists) {
    Micro micro{.kind = Micro::Kind::kReadList, .key = key, .value = static_cast<uint32_t>(history_.pool.size())};
    if (const auto found = lists.find(key); found != lists.end()) {
      history_.pool.insert(history_.pool.end(), found->second.begin(), found->second.end());
      micro.count = static_cast<uint32_t>(found->second.size());
    }
    history_.micros.push_back(micro);
  }

  // `old`: its reads are of the state before the last transaction.
  void Apply(uint32_t index, bool old) {
    Op& op = history_.ops[index];
    const uint64_t fate = random_.Below(10);
    op.end = fate == 0 ? End::kInfo : fate == 1 ? End::kFail : End::kOk;
    op.a = static_cast<uint32_t>(history_.micros.size());
    op.b = static_cast<uint32_t>(1 + random_.Below(3));
    const bool applies = op.end == End::kOk || (op.end == End::kInfo && random_.Below(2) == 0);
    Lists mine = lists_;
    Lists seen = old ? before_ : lists_;
    for (uint32_t i = 0; i < op.b; ++i) {
      const auto key = static_cast<uint32_t>(1 + random_.Below(3));
      if (random_.Below(2) == 0) {
        history_.micros.push_back({.kind = Micro::Kind::kAppend, .key = key, .value = ++value_});
        mine[key].push_back(value_);
        seen[key].push_back(value_);
      } else {
        Look(key, seen);
      }
    }
    if (!applies) return;
    before_ = lists_;
    lists_ = std::move(mine);
  }

  // An element of some read is exchanged or cut off, or an answer came too early.
  void Damage() {
    std::vector<Micro*> reads;
    for (Micro& micro : history_.micros)
      if (micro.kind == Micro::Kind::kReadList && micro.count > 0) reads.push_back(&micro);
    if (!reads.empty() && random_.Below(3) > 0) {
      Micro& read = *reads[random_.Below(reads.size())];
      if (random_.Below(2) == 0) {
        --read.count;
      } else if (read.count > 1) {
        std::swap(history_.pool[read.value], history_.pool[read.value + read.count - 1]);
      }
      return;
    }
    Op& op = history_.ops[random_.Below(history_.ops.size())];
    if (op.end == End::kOk) op.finish = std::max(op.start, op.finish - static_cast<int64_t>(random_.Below(6)));
  }

  Random& random_;
  History history_;
  Lists lists_;
  Lists before_;
  std::vector<uint32_t> last_;  // Keys of the last read.
  uint32_t value_ = 0;
  int64_t time_ = 1;
};

// Tries all orders.
class Orders {
 public:
  Orders(const History& history, bool real_time) : history_(history), real_time_(real_time) {}
  bool Exists() { return Search(0, {}); }

 private:
  [[nodiscard]] bool Run(const Op& op, Lists& lists) const {
    for (uint32_t i = op.a; i < op.a + op.b; ++i) {
      const Micro& micro = history_.micros[i];
      if (micro.kind == Micro::Kind::kAppend) {
        lists[micro.key].push_back(micro.value);
      } else if (op.end == End::kOk) {
        const std::vector<uint32_t>& list = lists[micro.key];
        if (list.size() != micro.count ||
            !std::equal(list.begin(), list.end(), history_.pool.begin() + micro.value))
          return false;
      }
    }
    return true;
  }

  bool Search(uint32_t done, const Lists& lists) {
    bool all = true;
    int64_t least = kNever;
    for (const Op& op : history_.ops) {
      if ((done >> op.index & 1U) != 0 || op.end != End::kOk) continue;
      all = false;
      least = std::min(least, op.finish);
    }
    if (all) return true;
    for (const Op& op : history_.ops) {
      if ((done >> op.index & 1U) != 0 || op.end == End::kFail) continue;
      if (real_time_ && op.start > least) continue;
      Lists after = lists;
      if (Run(op, after) && Search(done | 1U << op.index, after)) return true;
    }
    return false;
  }

  const History& history_;
  bool real_time_;
};

// Some read shows what was sent after it had ended: that no level allows.
bool ReadsTheFuture(const History& history) {
  std::map<uint32_t, int64_t> sent;  // By value.
  const auto each = [&](const auto& take) {
    for (const Op& op : history.ops)
      for (uint32_t i = op.a; i < op.a + op.b; ++i)
        take(op, history.micros[i]);
  };
  each([&](const Op& op, const Micro& micro) {
    if (micro.kind == Micro::Kind::kAppend) sent[micro.value] = op.start;
  });
  bool future = false;
  each([&](const Op& op, const Micro& micro) {
    if (micro.kind == Micro::Kind::kAppend || op.end != End::kOk) return;
    for (uint32_t i = micro.value; i < micro.value + micro.count; ++i)
      future = future || sent[history.pool[i]] > op.finish;
  });
  return future;
}

// Acknowledged appends that no acknowledged read shows.
bool HasUnread(const History& history) {
  std::map<uint32_t, bool> shown;
  for (const Op& op : history.ops)
    for (uint32_t i = op.a; op.end == End::kOk && i < op.a + op.b; ++i) {
      const Micro& micro = history.micros[i];
      if (micro.kind == Micro::Kind::kAppend) shown.try_emplace(micro.value, false);
      if (micro.kind == Micro::Kind::kReadList)
        for (uint32_t at = micro.value; at < micro.value + micro.count; ++at)
          shown[history.pool[at]] = true;
    }
  return std::any_of(shown.begin(), shown.end(), [](const auto& entry) { return !entry.second; });
}

std::string Print(const History& history) {
  std::string text;
  for (const Op& op : history.ops) {
    text += fmt::format("T{} [{}, {}] {}:", op.index, op.start, op.finish == kNever ? -1 : op.finish,
                        op.end == End::kOk ? "ok" : op.end == End::kFail ? "fail" : "info");
    for (uint32_t i = op.a; i < op.a + op.b; ++i) {
      const Micro& micro = history.micros[i];
      if (micro.kind == Micro::Kind::kAppend) {
        text += fmt::format(" append {} {}", micro.key, micro.value);
      } else {
        text += fmt::format(" r {} [{}]", micro.key,
                            fmt::join(history.pool.begin() + micro.value,
                                      history.pool.begin() + micro.value + micro.count, " "));
      }
    }
    text += "\n";
  }
  return text;
}

TEST(Differential, TransactionsAgreeWithExhaustiveSearch) {
  const char* seed_text = std::getenv("HOLDFAST_SEED");
  const char* rounds_text = std::getenv("HOLDFAST_FUZZ_ROUNDS");
  const auto seed = static_cast<uint64_t>(seed_text == nullptr ? 1 : ParseInt(seed_text).value_or(1));
  const int64_t rounds = rounds_text == nullptr ? 100'000 : ParseInt(rounds_text).value_or(100'000);
  Random random(seed);
  int64_t good = 0;
  int64_t bad = 0;
  int64_t weaker = 0;
  int64_t unread = 0;
  int64_t unread_bad = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    const History history = Database(random).Run();
    const bool strict = Orders(history, true).Exists();
    const ListAppendReport report = CheckListAppend(history, true);
    ASSERT_EQ(report.found == 0, strict)
        << "seed " << seed << ", round " << round << "\n"
        << Print(history) << (report.anomalies.empty() ? "" : report.anomalies.front().sentence);
    ASSERT_FALSE(report.given_up);
    ++(strict ? good : bad);
    if (HasUnread(history)) ++(strict ? unread : unread_bad);
    if (strict) continue;
    // Without real time it says less, and nothing that is false.
    const bool serializable = Orders(history, false).Exists() && !ReadsTheFuture(history);
    const ListAppendReport loose = CheckListAppend(history, false);
    if (serializable) {
      ++weaker;
      ASSERT_EQ(loose.found, 0) << "seed " << seed << ", round " << round << "\n"
                                << Print(history) << loose.anomalies.front().sentence;
    }
    // The level that is blamed is not above what is broken.
    for (const Anomaly& anomaly : report.anomalies) {
      if (anomaly.broken < Level::kStrict) {
        ASSERT_FALSE(serializable) << Print(history) << anomaly.sentence;
      }
    }
  }
  std::printf("seed %llu: %lld histories of transactions: %lld strictly serializable, %lld not, %lld of those "
              "serializable\n",
              static_cast<unsigned long long>(seed), static_cast<long long>(rounds),
              static_cast<long long>(good), static_cast<long long>(bad), static_cast<long long>(weaker));
  EXPECT_GT(good, rounds / 4);
  EXPECT_GT(bad, rounds / 10);
  EXPECT_GT(weaker, rounds / 100);
  EXPECT_GT(unread, rounds / 10);
  EXPECT_GT(unread_bad, rounds / 50);
}

// A ring that is longer than the search may look: told as not known, not as absent.
TEST(Bounds, ASearchForCyclesThatEndsAtItsLimitSaysSo) {
  constexpr uint32_t kLength = 100;
  for (const int64_t budget : {int64_t{50}, int64_t{1000}}) {
    DependencyGraph graph(kLength, budget);
    for (uint32_t i = 0; i < kLength; ++i)
      graph.Add(i, (i + 1) % kLength, i == 0 ? Arrow::kReadWrite : Arrow::kWriteRead);
    graph.Build();
    constexpr Arrows kAll = BitOf(Arrow::kReadWrite) | BitOf(Arrow::kWriteRead);
    const auto components = graph.Components(kAll);
    ASSERT_EQ(components.size(), 1U);
    EXPECT_EQ(components[0].size(), kLength);
    EXPECT_TRUE(graph.Components(BitOf(Arrow::kWriteRead)).empty());
    for (const auto read_writes : {DependencyGraph::Kind::ReadWrites::kAny,
                                   DependencyGraph::Kind::ReadWrites::kExactlyOne}) {
      const auto cycle = graph.FindCycle(components[0], {.arrows = kAll, .read_writes = read_writes});
      EXPECT_EQ(cycle.given_up, budget == 50);
      EXPECT_EQ(cycle.edges.size(), budget == 50 ? 0 : kLength);
    }
  }
}

// Components of random graphs against reachability.
TEST(Differential, ComponentsAgreeWithReachability) {
  Random random(3);
  for (int round = 0; round < 20'000; ++round) {
    const auto nodes = static_cast<uint32_t>(1 + random.Below(8));
    DependencyGraph graph(nodes);
    std::vector<std::vector<bool>> reach(nodes, std::vector<bool>(nodes, false));
    for (uint64_t i = random.Below(14); i > 0; --i) {
      const auto from = static_cast<uint32_t>(random.Below(nodes));
      const auto to = static_cast<uint32_t>(random.Below(nodes));
      graph.Add(from, to, Arrow::kWriteRead);
      reach[from][to] = true;
    }
    for (uint32_t k = 0; k < nodes; ++k)
      for (uint32_t i = 0; i < nodes; ++i)
        for (uint32_t j = 0; j < nodes; ++j)
          if (reach[i][k] && reach[k][j]) reach[i][j] = true;
    graph.Build();
    std::vector<int> component_of(nodes, -1);
    int number = 0;
    for (const auto& component : graph.Components(BitOf(Arrow::kWriteRead))) {
      ASSERT_GT(component.size(), 1U);
      for (const uint32_t node : component) {
        ASSERT_EQ(component_of[node], -1);
        component_of[node] = number;
      }
      ++number;
    }
    for (uint32_t i = 0; i < nodes; ++i)
      for (uint32_t j = 0; j < nodes; ++j)
        if (i != j) {
          ASSERT_EQ(reach[i][j] && reach[j][i], component_of[i] >= 0 && component_of[i] == component_of[j])
              << "round " << round;
        }
  }
}

}  // namespace
}  // namespace holdfast::check::history
