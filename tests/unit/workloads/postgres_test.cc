// The manifests that are sent to a cluster, and the parameters that shape them.
#include "workloads/postgres/postgres.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast::workloads::postgres {
namespace {

Deployment MakeDeployment(Json parameters) {
  Deployment deployment;
  deployment.ns = "db";
  deployment.name = "pg";
  deployment.replicas = 3;
  deployment.password = "opensesame";
  deployment.parameters = std::move(parameters);
  return deployment;
}

std::vector<Json> Render(const Json& parameters) {
  const auto manifests = PostgresWorkload().Manifests(MakeDeployment(parameters));
  if (manifests) return *manifests;
  ADD_FAILURE() << manifests.error().message;
  return std::vector<Json>(3);
}

TEST(PostgresManifestsTest, DefaultsMakeTheThreeObjects) {
  const std::vector<Json> all = Render(Json::object());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(GetString(all[0], {"kind"}), "Secret");
  EXPECT_EQ(GetString(all[0], {"data", "password"}), Base64Encode("opensesame"));
  EXPECT_EQ(GetString(all[1], {"spec", "clusterIP"}), "None");
  EXPECT_TRUE(GetBool(all[1], {"spec", "publishNotReadyAddresses"}));
  EXPECT_EQ(GetInt(all[1], {"spec", "ports", "0", "port"}), 5432);
  const Json& spec = GetObject(all[2], {"spec"});
  EXPECT_EQ(GetString(spec, {"podManagementPolicy"}), "OrderedReady");
  EXPECT_EQ(GetInt(spec, {"replicas"}), 3);
  EXPECT_EQ(GetString(spec, {"serviceName"}), "pg");
  const Json& pod = GetObject(spec, {"template", "spec"});
  EXPECT_EQ(GetArray(pod, {"initContainers"}).size(), 2U);
  EXPECT_EQ(GetInt(pod, {"initContainers", "0", "securityContext", "runAsUser"}, -1), 0);
  EXPECT_EQ(GetInt(pod, {"initContainers", "1", "securityContext", "runAsUser"}), 999);
  EXPECT_EQ(GetInt(pod, {"containers", "0", "securityContext", "runAsUser"}), 999);
  EXPECT_EQ(GetString(pod, {"containers", "0", "image"}), "postgres:15");
  EXPECT_EQ(GetInt(pod, {"containers", "0", "readinessProbe", "periodSeconds"}), 1);
  const Json& claim = GetObject(spec, {"volumeClaimTemplates", "0", "spec"});
  EXPECT_EQ(GetString(claim, {"resources", "requests", "storage"}), "1Gi");
  EXPECT_FALSE(claim.contains("storageClassName"));
}

// Where an image has a symlink or a volume of its own no mount may lie, and the data directory is
// below the mount, whose root may hold lost+found.
TEST(PostgresManifestsTest, TheVolumeIsWhereNoImageHasAnything) {
  const Json pod = GetObject(Render(Json::object())[2], {"spec", "template", "spec"});
  for (const char* list : {"initContainers", "containers"}) {
    for (const Json& container : GetArray(pod, {list})) {
      EXPECT_EQ(GetString(container, {"volumeMounts", "0", "mountPath"}), "/holdfast/data");
      std::map<std::string, std::string> environment;
      for (const Json& variable : GetArray(container, {"env"}))
        environment[GetString(variable, {"name"})] = GetString(variable, {"value"});
      EXPECT_EQ(environment["HOLDFAST_MOUNT"], "/holdfast/data");
      EXPECT_EQ(environment["PGDATA"], "/holdfast/data/pgdata");
    }
  }
  EXPECT_THAT(DumpJson(pod), testing::Not(testing::HasSubstr("/var/lib/postgresql")));
}

TEST(PostgresManifestsTest, ParametersReachTheirPlaces) {
  const std::vector<Json> all = Render({{"image", "registry.example/postgres:17"},
                                        {"storage", "5Gi"},
                                        {"storageClass", "fast"},
                                        {"bin", "/opt/pg/bin"},
                                        {"uid", 26},
                                        {"fixOwnership", false},
                                        {"port", 6432}});
  const Json& pod = GetObject(all[2], {"spec", "template", "spec"});
  ASSERT_EQ(GetArray(pod, {"initContainers"}).size(), 1U);
  EXPECT_EQ(GetString(pod, {"initContainers", "0", "name"}), "setup");
  EXPECT_EQ(GetInt(pod, {"securityContext", "fsGroup"}), 26);
  EXPECT_EQ(GetInt(pod, {"initContainers", "0", "securityContext", "runAsUser"}), 26);
  EXPECT_EQ(GetString(pod, {"initContainers", "0", "image"}), "registry.example/postgres:17");
  EXPECT_EQ(GetInt(pod, {"containers", "0", "ports", "0", "containerPort"}), 6432);
  std::map<std::string, std::string> environment;
  for (const Json& variable : GetArray(pod, {"containers", "0", "env"}))
    environment[GetString(variable, {"name"})] = GetString(variable, {"value"}, "(from elsewhere)");
  EXPECT_EQ(environment["HOLDFAST_BIN"], "/opt/pg/bin");
  EXPECT_EQ(environment["HOLDFAST_PORT"], "6432");
  EXPECT_EQ(environment["HOLDFAST_PRIMARY"], "pg-0.pg");
  EXPECT_EQ(environment["HOLDFAST_UID"], "26");
  EXPECT_EQ(environment["PGPASSWORD"], "(from elsewhere)");
  const Json& claim = GetObject(all[2], {"spec", "volumeClaimTemplates", "0", "spec"});
  EXPECT_EQ(GetString(claim, {"storageClassName"}), "fast");
  EXPECT_EQ(GetString(claim, {"resources", "requests", "storage"}), "5Gi");
  EXPECT_EQ(PostgresWorkload().Port({{"port", 6432}}), 6432);
}

TEST(PostgresManifestsTest, AQuorumNamesTheOtherPods) {
  const auto environment = [](const Json& parameters) {
    const std::vector<Json> all = Render(parameters);
    std::map<std::string, std::string> found;
    for (const Json& variable :
         GetArray(all[2], {"spec", "template", "spec", "containers", "0", "env"}))
      found[GetString(variable, {"name"})] = GetString(variable, {"value"});
    return found;
  };
  EXPECT_EQ(environment(Json::object())["HOLDFAST_SYNCHRONOUS"], "");
  auto quorum = environment({{"synchronous", 1}, {"commit", "remote_apply"}, {"ordinalsStart", 4}});
  EXPECT_EQ(quorum["HOLDFAST_SYNCHRONOUS"], R"(ANY 1 ("pg-5","pg-6"))");
  EXPECT_EQ(quorum["HOLDFAST_COMMIT"], "remote_apply");
  EXPECT_EQ(quorum["HOLDFAST_PRIMARY"], "pg-4.pg");
  EXPECT_EQ(environment({{"topology", "independent"}})["HOLDFAST_TOPOLOGY"], "independent");
  EXPECT_EQ(PostgresWorkload().GetCapabilities({{"topology", "independent"}}).writes,
            Writes::kOwnKeys);
  for (const Json& parameters :
       {Json{{"synchronous", 3}}, Json{{"synchronous", 1}, {"topology", "independent"}}}) {
    const auto refused = PostgresWorkload().Manifests(MakeDeployment(parameters));
    ASSERT_FALSE(refused) << DumpJson(parameters);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(PostgresManifestsTest, NoPlaceholderIsLeftAndThePasswordIsOnlyInTheSecret) {
  for (const Json& manifest : Render(Json::object())) {
    const std::string text = DumpJson(manifest);
    // The scripts' own ${name} are in lower case.
    for (size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at + 1))
      EXPECT_FALSE(text[at + 2] >= 'A' && text[at + 2] <= 'Z') << text.substr(at, 40);
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("opensesame")));
    const bool secret = GetString(manifest, {"kind"}) == "Secret";
    EXPECT_EQ(text.find(Base64Encode("opensesame")) != std::string::npos, secret);
  }
}

TEST(PostgresManifestsTest, ScriptsAreValidForPosixShell) {
  const std::vector<Json> all = Render(Json::object());
  const Json& pod = GetObject(all[2], {"spec", "template", "spec"});
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

TEST(PostgresWorkloadTest, IsFoundByNameAndDescribesItself) {
  const Workload* const workload = FindWorkload("postgres");
  ASSERT_NE(workload, nullptr);
  EXPECT_EQ(FindWorkload("nothing"), nullptr);
  const Target target = workload->GetTarget(Json::object());
  EXPECT_EQ(target.name, "pg");
  EXPECT_EQ(target.service, "pg");
  EXPECT_EQ(target.container, "postgres");
  EXPECT_EQ(target.claim_templates, std::vector<std::string>{"data"});
  EXPECT_EQ(workload->Primary(MakeDeployment(Json::object())), "pg-0");
  EXPECT_EQ(workload->NextImage({{"nextImage", "x:2"}}), "x:2");
  EXPECT_EQ(workload->Images({{"image", "x:1"}}), std::vector<std::string>{"x:1"});
  const ParameterSchema schema = workload->Parameters();
  for (const char* name :
       {"replicas", "image", "storage", "storageClass", "bin", "uid", "fixOwnership", "port"}) {
    EXPECT_TRUE(std::any_of(schema.begin(), schema.end(), [&](const Parameter& parameter) {
      return parameter.name == name;
    })) << name;
  }
}

}  // namespace
}  // namespace holdfast::workloads::postgres
