// Texts that are read, replaced and lengthened: the search against an exhaustive one.
#include <algorithm>
#include <cstdlib>
#include <set>

#include <gtest/gtest.h>

#include "harness/base/random.h"
#include "harness/base/strings.h"
#include "harness/check/history/frontier.h"

namespace holdfast::check::history {
namespace {

// A simulated text; tokens repeat.
struct Texts {
  Values values;
  std::vector<Op> ops;

  explicit Texts(Random& random) {
    static constexpr const char* kTokens[] = {"a", "b", "ab", "ba"};
    struct Client {
      int op = -1;
      bool applied = false;
    };
    std::vector<Client> clients(1 + random.Below(4));
    const size_t operations = 3 + random.Below(6);
    std::string state;
    int64_t time = 1;
    std::vector<std::string> held{""};
    for (;;) {
      const bool busy = std::any_of(clients.begin(), clients.end(), [](const Client& c) { return c.op >= 0; });
      if (ops.size() >= operations && !busy) break;
      Client& client = clients[random.Below(clients.size())];
      if (random.Below(4) > 0) ++time;
      if (client.op < 0) {
        if (ops.size() >= operations) continue;
        client = {.op = static_cast<int>(ops.size()), .applied = false};
        Op op;
        op.start = time;
        op.end = End::kOk;
        const uint64_t choice = random.Below(6);
        op.kind = choice < 3 ? Kind::kRead : choice < 5 ? Kind::kAppend : Kind::kWrite;
        if (op.kind != Kind::kRead) op.b = values.Text(kTokens[random.Below(4)]);
        ops.push_back(op);
        continue;
      }
      Op& op = ops[static_cast<size_t>(client.op)];
      if (client.applied) {
        if (op.end == End::kOk) op.finish = time;
        client = {};
        continue;
      }
      client.applied = true;
      if (op.kind == Kind::kRead) {
        op.a = state.empty() ? kNil : values.Text(state);
        continue;
      }
      if (random.Below(5) == 0) op.end = End::kInfo;
      if (op.end == End::kInfo && random.Below(2) == 0) continue;
      state = (op.kind == Kind::kAppend ? state : "") + std::string(values.TextOf(op.b));
      held.push_back(state);
    }
    if (random.Below(2) == 0) {
      Op& op = ops[random.Below(ops.size())];
      const std::string& other = held[random.Below(held.size())];
      if (op.kind == Kind::kRead) op.a = other.empty() ? kNil : values.Text(other);
    }
    for (size_t i = 0; i < ops.size(); ++i)
      ops[i].index = static_cast<uint32_t>(i);
  }
};

class Orders {
 public:
  explicit Orders(const Texts& texts) : texts_(texts) {}
  bool Exists() { return Search(0, ""); }

 private:
  bool Search(uint32_t done, const std::string& state) {
    bool all = true;
    int64_t least = kNever;
    for (const Op& op : texts_.ops) {
      if ((done >> op.index & 1U) != 0 || op.end != End::kOk) continue;
      all = false;
      least = std::min(least, op.finish);
    }
    if (all) return true;
    if (!seen_.emplace(done, state).second) return false;
    for (const Op& op : texts_.ops) {
      if ((done >> op.index & 1U) != 0 || op.start > least) continue;
      std::string next = state;
      if (op.kind == Kind::kRead) {
        if (texts_.values.TextOf(op.a) != state) continue;
      } else {
        next = (op.kind == Kind::kAppend ? state : "") + std::string(texts_.values.TextOf(op.b));
      }
      if (Search(done | 1U << op.index, next)) return true;
    }
    return false;
  }

  const Texts& texts_;
  std::set<std::pair<uint32_t, std::string>> seen_;
};

TEST(Differential, TextsAgreeWithExhaustiveSearch) {
  const char* seed_text = std::getenv("HOLDFAST_SEED");
  const char* rounds_text = std::getenv("HOLDFAST_FUZZ_ROUNDS");
  const auto seed = static_cast<uint64_t>(seed_text == nullptr ? 1 : ParseInt(seed_text).value_or(1));
  const int64_t rounds = rounds_text == nullptr ? 100'000 : ParseInt(rounds_text).value_or(100'000);
  Random random(seed);
  Frontier frontier;
  int64_t bad = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    const Texts texts(random);
    const bool right = Orders(texts).Exists();
    const FrontierResult result = frontier.CheckText(texts.ops, texts.values, {});
    ASSERT_EQ(result.decision, right ? Decision::kLinearizable : Decision::kViolated)
        << "seed " << seed << ", round " << round;
    if (!right) ++bad;
  }
  std::printf("seed %llu: %lld histories of texts, %lld not linearizable\n",
              static_cast<unsigned long long>(seed), static_cast<long long>(rounds),
              static_cast<long long>(bad));
  EXPECT_GT(bad, rounds / 20);
}

}  // namespace
}  // namespace holdfast::check::history
