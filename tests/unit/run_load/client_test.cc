// One client: what it records, when it backs off, when it takes a new process number.
#include "harness/run/load/client.h"

#include <gtest/gtest.h>

#include "harness/run/load/keys.h"

#include "tests/unit/run_load/fake_workload.h"

namespace holdfast::run {
namespace {

using workloads::OutcomeType;

TEST(ClientTest, RecordsInvokeThenCompletion) {
  FakeClock clock;
  FakeLoad load(clock);
  Client client(load.context, 0, 10);
  EXPECT_EQ(client.Add("n-0", "w0", 42).type, OutcomeType::kOk);
  EXPECT_EQ(client.Read("n-0", "w0", 5).type, OutcomeType::kOk);
  const std::vector<Json> lines = load.Lines();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0],
            *ParseJson(R"({"index":0,"time":0,"process":0,"type":"invoke","f":"add","key":"w0",
                           "value":42,"node":"n-0"})"));
  EXPECT_EQ(lines[1]["type"], "ok");
  EXPECT_EQ(lines[1]["value"], 42);
  EXPECT_FALSE(lines[1].contains("error"));
  EXPECT_TRUE(lines[2]["value"].is_null());
  EXPECT_EQ(lines[3]["value"], Json({42}));
  EXPECT_EQ(lines[3]["role"], "primary");
}

TEST(ClientTest, RefusedConnectionIsAFailedOperation) {
  FakeClock clock;
  FakeLoad load(clock);
  load.cluster.SetRefusing("n-0", true);
  load.cluster.SetAddress("n-1", false);
  Client client(load.context, 0, 10);
  EXPECT_EQ(client.Add("n-0", "w0", 1).type, OutcomeType::kFail);
  EXPECT_EQ(client.Read("n-1", "w0", 1).type, OutcomeType::kFail);
  const std::vector<Json> lines = load.Lines();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[1]["type"], "fail");
  EXPECT_EQ(lines[1]["error"], Json({"connection-refused", "refused"}));
  EXPECT_EQ(lines[3]["error"][0], "no-address");
  EXPECT_EQ(client.process(), 0);
}

TEST(ClientTest, UnknownOutcomeRetiresTheProcess) {
  FakeClock clock;
  FakeLoad load(clock);
  load.cluster.Script(
      {Ended(OutcomeType::kInfo, "57P01", true), Ended(OutcomeType::kFail, "40001", false)});
  Client client(load.context, 3, 10);
  client.Add("n-0", "w3", 1);
  EXPECT_EQ(client.process(), 13);
  client.Add("n-0", "w3", 2);
  EXPECT_EQ(client.process(), 13);
  client.Add("n-0", "w3", 3);
  const std::vector<Json> lines = load.Lines();
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[1]["process"], 3);
  EXPECT_EQ(lines[1]["error"][0], "57P01");
  EXPECT_EQ(lines[2]["process"], 13);
  // The lost connection was made again, the kept one was not.
  EXPECT_EQ(load.cluster.connections, 2);
}

TEST(ClientTest, BackoffDoublesToItsLimitAndEndsWithSuccess) {
  FakeClock clock;
  FakeLoad load(clock);
  load.cluster.SetRefusing("n-0", true);
  Client client(load.context, 0, 10);
  EXPECT_EQ(client.BackoffLeft("n-0"), Nanos{0});
  for (const int expected : {50, 100, 200, 400, 500, 500}) {
    client.Add("n-0", "w0", 1);
    EXPECT_EQ(client.BackoffLeft("n-0"), std::chrono::milliseconds(expected));
    EXPECT_EQ(client.BackoffLeft("n-1"), Nanos{0});
    clock.Advance(client.BackoffLeft("n-0"));
  }
  EXPECT_EQ(client.BackoffLeft("n-0"), Nanos{0});
  load.cluster.SetRefusing("n-0", false);
  client.Add("n-0", "w0", 2);
  EXPECT_EQ(client.BackoffLeft("n-0"), Nanos{0});
}

TEST(ValueTest, LayoutIsRunWriterSequence) {
  EXPECT_EQ(OperationValue(0, 0, 1), 1);
  EXPECT_EQ(OperationValue(0, 1, 0), int64_t{1} << 32);
  EXPECT_EQ(OperationValue(1, 0, 0), int64_t{1} << 41);
  const int64_t largest = OperationValue(4095, kSentinelWriter, 0xffffffff);
  EXPECT_EQ(largest, (int64_t{1} << 53) - 1);
  EXPECT_LT(OperationValue(7, 3, 9), OperationValue(7, 3, 10));
}

}  // namespace
}  // namespace holdfast::run
