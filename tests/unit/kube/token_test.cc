// Tokens that are replaced while a client lives.
#include "harness/kube/token.h"

#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/kube/client.h"
#include "harness/kube/exec.h"
#include "harness/kube/port_forward.h"

#include "tests/unit/kube/scripted_server.h"
#include "tests/unit/kube/stream_server.h"

namespace holdfast::kube::testing {
namespace {

class Token : public ::testing::Test {
 protected:
  void Write(const std::string& content) { ASSERT_TRUE(WriteFileAtomic(File(), content)); }
  [[nodiscard]] std::filesystem::path File() const { return directory_.path() / "token"; }
  // With a token that is older than the file's.
  [[nodiscard]] ClusterAccess WithFile(ClusterAccess access) const {
    access.token = "first";
    access.token_file = File();
    return access;
  }
  TemporaryDirectory directory_;
};

TEST_F(Token, TheFileIsReadAtFirstAndAfterARefusal) {
  Write("second\n");
  TokenSource source(WithFile({}));
  EXPECT_EQ(source.Current(), "second");
  Write("third\n");
  EXPECT_EQ(source.Current(), "second") << "it is looked at once a minute";
  source.Refused();
  EXPECT_EQ(source.Current(), "third");
}

TEST_F(Token, WhatIsNoTokenLeavesTheOneBefore) {
  TokenSource source(WithFile({}));
  EXPECT_EQ(source.Current(), "first") << "there is no file";
  for (const char* content : {"", "\n", "two words", "evil\r\nHeader: 1"}) {
    Write(content);
    source.Refused();
    EXPECT_EQ(source.Current(), "first") << content;
  }
  ClusterAccess inline_only;
  inline_only.token = "fixed";
  EXPECT_EQ(TokenSource(inline_only).Current(), "fixed");
}

TEST_F(Token, RequestsAndStreamsTakeTheNewOne) {
  Write("second\n");
  ScriptedServer server({}, [](const ScriptedRequest& request) {
    if (request.headers.at("authorization") != "Bearer third")
      return Refuse(401, "Unauthorized", "the token has expired");
    return Refuse(404, "NotFound", "no such pod");
  });
  const ClusterAccess access = WithFile(server.Access());
  const auto client = Client::Create(access).value();
  const ObjectRef pod{resources::kPods, "default", "web-0"};
  EXPECT_EQ(client->Get(pod).error().http_status, 401);
  Write("third\n");
  EXPECT_EQ(client->Get(pod).error().http_status, 404);
  ExecRequest request;
  request.ns = "default";
  request.pod = "web-0";
  request.command = {"hello"};
  EXPECT_EQ(Exec(access, request).error().http_status, 404);
}

TEST_F(Token, AForwardedPortAsksWithTheNewOneAfterARefusal) {
  Write("second\n");
  ScriptedServer server({}, [](const ScriptedRequest&) {
    return Refuse(401, "Unauthorized", "the token has expired");
  });
  const auto forward =
      PortForward::Start(WithFile(server.Access()), {"default", "web-0", 80}).value();
  for (const char* token : {"second", "third"}) {
    Write(token);
    const FileDescriptor client = ConnectToLoopback(forward->local_port());
    char byte = 0;
    EXPECT_LE(::recv(client.get(), &byte, 1, 0), 0) << "nothing can be carried";
    EXPECT_EQ(server.Requests().back().headers.at("authorization"),
              fmt::format("Bearer {}", token));
  }
}

}  // namespace
}  // namespace holdfast::kube::testing
