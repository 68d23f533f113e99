// The client load against real servers: a frozen primary cannot hang it, an outage shows in the
// history, and what was acknowledged is in the final reads of every pod.
#include <signal.h>

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "harness/run/load/final_reads.h"
#include "harness/run/load/load_generator.h"
#include "harness/run/load/sentinel.h"
#include "workloads/postgres/postgres.h"

#include "tests/integration/postgres/server.h"

namespace holdfast::run {
namespace {

using workloads::postgres::Server;
using workloads::postgres::TestDeployment;

class FixedAddresses : public AddressBook {
 public:
  std::optional<workloads::Endpoint> Lookup(const std::string& pod) override {
    const auto found = endpoints.find(pod);
    if (found == endpoints.end()) return std::nullopt;
    return found->second;
  }
  std::map<std::string, workloads::Endpoint> endpoints;
};

class LoadTest : public testing::Test {
 protected:
  LoadTest() : primary_(0), watchdog_(SystemClock()) {}

  void SetUp() override {
    ASSERT_EQ(primary_.Start(), "");
    replica_ = std::make_unique<Server>(1, primary_.port());
    ASSERT_EQ(replica_->Start(), "");
    const auto session = primary_.Connect();
    ASSERT_TRUE(session);
    ASSERT_TRUE(workload_.Prepare(**session));
    addresses_.endpoints = {{"pg-0", primary_.endpoint()}, {"pg-1", replica_->endpoint()}};
    auto history = trace::HistoryWriter::Open(
        directory_.path() / "history.jsonl", {&SystemClock(), SystemClock().Now()},
        Json{{"hist", 1}});
    ASSERT_TRUE(history);
    history_ = *std::move(history);
    watchdog_.Start();
    context_.workload = &workload_;
    context_.deployment = &TestDeployment();
    context_.addresses = &addresses_;
    context_.history = history_.get();
    context_.watchdog = &watchdog_;
    context_.clock = &SystemClock();
    options_.writers = 2;
    options_.readers = 1;
    options_.rate = 200;
    options_.pods = {"pg-0", "pg-1"};
  }

  // False when the counts did not satisfy `enough` within 30 s.
  template <typename Predicate>
  bool WaitFor(Predicate enough) {
    const Deadline deadline(SystemClock(), std::chrono::seconds(30));
    while (!enough(history_->counts())) {
      if (deadline.Passed()) return false;
      SystemClock().SleepFor(std::chrono::milliseconds(5), {});
    }
    return true;
  }

  std::vector<Json> Lines() {
    std::vector<Json> lines;
    history_->Flush();
    const std::string text = ReadFile(directory_.path() / "history.jsonl").value_or("");
    for (const std::string& line : Split(text, '\n')) {
      if (!line.empty()) lines.push_back(ParseJson(line).value_or(Json::object()));
    }
    return lines;
  }

  workloads::postgres::PostgresWorkload workload_;
  Server primary_;
  std::unique_ptr<Server> replica_;
  FixedAddresses addresses_;
  TemporaryDirectory directory_;
  std::unique_ptr<trace::HistoryWriter> history_;
  Watchdog watchdog_;
  LoadContext context_;
  LoadOptions options_;
};

TEST_F(LoadTest, FrozenThenKilledPrimaryLosesNothingAcknowledged) {
  context_.deadline = std::chrono::milliseconds(400);
  ASSERT_TRUE(WriteSentinel(context_, options_, 20, std::chrono::seconds(20), {}));
  auto load = LoadGenerator::Create(context_, options_);
  ASSERT_TRUE(load);
  (*load)->Start();
  ASSERT_TRUE(WaitFor([](const auto& counts) { return counts.acked_adds >= 60; }));

  ASSERT_TRUE(primary_.Freeze());
  ASSERT_TRUE(WaitFor([](const auto& counts) { return counts.info >= 2; }));
  ASSERT_TRUE(primary_.Thaw());
  int64_t acks = history_->counts().acked_adds;
  ASSERT_TRUE(WaitFor([&](const auto& counts) { return counts.acked_adds >= acks + 20; }));

  const int64_t failed = history_->counts().fail;
  primary_.Stop(SIGKILL);
  ASSERT_TRUE(WaitFor([&](const auto& counts) { return counts.fail >= failed + 20; }));
  ASSERT_EQ(primary_.Start(), "");
  acks = history_->counts().acked_adds;
  ASSERT_TRUE(WaitFor([&](const auto& counts) { return counts.acked_adds >= acks + 20; }));

  (*load)->Pause();
  context_.deadline = std::chrono::seconds(2);
  const Status tombstones = (*load)->WriteTombstones(std::chrono::seconds(20), {});
  ASSERT_TRUE(tombstones) << tombstones.error().message;
  FinalReadOptions reads;
  reads.scenario = "s";
  reads.pods = options_.pods;
  reads.keys = LoadKeys(options_);
  int probes = 0;
  const Status done = FinalReads(context_, reads,
                                 [&](const std::string& pod, const Result<Json>& probe) {
                                   ASSERT_TRUE(probe) << probe.error().message;
                                   EXPECT_EQ(GetString(*probe, {"hostname"}), pod);
                                   ++probes;
                                 },
                                 {});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(probes, 2);
  (*load)->Stop();

  std::set<int64_t> acknowledged;
  std::map<std::string, std::multiset<int64_t>> found;
  std::map<std::string, int64_t> invoked;
  bool refused = false;
  for (const Json& line : Lines()) {
    const std::string type = GetString(line, {"type"});
    if (GetString(line, {"f"}) == "add") {
      const std::string process = DumpJson(line["process"]);
      if (type == "invoke") invoked[process] = GetInt(line, {"time"});
      if (type == "ok") acknowledged.insert(GetInt(line, {"value"}));
      if (GetString(line, {"error", "0"}) == "deadline") {
        // The deadline, the watchdog's 10 ms, and room for a busy machine.
        EXPECT_LT(GetInt(line, {"time"}) - invoked[process], 2'000'000'000);
      }
      if (GetString(line, {"error", "0"}) == "connection-refused") refused = true;
    } else if (GetString(line, {"f"}) == "final-read" && type == "ok") {
      for (const Json& value : GetArray(line, {"value"}))
        found[GetString(line, {"process"})].insert(value.get<int64_t>());
    }
  }
  EXPECT_TRUE(refused);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found["probe:pg-0"], found["probe:pg-1"]);
  for (const int64_t value : acknowledged)
    EXPECT_EQ(found["probe:pg-1"].count(value), 1U) << value;
}

}  // namespace
}  // namespace holdfast::run
