// The writer of history.jsonl under many clients at once.
#include <fstream>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/trace/history_reader.h"
#include "harness/trace/history_writer.h"

namespace holdfast::trace {
namespace {

constexpr int kClients = 8;
constexpr int kEach = 300;

class HistoryWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = HistoryWriter::Open(path_, {&SystemClock(), SystemClock().Now()}, {{"hist", 1}});
    ASSERT_TRUE(opened);
    writer_ = *std::move(opened);
  }
  [[nodiscard]] int64_t Events() const { return ReadHistoryFile(path_).value_or(History()).events; }

  const TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "history.jsonl";
  std::unique_ptr<HistoryWriter> writer_;
};

TEST_F(HistoryWriterTest, ManyClientsWriteOneOrder) {
  HistoryWriter& writer = *writer_;
  {
    std::vector<std::jthread> clients;
    for (int client = 0; client < kClients; ++client) {
      clients.emplace_back([&writer, client] {
        for (int i = 0; i < kEach; ++i) {
          const Json value = client * kEach + i;
          writer.Invoke(client, "add", "w0", "pg-0", value);
          writer.Complete(client, "add", "w0", "pg-0", OutcomeType::kOk, value);
        }
      });
    }
  }
  writer.Flush();
  const auto history = ReadHistoryFile(path_);
  ASSERT_TRUE(history);
  EXPECT_TRUE(history->problems.empty()) << history->problems[0].sentence;
  EXPECT_EQ(history->events, 2 * kClients * kEach);
  EXPECT_EQ(history->events, writer.events());
  EXPECT_EQ(history->adds.size(), static_cast<size_t>(kClients * kEach));
  for (const Operation& add : history->adds) {
    EXPECT_EQ(add.end, OperationEnd::kOk);
    EXPECT_EQ(add.node, "pg-0");
  }
  EXPECT_EQ(writer.counts().acked_adds, kClients * kEach);
}

// A request is not sent before its line is in the file; what only weakens the record may wait.
TEST_F(HistoryWriterTest, AnInvocationIsWrittenBeforeItReturns) {
  HistoryWriter& writer = *writer_;
  writer.Invoke(1, "add", "w0", "pg-0", 7);
  EXPECT_EQ(Events(), 1);
  writer.Complete(1, "add", "w0", "pg-0", OutcomeType::kInfo, 7, {{"error", {"deadline", "2 s"}}});
  writer.Invoke(2, "read", "w0", "pg-0", nullptr, {{"due", 5}});
  EXPECT_EQ(Events(), 3);
  writer.Complete("probe:pg-0", "final-read", "w0", "pg-0", OutcomeType::kOk, Json::array({7}));
  EXPECT_EQ(Events(), 4);
  EXPECT_TRUE(writer.Health());
}

// More than may be pending, and nobody who invokes anything meanwhile.
TEST_F(HistoryWriterTest, LargeCompletionsDoNotWaitForAnInvocation) {
  constexpr int kLarge = 6;
  const Json rows = Json::array_t(size_t{1} << 18, Json(1234567));
  for (int client = 0; client < kLarge; ++client)
    writer_->Complete(client, "read", "w0", "pg-0", OutcomeType::kOk, rows);
  writer_->Invoke(0, "read", "w0", "pg-0", nullptr);
  EXPECT_EQ(Events(), kLarge + 1);
}

TEST(HistoryWriter, AFullDiskIsSaid) {
  auto opened = HistoryWriter::Open("/dev/full", {&SystemClock(), SystemClock().Now()}, {{"hist", 1}});
  EXPECT_FALSE(opened);
}

}  // namespace
}  // namespace holdfast::trace
