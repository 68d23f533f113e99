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

constexpr const char* kKinds[] = {"rs",
                                  "ep",
                                  "limits",
                                  "quota",
                                  "csidrivers",
                                  "csinodes",
                                  "roles",
                                  "rolebindings",
                                  "sa",
                                  "events",
                                  "events.events.k8s.io",
                                  "leases",
                                  "pv",
                                  "sc",
                                  "endpointslices",
                                  "clusterroles"};

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

TEST_F(ServerTest, KubectlExplains) {
  ProcessResult result = Kubectl({"explain", "sts.spec.updateStrategy.rollingUpdate.partition"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(Has(result.out, "FIELD: partition <integer>")) << result.out;
  EXPECT_TRUE(Has(result.out, "Ordinal from which on pods are updated")) << result.out;
  result = Kubectl({"explain", "pdb.spec"});
  EXPECT_TRUE(Has(result.out, "unhealthyPodEvictionPolicy")) << result.out << result.err;
  result = Kubectl({"explain", "pod.spec.containers", "--recursive"});
  EXPECT_TRUE(Has(result.out, "readinessProbe") && Has(result.out, "httpGet")) << result.out;
}

TEST_F(ServerTest, KubectlAppliesOnTheServersSide) {
  ProcessResult result = Kubectl({"apply", "--server-side", "-f", "-"}, kManifest);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(Has(result.out, "statefulset.apps/web serverside-applied")) << result.out;
  result = Kubectl({"get", "sts", "web", "--show-managed-fields", "-o", "json"});
  EXPECT_TRUE(Has(result.out, "\"operation\": \"Apply\"")) << result.out;
  result = Kubectl({"scale", "sts/web", "--replicas=5"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  result = Kubectl({"apply", "--server-side", "-f", "-"}, kManifest);
  EXPECT_NE(result.exit_code, 0);
  EXPECT_TRUE(Has(result.err, ".spec.replicas")) << result.err;
  result = Kubectl({"apply", "--server-side", "--force-conflicts", "-f", "-"}, kManifest);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  result = Kubectl({"get", "sts", "web", "-o", "jsonpath={.spec.replicas}"});
  EXPECT_EQ(result.out, "2");
}

TEST_F(ServerTest, KubectlMovesFromClientSideToServerSideApply) {
  ProcessResult result = Kubectl({"apply", "-f", "-"}, kManifest);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::string manifest = kManifest;
  manifest.replace(manifest.find("replicas: 2"), 11, "replicas: 4");
  result = Kubectl({"apply", "--server-side", "-f", "-"}, manifest);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  result = Kubectl({"get", "sts", "web", "-o", "jsonpath={.spec.replicas}"});
  EXPECT_EQ(result.out, "4");
}

TEST_F(ServerTest, KubectlHearsOfUnknownFields) {
  std::string manifest = kManifest;
  manifest.replace(manifest.find("replicas: 2"), 11, "replicaz: 2");
  ProcessResult result = Kubectl({"apply", "-f", "-"}, manifest);
  EXPECT_NE(result.exit_code, 0);
  EXPECT_TRUE(Has(result.err, "strict decoding error: unknown field \"spec.replicaz\""))
      << result.err;
  result = Kubectl({"apply", "--validate=warn", "-f", "-"}, manifest);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(Has(result.err, "Warning: unknown field \"spec.replicaz\"")) << result.err;
}

TEST_F(ServerTest, KubectlGetsTokensAndKnowsWhoItIs) {
  ASSERT_TRUE(registry_.Create("serviceaccounts", "default", {{"metadata", {{"name", "robot"}}}}));
  const ProcessResult made = Kubectl({"create", "token", "robot"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const ProcessResult mine =
      Kubectl({"auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"});
  EXPECT_EQ(mine.out, "kubernetes-admin") << mine.err;
  token_ = made.out.substr(0, made.out.find('\n'));
  const HttpAnswer robot =
      Call({"POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}"});
  EXPECT_EQ(robot.status, 201);
  EXPECT_EQ(GetString(robot.Parsed(), {"status", "userInfo", "username"}),
            "system:serviceaccount:default:robot");
  token_ += "x";
  EXPECT_EQ(Get("/api/v1/pods").status, 401);
}

TEST_F(ServerTest, KubectlDrainsAndListsTheOtherKinds) {
  MakeRunningPod("p");
  ProcessResult result = Kubectl({"create", "pdb", "guard", "--selector=a=b", "--min-available=1"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  result = Kubectl({"get", "pdb"});
  EXPECT_TRUE(Has(result.out, "MIN AVAILABLE") && Has(result.out, "N/A")) << result.out;
  result = Kubectl({"create", "deployment", "d", "--image=i:1", "--replicas=2"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  result = Kubectl({"get", "deploy", "-o", "wide"});
  EXPECT_TRUE(Has(result.out, "0/2") && Has(result.out, "app=d")) << result.out << result.err;
  for (const char* kind : kKinds) {
    result = Kubectl({"get", kind, "-A"});
    EXPECT_EQ(result.exit_code, 0) << kind << result.err;
  }
  result = Kubectl({"get", "priorityclasses"});
  EXPECT_TRUE(Has(result.out, "system-node-critical") && Has(result.out, "2000001000"))
      << result.out;
  result = Kubectl({"drain", "n1", "--force", "--timeout=2s", "--grace-period=0"});
  EXPECT_TRUE(Has(result.out, "n1 cordoned")) << result.out << result.err;
  EXPECT_FALSE(store_.Get("pods", "default", "p")) << result.err;
}

TEST_F(ServerTest, KubectlFindsItsWay) {
  ProcessResult result = Kubectl({"api-resources", "--no-headers"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  for (const char* kind : {"StatefulSet", "EndpointSlice", "VolumeAttachment", "Lease"})
    EXPECT_TRUE(Has(result.out, kind)) << kind << result.out;
  EXPECT_TRUE(Has(result.out, "Deployment") && Has(result.out, "PodDisruptionBudget"));
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
