// recover, the fence, stops from outside, and the clients' way to a sandbox that is kept.
#include <gtest/gtest.h>

#include <thread>

#include "harness/base/strings.h"
#include "tests/integration/recover/kept_sandbox.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDrain =
    "suite: drain\n"
    "workload: {pause: {replicas: 2, terminationGracePeriod: 0s}}\n"
    "scenarios:\n"
    "  - name: drain\n"
    "    steps: [node-drain: {of: primary, grace: 0s}]\n";

constexpr const char* kLong =
    "suite: long\n"
    "workload: {pause: {replicas: 2, terminationGracePeriod: 0s}}\n"
    "scenarios:\n"
    "  - name: long\n"
    "    steps: [cordon: {of: primary}, wait: {for: 120s}]\n";

struct Recover : testing::Test {
  KeptSandbox& sandbox = KeptSandbox::Get();
  fs::path folder = sandbox.NewFolder();
  std::string before = sandbox.Found();

  ProcessResult Run(const std::string& suite, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = sandbox.RunCommand(Write(suite), folder / "run");
    command.insert(command.end(), more.begin(), more.end());
    return sandbox.Holdfast(command, {"HOLDFAST_STATE=" + (folder / "state").string()});
  }
  fs::path Write(const std::string& suite) {
    const fs::path path = folder / "suite.yaml";
    EXPECT_TRUE(WriteFileAtomic(path, suite));
    return path;
  }
  // The name of the only run that has a journal in the cluster, once it has cordoned its node.
  std::string AwaitCordon() {
    const Deadline deadline(SystemClock(), std::chrono::seconds(60));
    while (!deadline.Passed()) {
      kube::ListOptions ours;
      ours.label_selector = "holdfast.dev/run";
      const auto maps =
          sandbox.client().List(kube::resources::kConfigMaps, "holdfast-journal", ours);
      if (maps && maps->items.size() == 1 && Cordoned() == 1)
        return GetString(maps->items[0], {"metadata", "labels", "holdfast.dev/run"});
      SystemClock().SleepFor(std::chrono::milliseconds(50), {});
    }
    ADD_FAILURE() << "no run cordoned a node";
    return "";
  }
  int Cordoned() {
    int count = 0;
    const auto nodes = sandbox.client().List(kube::resources::kNodes, "", {});
    for (const Json& node : nodes.value().items)
      count += GetBool(node, {"spec", "unschedulable"}) ? 1 : 0;
    return count;
  }
  Json Judged() const {
    const auto text = ReadFile(folder / "run" / "verdicts.json");
    return text ? ParseJson(*text).value_or(Json()) : Json();
  }
  // The verdict of one guarantee in one scenario.
  std::string Verdict(const std::string& id, const std::string& scenario) const {
    const Json verdicts = Judged();
    for (const Json& check : GetArray(verdicts, {"checks"})) {
      if (GetString(check, {"id"}) == id && GetString(check, {"scenario"}) == scenario)
        return GetString(check, {"verdict"});
    }
    return "missing";
  }
};

TEST_F(Recover, ARunFromOutsideLeavesTheClusterAsItWasFound) {
  const ProcessResult result = Run(kDrain);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(Verdict("RUN-FAULT", "drain"), "pass");
  EXPECT_EQ(Verdict("RUN-LEFT-AS-FOUND", "left-as-found"), "pass");
  EXPECT_EQ(sandbox.Found(), before);
  const ProcessResult recovered = sandbox.Recover(folder / "state");
  EXPECT_EQ(recovered.exit_code, 0);
  EXPECT_NE(recovered.out.find("nothing was left behind"), std::string::npos) << recovered.out;
}

TEST_F(Recover, ClientsReachThePodsThroughPortForward) {
  const ProcessResult result = Run(
      "suite: clients\n"
      "workload: {volume: {replicas: 2}}\n"
      "load: {writers: 2, readers: 1, rate: 100/s, minimum-acks: 50}\n"
      "scenarios:\n"
      "  - name: pod-delete\n"
      "    steps: [pod-delete: {ordinal: 1}]\n");
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(Verdict("RUN-LOAD", "pod-delete"), "pass");
  EXPECT_EQ(sandbox.Found(), before);
}

TEST_F(Recover, TheFenceRefusesWithExitFour) {
  const auto refused = [&](const std::vector<std::string>& command) {
    const ProcessResult result =
        sandbox.Holdfast(command, {"HOLDFAST_STATE=" + (folder / "state").string()});
    EXPECT_EQ(result.exit_code, 4) << result.out << result.err;
    EXPECT_EQ(sandbox.Found(), before);
    return result.out + result.err;
  };
  const std::string suite = Write(kDrain).string();
  const std::string config = sandbox.Kubeconfig();
  // Nobody names the cluster.
  EXPECT_NE(refused({"run", suite, "--kubeconfig", config, "--out", (folder / "a").string()})
                .find("nobody named this cluster"),
            std::string::npos);
  // Another one is named.
  EXPECT_NE(refused({"run", suite, "--kubeconfig", config, "--cluster", "production", "--out",
                     (folder / "b").string()})
                .find("names the cluster 'production'"),
            std::string::npos);
  // A budget that never yields.
  const std::string stubborn = ReplaceAll(kDrain, "replicas: 2", "replicas: 2, budget: minAvailable=2");
  std::vector<std::string> command = sandbox.RunCommand(Write(stubborn), folder / "c");
  EXPECT_NE(refused(command).find("never lets one of 2 pods go"), std::string::npos);
  // An approved plan that is not this one.
  command = sandbox.RunCommand(Write(kDrain), folder / "d");
  command.insert(command.end(), {"--plan", "0123456789abcdef"});
  EXPECT_NE(refused(command).find("has changed"), std::string::npos);
}

TEST_F(Recover, ANodeThatOthersCordonedIsLeftAlone) {
  kube::Client& client = sandbox.client();
  const auto nodes = client.List(kube::resources::kNodes, "", {});
  ASSERT_TRUE(nodes);
  const std::string name = GetString(nodes->items.at(0), {"metadata", "name"});
  const kube::ObjectRef ref{kube::resources::kNodes, "", name};
  const auto set = [&](const Json& value) {
    return client.Patch(ref, kube::PatchType::kMerge, {{"spec", {{"unschedulable", value}}}}, "",
                        "");
  };
  ASSERT_TRUE(set(true));
  const ProcessResult result = Run(ReplaceAll(kDrain, "{of: primary, grace: 0s}",
                                              "{node: " + name + ", grace: 0s}"));
  const auto after = client.Get(ref);
  ASSERT_TRUE(set(nullptr));
  // It runs no pod of ours, so there is nothing to drain; a cordon is refused.
  EXPECT_NE(result.exit_code, 0);
  EXPECT_TRUE(GetBool(*after, {"spec", "unschedulable"}));
  EXPECT_EQ(sandbox.Found(), before);
}

TEST_F(Recover, APlanThatWasApprovedIsPlayed) {
  const std::string suite = Write(kDrain).string();
  const ProcessResult plan = sandbox.Holdfast({"plan", suite, "--kubeconfig", sandbox.Kubeconfig(),
                                               "--seed", "5", "--cluster",
                                               sandbox.client().access().context});
  ASSERT_EQ(plan.exit_code, 0) << plan.out << plan.err;
  const size_t at = plan.out.find("\nplan ");
  ASSERT_NE(at, std::string::npos) << plan.out;
  EXPECT_EQ(sandbox.Found(), before);
  const ProcessResult result = Run(kDrain, {"--plan", plan.out.substr(at + 6, 64)});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST_F(Recover, AStopFileAndAnAnnotationStopTheRunAndUndo) {
  for (const bool by_file : {true, false}) {
    const fs::path out = folder / (by_file ? "file" : "annotation");
    const std::vector<std::string> command = sandbox.RunCommand(Write(kLong), out);
    ProcessResult result;
    std::jthread runner([&] {
      result = sandbox.Holdfast(command, {"HOLDFAST_STATE=" + (folder / "state").string()});
    });
    const std::string run = AwaitCordon();
    const Nanos asked = SystemClock().Now();
    if (by_file) {
      ASSERT_TRUE(WriteFileAtomic(out / "stop", ""));
    } else {
      ASSERT_TRUE(sandbox.client().Patch(
          {kube::resources::kConfigMaps, "holdfast-journal", "holdfast-" + run},
          kube::PatchType::kMerge,
          {{"metadata", {{"annotations", {{"holdfast.dev/stop", "please"}}}}}}, "", ""));
    }
    runner.join();
    EXPECT_EQ(result.exit_code, 130) << result.out << result.err;
    EXPECT_LT(SystemClock().Now() - asked, std::chrono::seconds(60));
    EXPECT_NE(result.out.find("interrupted"), std::string::npos) << result.out;
    EXPECT_EQ(sandbox.Found(), before) << result.out;
  }
}

TEST_F(Recover, ALivingRunIsNeverUndoneByAnother) {
  const std::vector<std::string> command = sandbox.RunCommand(Write(kLong), folder / "run");
  ProcessResult result;
  std::jthread runner([&] {
    result = sandbox.Holdfast(command, {"HOLDFAST_STATE=" + (folder / "state").string()});
  });
  const std::string run = AwaitCordon();
  const ProcessResult recovered = sandbox.Recover(folder / "elsewhere");
  EXPECT_EQ(recovered.exit_code, 0) << recovered.out << recovered.err;
  EXPECT_NE(recovered.out.find("run " + run + " lives"), std::string::npos) << recovered.out;
  EXPECT_EQ(Cordoned(), 1);
  // A second run must not have the same node.
  const auto nodes = sandbox.client().List(kube::resources::kNodes, "", {});
  std::string held;
  std::string free;
  for (const Json& node : nodes.value().items)
    (GetBool(node, {"spec", "unschedulable"}) ? held : free) =
        GetString(node, {"metadata", "name"});
  const auto second = [&](const std::string& node, const std::string& fence) {
    const fs::path suite = folder / (node + ".yaml");
    EXPECT_TRUE(WriteFileAtomic(
        suite, ReplaceAll(ReplaceAll(kLong, "cordon: {of: primary}",
                                     "taint: {node: " + node + ", effect: NoSchedule}"),
                          "120s", "1s") +
                   fence));
    const ProcessResult refused =
        sandbox.Holdfast(sandbox.RunCommand(suite, folder / (node + "-run")),
                         {"HOLDFAST_STATE=" + (folder / "state").string()});
    EXPECT_EQ(refused.exit_code, 4) << refused.out << refused.err;
    EXPECT_EQ(Cordoned(), 1);
    return refused.out;
  };
  EXPECT_NE(second(held, "").find("node " + held + " is held by run " + run), std::string::npos);
  // Nor another one, when the suite wants no more at once than the first run has.
  const std::string too_many = second(free, "cluster: {nodes-injured: 1}\n");
  EXPECT_NE(too_many.find("there would be 2 injured nodes at once, the suite allows 1; node " +
                          held + " is held by run " + run),
            std::string::npos)
      << too_many;
  ASSERT_TRUE(WriteFileAtomic(folder / "run" / "stop", ""));
  runner.join();
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_EQ(sandbox.Found(), before);
}

TEST_F(Recover, WhatIsKeptCanBeRemovedLater) {
  const ProcessResult result = Run(kDrain, {"--keep"});
  EXPECT_NE(sandbox.Found(), before);
  EXPECT_NE(result.out.find("recover --run"), std::string::npos) << result.out;
  EXPECT_EQ(Cordoned(), 0);
  EXPECT_EQ(sandbox.Recover(folder / "lost").exit_code, 0);
  EXPECT_EQ(sandbox.Found(), before);
}

TEST_F(Recover, AnUnknownRunIsAMistake) {
  const ProcessResult result = sandbox.Holdfast(
      {"recover", "--kubeconfig", sandbox.Kubeconfig(), "--run", "nobody"},
      {"HOLDFAST_STATE=" + (folder / "state").string()});
  EXPECT_EQ(result.exit_code, 2) << result.out << result.err;
}

}  // namespace
}  // namespace holdfast
