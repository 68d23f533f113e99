// Every engine against the exhaustive search and against the others, on seeded random histories.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>

#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "harness/check/history/frontier.h"
#include "harness/check/history/minimise.h"
#include "harness/check/history/replay.h"
#include "harness/check/history/streaming_zones.h"
#include "harness/check/history/zones.h"
#include "tests/unit/check_history/generator.h"
#include "tests/unit/check_history/store_generator.h"

namespace holdfast::check::history {
namespace {

// HOLDFAST_SEED and HOLDFAST_FUZZ_ROUNDS change what is tried; failures print both.
int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : ParseInt(text).value_or(otherwise);
}
uint64_t Seed() { return static_cast<uint64_t>(FromEnvironment("HOLDFAST_SEED", 1)); }
int64_t Rounds(int64_t otherwise) { return FromEnvironment("HOLDFAST_FUZZ_ROUNDS", otherwise); }

// Feeds the operations as they would happen.
StreamingZones Stream(const std::vector<Op>& ops) {
  struct Event {
    int64_t time;
    bool is_return;
    size_t op;
  };
  std::vector<Event> events;
  for (size_t i = 0; i < ops.size(); ++i) {
    events.push_back({ops[i].start, false, i});
    if (ops[i].end == End::kOk) events.push_back({ops[i].finish, true, i});
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return std::tie(a.time, a.is_return, a.op) < std::tie(b.time, b.is_return, b.op);
  });
  StreamingZones zones(kNil);
  std::multimap<int64_t, size_t> open;
  for (const Event& event : events) {
    const Op& op = ops[event.op];
    if (!event.is_return) {
      if (op.end == End::kOk) open.emplace(op.start, event.op);
      if (op.kind == Kind::kWrite) zones.Write(op.b, op.start);
      if (op.kind == Kind::kCas) zones.Swap(op.a, op.b, op.start);
      continue;
    }
    auto at = open.find(op.start);
    while (at->second != event.op)
      ++at;
    open.erase(at);
    if (op.kind == Kind::kRead) {
      zones.Read(op.a, op.start, op.finish);
    } else {
      zones.Acknowledge(op.b, op.finish);
    }
    zones.Advance(open.empty() ? event.time : std::min(event.time, open.begin()->first));
  }
  return zones;
}

TEST(Differential, ZonesAndFrontierAgreeWithExhaustiveSearch) {
  Random random(Seed());
  Zones zones;
  Frontier frontier;
  int64_t good = 0;
  int64_t bad = 0;
  int64_t by_zones = 0;
  const int64_t rounds = Rounds(1'400'000);
  for (int64_t round = 0; round < rounds; ++round) {
    const RegisterShape shape = RandomShape(random);
    const std::vector<Op> ops = Generate(shape, random);
    const bool right = Exhaustive::Linearizable(ops);
    const Decision expected = right ? Decision::kLinearizable : Decision::kViolated;
    const FrontierResult by_search = frontier.CheckRegister(ops, kNil, {});
    ASSERT_EQ(by_search.decision, expected)
        << "frontier, seed " << Seed() << ", round " << round << "\n"
        << Print(ops);
    const ZonesResult by_zone = zones.Check(ops, kNil);
    if (by_zone.decision != Decision::kNotApplicable) {
      ++by_zones;
      ASSERT_EQ(by_zone.decision, expected) << "zones, seed " << Seed() << ", round " << round
                                            << "\n"
                                            << Print(ops);
      ASSERT_EQ(by_zone.violation.ops.empty(), right);
    }
    ++(right ? good : bad);
  }
  std::printf("seed %llu: %lld linearizable, %lld not, %lld of them by zones\n",
              static_cast<unsigned long long>(Seed()), static_cast<long long>(good),
              static_cast<long long>(bad), static_cast<long long>(by_zones));
  EXPECT_GT(good, rounds / 2);
  EXPECT_GT(bad, rounds / 50);
  EXPECT_GT(by_zones, rounds / 5);
}

// Longer than the shapes above, so that the threshold for forgetting is passed again and again.
TEST(Differential, StreamingZonesAgreeWithZones) {
  Random random(Seed());
  Zones zones;
  int64_t bad = 0;
  int64_t forgot = 0;
  const int64_t rounds = Rounds(25'000);
  for (int64_t round = 0; round < rounds; ++round) {
    RegisterShape shape = RandomShape(random);
    shape.domain = 0;
    shape.refusals = false;
    shape.operations = static_cast<uint32_t>(10 + random.Below(150));
    const std::vector<Op> ops = Generate(shape, random);
    const ZonesResult batch = zones.Check(ops, kNil);
    const StreamingZones streaming = Stream(ops);
    ASSERT_EQ(streaming.decision(), batch.decision)
        << "seed " << Seed() << ", round " << round << "\n"
        << Print(ops);
    if (batch.decision == Decision::kViolated) ++bad;
    const auto writes = std::count_if(ops.begin(), ops.end(), [](const Op& op) { return op.kind != Kind::kRead; });
    if (streaming.live() + 5 < static_cast<size_t>(writes)) ++forgot;
  }
  std::printf("seed %llu: %lld histories streamed, %lld not linearizable\n", static_cast<unsigned long long>(Seed()),
              static_cast<long long>(rounds), static_cast<long long>(bad));
  EXPECT_GT(bad, rounds / 20);
  EXPECT_GT(forgot, rounds / 10);
}

TEST(Differential, ReplayAgreesWithExhaustiveSearch) {
  Random random(Seed());
  Replay replay;
  int64_t good = 0;
  int64_t bad = 0;
  const int64_t rounds = Rounds(300'000);
  for (int64_t round = 0; round < rounds; ++round) {
    const History history = GenerateStore(random);
    const bool right = StoreIsRight(history);
    const ReplayResult result = replay.Check(history, {.complete = true, .first_revision = 1});
    ASSERT_EQ(result.decision, right ? Decision::kLinearizable : Decision::kViolated)
        << "seed " << Seed() << ", round " << round << "\n"
        << PrintStore(history);
    // Without the promise of completeness it may say less, but never something false.
    if (right) {
      const ReplayResult open = replay.Check(history, {});
      ASSERT_EQ(open.decision, Decision::kLinearizable) << PrintStore(history);
    }
    ++(right ? good : bad);
  }
  std::printf("seed %llu: %lld stores replayed, %lld wrong\n", static_cast<unsigned long long>(Seed()),
              static_cast<long long>(rounds), static_cast<long long>(bad));
  EXPECT_GT(good, rounds / 2);
  EXPECT_GT(bad, rounds / 20);
}

// Crashed writes make versions uncertain: what is told of a right store is never called wrong.
TEST(Differential, VersionsOfARightStoreAreNeverWrong) {
  Random random(Seed());
  Replay replay;
  int64_t good = 0;
  int64_t found = 0;
  int64_t by_version = 0;
  const int64_t rounds = Rounds(100'000);
  for (int64_t round = 0; round < rounds; ++round) {
    const History history = GenerateStore(random, true);
    const bool right = StoreIsRight(history);
    const ReplayResult result = replay.Check(history, {});
    if (right) {
      ++good;
      ASSERT_EQ(result.decision, Decision::kLinearizable) << "seed " << Seed() << ", round " << round << "\n"
                                                          << PrintStore(history);
      ASSERT_EQ(result.early, kNone) << PrintStore(history);
    } else if (result.decision == Decision::kViolated) {
      ++found;
      if (result.violation.type == Violation::Type::kVersion) ++by_version;
    }
  }
  std::printf("seed %llu: %lld stores with versions, %lld wrong ones found, %lld by their versions\n",
              static_cast<unsigned long long>(Seed()), static_cast<long long>(rounds), static_cast<long long>(found),
              static_cast<long long>(by_version));
  EXPECT_GT(good, rounds / 2);
  EXPECT_GT(by_version, rounds / 200);
}

// What is left is not linearizable, is smaller, and cannot lose any read.
TEST(Differential, CounterexamplesAreMinimal) {
  Random random(Seed());
  Frontier frontier;
  int64_t found = 0;
  size_t before = 0;
  size_t after = 0;
  for (int round = 0; round < 20'000; ++round) {
    RegisterShape shape = RandomShape(random);
    shape.damage = true;
    const std::vector<Op> ops = Generate(shape, random);
    const FrontierResult result = frontier.CheckRegister(ops, kNil, {});
    if (result.decision != Decision::kViolated) continue;
    ++found;
    const std::vector<Op> few = Minimise(ops, kNil, result.violation.ops.front(), frontier);
    ASSERT_FALSE(Exhaustive::Linearizable(few)) << Print(ops) << "\n" << Print(few);
    before += ops.size();
    after += few.size();
    for (size_t i = 0; i < few.size(); ++i) {
      if (few[i].kind != Kind::kRead) continue;
      std::vector<Op> fewer = few;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      ASSERT_TRUE(Exhaustive::Linearizable(fewer)) << Print(few);
    }
  }
  EXPECT_GT(found, 500);
  EXPECT_LT(after * 2, before);
}

RegisterShape Long(uint32_t operations, uint32_t clients) {
  RegisterShape shape;
  shape.operations = operations;
  shape.clients = clients;
  shape.ties = false;
  return shape;
}

// Memory of the streaming check depends on the clients, not on the length.
TEST(Bounds, StreamingForgets) {
  for (const uint32_t clients : {5U, 20U, 100U}) {
    Random random(Seed());
    const StreamingZones brief = Stream(Generate(Long(3'000, clients), random));
    const StreamingZones lengthy = Stream(Generate(Long(30'000, clients), random));
    EXPECT_EQ(lengthy.decision(), Decision::kLinearizable);
    EXPECT_LE(lengthy.peak(), 24 + 8 * clients);
    EXPECT_LE(lengthy.peak(), 2 * brief.peak());
  }
}

// A history of nothing but compare-and-swaps is one chain; its past is forgotten, too.
TEST(Bounds, StreamingForgetsTheBeginningOfAChain) {
  StreamingZones zones(0);
  for (int64_t i = 1; i <= 10'000; ++i) {
    zones.Swap(i - 1, i, 10 * i);
    zones.Acknowledge(i, 10 * i + 5);
    zones.Read(i, 10 * i + 6, 10 * i + 8);
    zones.Advance(10 * i + 9);
  }
  EXPECT_EQ(zones.decision(), Decision::kLinearizable);
  EXPECT_LE(zones.peak(), 60U);
  zones.Read(9'000, 200'000, 200'001);
  EXPECT_EQ(zones.decision(), Decision::kViolated);
}

// Twenty crashed writes and a stale read: a search over orders doubles with every crash.
TEST(Bounds, CrashedWritesCostTheSearchNothing) {
  Random random(Seed());
  Frontier frontier;
  for (const uint32_t crashes : {0U, 10U, 30U}) {
    RegisterShape shape = Long(500, 5);
    shape.crashes = crashes;
    shape.domain = 200;
    std::vector<Op> ops = Generate(shape, random);
    const FrontierResult good = frontier.CheckRegister(ops, kNil, {});
    EXPECT_EQ(good.decision, Decision::kLinearizable);
    EXPECT_LE(good.steps, 60'000U) << crashes;
    EXPECT_LE(good.peak, 2'000U) << crashes;
    // The last read sees what nobody can see any more.
    for (size_t i = ops.size(); i-- > 0;) {
      if (ops[i].kind != Kind::kRead) continue;
      ops[i].a = kNil;
      break;
    }
    const FrontierResult bad = frontier.CheckRegister(ops, kNil, {});
    EXPECT_EQ(bad.decision, Decision::kViolated);
    EXPECT_LE(bad.steps, 60'000U) << crashes;
  }
}

// What is too much is given up, not guessed.
TEST(Bounds, LimitsGiveUp) {
  Random random(Seed());
  Frontier frontier;
  RegisterShape shape = Long(400, 30);
  shape.domain = 100;
  const std::vector<Op> ops = Generate(shape, random);
  const FrontierResult few = frontier.CheckRegister(ops, kNil, {.configurations = 4, .steps = 1'000'000});
  EXPECT_EQ(few.decision, Decision::kLimit);
  EXPECT_STREQ(few.limit, "configurations");
  const FrontierResult quick = frontier.CheckRegister(ops, kNil, {.configurations = 1U << 20U, .steps = 10});
  EXPECT_EQ(quick.decision, Decision::kLimit);
  std::vector<Op> open;
  for (uint32_t i = 0; i < 70; ++i) {
    Op op;
    op.kind = Kind::kWrite;
    op.b = 1 + i % 3;
    op.start = 1;
    op.finish = 100;
    op.end = End::kOk;
    op.index = i;
    open.push_back(op);
  }
  EXPECT_STREQ(frontier.CheckRegister(open, kNil, {}).limit, "operations open at once");
}

}  // namespace
}  // namespace holdfast::check::history
