// Exec: output, exit codes, input, and every way in which a command's end stays unknown.
#include "harness/kube/exec.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sandbox/node/stream_server.h"

#include "tests/unit/kube/stream_server.h"
#include "tests/unit/kube/test_certificates.h"

namespace holdfast::kube::testing {
namespace {

using sandbox::node::StreamPeer;
using ::testing::HasSubstr;

// Sends what comes on standard input back until its end; returns all of it.
std::string EchoInput(StreamPeer& peer) {
  std::string all;
  while (true) {
    while (auto frame = sandbox::TakeFrame(peer.buffer)) {
      if (frame->channel == sandbox::kCloseChannel) return all;
      if (frame->channel != sandbox::kStdinChannel) continue;
      all += frame->payload;
      peer.SendFrame(sandbox::kStdoutChannel, frame->payload);
    }
    if (!peer.Receive()) return all;
  }
}

// Waits until the caller is gone.
void WaitForEnd(StreamPeer& peer) {
  while (!peer.stop().stop_requested() && peer.Receive())
    SystemClock().SleepFor(std::chrono::milliseconds(1), peer.stop());
}

void Play(StreamPeer& peer, const Json& request) {
  const std::string command = GetString(request, {"command", "0"});
  if (command == "refused") return peer.Refuse(500, "InternalError", "the container is not running");
  peer.Accept();
  if (command == "silent") return WaitForEnd(peer);
  if (command == "cut") return;
  if (command == "cat") EchoInput(peer);
  if (command == "no-such")
    peer.SendFrame(sandbox::kStatusChannel,
                   R"({"metadata":{},"status":"Failure","reason":"InternalError",)"
                   R"("message":"executable file not found in $PATH"})");
  if (command == "words")
    peer.SendFrame(sandbox::kStdoutChannel, DumpJson(GetArray(request, {"command"})));
  if (command == "flood")
    for (int i = 0; i < 100; ++i)
      if (!peer.SendFrame(sandbox::kStdoutChannel, std::string(1000, 'x'))) return;
  if (command == "fail") {
    peer.SendFrame(sandbox::kStdoutChannel, "some ");
    peer.SendFrame(sandbox::kStderrChannel, "it broke\n");
    peer.SendFrame(sandbox::kStdoutChannel, "output\n");
  }
  peer.SendFrame(sandbox::kStatusChannel,
                 DumpJson(sandbox::node::ExitStatus(command == "fail" ? 7 : 0)));
}

class ExecTest : public ::testing::Test {
 protected:
  static ExecRequest Request(std::vector<std::string> command) {
    ExecRequest request;
    request.ns = "default";
    request.pod = "web-0";
    request.command = std::move(command);
    return request;
  }
  StreamServer server_{Play};
};

TEST_F(ExecTest, GivesBothStreamsAndTheExitCode) {
  const auto result = Exec(server_.Access(), Request({"fail"}));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_code, 7);
  EXPECT_EQ(result->out, "some output\n");
  EXPECT_EQ(result->err, "it broke\n");
}

TEST_F(ExecTest, WordsArriveAsTheyWere) {
  const auto result = Exec(server_.Access(), Request({"words", "a b", "", "&x=%2F+", "\xc3\xa4"}));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_code, 0);
  EXPECT_EQ(ParseJson(result->out).value(), Json({"words", "a b", "", "&x=%2F+", "\xc3\xa4"}));
}

TEST_F(ExecTest, InputGoesInWholeAndEnds) {
  ExecRequest request = Request({"cat"});
  for (int i = 0; i < 40000; ++i)
    request.input += fmt::format("line {}\n", i);
  const auto result = Exec(server_.Access(), request);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->out, request.input);
}

TEST_F(ExecTest, AnEndWithoutAStatusIsNoExitCode) {
  const auto result = Exec(server_.Access(), Request({"cut"}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kIndeterminate) << result.error().message;
}

TEST_F(ExecTest, ACommandThatDoesNotEndInTimeMayStillRun) {
  ExecRequest request = Request({"silent"});
  request.timeout = std::chrono::milliseconds(700);
  const auto result = Exec(server_.Access(), request);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kIndeterminate);
  EXPECT_THAT(result.error().message, HasSubstr("web-0"));
}

TEST_F(ExecTest, AStopEndsTheWait) {
  std::stop_source stop;
  const std::jthread stopper([&stop] {
    SystemClock().SleepFor(std::chrono::milliseconds(200), {});
    stop.request_stop();
  });
  const auto result = Exec(server_.Access(), Request({"silent"}), stop.get_token());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
}

TEST_F(ExecTest, ACommandThatCannotRunSaysSo) {
  const auto result = Exec(server_.Access(), Request({"no-such"}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(result.error().message, HasSubstr("executable file not found"));
}

TEST_F(ExecTest, TooMuchOutputIsNotCutSilently) {
  ExecRequest request = Request({"flood"});
  request.most_output = 50000;
  const auto result = Exec(server_.Access(), request);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("50000 bytes"));
  request.most_output = 100000;
  EXPECT_EQ(Exec(server_.Access(), request).value().out.size(), 100000U);
}

TEST_F(ExecTest, RefusalsComeAsTheServerWordsThem) {
  ExecRequest missing = Request({"fail"});
  missing.pod = "web-9";
  EXPECT_EQ(Exec(server_.Access(), missing).error().code, ErrorCode::kNotFound);
  ExecRequest container = Request({"fail"});
  container.container = "side";
  EXPECT_EQ(Exec(server_.Access(), container).error().code, ErrorCode::kInvalidArgument);
  const auto refused = Exec(server_.Access(), Request({"refused"}));
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("the container is not running"));
  EXPECT_EQ(Exec(server_.Access(), Request({})).error().code, ErrorCode::kInvalidArgument);
  ClusterAccess stranger = server_.Access();
  stranger.token = "wrong";
  EXPECT_EQ(Exec(stranger, Request({"fail"})).error().code, ErrorCode::kRefused);
}

TEST_F(ExecTest, AnotherServerThanTheOneWeTrustIsNotTalkedTo) {
  ClusterAccess access = server_.Access();
  access.ca_pem = MakeAuthority("somebody else").certificate_pem;
  const auto untrusted = Exec(access, Request({"fail"}));
  ASSERT_FALSE(untrusted);
  EXPECT_THAT(untrusted.error().message, HasSubstr("certificate"));
  access = server_.Access();
  access.tls_server_name = "another.example";
  EXPECT_THAT(Exec(access, Request({"fail"})).error().message, HasSubstr("certificate"));
  access = server_.Access();
  int port = 0;
  ListenOnLoopback(port).Close();
  access.server = fmt::format("https://127.0.0.1:{}", port);
  EXPECT_EQ(Exec(access, Request({"fail"})).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace holdfast::kube::testing
