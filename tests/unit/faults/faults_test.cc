// Faults against a set that the test moves by hand: what they choose, what they write, and that
// without the proof nothing is called proven.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/faults/scripted_cluster.h"

namespace holdfast::faults {
namespace {

Result<Proof> Play(const std::string& name,
                   const Json& parameters,
                   ScriptedCluster& cluster,
                   FaultTargets* chosen = nullptr) {
  const Fault* fault = FindFault(name);
  Random random(1);
  HOLDFAST_ASSIGN(const FaultTargets targets,
                  fault->Choose(cluster.Look(), cluster.Primary(), parameters, random));
  if (chosen != nullptr) *chosen = targets;
  return fault->Inject(cluster, targets, parameters);
}

using Writes = std::vector<std::string>;

// One use of each fault with the writes that it must make, in order.
struct Row {
  std::string fault;
  Json parameters;
  Writes writes;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.fault << " " << row.parameters; }

const std::vector<Row>& Rows() {
  static const std::vector<Row> kRows{
      {"pod-delete", {{"pod", "pg-1"}}, {"delete uid-1"}},
      {"pod-delete", {{"ordinal", 2}, {"grace", "0s"}}, {"delete uid-2 grace 0"}},
      {"pod-delete", {{"role", "leader"}}, {"delete uid-0"}},
      {"pod-delete", {{"count", 0}}, {"delete uid-0", "delete uid-1", "delete uid-2"}},
      {"evict", {{"pod", "pg-1"}}, {"evict uid-1"}},
      {"container-kill", {{"ordinal", 1}}, {"exec uid-1 kill -TERM 1"}},
      {"container-kill",
       {{"ordinal", 1}, {"signal", "KILL"}},
       {"exec uid-1 kill -KILL -1"}},
      {"scale", {{"to", 1}}, {"scale 1"}},
      {"scale", {{"to", 5}, {"then", "return"}}, {"scale 5", "scale 3"}},
      {"scale", {{"to", 1}, {"then", "reverse"}}, {"scale 1", "scale 3"}},
      {"image-update", {{"to", "next"}}, {"patch image pg:2"}},
      {"image-update",
       {{"to", "pg:7"}, {"partition", 2}},
       {R"(patch update strategy {"rollingUpdate":{"partition":2},"type":"RollingUpdate"})",
        "patch image pg:7"}},
      {"image-update",
       {{"to", "next"}, {"strategy", "OnDelete"}},
       {R"(patch update strategy {"rollingUpdate":null,"type":"OnDelete"})", "patch image pg:2"}},
      {"template-restart", Json::object(), {"patch restart by annotation after-generation-1"}},
      {"claim-delete", {{"ordinal", 1}}, {"delete claim claim-1", "delete uid-1"}},
      {"statefulset-delete",
       {{"cascade", "foreground"}},
       {"delete set set-1 Foreground", "create set"}},
      {"statefulset-delete", {{"cascade", "orphan"}}, {"delete set set-1 Orphan", "create set"}},
      {"node-drain", {{"of", "primary"}}, {"cordon node-a", "evict uid-0"}},
      {"cordon", {{"node", "node-b"}}, {"cordon node-b"}},
      {"taint",
       {{"node", "node-c"}, {"key", "x"}, {"effect", "NoExecute"}},
       {"taint node-c x"}},
      {"node-crash", {{"node", "node-b"}}, {"crash node-b"}},
      {"node-freeze", {{"node", "node-b"}}, {"freeze node-b"}},
      {"node-partition",
       {{"node", "node-b"}, {"from", "control-plane"}},
       {"partition node-b control-plane"}},
      {"node-partition", {{"node", "node-b"}, {"from", "peers"}}, {"partition node-b peers"}},
  };
  return kRows;
}

class EveryFault : public testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(Rows, EveryFault, testing::ValuesIn(Rows()));

TEST_P(EveryFault, IsProvenByWhatItCauses) {
  ScriptedCluster cluster(true);
  const auto proof = Play(GetParam().fault, GetParam().parameters, cluster);
  ASSERT_TRUE(proof) << proof.error().message;
  EXPECT_TRUE(proof->proven) << proof->sentence;
  EXPECT_FALSE(proof->sentence.empty());
  EXPECT_EQ(cluster.writes, GetParam().writes);
}

TEST_P(EveryFault, IsNotProvenByItsWritesAlone) {
  ScriptedCluster cluster(false);
  const auto proof = Play(GetParam().fault, GetParam().parameters, cluster);
  ASSERT_TRUE(proof) << proof.error().message;
  EXPECT_FALSE(proof->proven) << proof->sentence;
  EXPECT_FALSE(proof->sentence.empty());
}

TEST_P(EveryFault, SaysItsWritesBeforehand) {
  const Fault* fault = FindFault(GetParam().fault);
  ASSERT_TRUE(fault->Validate(GetParam().parameters));
  Random random(1);
  const auto targets = fault->Choose(ScriptedCluster(true).Look(), "pg-0", GetParam().parameters,
                                     random);
  ASSERT_TRUE(targets);
  EXPECT_FALSE(fault->Writes(*targets, GetParam().parameters).empty());
  EXPECT_FALSE(fault->Writes({}, GetParam().parameters).empty());
}

TEST_P(EveryFault, EndsOnAStop) {
  ScriptedCluster cluster(false);
  cluster.stopped = true;
  const auto proof = Play(GetParam().fault, GetParam().parameters, cluster);
  if (GetParam().parameters.value("from", "") == "peers") return;  // Waits for nothing.
  ASSERT_FALSE(proof);
  EXPECT_EQ(proof.error().code, ErrorCode::kCancelled);
}

TEST(Faults, EachSaysWhatItNeeds) {
  std::set<std::string> tested;
  for (const Row& row : Rows())
    tested.insert(row.fault);
  for (const Fault* fault : AllFaults()) {
    const FaultText& text = fault->Text();
    EXPECT_FALSE(text.summary.empty() || text.proof.empty() || text.undo.empty()) << text.name;
    EXPECT_FALSE(text.permissions.empty()) << text.name;
    const bool has_own_test = text.name == "out-of-service" || text.name == "node-return";
    EXPECT_TRUE(tested.contains(text.name) || has_own_test) << text.name;
  }
}

TEST(PodDelete, TheSeedDecidesTheRandomTarget) {
  const auto choose = [](uint64_t seed) {
    Random random(seed);
    return FindFault("pod-delete")
        ->Choose(ScriptedCluster(true).Look(), "pg-0", {{"count", 2}}, random)
        ->pods;
  };
  EXPECT_EQ(choose(5).at(0).name, choose(5).at(0).name);
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const auto pods = choose(seed);
    ASSERT_EQ(pods.size(), 2U);
    EXPECT_NE(pods[0].name, pods[1].name);
    seen.insert(pods[0].name);
  }
  EXPECT_EQ(seen.size(), 3U);
}

TEST(PodDelete, AReplicaIsNeverThePrimary) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    const auto targets = FindFault("pod-delete")
                             ->Choose(ScriptedCluster(true).Look(), "pg-0",
                                      {{"role", "follower"}}, random);
    ASSERT_TRUE(targets);
    EXPECT_NE(targets->pods.at(0).name, "pg-0");
  }
}

TEST(PodDelete, OnlyForcingGivesAtMostOneUp) {
  ScriptedCluster cluster(true);
  FaultTargets targets;
  ASSERT_TRUE(Play("pod-delete", {{"pod", "pg-1"}, {"grace", "0s"}}, cluster, &targets));
  EXPECT_EQ(targets.gives_up, std::vector<std::string>{"SS-AMO-2"});
  ASSERT_TRUE(Play("pod-delete", {{"pod", "pg-2"}, {"grace", "5s"}}, cluster, &targets));
  EXPECT_TRUE(targets.gives_up.empty());
}

TEST(Faults, MistakesAreNamed) {
  const std::vector<std::pair<std::string, Json>> rows{
      {"pod-delete", {{"pod", "pg-1"}, {"role", "primary"}}},
      {"pod-delete", {{"grace", "1500ms"}}},
      {"node-drain", {{"node", "a"}, {"of", "primary"}}},
      {"image-update", Json::object()},
      {"image-update", {{"to", "next"}, {"partition", 1}, {"strategy", "OnDelete"}}},
      {"taint", {{"key", "node.kubernetes.io/unreachable"}}}};
  for (const auto& [fault, parameters] : rows)
    EXPECT_FALSE(FindFault(fault)->Validate(parameters)) << fault << " " << parameters;
}

TEST(Faults, NobodyToInjureIsAnError) {
  const std::vector<std::pair<std::string, Json>> rows{{"pod-delete", {{"pod", "pg-9"}}},
                                                       {"evict", {{"count", 4}}},
                                                       {"cordon", {{"node", "node-z"}}},
                                                       {"node-drain", {{"node", "node-z"}}}};
  for (const auto& [fault, parameters] : rows) {
    ScriptedCluster cluster(true);
    const auto proof = Play(fault, parameters, cluster);
    ASSERT_FALSE(proof) << fault;
    EXPECT_EQ(proof.error().code, ErrorCode::kNotFound) << fault;
    EXPECT_TRUE(cluster.writes.empty()) << fault;
  }
}

TEST(Scale, ToTheSameNumberIsAMistake) {
  ScriptedCluster cluster(true);
  EXPECT_EQ(Play("scale", {{"to", 3}}, cluster).error().code, ErrorCode::kInvalidArgument);
}

TEST(Evict, TriesAgainWhileTheBudgetRefuses) {
  ScriptedCluster cluster(true);
  cluster.refusals = 3;
  const auto proof = Play("evict", {{"pod", "pg-1"}}, cluster);
  ASSERT_TRUE(proof);
  EXPECT_TRUE(proof->proven);
  EXPECT_EQ(cluster.writes, Writes(4, "evict uid-1"));
}

TEST(Evict, ABudgetThatNeverYieldsIsNoProof) {
  ScriptedCluster cluster(true);
  cluster.refusals = -1;
  const auto proof = Play("evict", {{"pod", "pg-1"}, {"within", "0s"}}, cluster);
  ASSERT_TRUE(proof);
  EXPECT_FALSE(proof->proven);
  EXPECT_NE(proof->sentence.find("needs 3 healthy pods"), std::string::npos) << proof->sentence;
}

TEST(Evict, ARefusalCanBeWhatIsWanted) {
  ScriptedCluster cluster(true);
  cluster.refusals = 1;
  EXPECT_TRUE(Play("evict", {{"pod", "pg-1"}, {"expect", "refused"}}, cluster)->proven);
  EXPECT_FALSE(Play("evict", {{"pod", "pg-1"}, {"expect", "refused"}}, cluster)->proven);
}

TEST(NodeDrain, NeverEvictsTheReplacement) {
  ScriptedCluster cluster(true);
  FaultTargets targets;
  ASSERT_TRUE(Play("node-drain", {{"node", "node-a"}}, cluster, &targets));
  // The replacement is on the same node under the same name: with another uid it is left alone.
  const auto again =
      FindFault("node-drain")->Inject(cluster, targets, {{"node", "node-a"}});
  ASSERT_TRUE(again);
  EXPECT_EQ(cluster.now.Find("pg-0")->uid, "uid-100");
}

TEST(NodeDrain, IsRefusedBeforeAnyWriteWhenThereIsNoRoom) {
  ScriptedCluster cluster(true);
  cluster.no_room = true;
  const auto proof = Play("node-drain", {{"node", "node-a"}}, cluster);
  ASSERT_FALSE(proof);
  EXPECT_EQ(proof.error().reason, "Fence");
  EXPECT_TRUE(cluster.writes.empty());
}

TEST(OutOfService, IsRefusedUnlessTheNodeIsProvenOff) {
  for (const char* state : {"running", "frozen", "partitioned", ""}) {
    ScriptedCluster cluster(true);
    cluster.states["node-b"] = state;
    cluster.now.nodes[1].ready = false;
    const auto proof = Play("out-of-service", {{"node", "node-b"}}, cluster);
    ASSERT_FALSE(proof) << state;
    EXPECT_EQ(proof.error().reason, "Fence");
    EXPECT_TRUE(cluster.writes.empty());
  }
  ScriptedCluster alive(true);
  alive.states["node-b"] = "crashed";  // And Kubernetes still calls it Ready.
  EXPECT_EQ(Play("out-of-service", {{"node", "node-b"}}, alive).error().reason, "Fence");
  ScriptedCluster off(true);
  off.states["node-b"] = "crashed";
  off.now.nodes[1].ready = false;
  const auto proof = Play("out-of-service", {{"node", "node-b"}}, off);
  ASSERT_TRUE(proof);
  EXPECT_TRUE(proof->proven);
  EXPECT_EQ(off.writes, Writes{"taint node-b node.kubernetes.io/out-of-service"});
}

TEST(NodeReturn, TakesBackWhatWasDoneAndNothingElse) {
  ScriptedCluster cluster(true);
  EXPECT_FALSE(Play("node-return", Json::object(), cluster)->proven);
  ASSERT_TRUE(Play("node-crash", {{"node", "node-b"}}, cluster));
  ASSERT_TRUE(Play("cordon", {{"node", "node-c"}}, cluster));
  cluster.writes.clear();
  const auto one = Play("node-return", {{"node", "node-c"}}, cluster);
  ASSERT_TRUE(one);
  EXPECT_TRUE(one->proven);
  EXPECT_EQ(cluster.writes, Writes{"undo node-c"});
  const auto rest = Play("node-return", Json::object(), cluster);
  ASSERT_TRUE(rest);
  EXPECT_TRUE(rest->proven);
  EXPECT_EQ(cluster.writes.back(), "undo node-b");
}

TEST(ImageUpdate, BrokenGoesThereAndBack) {
  ScriptedCluster cluster(true);
  const auto proof = Play("image-update", {{"to", "broken"}}, cluster);
  ASSERT_TRUE(proof) << proof.error().message;
  EXPECT_TRUE(proof->proven) << proof->sentence;
  ASSERT_EQ(cluster.writes.size(), 3U);
  EXPECT_TRUE(cluster.writes[2].starts_with("delete ")) << cluster.writes[2];
  EXPECT_EQ(cluster.now.image, "pg:1");
  for (const Pod& pod : cluster.now.pods)
    EXPECT_EQ(pod.image, "pg:1");
}

TEST(ImageUpdate, PreviousIsTheOneBefore) {
  ScriptedCluster cluster(true);
  EXPECT_EQ(Play("image-update", {{"to", "previous"}}, cluster).error().code,
            ErrorCode::kNotFound);
  ASSERT_TRUE(Play("image-update", {{"to", "next"}}, cluster)->proven);
  ASSERT_TRUE(Play("image-update", {{"to", "previous"}}, cluster)->proven);
  EXPECT_EQ(cluster.now.image, "pg:1");
}

TEST(ImageUpdate, HealingGivesTheStrategyBack) {
  ScriptedCluster cluster(true);
  ASSERT_TRUE(Play("image-update", {{"to", "next"}, {"partition", 2}}, cluster)->proven);
  EXPECT_EQ(cluster.now.Updated(), 1);
  ASSERT_EQ(cluster.undo.size(), 1U);
  ASSERT_TRUE(cluster.undo[0](cluster));
  EXPECT_EQ(cluster.now.partition, 0);
  EXPECT_EQ(cluster.now.Updated(), 3);
}

TEST(StatefulSetDelete, HealingMakesAMissingSetAgain) {
  ScriptedCluster cluster(true);
  ASSERT_TRUE(Play("statefulset-delete", {{"cascade", "background"}}, cluster)->proven);
  ASSERT_EQ(cluster.undo.size(), 1U);
  const size_t writes = cluster.writes.size();
  ASSERT_TRUE(cluster.undo[0](cluster));
  EXPECT_EQ(cluster.writes.size(), writes);  // It is there.
  cluster.now.exists = false;
  ASSERT_TRUE(cluster.undo[0](cluster));
  EXPECT_EQ(cluster.writes.back(), "create set");
}

}  // namespace
}  // namespace holdfast::faults
