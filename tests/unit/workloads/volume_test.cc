// Manifests of "volume" and of its negative control.
#include "workloads/volume/volume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/process.h"

namespace holdfast::workloads::volume {
namespace {

Deployment MakeDeployment(Json parameters) {
  Deployment deployment;
  deployment.ns = "ns";
  deployment.name = "vol";
  deployment.replicas = 3;
  deployment.parameters = std::move(parameters);
  return deployment;
}

std::vector<Json> Render(const char* workload, const Json& parameters) {
  const auto manifests = FindWorkload(workload)->Manifests(MakeDeployment(parameters));
  if (manifests) return *manifests;
  ADD_FAILURE() << manifests.error().message;
  return std::vector<Json>(4);
}

TEST(VolumeManifestsTest, ASetWithItsScripts) {
  const std::vector<Json> all = Render("volume", Json::object());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(GetString(all[0], {"spec", "clusterIP"}), "None");
  EXPECT_THAT(GetString(all[1], {"data", "op"}), testing::StartsWith("#!/bin/sh\n"));
  EXPECT_EQ(GetString(all[2], {"kind"}), "StatefulSet");
  const Json& pod = GetObject(all[2], {"spec", "template", "spec"});
  EXPECT_EQ(GetInt(pod, {"terminationGracePeriodSeconds"}), 0);  // Not asked for.
  EXPECT_EQ(GetInt(pod, {"volumes", "0", "configMap", "defaultMode"}), 0755);
  const Json& container = GetObject(pod, {"containers", "0"});
  EXPECT_EQ(GetString(container, {"readinessProbe", "httpGet", "path"}), "/cgi-bin/op?ready&-");
  EXPECT_FALSE(container.contains("livenessProbe"));
  EXPECT_EQ(GetString(all[2], {"spec", "volumeClaimTemplates", "0", "spec", "resources", "requests",
                               "storage"}),
            "1Gi");
}

TEST(VolumeManifestsTest, ProbesAreAsAsked) {
  const auto container = [](const char* probes) {
    return GetObject(Render("volume", {{"probes", probes}})[2],
                     {"spec", "template", "spec", "containers", "0"});
  };
  EXPECT_TRUE(container("tcp")["readinessProbe"].contains("tcpSocket"));
  EXPECT_TRUE(container("exec")["readinessProbe"].contains("exec"));
  EXPECT_FALSE(container("none").contains("readinessProbe"));
  EXPECT_TRUE(container("all").contains("startupProbe"));
  EXPECT_TRUE(container("all").contains("livenessProbe"));
}

TEST(VolumeManifestsTest, TheControlSharesOneClaim) {
  const std::vector<Json> all = Render("deployment-control", {{"accessMode", "ReadWriteMany"}});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(GetString(all[2], {"kind"}), "PersistentVolumeClaim");
  EXPECT_EQ(GetString(all[2], {"spec", "accessModes", "0"}), "ReadWriteMany");
  EXPECT_EQ(GetString(all[3], {"kind"}), "Deployment");
  EXPECT_EQ(GetInt(all[3], {"spec", "replicas"}), 3);
  for (const char* only_sets : {"podManagementPolicy", "updateStrategy", "serviceName"})
    EXPECT_FALSE(all[3]["spec"].contains(only_sets)) << only_sets;
  const Json& volumes = GetArray(all[3], {"spec", "template", "spec", "volumes"});
  ASSERT_EQ(volumes.size(), 2U);
  EXPECT_EQ(GetString(volumes, {"1", "persistentVolumeClaim", "claimName"}),
            GetString(all[2], {"metadata", "name"}));
  const Workload& control = *FindWorkload("deployment-control");
  EXPECT_EQ(control.GetTarget(Json::object()).kind, "Deployment");
  EXPECT_EQ(PodNames(control, MakeDeployment(Json::object())), std::vector<std::string>{"vol"});
}

TEST(VolumeManifestsTest, ScriptsAreValidForPosixShell) {
  const std::vector<Json> all = Render("volume", {{"probes", "exec"}});
  const Json& container = GetObject(all[2], {"spec", "template", "spec", "containers", "0"});
  const std::string scripts[] = {GetString(all[1], {"data", "op"}),
                                 GetString(container, {"command", "2"}),
                                 GetString(container, {"readinessProbe", "exec", "command", "2"})};
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

TEST(VolumeWorkloadTest, EveryPodHasItsOwnKeys) {
  const Workload& workload = *FindWorkload("volume");
  EXPECT_EQ(workload.GetCapabilities(Json::object()).writes, Writes::kOwnKeys);
  const Deployment deployment = MakeDeployment({{"ordinalsStart", 5}});
  EXPECT_EQ(PodNames(workload, deployment), (std::vector<std::string>{"vol-5", "vol-6", "vol-7"}));
  EXPECT_EQ(workload.Primary(deployment), "vol-5");
  EXPECT_TRUE(workload.GetCapabilities(Json::object()).shell);
  EXPECT_EQ(workload.NextImage({{"nextImage", "busybox:2"}}), "busybox:2");
}

}  // namespace
}  // namespace holdfast::workloads::volume
