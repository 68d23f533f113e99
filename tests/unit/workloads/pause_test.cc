// Manifests of the workload without clients.
#include <gtest/gtest.h>

#include "workloads/workload.h"

namespace holdfast::workloads {
namespace {

std::vector<Json> Render(const Json& parameters) {
  Deployment deployment;
  deployment.ns = "ns";
  deployment.name = "idle";
  deployment.replicas = 1000;
  deployment.parameters = parameters;
  const auto manifests = FindWorkload("pause")->Manifests(deployment);
  if (manifests) return *manifests;
  ADD_FAILURE() << manifests.error().message;
  return std::vector<Json>(2);
}

TEST(PauseTest, PodsWithoutVolumesOrProbes) {
  const std::vector<Json> all = Render({{"podManagementPolicy", "Parallel"}});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(GetInt(all[1], {"spec", "replicas"}), 1000);
  EXPECT_FALSE(all[1]["spec"].contains("volumeClaimTemplates"));
  const Json& container = GetObject(all[1], {"spec", "template", "spec", "containers", "0"});
  EXPECT_FALSE(container.contains("volumeMounts"));
  EXPECT_FALSE(container.contains("readinessProbe"));
  EXPECT_FALSE(FindWorkload("pause")->GetCapabilities(Json::object()).clients);
  EXPECT_FALSE(FindWorkload("pause")->GetCapabilities(Json::object()).shell);
}

TEST(PauseTest, ClaimsWhenAskedFor) {
  const std::vector<Json> all =
      Render({{"claims", true}, {"storage", "16Mi"}, {"storageClass", "fast"}});
  const Json& claim = GetObject(all[1], {"spec", "volumeClaimTemplates", "0"});
  EXPECT_EQ(GetString(claim, {"metadata", "name"}), "data");
  EXPECT_EQ(GetString(claim, {"spec", "storageClassName"}), "fast");
  EXPECT_EQ(GetString(all[1], {"spec", "template", "spec", "containers", "0", "volumeMounts", "0",
                               "name"}),
            "data");
  EXPECT_EQ(FindWorkload("pause")->GetTarget({{"claims", true}}).claim_templates,
            std::vector<std::string>{"data"});
}

TEST(PauseTest, NothingAnswersClients) {
  const auto session = FindWorkload("pause")->Connect({}, {"idle-0", "127.0.0.1", 1}, Nanos{0});
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace holdfast::workloads
