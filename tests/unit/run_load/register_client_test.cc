// Clients of registers over a register in memory: what they ask for, and that every value is new.
#include "harness/run/load/register_client.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/unit/run_load/fake_workload.h"

namespace holdfast::run {
namespace {

TEST(RegisterClientTest, ValuesAreUniqueAndExpectationsAreWhatWasSeen) {
  FakeClock clock;
  FakeLoad load(clock);
  RegisterClient one(load.context, 3, "n-0", {"r0", "r1"}, RegisterMix{}, 0, Random(1), 0, 10);
  RegisterClient two(load.context, 4, "n-0", {"r0", "r1"}, RegisterMix{}, 0, Random(2), 1, 10);
  for (int i = 0; i < 200; ++i) {
    one.Step();
    two.Step();
  }
  std::set<int64_t> written;
  std::map<std::string, int> functions;
  std::map<std::string, int> refused;
  for (const Json& line : load.Lines()) {
    const std::string function = GetString(line, {"f"});
    if (GetString(line, {"type"}) == "invoke") {
      ++functions[function];
      const Json& value = line["value"];
      if (function == "write") {
        EXPECT_TRUE(written.insert(value.get<int64_t>()).second);
      }
      if (function == "cas") {
        EXPECT_TRUE(written.contains(value[0].get<int64_t>())) << "expects what nobody wrote";
        EXPECT_TRUE(written.insert(value[1].get<int64_t>()).second);
      }
    } else if (function == "read") {
      EXPECT_TRUE(line["value"].is_number_integer()) << "a register is written before it is read";
    } else if (GetString(line, {"type"}) == "fail") {
      ++refused[function];
    }
  }
  for (const char* function : {"write", "read", "cas"})
    EXPECT_GT(functions[function], 20) << function;
  EXPECT_GT(refused["cas"], 0);
  EXPECT_EQ(refused.size(), 1U);
}

TEST(RegisterClientTest, TheMixAndTheSkewAreKept) {
  FakeClock clock;
  FakeLoad load(clock);
  const RegisterMix mix{.reads = 0, .writes = 3, .cas = 1};
  RegisterClient client(load.context, 3, "n-0", {"r0", "r1", "r2", "r3"}, mix, 2, Random(5), 0, 10);
  for (int i = 0; i < 400; ++i)
    client.Step();
  std::map<std::string, int> functions;
  std::map<std::string, int> keys;
  for (const Json& line : load.Lines()) {
    if (GetString(line, {"type"}) != "invoke") continue;
    ++functions[GetString(line, {"f"})];
    ++keys[GetString(line, {"key"})];
  }
  EXPECT_EQ(functions["read"], 0);
  EXPECT_NEAR(functions["write"], 300, 40);
  EXPECT_NEAR(functions["cas"], 100, 40);
  EXPECT_NEAR(keys["r0"], 400 / (1 + 1. / 4 + 1. / 9 + 1. / 16), 45);
  EXPECT_GT(keys["r1"], keys["r3"]);
}

}  // namespace
}  // namespace holdfast::run
