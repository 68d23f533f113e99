// See session.h. The sandbox is started by the first test and ended after the last.
#include "tests/integration/sandbox_kubectl/session.h"

#include <cctype>
#include <cstdlib>
#include <memory>

#include "harness/base/strings.h"

#include "tests/integration/sandbox_recordings/kept_sandbox.h"

namespace holdfast {
namespace {

using recordings::KeptSandbox;

std::unique_ptr<KeptSandbox>& Kept() {
  static std::unique_ptr<KeptSandbox> kept;
  return kept;
}

class EndOfSandbox : public ::testing::Environment {
 public:
  void TearDown() override { Kept().reset(); }
};
[[maybe_unused]] const ::testing::Environment* const kEnd =
    ::testing::AddGlobalTestEnvironment(std::make_unique<EndOfSandbox>().release());

std::string Program() {
  const char* named = std::getenv("HOLDFAST_TEST_PROGRAM");
  return named != nullptr ? named : HOLDFAST_PROGRAM;
}

constexpr const char* kManifest = R"yaml(
apiVersion: v1
kind: Service
metadata: {name: web, labels: {app: web}}
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
  replicas: REPLICAS
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 10
      containers:
      - name: main
        image: busybox:1
        command: [sh, -c, 'echo "started as $(hostname)"; trap "exit 0" TERM; while :; do sleep 0.1; done']
        volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec:
      accessModes: [ReadWriteOnce]
      resources: {requests: {storage: 16Mi}}
)yaml";

}  // namespace

void Session::SetUp() {
  if (!Kept()) {
    auto up = KeptSandbox::Up(Program());
    ASSERT_TRUE(up) << up.error().message;
    Kept() = *std::move(up);
  }
  for (const char c : std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()))
    ns_ += c == '/' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  ASSERT_EQ(Say({"create", "namespace", ns_}), "namespace/" + ns_ + " created\n");
  Say({"wait", "--for=create", "serviceaccount/default", "--timeout=30s"});
}

void Session::TearDown() {
  if (Kept()) Say({"delete", "namespace", ns_, "--wait=false"});
}

std::filesystem::path Session::Folder() const { return Kept()->directory(); }

KubectlClient Session::Client() const {
  return {Kept()->Kubeconfig(), Folder() / "cache", ns_};
}

std::string Session::Refused(std::vector<std::string> arguments, const std::string& input) const {
  const ProcessResult result = Kubectl(arguments, input);
  EXPECT_NE(result.exit_code, 0) << Join(arguments, " ") << "\n" << result.out;
  return result.err;
}

std::string Session::Manifest(int replicas) const {
  return ReplaceAll(kManifest, "REPLICAS", std::to_string(replicas));
}

void Session::Deploy(int replicas) const {
  Say({"apply", "-f", "-"}, Manifest(replicas));
  Say({"rollout", "status", "sts/web", "--timeout=100s"});
}

}  // namespace holdfast
