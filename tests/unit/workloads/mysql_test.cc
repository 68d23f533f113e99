// Manifests of "mysql" and "mariadb", what their errors say, and how positions compare.
#include "workloads/mysql/mysql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "workloads/mysql/outcome.h"

#include "tests/golden/golden.h"

namespace holdfast::workloads::mysql {
namespace {

std::vector<Json> Render(Flavor flavor, const Json& parameters) {
  Deployment deployment;
  deployment.ns = "db";
  deployment.name = flavor == Flavor::kMariaDb ? "mariadb" : "mysql";
  deployment.replicas = 3;
  deployment.password = "opensesame";
  deployment.parameters = parameters;
  const auto manifests = MySqlWorkload(flavor).Manifests(deployment);
  if (manifests) return *manifests;
  ADD_FAILURE() << manifests.error().message;
  return std::vector<Json>(4);
}

class MySqlManifestsTest : public testing::TestWithParam<Flavor> {};
INSTANTIATE_TEST_SUITE_P(Flavors,
                         MySqlManifestsTest,
                         testing::Values(Flavor::kMySql, Flavor::kMariaDb),
                         [](const testing::TestParamInfo<Flavor>& info) {
                           return info.param == Flavor::kMySql ? "MySql" : "MariaDb";
                         });

TEST_P(MySqlManifestsTest, TheOrdinalChoosesTheConfiguration) {
  const std::vector<Json> all = Render(GetParam(), {{"ordinalsStart", 2}, {"semiSync", true}});
  ASSERT_EQ(all.size(), 4U);
  const std::string primary = GetString(all[2], {"data", "primary.cnf"});
  const std::string replica = GetString(all[2], {"data", "replica.cnf"});
  EXPECT_THAT(primary, testing::HasSubstr("sync-binlog = 1"));
  EXPECT_THAT(primary, testing::Not(testing::HasSubstr("read-only")));
  EXPECT_THAT(primary, testing::HasSubstr("semi-sync"));
  EXPECT_THAT(replica, testing::HasSubstr("read-only = ON"));
  const Json& pod = GetObject(all[3], {"spec", "template", "spec"});
  ASSERT_EQ(GetArray(pod, {"initContainers"}).size(), 2U);
  std::map<std::string, std::string> environment;
  for (const Json& variable : GetArray(pod, {"containers", "0", "env"}))
    environment[GetString(variable, {"name"})] = GetString(variable, {"value"});
  const std::string name = GetString(all[3], {"metadata", "name"});
  EXPECT_EQ(environment["HOLDFAST_PRIMARY"], name + "-2." + name);
  EXPECT_EQ(environment["HOLDFAST_PRIMARY_ORDINAL"], "2");
  EXPECT_EQ(GetInt(all[3], {"spec", "ordinals", "start"}), 2);
}

TEST_P(MySqlManifestsTest, ThePasswordIsOnlyInTheSecret) {
  for (const Json& manifest : Render(GetParam(), Json::object())) {
    const std::string text = DumpJson(manifest);
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("opensesame")));
    EXPECT_EQ(text.find(Base64Encode("opensesame")) != std::string::npos,
              GetString(manifest, {"kind"}) == "Secret");
    // The scripts' own ${name} are in lower case.
    for (size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at + 1))
      EXPECT_FALSE(text[at + 2] >= 'A' && text[at + 2] <= 'Z') << text.substr(at, 40);
  }
}

TEST_P(MySqlManifestsTest, RestrictedPodsHaveNoRoot) {
  const std::vector<Json> all = Render(GetParam(), {{"podSecurity", "restricted"}, {"uid", 999}});
  const Json& pod = GetObject(all[3], {"spec", "template", "spec"});
  ASSERT_EQ(GetArray(pod, {"initContainers"}).size(), 1U);
  EXPECT_EQ(GetString(pod, {"initContainers", "0", "name"}), "setup");
  EXPECT_EQ(GetInt(pod, {"securityContext", "runAsUser"}), 999);
}

// The images of 8.0 and 8.4 are not at hand here: their manifests are what can be checked.
TEST_P(MySqlManifestsTest, OtherImagesGetTheSameScripts) {
  for (const char* image : {"mysql:8.0", "mysql:8.4", "registry.example/library/mysql:9"}) {
    const std::vector<Json> all = Render(GetParam(), {{"image", image}});
    const Json& pod = GetObject(all[3], {"spec", "template", "spec"});
    EXPECT_EQ(GetString(pod, {"containers", "0", "image"}), image);
    EXPECT_EQ(GetString(pod, {"initContainers", "1", "image"}), image);
  }
}

TEST_P(MySqlManifestsTest, ScriptsAreValidForPosixShell) {
  const std::vector<Json> all = Render(GetParam(), Json::object());
  const Json& pod = GetObject(all[3], {"spec", "template", "spec"});
  std::vector<std::string> scripts;
  for (const char* list : {"initContainers", "containers"}) {
    for (const Json& container : GetArray(pod, {list}))
      scripts.push_back(GetString(container, {"command", "2"}));
  }
  scripts.push_back(GetString(pod, {"containers", "0", "readinessProbe", "exec", "command", "2"}));
  ASSERT_EQ(scripts.size(), 4U);
  for (const std::string& script : scripts) {
    ASSERT_GT(script.size(), 50U);
    const auto checked =
        RunProcess({.argv = {"dash", "-n"}, .add_environment = {}, .input = script});
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(checked->exit_code, 0) << checked->err;
    for (const char* bash_only : {"[[", "local ", "function ", "=~", "<<<", "pipefail"})
      EXPECT_THAT(script, testing::Not(testing::HasSubstr(bash_only)));
  }
}

// What is applied where those images exist, to the byte.
TEST(MySqlGoldenTest, ManifestsOfOtherVersions) {
  struct Row {
    const char* name;
    Flavor flavor;
    Json parameters;
  };
  const Row rows[] = {
      {"mysql-8.0", Flavor::kMySql, {{"image", "mysql:8.0"}}},
      {"mysql-8.4-restricted",
       Flavor::kMySql,
       {{"image", "registry.example/mysql:8.4"},
        {"podSecurity", "restricted"},
        {"uid", 999},
        {"semiSync", true},
        {"storageClass", "fast"},
        {"budget", "maxUnavailable=1"}}},
      {"mariadb-11.8", Flavor::kMariaDb, {{"image", "mariadb:11.8"}}},
  };
  for (const Row& row : rows) {
    std::string text;
    for (const Json& manifest : Render(row.flavor, row.parameters))
      text += DumpJson(manifest, 2) + "\n";
    ExpectGolden(std::string("workloads/") + row.name + ".json", text);
  }
}

TEST(MySqlOutcomeTest, NumbersDecideWhatIsKnown) {
  struct Row {
    int code;
    bool lost;
    OutcomeType write;
    const char* error_class;
  };
  const Row rows[] = {
      {1290, false, OutcomeType::kFail, "1290"}, {1836, false, OutcomeType::kFail, "1836"},
      {1205, false, OutcomeType::kFail, "1205"}, {1213, false, OutcomeType::kFail, "1213"},
      {1062, false, OutcomeType::kFail, "1062"}, {1180, false, OutcomeType::kInfo, "1180"},
      {1317, false, OutcomeType::kInfo, "1317"}, {1053, false, OutcomeType::kInfo, "1053"},
      {9999, false, OutcomeType::kInfo, "9999"}, {0, false, OutcomeType::kInfo, "client-error"},
      {2013, true, OutcomeType::kInfo, "connection-lost"},
      {1290, true, OutcomeType::kInfo, "connection-lost"},
  };
  for (const Row& row : rows) {
    StatementError error;
    error.code = row.code;
    error.connection_lost = row.lost;
    const Outcome outcome = WriteOutcome(error);
    EXPECT_EQ(outcome.type, row.write) << row.code;
    EXPECT_EQ(outcome.error_class, row.error_class) << row.code;
    EXPECT_EQ(outcome.connection_lost, row.lost);
    EXPECT_EQ(ReadOutcome(error).type, OutcomeType::kFail);
  }
  StatementError late;
  late.interrupted = true;
  late.connection_lost = true;
  EXPECT_EQ(WriteOutcome(late).error_class, "deadline");
}

TEST(MySqlOutcomeTest, ConnectErrorsHaveClasses) {
  EXPECT_EQ(ConnectErrorClass(2002, "Can't connect to server on '10.0.0.1' (111)"),
            "connection-refused");
  EXPECT_EQ(ConnectErrorClass(2002, "Can't connect to server on '10.0.0.1' (115)"),
            "connection-refused");
  EXPECT_EQ(ConnectErrorClass(2002, "Can't connect to server on '10.0.0.1' (110)"),
            "connect-timeout");
  EXPECT_EQ(ConnectErrorClass(2002, "Can't connect to server on '10.0.0.1' (113)"), "unreachable");
  EXPECT_EQ(ConnectErrorClass(1045, "Access denied for user"), "1045");
  EXPECT_EQ(ConnectErrorClass(0, "?"), "connect-failed");
}

TEST(MariaDbPositionTest, EveryDomainMustBeReached) {
  EXPECT_EQ(MariaDbReached("0-1-100", "0-1-100"), true);
  EXPECT_EQ(MariaDbReached("0-1-99", "0-1-100"), false);
  EXPECT_EQ(MariaDbReached("0-2-101,1-1-5", "0-1-100"), true);
  EXPECT_EQ(MariaDbReached("0-1-100", "0-1-1,1-1-5"), false);
  EXPECT_EQ(MariaDbReached("", "0-1-1"), false);
  EXPECT_EQ(MariaDbReached("0-1-1", ""), true);
  EXPECT_EQ(MariaDbReached("0-1", "0-1-1"), std::nullopt);
  EXPECT_EQ(MariaDbReached("0-1-1", "a-b-c"), std::nullopt);
}

}  // namespace
}  // namespace holdfast::workloads::mysql
