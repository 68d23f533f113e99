// The shared parameters: their notations, and where they go in a manifest.
#include "workloads/common.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::workloads {
namespace {

Json Set(const Json& parameters, std::vector<Json>* all = nullptr) {
  Deployment deployment;
  deployment.ns = "ns";
  deployment.name = "db";
  deployment.replicas = 5;
  deployment.parameters = parameters;
  std::vector<Json> manifests = {*ParseJson(R"({"kind":"Service","metadata":{"name":"db"}})"),
                                 *ParseJson(R"({"kind":"StatefulSet","metadata":{"name":"db"},
      "spec":{"template":{"metadata":{"labels":{"app.kubernetes.io/name":"db"}},"spec":{
      "initContainers":[{"name":"setup"}],
      "containers":[{"name":"main"},{"name":"sidecar"}]}},
      "volumeClaimTemplates":[{"metadata":{"name":"data"}}]}})")};
  const Status applied = ApplyCommon(deployment, manifests);
  EXPECT_TRUE(applied) << applied.error().message;
  if (all != nullptr) *all = manifests;
  return manifests[1];
}

TEST(CommonTest, DefaultsLeaveNothingSurprising) {
  const Json set = Set(Json::object());
  EXPECT_EQ(GetInt(set, {"spec", "replicas"}), 5);
  EXPECT_EQ(GetString(set, {"spec", "podManagementPolicy"}), "OrderedReady");
  EXPECT_EQ(GetInt(set, {"spec", "updateStrategy", "rollingUpdate", "partition"}, -1), 0);
  for (const char* absent : {"ordinals", "minReadySeconds", "persistentVolumeClaimRetentionPolicy",
                             "revisionHistoryLimit"})
    EXPECT_FALSE(set["spec"].contains(absent)) << absent;
  const Json& pod = set["spec"]["template"]["spec"];
  for (const char* absent : {"nodeSelector", "tolerations", "affinity", "priorityClassName",
                             "serviceAccountName", "imagePullSecrets", "securityContext"})
    EXPECT_FALSE(pod.contains(absent)) << absent;
  EXPECT_FALSE(pod["initContainers"][0].contains("resources"));
  EXPECT_EQ(set["spec"]["volumeClaimTemplates"], *ParseJson(R"([{"metadata":{"name":"data"}}])"));
}

TEST(CommonTest, EveryParameterReachesItsPlace) {
  std::vector<Json> all;
  const Json set = Set({{"podManagementPolicy", "Parallel"},
                        {"updateStrategy", "RollingUpdate"},
                        {"partition", 2},
                        {"minReadySeconds", 7},
                        {"ordinalsStart", 3},
                        {"revisionHistoryLimit", 2},
                        {"whenDeleted", "Delete"},
                        {"budget", "maxUnavailable=1"},
                        {"terminationGracePeriod", "1m"},
                        {"nodeSelector", "disk=ssd, zone=a"},
                        {"tolerations", "dedicated=db:NoSchedule,spot"},
                        {"antiAffinity", "required"},
                        {"priorityClass", "high"},
                        {"serviceAccount", "robot"},
                        {"imagePullSecret", "registry"},
                        {"imagePullPolicy", "Always"},
                        {"cpu", "250m"},
                        {"memoryLimit", "1Gi"},
                        {"labels", "team=storage"}},
                       &all);
  const Json& spec = set["spec"];
  EXPECT_EQ(GetString(spec, {"podManagementPolicy"}), "Parallel");
  EXPECT_EQ(GetInt(spec, {"updateStrategy", "rollingUpdate", "partition"}), 2);
  EXPECT_EQ(GetInt(spec, {"minReadySeconds"}), 7);
  EXPECT_EQ(GetInt(spec, {"ordinals", "start"}), 3);
  EXPECT_EQ(GetInt(spec, {"revisionHistoryLimit"}), 2);
  EXPECT_EQ(spec["persistentVolumeClaimRetentionPolicy"],
            Json({{"whenDeleted", "Delete"}, {"whenScaled", "Retain"}}));
  const Json& pod = spec["template"]["spec"];
  EXPECT_EQ(GetInt(pod, {"terminationGracePeriodSeconds"}), 60);
  EXPECT_EQ(pod["nodeSelector"], Json({{"disk", "ssd"}, {"zone", "a"}}));
  EXPECT_EQ(pod["tolerations"], *ParseJson(R"([
      {"operator":"Equal","key":"dedicated","value":"db","effect":"NoSchedule"},
      {"operator":"Exists","key":"spot"}])"));
  EXPECT_EQ(GetString(pod, {"affinity", "podAntiAffinity",
                            "requiredDuringSchedulingIgnoredDuringExecution", "0", "topologyKey"}),
            "kubernetes.io/hostname");
  EXPECT_EQ(GetString(pod, {"priorityClassName"}), "high");
  EXPECT_EQ(GetString(pod, {"serviceAccountName"}), "robot");
  EXPECT_EQ(GetString(pod, {"imagePullSecrets", "0", "name"}), "registry");
  EXPECT_EQ(GetString(pod, {"initContainers", "0", "imagePullPolicy"}), "Always");
  EXPECT_EQ(GetString(pod, {"containers", "0", "resources", "requests", "cpu"}), "250m");
  EXPECT_EQ(GetString(pod, {"containers", "0", "resources", "limits", "memory"}), "1Gi");
  EXPECT_FALSE(pod["containers"][1].contains("resources"));
  EXPECT_EQ(pod["initContainers"][0]["resources"], pod["containers"][0]["resources"]);
  EXPECT_EQ(GetString(spec, {"template", "metadata", "labels", "team"}), "storage");
  EXPECT_EQ(GetString(spec, {"template", "metadata", "labels", "app.kubernetes.io/name"}), "db");
  EXPECT_EQ(spec["volumeClaimTemplates"][0]["metadata"],
            Json({{"name", "data"}, {"labels", {{"team", "storage"}}}}));
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(GetString(all[0], {"metadata", "labels", "team"}), "storage");
  EXPECT_EQ(GetString(all[2], {"kind"}), "PodDisruptionBudget");
  EXPECT_EQ(all[2]["metadata"]["labels"],
            Json({{"app.kubernetes.io/name", "db"}, {"team", "storage"}}));
  EXPECT_EQ(GetInt(all[2], {"spec", "maxUnavailable"}), 1);
  EXPECT_EQ(GetString(all[2], {"spec", "selector", "matchLabels", "app.kubernetes.io/name"}), "db");
}

TEST(CommonTest, OnDeleteHasNoPartition) {
  EXPECT_EQ(Set({{"updateStrategy", "OnDelete"}, {"partition", 2}})["spec"]["updateStrategy"],
            Json({{"type", "OnDelete"}}));
}

// The demands of the profile restricted (Pod Security Standards).
TEST(CommonTest, RestrictedPodsAreAdmitted) {
  const Json set = Set({{"podSecurity", "restricted"}, {"uid", 1234}});
  const Json& pod = set["spec"]["template"]["spec"];
  EXPECT_TRUE(GetBool(pod, {"securityContext", "runAsNonRoot"}));
  EXPECT_EQ(GetInt(pod, {"securityContext", "runAsUser"}), 1234);
  EXPECT_EQ(GetInt(pod, {"securityContext", "fsGroup"}), 1234);
  EXPECT_EQ(GetString(pod, {"securityContext", "seccompProfile", "type"}), "RuntimeDefault");
  for (const char* list : {"initContainers", "containers"}) {
    for (const Json& container : pod[list]) {
      EXPECT_FALSE(GetBool(container, {"securityContext", "allowPrivilegeEscalation"}, true));
      EXPECT_EQ(GetArray(container, {"securityContext", "capabilities", "drop"}),
                Json::array({"ALL"}));
    }
  }
}

TEST(CommonTest, NotationsAreRefusedWithTheParameterNamed) {
  const std::pair<const char*, const char*> rows[] = {
      {"nodeSelector", "disk"},          {"nodeSelector", "=ssd"},
      {"tolerations", "a=b:Sometimes"},  {"tolerations", ":NoSchedule"},
      {"budget", "minAvailable"},        {"budget", "minAvailable=x"},
      {"budget", "min=1"},               {"labels", "team"},
      {"labels", "app.kubernetes.io/name=x"}};
  for (const auto& [name, text] : rows) {
    Deployment deployment;
    deployment.parameters = {{name, text}};
    std::vector<Json> manifests = {{{"kind", "StatefulSet"}}};
    const Status applied = ApplyCommon(deployment, manifests);
    ASSERT_FALSE(applied) << name << " " << text;
    EXPECT_EQ(applied.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(applied.error().message, testing::HasSubstr(name));
  }
  EXPECT_EQ(*ParseBudget("minAvailable=50%"), Json({{"minAvailable", "50%"}}));
  EXPECT_EQ(*ParseTolerations("*"), *ParseJson(R"([{"operator":"Exists"}])"));
}

}  // namespace
}  // namespace holdfast::workloads
