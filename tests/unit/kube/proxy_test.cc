// The way to the API server: proxies of the environment, for requests and for streams, and servers
// below a path.
#include "harness/kube/proxy.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "harness/kube/client.h"
#include "harness/kube/exec.h"
#include "harness/kube/port_forward.h"
#include "harness/sandbox/node/stream_server.h"

#include "tests/unit/kube/connect_proxy.h"
#include "tests/unit/kube/scripted_server.h"
#include "tests/unit/kube/stream_server.h"

namespace holdfast::kube::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Proxy, ExceptionsAreThoseOfCurl) {
  struct Row {
    const char* exceptions;
    const char* host;
    bool direct;
  };
  const Row rows[] = {
      {"", "api.example.com", false},
      {"*", "api.example.com", true},
      {"other.com", "api.example.com", false},
      {"api.example.com", "api.example.com", true},
      {"api.example.com", "API.Example.com.", true},
      {"other.com, example.com", "api.example.com", true},
      {".example.com", "api.example.com", true},
      {".example.com", "example.com", true},
      {"ample.com", "api.example.com", false},
      {"api.example.com", "example.com", false},
      {"a.com 10.0.0.7", "10.0.0.7", true},
      {"10.0.0.7", "10.0.0.70", false},
      {"0.0.7", "10.0.0.7", false},
      {"10.0.0.0/8", "10.200.0.7", true},
      {"10.0.0.0/8", "11.0.0.7", false},
      {"10.0.0.0/8", "api.example.com", false},
      {"10.0.0.0/99", "10.0.0.7", false},
      {"fd00::7", "fd00::7", true},
      {"[fd00::7]", "fd00:0::7", true},
      {"fd00::/16", "fd00:1::7", true},
      {"fd00::/16", "fd01::7", false},
      {"", "127.0.0.1", true},
      {"", "127.8.9.1", true},
      {"", "::1", true},
      {"", "[::1]", true},
      {"", "localhost", true},
      {"", "127.example.com", false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(ProxyFor({"http://p", row.exceptions}, row.host), row.direct ? "" : "http://p")
        << row.host << " with NO_PROXY=" << row.exceptions;
}

TEST(Proxy, UrlsComeApart) {
  const auto full = SplitUrl("HTTPS://u:p%40@h.example:8443/k8s/clusters/c-abc//").value();
  EXPECT_EQ(full.scheme, "https");
  EXPECT_EQ(full.user, "u:p%40");
  EXPECT_EQ(full.host, "h.example");
  EXPECT_EQ(full.port, "8443");
  EXPECT_EQ(full.path, "/k8s/clusters/c-abc");
  const auto address6 = SplitUrl("https://[fd00::1]:6443").value();
  EXPECT_EQ(address6.host, "fd00::1");
  EXPECT_EQ(address6.port, "6443");
  EXPECT_EQ(SplitUrl("https://[fd00::1]")->port, "");
  EXPECT_EQ(SplitUrl("proxy:3128")->host, "proxy");
  EXPECT_EQ(Authority("fd00::1", "1"), "[fd00::1]:1");
  for (const char* wrong : {"", "https://", "https:///p", "https://h:", "https://h:0",
                            "https://h:1x", "https://h:65536", "https://[fd00::1", "https://[::1]x",
                            "https://h?q", "https://h#f", "https://h h"})
    EXPECT_FALSE(SplitUrl(wrong)) << wrong;
}

// Variables of this process, put back at the end.
class Environment {
 public:
  Environment() {
    for (const char* name : kNames) {
      const char* value = std::getenv(name);
      before_.push_back(value == nullptr ? "" : value);
      ::unsetenv(name);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    for (size_t i = 0; i < before_.size(); ++i)
      before_[i].empty() ? ::unsetenv(kNames[i]) : ::setenv(kNames[i], before_[i].c_str(), 1);
  }
  static void Set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

 private:
  static constexpr const char* kNames[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                           "ALL_PROXY",   "no_proxy",    "NO_PROXY"};
  std::vector<std::string> before_;
};

int PortIn(const ClusterAccess& access) {
  return static_cast<int>(ParseInt(SplitUrl(access.server)->port).value());
}

class ProxiedCluster : public ::testing::Test {
 protected:
  // Only the proxy finds the host of this name.
  ClusterAccess Outside() {
    ClusterAccess access = server_.Access();
    access.server = "https://api.cluster.invalid:6443";
    access.tls_server_name = "localhost";
    return access;
  }
  [[nodiscard]] int ServerPort() const { return PortIn(server_.Access()); }
  static Result<ExecResult> Greet(const ClusterAccess& access) {
    ExecRequest request;
    request.ns = "default";
    request.pod = "web-0";
    request.command = {"hello"};
    return Exec(access, request);
  }
  Environment environment_;
  StreamServer server_{[](sandbox::node::StreamPeer& peer, const Json&) {
    peer.Accept();
    peer.SendFrame(sandbox::kStdoutChannel, "hello");
    peer.SendFrame(sandbox::kStatusChannel, DumpJson(sandbox::node::ExitStatus(0)));
  }};
};

TEST_F(ProxiedCluster, RequestsAndStreamsGoThroughIt) {
  const ConnectProxy proxy(ServerPort());
  Environment::Set("HTTPS_PROXY", fmt::format("http://me:pa%40ss@127.0.0.1:{}", proxy.port()));
  const auto answer = Greet(Outside());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->out, "hello");
  const auto client = Client::Create(Outside()).value();
  const auto pod = client->Get({resources::kPods, "default", "web-0"});
  ASSERT_TRUE(pod) << pod.error().message;
  const auto requests = proxy.Requests();
  ASSERT_EQ(requests.size(), 2U);
  for (const std::string& head : requests)
    EXPECT_THAT(head, AllOf(StartsWith("CONNECT api.cluster.invalid:6443 HTTP/1.1\r\n"),
                            HasSubstr("Proxy-Authorization: Basic " + Base64Encode("me:pa@ss")),
                            Not(HasSubstr("Bearer"))));
}

TEST_F(ProxiedCluster, ServersOfThisMachineAndExceptionsDoWithout) {
  const ConnectProxy proxy(ServerPort());
  Environment::Set("HTTPS_PROXY", fmt::format("http://127.0.0.1:{}", proxy.port()));
  EXPECT_TRUE(Greet(server_.Access()));
  Environment::Set("NO_PROXY", "cluster.invalid");
  const auto direct = Greet(Outside());
  ASSERT_FALSE(direct);
  EXPECT_EQ(direct.error().code, ErrorCode::kUnavailable) << direct.error().message;
  EXPECT_FALSE(Client::Create(Outside()).value()->Get({resources::kPods, "default", "web-0"}));
  EXPECT_EQ(proxy.Requests().size(), 0U);
}

TEST_F(ProxiedCluster, ARefusalSaysWhoRefused) {
  const ConnectProxy proxy(ServerPort(), 403);
  Environment::Set("HTTPS_PROXY", fmt::format("127.0.0.1:{}", proxy.port()));
  const auto refused = Greet(Outside());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr(fmt::format("127.0.0.1:{}", proxy.port())), HasSubstr("HTTP 403"),
                    HasSubstr("api.cluster.invalid:6443"), HasSubstr("NO_PROXY")));
  int nobody = 0;
  ListenOnLoopback(nobody).Close();
  Environment::Set("HTTPS_PROXY", fmt::format("127.0.0.1:{}", nobody));
  EXPECT_THAT(Greet(Outside()).error().message,
              HasSubstr(fmt::format("proxy 127.0.0.1:{}", nobody)));
}

TEST_F(ProxiedCluster, StreamsRefuseAnotherKindAtOnce) {
  for (const char* url :
       {"socks5://u:s3cret@proxy:1", "https://u:s3cret@proxy:1", "http://proxy:x"}) {
    Environment::Set("HTTPS_PROXY", url);
    const auto refused = PortForward::Start(Outside(), {"default", "web-0", 80});
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(refused.error().message, AllOf(HasSubstr("http://host:port"), HasSubstr("NO_PROXY"),
                                               Not(HasSubstr("s3cret"))));
  }
}

TEST(Gateway, StreamsAndRequestsAskBelowThePathOfTheServer) {
  ScriptedServer server({}, [](const ScriptedRequest&) { return Refuse(403, "Forbidden", "no"); });
  ClusterAccess access = server.Access();
  access.server += "/k8s/clusters/c-abc";
  ExecRequest request;
  request.ns = "default";
  request.pod = "web-0";
  request.command = {"hello"};
  const auto refused = Exec(access, request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused) << refused.error().message;
  EXPECT_FALSE(Client::Create(access).value()->Get({resources::kPods, "default", "web-0"}));
  const auto requests = server.Requests();
  ASSERT_EQ(requests.size(), 2U);
  const std::string pod = "/k8s/clusters/c-abc/api/v1/namespaces/default/pods/web-0";
  EXPECT_THAT(requests[0].target, StartsWith(pod + "/exec?command=hello"));
  EXPECT_EQ(requests[1].target, pod);
}

}  // namespace
}  // namespace holdfast::kube::testing
