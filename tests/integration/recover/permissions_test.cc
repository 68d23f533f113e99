// What `plan --rbac` prints is enough: an administrator applies it with kubectl, and the runner then
// has a ServiceAccount's token and nothing else.
#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "tests/integration/recover/kept_sandbox.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGuest =
    "suite: guest\n"
    "namespace: team-a\n"
    "workload: {volume: {replicas: 2, budget: maxUnavailable=1}}\n"
    "load: {writers: 2, readers: 1, rate: 100/s, minimum-acks: 20}\n"
    "scenarios:\n"
    "  - name: evict\n"
    "    steps: [evict: {ordinal: 1}]\n";

struct Granted : testing::Test {
  KeptSandbox& sandbox = KeptSandbox::Get();
  fs::path folder = sandbox.NewFolder();
  int runs = 0;

  void SetUp() override {
    Kubectl({"create", "namespace", "team-a"});
  }
  void TearDown() override {
    Kubectl({"delete", "--ignore-not-found", "namespace/holdfast-journal", "namespace/team-a",
             "clusterrole/holdfast", "clusterrolebinding/holdfast"});
  }
  std::string Kubectl(const std::vector<std::string>& arguments) {
    ProcessOptions options;
    options.argv = {"kubectl", "--kubeconfig", sandbox.Kubeconfig()};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    const auto done = RunProcess(options);
    EXPECT_TRUE(done && done->exit_code == 0) << (done ? done->err : done.error().message);
    return done ? done->out : "";
  }
  // A kubeconfig of the account to which everything is granted that the plan of `suite` prints.
  fs::path Grant(const fs::path& suite) {
    const ProcessResult plan = sandbox.Holdfast({"plan", "--rbac", suite.string()});
    EXPECT_EQ(plan.exit_code, 0) << plan.err;
    EXPECT_TRUE(WriteFileAtomic(folder / "rbac.yaml", plan.out));
    Kubectl({"apply", "-f", (folder / "rbac.yaml").string()});
    const kube::ClusterAccess& admin = sandbox.client().access();
    const std::string token =
        Kubectl({"create", "token", "holdfast", "--namespace", "holdfast-journal"});
    const fs::path file = folder / "kubeconfig";
    EXPECT_TRUE(WriteFileAtomic(
        file,
        fmt::format("apiVersion: v1\nkind: Config\ncurrent-context: runner\n"
                    "clusters: [{{name: c, cluster: {{server: '{}', certificate-authority-data: {}}}}}]\n"
                    "users: [{{name: u, user: {{token: {}}}}}]\n"
                    "contexts: [{{name: runner, context: {{cluster: c, user: u}}}}]\n",
                    admin.server, Base64Encode(admin.ca_pem), Trim(token)),
        0600));
    return file;
  }
  ProcessResult Run(const fs::path& suite,
                    const fs::path& kubeconfig,
                    const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {
        "run",   suite.string(), "--kubeconfig", kubeconfig.string(), "--cluster", "runner",
        "--out", (folder / std::to_string(++runs)).string()};
    command.insert(command.end(), more.begin(), more.end());
    return sandbox.Holdfast(command, {"HOLDFAST_STATE=" + (folder / "state").string()});
  }
  // What the last run could not decide, such as a fault that was refused.
  std::string Undecided() {
    const auto text = ReadFile(folder / std::to_string(runs) / "verdicts.json");
    const auto verdicts = ParseJson(text.value_or(""));
    if (!verdicts) return "no verdicts";
    std::string undecided;
    for (const Json& check : GetArray(*verdicts, {"checks"}))
      if (GetString(check, {"verdict"}) == "unknown")
        undecided += GetString(check, {"id"}) + ": " + GetString(check, {"reason"}) + "\n";
    return undecided;
  }
  fs::path Suite(const std::string& text) {
    EXPECT_TRUE(WriteFileAtomic(folder / "suite.yaml", text));
    return folder / "suite.yaml";
  }
};

// All but those that need the machines themselves, which is the sandbox's administrator's.
TEST_F(Granted, EveryFaultInANamespaceOfTheRunsOwn) {
  const fs::path suite =
      fs::path(HOLDFAST_SOURCE_DIR) / "tests/data/recover/every-fault.yaml";
  const fs::path kubeconfig = Grant(suite);
  const ProcessResult result = Run(suite, kubeconfig, {"--scenario", "[pms][oea][dtr]*"});
  for (const char* scenario : {"pods", "set", "marks"})
    EXPECT_NE(result.out.find(std::string("scenario ") + scenario), std::string::npos);
  // The suite destroys a claim, and its data with it.
  EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
  EXPECT_EQ(Undecided(), "") << result.out << result.err;
}

TEST_F(Granted, AGivenNamespaceWithoutTheRightToMakeOne) {
  const fs::path suite = Suite(kGuest);
  const fs::path kubeconfig = Grant(suite);
  const ProcessResult planned =
      sandbox.Holdfast({"plan", suite.string(), "--kubeconfig", kubeconfig.string()});
  EXPECT_EQ(planned.exit_code, 0) << planned.out << planned.err;
  const ProcessResult result = Run(suite, kubeconfig);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(Undecided(), "");
  // What the administrator made is there for the next run.
  const ProcessResult again = Run(suite, kubeconfig);
  EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
}

TEST_F(Granted, WhatIsMissingIsNamedBeforeAnythingIsDone) {
  const fs::path suite = Suite(kGuest);
  const fs::path kubeconfig = Grant(suite);
  Kubectl({"patch", "role", "holdfast", "--namespace", "team-a", "--type=json",
           R"(--patch=[{"op": "replace", "path": "/rules/0/verbs", "value": ["list"]}])"});
  const ProcessResult result = Run(suite, kubeconfig);
  EXPECT_EQ(result.exit_code, 3) << result.out << result.err;
  EXPECT_NE((result.out + result.err).find("may not: create services in team-a"), std::string::npos)
      << result.out << result.err;
  Kubectl({"delete", "clusterrolebinding", "holdfast"});
  const ProcessResult blind = Run(suite, kubeconfig);
  EXPECT_NE(blind.exit_code, 0);
  EXPECT_NE((blind.out + blind.err).find("cannot list resource"), std::string::npos)
      << blind.out << blind.err;
}

}  // namespace
}  // namespace holdfast
