// A run in a namespace that somebody gave it: what is there stays, what the run made goes, and nobody
// else's work is taken for the run's.
#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "tests/integration/recover/kept_sandbox.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuite =
    "suite: guest\n"
    "namespace: team-a\n"
    "workload: {volume: {replicas: 2}}\n"
    "load: {writers: 2, readers: 1, rate: 100/s, minimum-acks: 20}\n"
    "scenarios:\n"
    "  - name: pod-delete\n"
    "    steps: [pod-delete: {ordinal: 1}]\n";

struct GivenNamespace : testing::Test {
  KeptSandbox& sandbox = KeptSandbox::Get();
  kube::Client& client = sandbox.client();
  fs::path folder = sandbox.NewFolder();
  std::string before;

  void SetUp() override {
    MakeObject("v1", "Namespace", "", "team-a", Json::object());
    MakeObject("v1", "ConfigMap", "team-a", "theirs", {{"data", {{"a", "b"}}}});
    before = sandbox.Found();
  }
  void TearDown() override {
    ASSERT_TRUE(client.Delete({kube::resources::kNamespaces, "", "team-a"}, {}));
    const Deadline deadline(SystemClock(), std::chrono::seconds(60));
    while (client.Get({kube::resources::kNamespaces, "", "team-a"}) && !deadline.Passed())
      SystemClock().SleepFor(std::chrono::milliseconds(50), {});
  }
  void MakeObject(const std::string& version,
                  const std::string& kind,
                  const std::string& ns,
                  const std::string& name,
                  Json object) {
    object["apiVersion"] = version;
    object["kind"] = kind;
    object["metadata"]["name"] = name;
    const auto made = client.Create(*kube::FindResource(version, kind), ns, object);
    ASSERT_TRUE(made) << made.error().message;
  }
  ProcessResult Run(const std::vector<std::string>& environment = {},
                    const std::vector<std::string>& more = {}) {
    const fs::path path = folder / "suite.yaml";
    EXPECT_TRUE(WriteFileAtomic(path, kSuite));
    std::vector<std::string> command = sandbox.RunCommand(path, folder / "run");
    command.insert(command.end(), more.begin(), more.end());
    std::vector<std::string> all{"HOLDFAST_STATE=" + (folder / "state").string()};
    all.insert(all.end(), environment.begin(), environment.end());
    return sandbox.Holdfast(command, all);
  }
  size_t Count(const kube::Resource& resource) {
    const auto list = client.List(resource, "team-a", {});
    EXPECT_TRUE(list);
    return list ? list->items.size() : 0;
  }
  // Only what was there before.
  void ExpectAsGiven() {
    for (const kube::Resource& resource :
         {kube::resources::kStatefulSets, kube::resources::kPods, kube::resources::kServices,
          kube::resources::kPersistentVolumeClaims, kube::resources::kSecrets})
      EXPECT_EQ(Count(resource), 0U) << resource.plural;
    EXPECT_TRUE(client.Get({kube::resources::kConfigMaps, "team-a", "theirs"}));
    EXPECT_EQ(sandbox.Found(), before);
  }
};

TEST_F(GivenNamespace, IsUsedAndLeftAsItWas) {
  const ProcessResult result = Run();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  ExpectAsGiven();
  const auto found = ReadFile(folder / "run" / "trace.jsonl");
  ASSERT_TRUE(found);
  EXPECT_NE(found->find("\"namespace\":\"team-a\""), std::string::npos);
}

TEST_F(GivenNamespace, IsEmptiedByRecover) {
  const ProcessResult kept = Run({}, {"--keep"});
  EXPECT_EQ(kept.exit_code, 0) << kept.out << kept.err;
  EXPECT_EQ(Count(kube::resources::kPersistentVolumeClaims), 2U);
  const ProcessResult recovered = sandbox.Recover(folder / "state");
  EXPECT_EQ(recovered.exit_code, 0) << recovered.out << recovered.err;
  ExpectAsGiven();
}

TEST_F(GivenNamespace, WithSomebodysPodsIsRefused) {
  MakeObject("v1", "Pod", "team-a", "theirs",
             {{"spec", {{"containers", {{{"name", "p"}, {"image", "pause"}}}}}}});
  const ProcessResult result = Run();
  EXPECT_EQ(result.exit_code, 4) << result.out << result.err;
  EXPECT_NE((result.out + result.err).find("holds pods already, such as theirs"), std::string::npos);
  EXPECT_TRUE(client.Get({kube::resources::kPods, "team-a", "theirs"}));
}

TEST_F(GivenNamespace, ThatAnotherRunHoldsIsRefused) {
  MakeObject("v1", "Namespace", "", "holdfast-journal",
             {{"metadata", {{"labels", {{"app.kubernetes.io/managed-by", "holdfast"}}}}}});
  MakeObject("coordination.k8s.io/v1", "Lease", "holdfast-journal", "namespace-team-a",
             {{"metadata", {{"labels", {{"holdfast.dev/run", "other1"}}}}},
              {"spec", {{"holderIdentity", "other1"}}}});
  const ProcessResult result = Run();
  EXPECT_EQ(result.exit_code, 4) << result.out << result.err;
  EXPECT_NE((result.out + result.err).find("is held by run other1"), std::string::npos)
      << result.out << result.err;
  EXPECT_TRUE(client.Get({kube::resources::kLeases, "holdfast-journal", "namespace-team-a"}));
  ASSERT_TRUE(client.Delete({kube::resources::kNamespaces, "", "holdfast-journal"}, {}));
  const Deadline deadline(SystemClock(), std::chrono::seconds(60));
  while (client.Get({kube::resources::kNamespaces, "", "holdfast-journal"}) && !deadline.Passed())
    SystemClock().SleepFor(std::chrono::milliseconds(50), {});
  ExpectAsGiven();
}

TEST_F(GivenNamespace, ThatIsMissingIsRefused) {
  const ProcessResult result = Run({}, {"--namespace", "nowhere"});
  EXPECT_EQ(result.exit_code, 4) << result.out << result.err;
  EXPECT_NE((result.out + result.err).find("there is no namespace nowhere"), std::string::npos);
  ExpectAsGiven();
}

}  // namespace
}  // namespace holdfast
