// The plan: resolved targets, permissions, and a hash that changes with the meaning alone.
#include "harness/run/plan.h"

#include <set>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/run/fence.h"
#include "harness/run/preflight.h"
#include "harness/run/steps.h"

namespace holdfast::run {
namespace {

suite::Suite Load(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const TemporaryDirectory folder;
  const std::filesystem::path path = folder.path() / "s.yaml";
  EXPECT_TRUE(WriteFileAtomic(path, text));
  suite::Vocabulary vocabulary;
  for (const char* name : {"postgres", "etcd", "volume"})
    vocabulary.workloads[name] = workloads::FindWorkload(name)->Parameters();
  vocabulary.steps = StepSchemas();
  const auto suite = suite::LoadSuite(path, vocabulary, overrides);
  EXPECT_TRUE(suite) << (suite ? "" : suite.error().message);
  return suite.value_or(suite::Suite{});
}

constexpr const char* kSuite =
    "suite: s\nworkload: {postgres: {replicas: 3}}\nscenarios:\n"
    "  - name: one\n    steps: [pod-delete: {role: replica}, settle: {}, scale: {to: 1}]\n"
    "  - name: drain\n    steps: [node-drain: {of: primary}]\n";

Plan PlanOf(const suite::Suite& suite, uint64_t seed = 7, const Json& cluster = Json()) {
  const auto plan = MakePlan(suite, *workloads::FindWorkload("postgres"), seed, cluster);
  EXPECT_TRUE(plan) << (plan ? "" : plan.error().message);
  return plan.value_or(Plan{});
}

TEST(Plan, ResolvesTargetsByTheSeed) {
  const suite::Suite suite = Load(kSuite);
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Plan plan = PlanOf(suite, seed);
    seen.insert(plan.scenarios.at(0).steps.at(0).writes.at(0).substr(0, 17));
  }
  EXPECT_EQ(seen.size(), 2U);  // Either replica, never the primary.
  const Plan plan = PlanOf(suite);
  EXPECT_TRUE(plan.touches_nodes);
  EXPECT_TRUE(plan.evicts);
  EXPECT_NE(RenderPlan(plan).find("the node where the primary runs then: unschedulable true"),
            std::string::npos)
      << RenderPlan(plan);
}

TEST(Plan, AGivenNamespaceStaysAndNeedsARoleOnly) {
  const std::string own = RenderPlan(PlanOf(Load(kSuite)));
  const suite::Suite suite = Load(kSuite, {"namespace=team-a"});
  EXPECT_EQ(suite.given_namespace, "team-a");
  const std::string given = RenderPlan(PlanOf(suite));
  EXPECT_NE(own.find("delete Namespace holdfast-<run>"), std::string::npos);
  EXPECT_EQ(given.find("Namespace holdfast-<run>"), std::string::npos) << given;
  for (const char* line :
       {"create Lease namespace-team-a in holdfast-journal",
        "delete everything labelled holdfast.dev/run=<run> in namespace team-a",
        "namespace team-a, which stays", "{name: holdfast, namespace: team-a}",
        "resources: [secrets], verbs: [create, list, delete]"})
    EXPECT_NE(given.find(line), std::string::npos) << line << "\n" << given;
  EXPECT_NE(PlanOf(suite).hash, PlanOf(Load(kSuite)).hash);
}

TEST(Plan, NamesEveryPermissionThatItsFaultsNeed) {
  const std::string text = RenderPlan(PlanOf(Load(kSuite)));
  for (const char* needed :
       {"kind: ClusterRole", "kind: Role", "namespace: holdfast-journal",
        "resources: [nodes], verbs: [list, watch, get, patch]",
        "resources: [pods/eviction], verbs: [create]", "resources: [leases]",
        "resources: [statefulsets/scale], verbs: [get, patch]"})
    EXPECT_NE(text.find(needed), std::string::npos) << needed << "\n" << text;
}

TEST(Plan, NamesImagesAndEveryWriteOfTheRunItself) {
  const std::string text = RenderPlan(
      PlanOf(Load("suite: s\nworkload: {postgres: {nextImage: \"postgres:17\"}}\nscenarios:\n"
                  "  - name: one\n    steps: [image-update: {to: next}, cordon: {of: primary}]\n")));
  for (const char* part :
       {"PATCH image of the StatefulSet's template to postgres:17", "create Namespace holdfast-journal",
        "Lease holdfast-<run>", "create Lease node-<node>"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(Plan, TheHashChangesWithTheMeaningAlone) {
  const Plan plan = PlanOf(Load(kSuite));
  EXPECT_EQ(plan.hash.size(), 64U);
  EXPECT_EQ(plan.hash, PlanOf(Load(kSuite)).hash);
  EXPECT_EQ(plan.hash, PlanOf(Load(std::string("# a remark\n") + kSuite)).hash);
  EXPECT_NE(plan.hash, PlanOf(Load(kSuite), 8).hash);
  EXPECT_NE(plan.hash, PlanOf(Load(kSuite, {"workload.postgres.storage=7Gi"})).hash);
  EXPECT_NE(plan.hash, PlanOf(Load(kSuite, {"load.writers=9"})).hash);
  EXPECT_NE(plan.hash, PlanOf(Load(kSuite, {"scenarios.one.limits.settle=9m"})).hash);
  const Json cluster{{"uid", "u"}, {"version", "v1.36.2"}};
  EXPECT_NE(plan.hash, PlanOf(Load(kSuite), 7, cluster).hash);
  EXPECT_NE(PlanOf(Load(kSuite), 7, {{"uid", "w"}, {"version", "v1.36.2"}}).hash,
            PlanOf(Load(kSuite), 7, cluster).hash);
}

TEST(Plan, SaysBeforehandThatABudgetNeverYields) {
  const auto check = [](const std::string& budget, const std::string& step) {
    const suite::Suite suite = Load(
        "suite: s\nworkload: {postgres: {replicas: 3, budget: " + budget + "}}\nscenarios:\n"
        "  - name: one\n    steps: [" + step + "]\n");
    return CheckPlannedBudgets(PlanOf(suite), suite, "StatefulSet");
  };
  EXPECT_TRUE(check("maxUnavailable=1", "evict: {}"));
  const Status never = check("minAvailable=3", "evict: {}");
  ASSERT_FALSE(never);
  EXPECT_TRUE(IsFence(never.error()));
  EXPECT_TRUE(check("minAvailable=3", "evict: {expect: refused}"));
  EXPECT_TRUE(check("minAvailable=3", "pod-delete: {}"));
}

TEST(Steps, RepeatAndRandomPicks) {
  suite::Suite suite = Load(
      "suite: s\nworkload: postgres\nscenarios:\n"
      "  - {name: a, repeat: 3, steps: [pod-delete: {}, settle: {}]}\n"
      "  - {name: b, random: 5, steps: [pod-delete: {}, evict: {}, settle: {}]}\n");
  EXPECT_EQ(StepsOf(suite.scenarios[0], 1).size(), 6U);
  EXPECT_EQ(FaultsIn(suite.scenarios[0], 1), 3);
  const auto names = [&](uint64_t seed) {
    std::string text;
    for (const PlannedStep& step : StepsOf(suite.scenarios[1], seed))
      text += step.step->name + " ";
    return text;
  };
  EXPECT_EQ(StepsOf(suite.scenarios[1], 1).size(), 5U);
  EXPECT_EQ(names(3), names(3));
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 20; ++seed)
    seen.insert(names(seed));
  EXPECT_GT(seen.size(), 10U);
}

TEST(Steps, WhatAFaultKnowsAloneIsReported) {
  const suite::Suite suite = Load(
      "suite: s\nworkload: postgres\nscenarios:\n"
      "  - name: a\n    steps:\n      - when: {pod: pg-1}\n      - image-update: {}\n");
  const Status status = CheckSteps(suite);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find(":6:9: when: pod and phase belong together"),
            std::string::npos)
      << status.error().message;
  EXPECT_NE(status.error().message.find(":7:9: image-update: it changes nothing"),
            std::string::npos);
}

TEST(Steps, WithoutAShellNothingIsKilledInside) {
  const std::string steps = "\nscenarios:\n  - name: a\n    steps:\n      - container-kill: {ordinal: 0}\n";
  EXPECT_TRUE(CheckSteps(Load("suite: s\nworkload: volume" + steps)));
  const Status status = CheckSteps(Load("suite: s\nworkload: etcd" + steps));
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find(":6:9: container-kill: the image of etcd has no shell"),
            std::string::npos)
      << status.error().message;
}

TEST(Preflight, ImagesOfTheSandboxAreOnlyThere) {
  const Json sandbox{{"version", "v1.36.2+holdfast"}};
  const Json real{{"version", "v1.33.1"}};
  const auto check = [](const Json& cluster, const std::string& workload, const char* step) {
    const suite::Suite suite =
        Load("suite: s\nworkload: " + workload + "\nscenarios:\n  - name: a\n    steps: [" + step + "]\n");
    const Status status = CheckImages(cluster, suite, *workloads::FindWorkload(suite.workload));
    return status ? std::string() : status.error().message;
  };
  const char* const update = "image-update: {to: next}";
  EXPECT_EQ(check(real, "postgres", "pod-delete: {}"), "");
  EXPECT_EQ(check(sandbox, "postgres", update), "");
  EXPECT_NE(check(real, "postgres", update).find("--set workload.postgres.nextImage=IMAGE"),
            std::string::npos)
      << check(real, "postgres", update);
  EXPECT_EQ(check(real, "{postgres: {nextImage: \"postgres:16\"}}", update), "");
  EXPECT_NE(check(real, "etcd", "pod-delete: {}").find("--set workload.etcd.image=IMAGE"),
            std::string::npos);
  EXPECT_EQ(check(real, "{etcd: {image: \"mirror.example/etcd:3.5\"}}", "pod-delete: {}"), "");
}

TEST(Preflight, WhatANewNamespaceLacksIsRefused) {
  const auto check = [](const std::vector<std::string>& overrides) {
    return CheckNamespaceParameters(Load(kSuite, overrides));
  };
  EXPECT_TRUE(check({}));
  EXPECT_TRUE(check({"workload.postgres.serviceAccount=default"}));
  EXPECT_TRUE(check({"workload.postgres.serviceAccount=db", "namespace=team-a"}));
  const Status refused = check({"workload.postgres.imagePullSecret=registry"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("--namespace"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::run
