// The load as a whole over the in-memory workload: pause means silence, values are never reused,
// tombstones and sentinel rows persist.
#include "harness/run/load/load_generator.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/run/load/sentinel.h"

#include "tests/unit/run_load/fake_workload.h"

namespace holdfast::run {
namespace {

using workloads::OutcomeType;

LoadOptions Options() {
  LoadOptions options;
  options.writers = 3;
  options.readers = 2;
  options.pods = {"n-0", "n-1"};
  options.window = 4;
  return options;
}

void WaitForAcks(const LoadGenerator& load, int64_t acks) {
  while (load.counts().acked_adds < acks)
    std::this_thread::yield();
}

TEST(LoadGeneratorTest, RefusesOptionsOutOfRange) {
  FakeClock clock;
  FakeLoad load(clock);
  struct Row {
    void (*spoil)(LoadOptions&);
    const char* word;
  };
  const Row rows[] = {
      {[](LoadOptions& o) { o.writers = -1; }, "load.writers"},
      {[](LoadOptions& o) { o.writers = 512; }, "load.writers"},
      {[](LoadOptions& o) { o.readers = -1; }, "load.readers"},
      {[](LoadOptions& o) { o.rate = -1; }, "load.rate"},
      {[](LoadOptions& o) { o.window = 0; }, "load.window"},
      {[](LoadOptions& o) { o.pods.clear(); }, "pod"},
      {[](LoadOptions& o) { o.loop = Loop::kOpen; }, "load.loop"},
      {[](LoadOptions& o) { o.skew = -1; }, "load.skew"},
      {[](LoadOptions& o) { o.register_keys = 0; }, "load.registers"},
      {[](LoadOptions& o) { o.mix = {0, 0, 0}; }, "load.register-reads"},
      {[](LoadOptions& o) { o.mix.cas = -1; }, "load.register-reads"},
  };
  for (const Row& row : rows) {
    LoadOptions options = Options();
    row.spoil(options);
    const auto made = LoadGenerator::Create(load.context, options);
    ASSERT_FALSE(made) << row.word;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(made.error().message, testing::HasSubstr(row.word));
  }
}

TEST(LoadGeneratorTest, EveryOperationIsPairedAndEveryValueIsNew) {
  FakeClock clock;
  FakeLoad fake(clock);
  auto load = LoadGenerator::Create(fake.context, Options());
  ASSERT_TRUE(load);
  (*load)->Start();
  WaitForAcks(**load, 50);
  // On a busy machine one thread may begin when another has done all that.
  const auto everybody_worked = [&] {
    const std::lock_guard lock(fake.cluster.mutex);
    return fake.cluster.reads > 0 && fake.cluster.rows.contains("w0") &&
           fake.cluster.rows.contains("w1") && fake.cluster.rows.contains("w2");
  };
  while (!everybody_worked())
    std::this_thread::yield();
  (*load)->Stop();
  std::map<std::string, std::string> open;  // By process.
  std::set<int64_t> values;
  std::map<std::string, int64_t> newest;
  int reads = 0;
  for (const Json& line : fake.Lines()) {
    const std::string process = DumpJson(line["process"]);
    if (line["type"] == "invoke") {
      EXPECT_TRUE(open.emplace(process, line["f"].get<std::string>()).second) << process;
      if (line["f"] != "add") continue;
      const auto value = line["value"].get<int64_t>();
      EXPECT_TRUE(values.insert(value).second);
      EXPECT_GT(value, std::exchange(newest[line["key"].get<std::string>()], value));
    } else {
      EXPECT_EQ(open.erase(process), 1U);
      if (line["f"] == "read") {
        ++reads;
        EXPECT_LE(line["value"].size(), 4U);
      }
    }
  }
  EXPECT_TRUE(open.empty());
  EXPECT_EQ(newest.size(), 3U);
  EXPECT_GT(reads, 0);
}

TEST(LoadGeneratorTest, InAnOpenLoopNothingWasDueWhileItWasPaused) {
  FakeClock clock;
  FakeLoad fake(clock);
  LoadOptions options = Options();
  options.rate = 1000;
  options.loop = Loop::kOpen;
  auto load = LoadGenerator::Create(fake.context, options);
  ASSERT_TRUE(load);
  (*load)->Start();
  WaitForAcks(**load, 10);
  (*load)->Pause();
  const size_t before = fake.Lines().size();
  clock.Advance(std::chrono::hours(1));
  const int64_t resumed = clock.Now().count();
  const int64_t acks = (*load)->counts().acked_adds;
  (*load)->Resume();
  WaitForAcks(**load, acks + 10);
  (*load)->Stop();
  const std::vector<Json> lines = fake.Lines();
  for (size_t i = 0; i < lines.size(); ++i) {
    if (GetString(lines[i], {"type"}) != "invoke") continue;
    ASSERT_TRUE(lines[i].contains("due"));
    EXPECT_LE(GetInt(lines[i], {"due"}), GetInt(lines[i], {"time"}));
    if (i >= before) {
      EXPECT_GE(GetInt(lines[i], {"due"}), resumed);
    }
  }
}

TEST(LoadGeneratorTest, ThreeHundredClientsWorkAtOnce) {
  FakeClock clock;
  FakeLoad fake(clock);
  LoadOptions options = Options();
  options.writers = 200;
  options.readers = 100;
  auto load = LoadGenerator::Create(fake.context, options);
  ASSERT_TRUE(load);
  (*load)->Start();
  std::set<std::string> processes;
  while (processes.size() < 300) {
    WaitForAcks(**load, (*load)->counts().acked_adds + 200);
    (*load)->Pause();
    for (const Json& line : fake.Lines())
      processes.insert(DumpJson(line["process"]));
    (*load)->Resume();
  }
  (*load)->Stop();
  EXPECT_EQ((*load)->counts().fail, 0);
}

TEST(LoadGeneratorTest, PausedMeansNothingInFlightUntilResumed) {
  FakeClock clock;
  FakeLoad fake(clock);
  auto load = LoadGenerator::Create(fake.context, Options());
  ASSERT_TRUE(load);
  (*load)->Start();
  WaitForAcks(**load, 10);
  (*load)->Pause();
  const size_t lines = fake.Lines().size();
  EXPECT_EQ(lines % 2, 0U);
  for (int i = 0; i < 1000; ++i)
    std::this_thread::yield();
  EXPECT_EQ(fake.Lines().size(), lines);
  const int64_t acks = (*load)->counts().acked_adds;
  (*load)->Resume();
  WaitForAcks(**load, acks + 10);
  (*load)->Pause();
  (*load)->Stop();  // Also while paused.
}

TEST(LoadGeneratorTest, PauseWaitsForAFrozenOperationToBeEnded) {
  FakeClock clock;
  FakeLoad fake(clock);
  fake.cluster.SetFrozen(true);
  LoadOptions options = Options();
  options.readers = 0;
  options.writers = 1;
  auto load = LoadGenerator::Create(fake.context, options);
  ASSERT_TRUE(load);
  (*load)->Start();
  fake.cluster.WaitForHanging();
  clock.Advance(fake.context.deadline);
  fake.cluster.SetFrozen(false);
  fake.watchdog.Sweep();
  (*load)->Pause();
  EXPECT_EQ((*load)->counts().info, 1);
}

TEST(LoadGeneratorTest, TombstonesAreTriedUntilEachKeyHasOne) {
  FakeClock clock;
  FakeLoad fake(clock);
  fake.cluster.Script({Ended(OutcomeType::kInfo, "57P01", true),
                       Ended(OutcomeType::kFail, "40001", false),
                       Ended(OutcomeType::kOk, "", false)});
  auto load = LoadGenerator::Create(fake.context, Options());
  ASSERT_TRUE(load);
  (*load)->Pause();
  const Status written = (*load)->WriteTombstones(std::chrono::seconds(10), {});
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ((*load)->counts().acked_adds, 3);
  EXPECT_EQ(fake.cluster.rows.count("w0"), 1U);
  EXPECT_EQ(fake.cluster.rows.find("w0")->second, OperationValue(5, 0, 3));
}

TEST(LoadGeneratorTest, TombstonesGiveUpAtTheDeadline) {
  FakeClock clock;
  FakeLoad fake(clock);
  fake.cluster.SetRefusing("n-0", true);
  auto load = LoadGenerator::Create(fake.context, Options());
  ASSERT_TRUE(load);
  (*load)->Pause();
  const Status written = (*load)->WriteTombstones(std::chrono::seconds(2), {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kTimedOut);
  EXPECT_THAT(written.error().message, testing::HasSubstr("w0"));
}

TEST(SentinelTest, AllRowsAreAcknowledgedUnderNewValues) {
  FakeClock clock;
  FakeLoad fake(clock);
  fake.cluster.Script(
      {Ended(OutcomeType::kOk, "", false), Ended(OutcomeType::kInfo, "57P01", true)});
  const Status written = WriteSentinel(fake.context, Options(), 5, std::chrono::seconds(9), {});
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(fake.cluster.rows.count(kSentinelKey), 5U);
  EXPECT_EQ(fake.history->counts().acked_adds, 5);
  EXPECT_EQ(fake.Lines().front()["process"], 5);  // After three writers and two readers.
  EXPECT_EQ(fake.Lines().back()["process"], 11);  // Retired once.
  EXPECT_EQ(fake.Lines().back()["value"], OperationValue(5, kSentinelWriter, 6));
}

TEST(SentinelTest, AnUnreachablePrimaryIsAnErrorInTime) {
  FakeClock clock;
  FakeLoad fake(clock);
  fake.cluster.SetAddress("n-0", false);
  const Status written = WriteSentinel(fake.context, Options(), 5, std::chrono::seconds(9), {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kTimedOut);
  EXPECT_THAT(written.error().message, testing::HasSubstr("0 of 5"));
}

TEST(ReaderTest, APodInTroubleDoesNotHoldBackTheOthers) {
  FakeClock clock;
  FakeLoad fake(clock);
  fake.cluster.SetRefusing("n-0", true);
  Reader reader(fake.context, {"n-0", "n-1"}, {{"w0", "n-0"}}, false, 4, 0, Random(3), 0, 10);
  int failed = 0;
  for (int i = 0; i < 40; ++i) {
    if (reader.Step().type == OutcomeType::kFail) ++failed;
    EXPECT_EQ(reader.Pause(), Nanos{0});
  }
  EXPECT_EQ(failed, 1);  // The clock stands still, so the back-off never ends.
  fake.cluster.SetRefusing("n-1", true);
  EXPECT_EQ(reader.Step().type, OutcomeType::kOk);  // Its connection is still there.
}

TEST(ReaderTest, KeysOfAPodAreReadThereWhateverTheSkew) {
  FakeClock clock;
  FakeLoad fake(clock);
  Reader reader(fake.context, {"n-0", "n-1"},
                {{"a", "n-0"}, {"b", "n-0"}, {"c", "n-1"}, {"d", "n-1"}}, true, 4, 3, Random(3), 0,
                10);
  for (int i = 0; i < 100; ++i)
    reader.Step();
  std::map<std::string, int> keys;
  for (const Json& line : fake.Lines()) {
    const std::string key = GetString(line, {"key"});
    EXPECT_EQ(GetString(line, {"node"}), key < "c" ? "n-0" : "n-1");
    ++keys[key];
  }
  EXPECT_GT(keys["a"], keys["b"]);
  EXPECT_GT(keys["c"], keys["d"]);
}

TEST(HistoryHeaderTest, HasTheFieldsOfTheFormat) {
  LoadOptions options;
  options.pods = {"pg-0"};
  options.seed = 9;
  EXPECT_EQ(HistoryHeader("r1", "postgres", options),
            *ParseJson(R"({"hist":1,"run":"r1","clock":"monotonic-ns","system":"postgres",
                           "nodes":["pg-0"],"workload":"insert-set","model":"set","seed":9,
                           "unique_values":true})"));
  options.writers = 3;
  options.pods = {"vol-0", "vol-1"};
  options.writes = workloads::Writes::kOwnKeys;
  EXPECT_EQ(HistoryHeader("r1", "volume", options)["owners"],
            *ParseJson(R"({"w0":"vol-0","w1":"vol-1","w2":"vol-0","sentinel-vol-0":"vol-0",
                           "sentinel-vol-1":"vol-1"})"));
}

TEST(LoadKeysTest, WritersGoWhereTheirKeysAre) {
  LoadOptions options;
  options.writers = 3;
  options.pods = {"n-0", "n-1"};
  const auto pods = [&] {
    std::string text;
    for (const LoadKey& key : LoadKeys(options))
      text += key.name + "@" + key.pod + " ";
    return text;
  };
  EXPECT_EQ(pods(), "w0@n-0 w1@n-0 w2@n-0 sentinel@n-0 ");
  options.writes = workloads::Writes::kAnyPod;
  EXPECT_EQ(pods(), "w0@n-0 w1@n-1 w2@n-0 sentinel@n-0 ");
  options.writes = workloads::Writes::kOwnKeys;
  EXPECT_EQ(pods(), "w0@n-0 w1@n-1 w2@n-0 sentinel-n-0@n-0 sentinel-n-1@n-1 ");
  options.writers = 0;
  EXPECT_EQ(pods(), "sentinel-n-0@n-0 sentinel-n-1@n-1 ");
}

}  // namespace
}  // namespace holdfast::run
