// Every shared parameter arrives in the manifests of every workload.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workloads/workload.h"

namespace holdfast::workloads {
namespace {

struct Row {
  const char* parameter;
  Json value;
  const char* place;  // A JSON pointer into the StatefulSet or Deployment.
  Json expected;
  bool sets_only = false;  // A Deployment has no such field.
};

const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = {
      {"image", "registry.example/db:1", "/spec/template/spec/containers/0/image",
       "registry.example/db:1"},
      {"imagePullSecret", "registry", "/spec/template/spec/imagePullSecrets/0/name", "registry"},
      {"imagePullPolicy", "Always", "/spec/template/spec/containers/0/imagePullPolicy", "Always"},
      {"cpu", "250m", "/spec/template/spec/containers/0/resources/requests/cpu", "250m"},
      {"memory", "64Mi", "/spec/template/spec/containers/0/resources/requests/memory", "64Mi"},
      {"cpuLimit", "2", "/spec/template/spec/containers/0/resources/limits/cpu", "2"},
      {"memoryLimit", "1Gi", "/spec/template/spec/containers/0/resources/limits/memory", "1Gi"},
      {"nodeSelector", "disk=ssd", "/spec/template/spec/nodeSelector/disk", "ssd"},
      {"tolerations", "spot:NoSchedule", "/spec/template/spec/tolerations/0/key", "spot"},
      {"nodeAffinity", "zone=a|b",
       "/spec/template/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/"
       "nodeSelectorTerms/0/matchExpressions/0",
       {{"key", "zone"}, {"operator", "In"}, {"values", {"a", "b"}}}},
      {"antiAffinity", "required",
       "/spec/template/spec/affinity/podAntiAffinity/"
       "requiredDuringSchedulingIgnoredDuringExecution/0/topologyKey",
       "kubernetes.io/hostname"},
      {"priorityClass", "high", "/spec/template/spec/priorityClassName", "high"},
      {"serviceAccount", "robot", "/spec/template/spec/serviceAccountName", "robot"},
      {"labels", "team=storage", "/spec/template/metadata/labels/team", "storage"},
      {"terminationGracePeriod", "7s", "/spec/template/spec/terminationGracePeriodSeconds", 7},
      {"minReadySeconds", 3, "/spec/minReadySeconds", 3},
      {"revisionHistoryLimit", 2, "/spec/revisionHistoryLimit", 2},
      {"podManagementPolicy", "Parallel", "/spec/podManagementPolicy", "Parallel", true},
      {"updateStrategy", "OnDelete", "/spec/updateStrategy/type", "OnDelete", true},
      {"partition", 1, "/spec/updateStrategy/rollingUpdate/partition", 1, true},
      {"ordinalsStart", 4, "/spec/ordinals/start", 4, true},
      {"whenDeleted", "Delete", "/spec/persistentVolumeClaimRetentionPolicy/whenDeleted", "Delete",
       true},
      {"whenScaled", "Delete", "/spec/persistentVolumeClaimRetentionPolicy/whenScaled", "Delete",
       true},
  };
  return rows;
}

Deployment MakeDeployment(const Workload& workload, Json parameters) {
  Deployment made;
  made.ns = "given";
  made.name = workload.GetTarget(parameters).name;
  made.run_id = "r";
  made.run_number = 1;
  made.replicas = 3;
  made.password = "secret";
  made.parameters = std::move(parameters);
  return made;
}

// All manifests, and the StatefulSet or Deployment among them.
std::pair<std::vector<Json>, Json> Render(const Workload& workload, Json parameters) {
  auto manifests = workload.Manifests(MakeDeployment(workload, std::move(parameters)));
  if (!manifests) {
    ADD_FAILURE() << workload.Name() << ": " << manifests.error().message;
    return {};
  }
  for (const Json& manifest : *manifests) {
    const std::string kind = GetString(manifest, {"kind"});
    if (kind == "StatefulSet" || kind == "Deployment") return {*manifests, manifest};
  }
  ADD_FAILURE() << workload.Name() << " has neither a StatefulSet nor a Deployment";
  return {};
}

class EveryWorkloadTest : public testing::TestWithParam<const Workload*> {};
INSTANTIATE_TEST_SUITE_P(Workloads,
                         EveryWorkloadTest,
                         testing::ValuesIn(AllWorkloads()),
                         [](const testing::TestParamInfo<const Workload*>& info) {
                           std::string name = info.param->Name();
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(EveryWorkloadTest, EachParameterArrivesInTheManifest) {
  const Workload& workload = *GetParam();
  const Json plain = Render(workload, Json::object()).second;
  const bool set = GetString(plain, {"kind"}) == "StatefulSet";
  for (const Row& row : Rows()) {
    if (row.sets_only && !set) continue;
    const Json rendered = Render(workload, {{row.parameter, row.value}}).second;
    const Json::json_pointer place(row.place);
    ASSERT_TRUE(rendered.contains(place)) << row.parameter << " is nowhere";
    EXPECT_EQ(rendered.at(place), row.expected) << row.parameter;
    // The row means something only when the field is another one without the parameter. etcd's own
    // choice is what two rows ask for.
    const bool own_choice = workload.Name() == "etcd" &&
                            (std::string(row.parameter) == "podManagementPolicy" ||
                             std::string(row.parameter) == "whenScaled");
    EXPECT_EQ(plain.contains(place) && plain.at(place) == row.expected, own_choice)
        << row.parameter;
  }
}

TEST_P(EveryWorkloadTest, TheSchemaKnowsEveryRow) {
  std::vector<std::string> names;
  for (const Parameter& parameter : GetParam()->Parameters())
    names.push_back(parameter.name);
  for (const Row& row : Rows())
    EXPECT_THAT(names, testing::Contains(row.parameter));
  for (const char* name : {"replicas", "nextImage", "storage", "storageClass", "uid", "podSecurity",
                           "budget"})
    EXPECT_THAT(names, testing::Contains(name));
}

TEST_P(EveryWorkloadTest, VolumesAreAsAskedFor) {
  const Workload& workload = *GetParam();
  const auto [all, set] = Render(
      workload, {{"storage", "7Gi"}, {"storageClass", "fast"}, {"claims", true}});
  Json claims = GetArray(set, {"spec", "volumeClaimTemplates"});
  for (const Json& manifest : all)
    if (GetString(manifest, {"kind"}) == "PersistentVolumeClaim") claims.push_back(manifest);
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(GetString(claims[0], {"spec", "storageClassName"}), "fast");
  EXPECT_EQ(GetString(claims[0], {"spec", "resources", "requests", "storage"}), "7Gi");
}

// mkfs.xfs makes no file system below 300 MB, and some drivers have minimums of their own.
TEST_P(EveryWorkloadTest, ADefaultVolumeIsLargeEnoughForAnyFileSystem) {
  const auto [all, set] = Render(*GetParam(), {{"claims", true}});
  Json claims = GetArray(set, {"spec", "volumeClaimTemplates"});
  for (const Json& manifest : all)
    if (GetString(manifest, {"kind"}) == "PersistentVolumeClaim") claims.push_back(manifest);
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(GetString(claims[0], {"spec", "resources", "requests", "storage"}), "1Gi");
  for (const Parameter& parameter : GetParam()->Parameters()) {
    if (parameter.name == "storage") EXPECT_EQ(parameter.fallback, "1Gi");
  }
}

TEST_P(EveryWorkloadTest, AQuotaFindsItsResourcesInEveryContainer) {
  const Json pod = GetObject(
      Render(*GetParam(),
             {{"cpu", "250m"}, {"memory", "64Mi"}, {"cpuLimit", "2"}, {"memoryLimit", "1Gi"}})
          .second,
      {"spec", "template", "spec"});
  const Json expected = {{"requests", {{"cpu", "250m"}, {"memory", "64Mi"}}},
                         {"limits", {{"cpu", "2"}, {"memory", "1Gi"}}}};
  for (const char* list : {"initContainers", "containers"})
    for (const Json& container : GetArray(pod, {list}))
      EXPECT_EQ(GetObject(container, {"resources"}), expected) << GetString(container, {"name"});
}

TEST_P(EveryWorkloadTest, EverythingIsInTheNamespaceWithItsLabelsAndABudgetBesides) {
  const auto [all, set] = Render(
      *GetParam(), {{"labels", "team=storage"}, {"budget", "maxUnavailable=1"}, {"claims", true}});
  const std::string name = GetString(set, {"metadata", "name"});
  for (const Json& manifest : all) {
    EXPECT_EQ(GetString(manifest, {"metadata", "namespace"}), "given") << manifest.dump();
    EXPECT_EQ(GetObject(manifest, {"metadata", "labels"}),
              Json({{"app.kubernetes.io/name", name}, {"team", "storage"}}))
        << manifest.dump();
  }
  // The set's controller adds the labels of the selector.
  const bool is_set = GetString(set, {"kind"}) == "StatefulSet";
  EXPECT_EQ(GetArray(set, {"spec", "volumeClaimTemplates"}).size(), is_set ? 1U : 0U);
  for (const Json& claim : GetArray(set, {"spec", "volumeClaimTemplates"}))
    EXPECT_EQ(GetObject(claim, {"metadata", "labels"}), Json({{"team", "storage"}}));
  EXPECT_EQ(GetString(all.back(), {"kind"}), "PodDisruptionBudget");
  EXPECT_EQ(GetObject(all.back(), {"spec", "selector", "matchLabels"}),
            GetObject(set, {"spec", "selector", "matchLabels"}));
}

// The controls of the profile restricted (Kubernetes manual, "Pod Security Standards").
TEST_P(EveryWorkloadTest, RestrictedAdmitsThePods) {
  const Json pod = GetObject(Render(*GetParam(), {{"podSecurity", "restricted"}, {"uid", 1234}}).second,
                             {"spec", "template", "spec"});
  for (const char* host : {"hostNetwork", "hostPID", "hostIPC"})
    EXPECT_FALSE(GetBool(pod, {host})) << host;
  EXPECT_TRUE(GetBool(pod, {"securityContext", "runAsNonRoot"}));
  EXPECT_EQ(GetInt(pod, {"securityContext", "runAsUser"}), 1234);
  EXPECT_EQ(GetInt(pod, {"securityContext", "fsGroup"}), 1234);
  EXPECT_EQ(GetString(pod, {"securityContext", "seccompProfile", "type"}), "RuntimeDefault");
  for (const Json& volume : GetArray(pod, {"volumes"})) {
    bool allowed = false;
    for (const char* kind : {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral",
                             "persistentVolumeClaim", "projected", "secret"})
      allowed = allowed || volume.contains(kind);
    EXPECT_TRUE(allowed) << volume.dump();
  }
  int containers = 0;
  for (const char* list : {"initContainers", "containers"}) {
    for (const Json& container : GetArray(pod, {list})) {
      ++containers;
      const Json& rights = GetObject(container, {"securityContext"});
      EXPECT_FALSE(GetBool(rights, {"allowPrivilegeEscalation"}, true));
      EXPECT_FALSE(GetBool(rights, {"privileged"}));
      EXPECT_EQ(GetArray(rights, {"capabilities", "drop"}), Json::array({"ALL"}));
      EXPECT_FALSE(GetObject(rights, {"capabilities"}).contains("add"));
      EXPECT_NE(GetInt(rights, {"runAsUser"}, 1234), 0);
      for (const Json& port : GetArray(container, {"ports"}))
        EXPECT_FALSE(port.contains("hostPort"));
    }
  }
  EXPECT_GE(containers, 1);
}

}  // namespace
}  // namespace holdfast::workloads
