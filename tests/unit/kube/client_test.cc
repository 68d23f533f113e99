// The client against a TLS server that answers as scripted: verbs, pages, retries, TLS, and what is
// known about a write that got no answer.
#include "harness/kube/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"

#include "tests/unit/kube/scripted_server.h"

namespace holdfast::kube {
namespace {
using namespace std::chrono_literals;
using testing::Answer;
using ::testing::HasSubstr;
using testing::ListOf;
using ::testing::Not;
using testing::Object;
using testing::Refuse;
using testing::ScriptedReply;
using testing::ScriptedRequest;
using testing::ScriptedServer;
using testing::ServerIdentity;
using Then = testing::ScriptedReply::Then;

const ServerIdentity& Identity() {
  static const ServerIdentity identity;
  return identity;
}

std::unique_ptr<Client> Connect(const ClusterAccess& access) {
  ClientOptions options;
  options.connect_timeout = 2s;
  auto client = Client::Create(access, options);
  EXPECT_TRUE(client) << client.error().message;
  return *std::move(client);
}

// A function: the resource constants of another file may not be there yet when globals are made.
const ObjectRef& Web0() {
  static const ObjectRef kRef{resources::kPods, "db", "web-0"};
  return kRef;
}

ScriptedReply Nothing(Then then) {
  ScriptedReply reply;
  reply.then = then;
  return reply;
}

TEST(Client, SpeaksTheVerbsOfTheApi) {
  ScriptedServer server(Identity(), [](const ScriptedRequest& request) {
    return Answer(request.method == "POST" ? 201 : 200, Json{{"kind", "Pod"}});
  });
  const auto client = Connect(server.Access());
  EXPECT_TRUE(client->Get(Web0()));
  EXPECT_TRUE(client->Create(resources::kPods, "db", Object("web-0", "")));
  EXPECT_TRUE(client->Replace(Web0(), Object("web-0", "7")));
  EXPECT_TRUE(client->Patch({resources::kStatefulSets, "db", "web"}, PatchType::kMerge,
                            Json{{"spec", {{"replicas", 5}}}}, "scale", ""));
  EXPECT_TRUE(client->Patch(Web0(), PatchType::kApply, Json::object(), "", "holdfast"));
  EXPECT_TRUE(client->Patch(Web0(), PatchType::kJson, Json::array(), "status", ""));
  EXPECT_TRUE(client->Patch(Web0(), PatchType::kStrategicMerge, Json::object(), "", "me"));
  EXPECT_TRUE(client->Delete(Web0(), {.grace_seconds = 0, .uid_precondition = "u-1"}));
  std::vector<std::string> lines;
  for (const ScriptedRequest& request : server.Requests()) {
    EXPECT_EQ(request.headers.at("authorization"), "Bearer sesame");
    const auto type = request.headers.find("content-type");
    lines.push_back(request.method + " " + request.target +
                    (type == request.headers.end() ? "" : " " + type->second));
  }
  const std::string pod = "/api/v1/namespaces/db/pods/web-0";
  EXPECT_THAT(
      lines,
      ::testing::ElementsAre(
          "GET " + pod, "POST /api/v1/namespaces/db/pods application/json",
          "PUT " + pod + " application/json",
          "PATCH /apis/apps/v1/namespaces/db/statefulsets/web/scale application/merge-patch+json",
          "PATCH " + pod + "?fieldManager=holdfast&force=true application/apply-patch+yaml",
          "PATCH " + pod + "/status application/json-patch+json",
          "PATCH " + pod + "?fieldManager=me application/strategic-merge-patch+json",
          "DELETE " + pod + " application/json"));
  EXPECT_EQ(ParseJson(server.Requests().back().body).value(),
            (Json{{"apiVersion", "v1"},
                  {"kind", "DeleteOptions"},
                  {"propagationPolicy", "Background"},
                  {"gracePeriodSeconds", 0},
                  {"preconditions", {{"uid", "u-1"}}}}));
  EXPECT_EQ(server.Requests().back().connection, 1) << "requests share a kept connection";
}

TEST(Client, RefusesNamesThatWouldChangeThePath) {
  ScriptedServer server(Identity(), [](const ScriptedRequest&) { return Answer(200, "{}"); });
  const auto client = Connect(server.Access());
  for (const std::string name : {"", "..", "a/b", "a?watch=1", "a b", "a%2e", "a\n"}) {
    const auto got = client->Get({resources::kPods, "db", name});
    ASSERT_FALSE(got) << name;
    EXPECT_EQ(got.error().code, ErrorCode::kInvalidArgument);
    EXPECT_FALSE(client->Delete({resources::kPods, name, "x"}, {})) << name;
  }
  EXPECT_FALSE(client->GetRaw("version"));
  EXPECT_FALSE(client->GetRaw("/a b"));
  EXPECT_FALSE(client->Patch(Web0(), PatchType::kApply, Json::object(), "", ""));
  EXPECT_EQ(server.Requests().size(), 0U);
}

TEST(Client, FollowsThePagesOfAList) {
  ScriptedServer server(Identity(), [](const ScriptedRequest& request) {
    if (request.target.find("continue=next%2Fpage") != std::string::npos)
      return Answer(200, ListOf({Object("c", "3")}, "10"));
    return Answer(200, ListOf({Object("a", "1"), Object("b", "2")}, "10", "next/page"));
  });
  const auto client = Connect(server.Access());
  const auto list = client->List(
      resources::kPods, "db", {.label_selector = "app=web", .field_selector = {}, .page_size = 2});
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->resource_version, "10");
  ASSERT_EQ(list->items.size(), 3U);
  EXPECT_EQ(GetString(list->items[2], {"kind"}), "Pod");
  EXPECT_EQ(GetString(list->items[2], {"apiVersion"}), "v1");
  EXPECT_EQ(server.Requests()[0].target,
            "/api/v1/namespaces/db/pods?limit=2&labelSelector=app%3Dweb");
}

TEST(Client, BeginsAListAgainWhenItsPageHasExpired) {
  int lists = 0;
  ScriptedServer server(Identity(), [&](const ScriptedRequest& request) {
    if (request.target.find("continue") != std::string::npos)
      return Refuse(410, "Expired", "the provided continue parameter is too old");
    if (++lists == 1) return Answer(200, ListOf({Object("old", "1")}, "10", "t"));
    return Answer(200, ListOf({Object("new", "11")}, "12"));
  });
  const auto list = Connect(server.Access())->List(resources::kPods, "db", {});
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_EQ(list->items.size(), 1U);
  EXPECT_EQ(GetString(list->items[0], {"metadata", "name"}), "new");
  EXPECT_EQ(list->resource_version, "12");
}

TEST(Client, TellsTheServersRefusals) {
  int status = 0;
  ScriptedServer server(Identity(), [&](const ScriptedRequest&) {
    return Refuse(status, "Why", "because of web-0");
  });
  const auto client = Connect(server.Access());
  for (const auto& [code, meaning] : {std::pair{404, ErrorCode::kNotFound},
                                      {409, ErrorCode::kConflict},
                                      {422, ErrorCode::kRefused},
                                      {403, ErrorCode::kRefused},
                                      {429, ErrorCode::kRefused},
                                      {500, ErrorCode::kIndeterminate}}) {
    status = code;
    const auto result = client->Delete(Web0(), {});
    ASSERT_FALSE(result) << code;
    EXPECT_EQ(result.error().code, meaning) << code;
    EXPECT_EQ(result.error().http_status, code);
    EXPECT_EQ(result.error().reason, "Why");
    EXPECT_THAT(result.error().message, HasSubstr("cannot delete pods db/web-0: because of web-0"));
  }
}

TEST(Client, TriesAgainWhenTheServerSaysWhen) {
  int requests = 0;
  ScriptedServer server(Identity(), [&](const ScriptedRequest&) {
    if (++requests == 1) return Answer(429, "busy", "Retry-After: 1\r\n");
    return Answer(201, Json{{"kind", "Pod"}});
  });
  const auto client = Connect(server.Access());
  EXPECT_TRUE(client->Create(resources::kPods, "db", Object("a", "")));
  EXPECT_EQ(requests, 2);
}

TEST(Client, DoesNotWaitLongerThanItsTimeout) {
  ScriptedServer server(Identity(), [](const ScriptedRequest&) {
    return Answer(429, "busy", "Retry-After: 3000\r\n");
  });
  const auto client = Connect(server.Access());
  const auto result = client->Get(Web0());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().http_status, 429);
}

TEST(Client, AnswersThatAreNotJson) {
  ScriptedServer server(Identity(), [](const ScriptedRequest& request) {
    return Answer(request.target == "/readyz" ? 200 : 502, "<html>proxy</html>");
  });
  const auto client = Connect(server.Access());
  EXPECT_EQ(client->GetRaw("/readyz").value(), "<html>proxy</html>");
  const auto result = client->Get(Web0());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(result.error().message, HasSubstr("'<html>proxy</html>' (502)"));
}

TEST(Client, ASlowAnswerToAWriteIsIndeterminate) {
  ScriptedServer server(Identity(), [](const ScriptedRequest&) { return Nothing(Then::kHold); });
  const auto client = Connect(server.Access());
  ASSERT_FALSE(client->ServerClockOffset());
  client->SetTimeout(300ms);
  const auto written = client->Create(resources::kPods, "db", Object("a", ""));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIndeterminate);
  EXPECT_THAT(written.error().message, HasSubstr("may or may not have happened"));
  const auto read = client->Get(Web0());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kUnavailable);
}

TEST(Client, ACutAfterAWriteIsIndeterminateAndIsNotSentAgain) {
  ScriptedServer server(Identity(), [](const ScriptedRequest& request) {
    return request.method == "GET" ? Answer(200, "{}") : Nothing(Then::kClose);
  });
  const auto client = Connect(server.Access());
  // The first request leaves a kept connection: the one on which libcurl would try again.
  ASSERT_TRUE(client->Get(Web0()));
  const auto written = client->Create(resources::kPods, "db", Object("a", ""));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIndeterminate) << written.error().message;
  EXPECT_EQ(server.Count("POST"), 1);
  const auto removed = client->Delete(Web0(), {});
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::kIndeterminate) << removed.error().message;
  EXPECT_EQ(server.Count("DELETE"), 1);
}

TEST(Client, ACutInTheMiddleOfAnAnswer) {
  ScriptedServer server(Identity(), [](const ScriptedRequest&) {
    return ScriptedReply{
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"kind\":"}, {}, Then::kClose};
  });
  const auto client = Connect(server.Access());
  EXPECT_EQ(client->Get(Web0()).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(client->Delete(Web0(), {}).error().code, ErrorCode::kIndeterminate);
}

TEST(Client, AReadOnADeadConnectionIsSentAgain) {
  int requests = 0;
  ScriptedServer server(Identity(), [&](const ScriptedRequest&) {
    return ++requests == 2 ? Nothing(Then::kClose) : Answer(200, "{}");
  });
  const auto client = Connect(server.Access());
  ASSERT_TRUE(client->Get(Web0()));
  EXPECT_TRUE(client->Get(Web0()));
  EXPECT_EQ(requests, 3);
}

TEST(Client, KnowsTheServersClock) {
  std::string date = "Thu, 01 Jan 2026 00:00:00 GMT";
  ScriptedServer server(Identity(), [&](const ScriptedRequest&) {
    return Answer(200, "{}", "Date: " + date + "\r\n");
  });
  const auto client = Connect(server.Access());
  EXPECT_EQ(client->ServerClockOffset(), std::nullopt);
  ASSERT_TRUE(client->Get(Web0()));
  const Nanos expected = std::chrono::seconds(1767225600) - SystemClock().Wall();
  ASSERT_TRUE(client->ServerClockOffset());
  EXPECT_LT(std::chrono::abs(*client->ServerClockOffset() - expected), 30s);
}

// A port of loopback that is bound, and, when `listening`, accepts connections in the kernel but
// never says a word.
class DumbPort {
 public:
  explicit DumbPort(bool listening) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    if (listening) {
      EXPECT_EQ(::listen(socket_.get(), 8), 0);
    }
    EXPECT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] ClusterAccess Access() const {
    ClusterAccess access;
    access.server = fmt::format("https://127.0.0.1:{}", port_);
    access.ca_pem = Identity().authority.certificate_pem;
    return access;
  }

 private:
  FileDescriptor socket_;
  int port_ = 0;
};

// What must never come out of a server that is not reached: an indeterminate write.
void ExpectNotReached(const ClusterAccess& access, const std::string& sentence) {
  const auto client = Connect(access);
  for (const auto& result :
       {client->Get(Web0()), client->Create(resources::kPods, "db", Object("a", ""))}) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kUnavailable) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr(sentence));
    EXPECT_THAT(result.error().message, Not(HasSubstr("sesame")));
  }
}

TEST(ClientReach, ConnectionRefused) {
  const DumbPort port(false);
  ExpectNotReached(port.Access(), "is the cluster up? check 'server' in the kubeconfig");
}

TEST(ClientReach, NobodyAnswersTheHandshake) {
  const DumbPort port(true);
  ExpectNotReached(port.Access(), "cannot reach the API server");
}

TEST(ClientReach, UnknownName) {
  ClusterAccess access;
  access.server = "https://no-such-host.invalid:6443";
  ExpectNotReached(access, "is the cluster up?");
}

TEST(ClientReach, AServerThatIsNotHttpsIsRefusedAtOnce) {
  for (const std::string server :
       {"http://127.0.0.1:1", "", "https://", "ftp://h", "https://h:x"}) {
    ClusterAccess access;
    access.server = server;
    const auto client = Client::Create(access);
    ASSERT_FALSE(client) << server;
    EXPECT_EQ(client.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(ClientTls, AnotherAuthority) {
  ScriptedServer server(Identity(), [](const ScriptedRequest&) { return Answer(200, "{}"); });
  ClusterAccess access = server.Access();
  access.ca_pem = testing::MakeAuthority("another").certificate_pem;
  ExpectNotReached(access, "check 'certificate-authority'");
  access.ca_pem.clear();
  ExpectNotReached(access, "check 'certificate-authority'");
  EXPECT_EQ(server.Requests().size(), 0U);
}

TEST(ClientTls, AnExpiredServerCertificate) {
  ServerIdentity identity = Identity();
  identity.server = testing::MakeCertificate(
      identity.authority,
      {"apiserver", "IP:127.0.0.1", std::chrono::hours(-48), std::chrono::hours(-24)});
  ScriptedServer server(identity, [](const ScriptedRequest&) { return Answer(200, "{}"); });
  ExpectNotReached(server.Access(), "renew the server's certificate");
  EXPECT_EQ(server.Requests().size(), 0U);
}

TEST(ClientTls, ACertificateForAnotherName) {
  ServerIdentity identity = Identity();
  identity.server =
      testing::MakeCertificate(identity.authority, {"apiserver", "DNS:kubernetes.default"});
  ScriptedServer server(identity, [](const ScriptedRequest&) { return Answer(200, "{}"); });
  ClusterAccess access = server.Access();
  ExpectNotReached(access, "tls-server-name");
  access.tls_server_name = "elsewhere";
  ExpectNotReached(access, "tls-server-name");
  access.tls_server_name = "kubernetes.default";
  EXPECT_TRUE(Connect(access)->Get(Web0()));
  ASSERT_EQ(server.Requests().size(), 1U);
  EXPECT_THAT(server.Requests()[0].headers.at("host"), HasSubstr("127.0.0.1"));
}

class ClientCertificate : public ::testing::TestWithParam<bool> {};

TEST_P(ClientCertificate, IsGivenAndMissed) {
  ServerIdentity identity = Identity();
  const testing::KeyPair users = testing::MakeAuthority("users");
  identity.client_authority_pem = users.certificate_pem;
  identity.tls12 = GetParam();
  ScriptedServer server(identity, [](const ScriptedRequest&) { return Answer(200, "{}"); });
  ClusterAccess access = server.Access();
  // TLS 1.2 has no alert of its own for a certificate that is missing.
  ExpectNotReached(access, identity.tls12 ? "does it want a client certificate?"
                                          : "refused our client certificate");
  const testing::KeyPair stranger =
      testing::MakeCertificate(testing::MakeAuthority("strangers"), {"mallory"});
  access.client_certificate_pem = stranger.certificate_pem;
  access.client_key_pem = stranger.key_pem;
  ExpectNotReached(access, "refused our client certificate");
  const testing::KeyPair user = testing::MakeCertificate(users, {"admin"});
  access.client_certificate_pem = user.certificate_pem;
  access.client_key_pem = user.key_pem;
  EXPECT_TRUE(Connect(access)->Get(Web0()));
  EXPECT_EQ(server.Requests().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(TlsVersions, ClientCertificate, ::testing::Bool(), [](const auto& row) {
  return row.param ? "Tls12" : "Tls13";
});

TEST(Client, CertificatesThatCannotBeLoadedAreOurMistake) {
  ScriptedServer server(Identity(), [](const ScriptedRequest&) { return Answer(200, "{}"); });
  ClusterAccess access = server.Access();
  access.client_certificate_pem = "garbage";
  access.client_key_pem = "garbage";
  const auto result = Connect(access)->Get(Web0());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument) << result.error().message;
}

}  // namespace
}  // namespace holdfast::kube
