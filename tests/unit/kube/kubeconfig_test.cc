// Kubeconfig files as they occur, good and bad; each bad one is one sentence that names the file
// and the remedy and no secret.
#include "harness/kube/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/strings.h"

#include "tests/unit/kube/test_certificates.h"

namespace holdfast::kube {
namespace {
using ::testing::HasSubstr;
using testing::KeyPair;
using ::testing::Not;

const KeyPair& Authority() {
  static const KeyPair pair = testing::MakeAuthority("CA");
  return pair;
}
const KeyPair& User() {
  static const KeyPair pair = testing::MakeCertificate(Authority(), {"admin"});
  return pair;
}

// Placeholders stand for what is made at run time.
std::string Fill(std::string text) {
  static const KeyPair expired = testing::MakeCertificate(
      Authority(), {"old", "", std::chrono::hours(-48), std::chrono::hours(-24)});
  static const KeyPair early = testing::MakeCertificate(
      Authority(), {"early", "", std::chrono::hours(24), std::chrono::hours(48)});
  const auto put = [&](std::string_view name, const std::string& value) {
    text = ReplaceAll(std::move(text), name, Base64Encode(value));
  };
  put("$CA", Authority().certificate_pem);
  put("$CERT", User().certificate_pem);
  put("$KEY", User().key_pem);
  put("$OLDCERT", expired.certificate_pem);
  put("$OLDKEY", expired.key_pem);
  put("$EARLYCERT", early.certificate_pem);
  put("$EARLYKEY", early.key_pem);
  return text;
}

class Kubeconfig : public ::testing::Test {
 protected:
  Result<ClusterAccess> Load(const std::string& text, const std::string& context = "") {
    Write("config", Fill(text));
    return LoadKubeconfig(directory_.path() / "config", context);
  }
  void Write(const std::string& name, const std::string& content) {
    ASSERT_TRUE(WriteFileAtomic(directory_.path() / name, content));
  }
  TemporaryDirectory directory_;
};

// A file with one context of each part; `cluster` and `user` are the insides of flow maps.
std::string Config(const std::string& cluster, const std::string& user) {
  return "current-context: main\n"
         "contexts: [{name: main, context: {cluster: c1, user: u1, namespace: db}},\n"
         "           {name: other, context: {cluster: c2, user: u2}}]\n"
         "clusters: [{name: c1, cluster: {" +
         cluster + "}}]\nusers: [{name: u1, user: {" + user + "}}]\n";
}

TEST_F(Kubeconfig, ReadsInlineData) {
  const auto access = Load(Config(
      "server: 'https://10.0.0.1:6443/', certificate-authority-data: $CA, tls-server-name: k8s",
      "client-certificate-data: $CERT, client-key-data: $KEY"));
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->context, "main");
  EXPECT_EQ(access->server, "https://10.0.0.1:6443");
  EXPECT_EQ(access->tls_server_name, "k8s");
  EXPECT_EQ(access->ca_pem, Authority().certificate_pem);
  EXPECT_EQ(access->client_certificate_pem, User().certificate_pem);
  EXPECT_EQ(access->client_key_pem, User().key_pem);
  EXPECT_EQ(access->ns, "db");
  EXPECT_EQ(access->token, "");
}

TEST_F(Kubeconfig, ReadsFilesNextToItself) {
  Write("ca.pem", Authority().certificate_pem);
  Write("user.pem", User().certificate_pem);
  Write("user.key", User().key_pem);
  Write("token", "from-file\n");
  const auto access = Load(Config("server: https://h, certificate-authority: ca.pem",
                                  "client-certificate: user.pem, client-key: ./user.key, "
                                  "token: inline, tokenFile: token"));
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->ca_pem, Authority().certificate_pem);
  EXPECT_EQ(access->client_certificate_pem, User().certificate_pem);
  EXPECT_EQ(access->client_key_pem, User().key_pem);
  EXPECT_EQ(access->token, "from-file") << "the file may be newer than the text";
  EXPECT_EQ(access->token_file, directory_.path() / "token");
}

TEST_F(Kubeconfig, ReadsABlockOfBase64AndJson) {
  std::string wrapped = Base64Encode(Authority().certificate_pem);
  for (size_t i = 64; i < wrapped.size(); i += 71)
    wrapped.insert(i, "\n      ");
  const auto block = Load(
      "current-context: a\ncontexts:\n- name: a\n  context: {cluster: c}\nclusters:\n- name: c\n"
      "  cluster:\n    server: https://h:1\n    certificate-authority-data: |\n      " +
      wrapped + "\n");
  ASSERT_TRUE(block) << block.error().message;
  EXPECT_EQ(block->ca_pem, Authority().certificate_pem);
  const auto json = Load(R"({"current-context":"a","contexts":[{"name":"a","context":
      {"cluster":"c","user":"u"}}],"clusters":[{"name":"c","cluster":{"server":"https://h"}}],
      "users":[{"name":"u","user":{"token":"t0ken"}}]})");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->token, "t0ken");
  EXPECT_EQ(json->ca_pem, "");
}

TEST_F(Kubeconfig, ChoosesTheContextThatWasAskedFor) {
  const std::string text =
      "current-context: a\ncontexts: [{name: a, context: {cluster: a}}, {name: b, context: "
      "{cluster: b}}]\nclusters: [{name: a, cluster: {server: 'https://a'}}, {name: b, cluster: "
      "{server: 'https://b'}}]\n";
  EXPECT_EQ(Load(text)->server, "https://a");
  EXPECT_EQ(Load(text, "b")->server, "https://b");
}

struct BadRow {
  std::string name;
  std::string text;
  std::string sentence;  // A part of it.
  std::string context = "";
};

constexpr auto kServer = "server: https://h";

class BadKubeconfig : public Kubeconfig, public ::testing::WithParamInterface<BadRow> {};

TEST_P(BadKubeconfig, IsOneSentenceWithARemedy) {
  Write("empty", "\n");
  Write("garbage", "not a certificate");
  const auto access = Load(GetParam().text, GetParam().context);
  ASSERT_FALSE(access) << "loaded " << access->server;
  EXPECT_EQ(access.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(access.error().message, HasSubstr((directory_.path() / "config").string()));
  EXPECT_THAT(access.error().message, HasSubstr(GetParam().sentence));
  EXPECT_THAT(access.error().message, Not(HasSubstr("\n")));
  EXPECT_THAT(access.error().message, Not(HasSubstr("s3cret")));
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    BadKubeconfig,
    ::testing::Values(
        BadRow{"yaml", "a: [s3cret\nb: }", "config:2:"},
        BadRow{"tab", "users:\n\t- s3cret: 1", "not valid YAML"},
        BadRow{"empty", "", "not a kubeconfig"},
        BadRow{"list", "[1, 2]", "not a kubeconfig"},
        BadRow{"text", "hello", "not a kubeconfig"},
        BadRow{"no_contexts", "kind: Config", "it has no contexts"},
        BadRow{"no_current", "contexts: [{name: a, context: {}}]", "its contexts are a"},
        BadRow{"unknown_context", Config(kServer, ""),
               "no context 'prod'; choose another with --context (its contexts are main, other)",
               "prod"},
        BadRow{"stale_current", "current-context: gone\ncontexts: [{name: a, context: {}}]",
               "no context 'gone' (its current-context)"},
        BadRow{"context_is_text", "current-context: a\ncontexts: [{name: a, context: s3cret}]",
               "has no 'context' map"},
        BadRow{"missing_cluster", Config(kServer, ""), "'clusters' has only c1", "other"},
        BadRow{"missing_user",
               "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n"
               "clusters: [{name: c, cluster: {server: 'https://h'}}]",
               "names the user 'u', but 'users' has no entries"},
        BadRow{"no_server", Config("", ""), "has no 'server'"},
        BadRow{"http", Config("server: http://h:8080", ""), "only verified TLS"},
        BadRow{"no_host", Config("server: 'https://'", ""), "not of the form https://host:port"},
        BadRow{"password_in_url", Config("server: 'https://u:s3cret@h'", ""), "not of the form"},
        BadRow{"server_is_map", Config("server: {a: s3cret}", ""), "must be a text"},
        BadRow{"insecure", Config("server: https://h, insecure-skip-tls-verify: true", ""),
               "give its CA in certificate-authority-data"},
        BadRow{"proxy", Config("server: https://h, proxy-url: 'http://p'", ""), "HTTPS_PROXY"},
        BadRow{"ca_base64", Config("server: https://h, certificate-authority-data: '%%s3cret'", ""),
               "is not base64"},
        BadRow{"ca_not_pem", Config("server: https://h, certificate-authority-data: aGVsbG8=", ""),
               "holds no PEM certificate"},
        BadRow{"ca_missing", Config("server: https://h, certificate-authority: nowhere.pem", ""),
               "nowhere.pem: No such file"},
        BadRow{"ca_is_directory", Config("server: https://h, certificate-authority: .", ""),
               "is a directory"},
        BadRow{"exec", Config(kServer, "exec: {command: aws, env: [s3cret]}"),
               "put a token (kubectl create token)"},
        BadRow{"auth_provider", Config(kServer, "auth-provider: {name: gcp}"), "not supported"},
        BadRow{"basic", Config(kServer, "username: a, password: s3cret"), "basic authentication"},
        BadRow{"impersonation", Config(kServer, "token: s3cret, as: root"), "impersonation"},
        BadRow{"certificate_alone", Config(kServer, "client-certificate-data: $CERT"),
               "but no client-key"},
        BadRow{"key_alone", Config(kServer, "client-key-data: $KEY"), "but no client-certificate"},
        BadRow{"certificate_garbage",
               Config(kServer, "client-certificate: garbage, client-key-data: $KEY"),
               "is not a PEM certificate"},
        BadRow{"key_garbage",
               Config(kServer, "client-certificate-data: $CERT, client-key: garbage"),
               "not an unencrypted PEM private key"},
        BadRow{"pair_mixed",
               Config(kServer, "client-certificate-data: $CERT, client-key-data: $OLDKEY"),
               "does not belong to the given key"},
        BadRow{"expired",
               Config(kServer, "client-certificate-data: $OLDCERT, client-key-data: $OLDKEY"),
               "the client certificate of user 'u1' expired on 20"},
        BadRow{"early",
               Config(kServer, "client-certificate-data: $EARLYCERT, client-key-data: $EARLYKEY"),
               "is not valid before 20"},
        BadRow{"token_file_missing", Config(kServer, "tokenFile: nowhere"), "nowhere"},
        BadRow{"token_file_empty", Config(kServer, "tokenFile: empty"), "is empty"},
        BadRow{"token_with_newline", Config(kServer, "token: \"s3cret\\r\\nX-Evil: 1\""),
               "control characters"}),
    [](const auto& row) { return row.param.name; });

TEST_F(Kubeconfig, AMissingFileIsNamedWithTheRemedy) {
  const auto access = LoadKubeconfig(directory_.path() / "nowhere", "");
  ASSERT_FALSE(access);
  EXPECT_EQ(access.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(access.error().message, HasSubstr("nowhere"));
  EXPECT_THAT(access.error().message, HasSubstr("--kubeconfig"));
}

}  // namespace
}  // namespace holdfast::kube
