// The real kubectl against the server.
#include <gtest/gtest.h>

#include "tests/unit/sandbox_api/server_fixture.h"

namespace holdfast::sandbox {
namespace {

constexpr const char* kManifest = R"(
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: None
  selector: {app: web}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, labels: {app: web}}
spec:
  serviceName: web
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: main, image: "example/one:1"}
)";

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(ServerTest, KubectlAppliesScalesAndDeletes) {
  ProcessResult result = Kubectl({"apply", "-f", "-"}, kManifest);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(Has(result.out, "statefulset.apps/web created")) << result.out;
  result = Kubectl({"apply", "-f", "-"}, kManifest);
  EXPECT_TRUE(Has(result.out, "statefulset.apps/web unchanged")) << result.out << result.err;
  result = Kubectl({"scale", "sts/web", "--replicas=5"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  result = Kubectl({"get", "sts", "web"});
  EXPECT_TRUE(Has(result.out, "NAME") && Has(result.out, "0/5")) << result.out << result.err;
  result = Kubectl({"set", "image", "sts/web", "main=example/one:2"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  result =
      Kubectl({"get", "sts", "web", "-o", "jsonpath={.spec.template.spec.containers[*].image}"});
  EXPECT_EQ(result.out, "example/one:2");
  EXPECT_EQ(
      GetInt((*store_.Get("statefulsets", "default", "web"))->json, {"metadata", "generation"}), 3);
  result = Kubectl({"delete", "sts", "web", "--wait=true"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_FALSE(store_.Get("statefulsets", "default", "web"));
  result = Kubectl({"get", "sts", "web"});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_TRUE(Has(result.err, "(NotFound)")) << result.err;
}

TEST_F(ServerTest, KubectlSeesWhatIsInvalid) {
  std::string manifest = kManifest;
  manifest.replace(manifest.find("replicas: 2"), 11, "replicas: -2");
  const ProcessResult result = Kubectl({"apply", "-f", "-"}, manifest);
  EXPECT_NE(result.exit_code, 0);
  EXPECT_TRUE(Has(result.err, "spec.replicas: Invalid value")) << result.err;
}

TEST_F(ServerTest, KubectlWaitsAndDeletesPods) {
  MakeRunningPod("p");
  ASSERT_TRUE(registry_.Edit("pods", "default", "p", "", [](Json& pod) -> Status {
    pod["status"]["conditions"] = Json::array({{{"type", "Ready"}, {"status", "True"}}});
    return {};
  }));
  ProcessResult result = Kubectl({"wait", "--for=condition=Ready", "pod/p", "--timeout=20s"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  result = Kubectl({"get", "pods", "-o", "wide"});
  EXPECT_TRUE(Has(result.out, "n1") && Has(result.out, "Running")) << result.out << result.err;
  result = Kubectl({"describe", "pod", "p"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  result = Kubectl({"delete", "pod", "p", "--force", "--grace-period=0"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_FALSE(store_.Get("pods", "default", "p"));
}

TEST_F(ServerTest, KubectlExecAndLogs) {
  MakeRunningPod("p");
  ProcessResult result = Kubectl({"exec", "-i", "p", "-c", "main", "--", "cat"}, "hello\nthere\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "hello\nthere\n");
  result = Kubectl({"exec", "p", "-c", "main", "--", "fail"});
  EXPECT_EQ(result.exit_code, 7) << result.err;
  EXPECT_TRUE(Has(result.err, "it did not work")) << result.err;
  result = Kubectl({"exec", "p", "-c", "broken", "--", "cat"});
  EXPECT_NE(result.exit_code, 0);
  result = Kubectl({"logs", "p", "-c", "main"});
  EXPECT_EQ(result.out, "one\ntwo\n") << result.err;
}

TEST_F(ServerTest, KubectlFindsItsWay) {
  ProcessResult result = Kubectl({"api-resources", "--no-headers"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  for (const char* kind : {"StatefulSet", "EndpointSlice", "VolumeAttachment", "Lease"})
    EXPECT_TRUE(Has(result.out, kind)) << kind << result.out;
  EXPECT_FALSE(Has(result.out, "Deployment"));
  result = Kubectl({"auth", "can-i", "delete", "pods"});
  EXPECT_EQ(result.out, "yes\n") << result.err;
  result = Kubectl({"get", "--raw", "/readyz"});
  EXPECT_EQ(result.out, "ok") << result.err;
  result = Kubectl({"get", "ns"});
  EXPECT_TRUE(Has(result.out, "kube-system") && Has(result.out, "Active")) << result.out;
  result = Kubectl({"get", "all", "-A"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

}  // namespace
}  // namespace holdfast::sandbox
