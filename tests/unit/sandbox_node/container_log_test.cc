// The CRI log format and reading it as `kubectl logs` does.
#include "harness/sandbox/node/container_log.h"

#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "harness/sandbox/node/stream_protocol.h"

namespace holdfast::sandbox::node {
namespace {

class ContainerLogTest : public ::testing::Test {
 protected:
  std::string Read(const LogReadOptions& options) {
    std::string text;
    const Status read = ReadContainerLog(
        path_, options, clock_,
        [&](std::string_view piece) {
          text.append(piece);
          return true;
        },
        [] { return true; }, {});
    return read ? text : "failed: " + read.error().message;
  }
  void Write(const std::vector<std::pair<bool, std::string>>& pieces) {
    auto writer = ContainerLogWriter::Open(path_, clock_);
    ASSERT_TRUE(writer) << writer.error().message;
    for (const auto& [standard_error, bytes] : pieces) {
      writer->Append(standard_error, bytes);
      clock_.Advance(std::chrono::seconds(10));
    }
    writer->Finish();
  }
  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "a/0.log";
  FakeClock clock_;
};

TEST_F(ContainerLogTest, JoinsPiecesOfLines) {
  Write({{false, "one\ntw"}, {true, "err\n"}, {false, "o\nend"}});
  EXPECT_EQ(Read({}), "one\nerr\ntwo\nend");
}

TEST_F(ContainerLogTest, SplitsEndlessLinesWithoutLosingBytes) {
  const std::string endless(40000, 'x');
  Write({{false, endless + "\n"}});
  EXPECT_EQ(Read({}), endless + "\n");
}

TEST_F(ContainerLogTest, LimitsWhatIsRead) {
  Write({{false, "1\n"}, {false, "2\n"}, {false, "3\n"}});
  const auto tail = [](int64_t n) {
    LogReadOptions options;
    options.tail_lines = n;
    return options;
  };
  EXPECT_EQ(Read(tail(0)), "");
  EXPECT_EQ(Read(tail(1)), "3\n");
  EXPECT_EQ(Read(tail(2)), "2\n3\n");
  EXPECT_EQ(Read(tail(9)), "1\n2\n3\n");
  LogReadOptions since;
  since.since_seconds = 15;
  EXPECT_EQ(Read(since), "3\n");
  LogReadOptions bytes;
  bytes.limit_bytes = 3;
  EXPECT_EQ(Read(bytes), "1\n2");
  LogReadOptions stamped = tail(1);
  stamped.timestamps = true;
  EXPECT_TRUE(Read(stamped).ends_with("Z 3\n")) << Read(stamped);
}

TEST_F(ContainerLogTest, SaysThatThereIsNoLog) {
  EXPECT_TRUE(Read({}).starts_with("failed: ")) << Read({});
}

TEST(ParseLogLineTest, RefusesWhatIsNotALogLine) {
  EXPECT_TRUE(ParseLogLine("2026-01-01T00:00:00Z stdout F text"));
  EXPECT_TRUE(ParseLogLine("2026-01-01T00:00:00Z stderr P "));
  for (const char* wrong : {"", "x", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z stdout",
                            "t stdxxx F text", "t stdout X text", "t stdout Ftext...."})
    EXPECT_FALSE(ParseLogLine(wrong)) << wrong;
}

TEST(StreamProtocolTest, FramesSurviveAnySplit) {
  const std::string payload("a\0b", 3);
  const std::string bytes = EncodeFrame(1, payload) + EncodeFrame(255, std::string(1, '\0')) +
                            EncodeFrame(2, std::string(70000, 'z'));
  std::string buffer;
  std::vector<Frame> frames;
  for (const char byte : bytes) {
    buffer += byte;
    while (auto frame = TakeFrame(buffer))
      frames.push_back(*frame);
  }
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].channel, 1);
  EXPECT_EQ(frames[0].payload, payload);
  EXPECT_EQ(frames[1].channel, 255);
  EXPECT_EQ(frames[2].payload.size(), 70000U);
  EXPECT_TRUE(buffer.empty());
}

TEST(StreamProtocolTest, LinesAreTakenOneByOne) {
  std::string buffer = "{}\nrest";
  EXPECT_EQ(TakeLine(buffer).value_or(""), "{}");
  EXPECT_FALSE(TakeLine(buffer));
  EXPECT_EQ(buffer, "rest");
}

}  // namespace
}  // namespace holdfast::sandbox::node
