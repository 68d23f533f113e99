// Faults against a set that the test moves by hand: what they choose, what they write, and that
// without the proof nothing is called proven.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "faults/fault.h"

namespace holdfast::faults {
namespace {

// Three pods; deletion and scaling take effect only when `obedient`.
class ScriptedCluster : public Cluster {
 public:
  explicit ScriptedCluster(bool obedient) : obedient_(obedient) {
    now_.replicas = 3;
    now_.observed = true;
    for (int i = 0; i < 3; ++i)
      now_.pods.push_back(
          {"pg-" + std::to_string(i), "uid-" + std::to_string(i), "node-a", i, true, false});
  }
  [[nodiscard]] Snapshot Look() const override { return now_; }
  [[nodiscard]] std::string Primary() const override { return "pg-0"; }
  Status WaitUntil(const std::string& what,
                   const std::function<bool(const Snapshot&)>& condition,
                   Nanos /*within*/) override {
    if (condition(now_)) return {};
    return Fail(ErrorCode::kTimedOut, "{}: nothing moved", what);
  }
  Status DeletePod(const Pod& pod, std::optional<Nanos> grace) override {
    writes.push_back("delete " + pod.uid +
                     (grace ? " grace " + std::to_string(grace->count()) : ""));
    if (obedient_) Find(pod.name).uid += "-new";
    return {};
  }
  Status Scale(int replicas) override {
    writes.push_back("scale " + std::to_string(replicas));
    if (!obedient_) return {};
    now_.replicas = replicas;
    now_.pods.erase(std::remove_if(now_.pods.begin(), now_.pods.end(),
                                   [&](const Pod& pod) { return pod.ordinal >= replicas; }),
                    now_.pods.end());
    for (int i = static_cast<int>(now_.pods.size()); i < replicas; ++i)
      now_.pods.push_back({"pg-" + std::to_string(i), "new", "node-a", i, true, false});
    return {};
  }
  std::vector<std::string> writes;

 private:
  Pod& Find(const std::string& name) {
    return *std::find_if(now_.pods.begin(), now_.pods.end(),
                         [&](const Pod& pod) { return pod.name == name; });
  }
  bool obedient_;
  Snapshot now_;
};

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

TEST(PodDelete, ChoosesByRoleNameAndOrdinal) {
  const std::vector<std::pair<Json, std::string>> rows{
      {{{"role", "primary"}}, "pg-0"}, {{{"pod", "pg-2"}}, "pg-2"}, {{{"ordinal", 1}}, "pg-1"}};
  for (const auto& [parameters, expected] : rows) {
    ScriptedCluster cluster(true);
    FaultTargets targets;
    ASSERT_TRUE(Play("pod-delete", parameters, cluster, &targets)) << parameters.dump();
    EXPECT_EQ(targets.pods.at(0).name, expected);
  }
  ScriptedCluster cluster(true);
  FaultTargets targets;
  ASSERT_TRUE(Play("pod-delete", {{"role", "replica"}}, cluster, &targets));
  EXPECT_NE(targets.pods.at(0).name, "pg-0");
}

TEST(PodDelete, TheSeedDecidesTheRandomTarget) {
  const auto choose = [](uint64_t seed) {
    Random random(seed);
    return FindFault("pod-delete")
        ->Choose(ScriptedCluster(true).Look(), "pg-0", Json::object(), random)
        ->pods.at(0)
        .name;
  };
  EXPECT_EQ(choose(5), choose(5));
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 50; ++seed)
    seen.insert(choose(seed));
  EXPECT_EQ(seen.size(), 3U);
}

TEST(PodDelete, IsProvenByTheUidThatWent) {
  ScriptedCluster cluster(true);
  const auto proof = Play("pod-delete", {{"pod", "pg-1"}}, cluster);
  ASSERT_TRUE(proof);
  EXPECT_TRUE(proof->proven);
  EXPECT_NE(proof->sentence.find("uid-1"), std::string::npos);
  EXPECT_EQ(cluster.writes, std::vector<std::string>{"delete uid-1"});
}

TEST(PodDelete, WithoutProofItIsNotProven) {
  ScriptedCluster cluster(false);
  const auto proof = Play("pod-delete", {{"pod", "pg-1"}}, cluster);
  ASSERT_TRUE(proof);
  EXPECT_FALSE(proof->proven);
  EXPECT_NE(proof->sentence.find("pg-1"), std::string::npos);
}

TEST(PodDelete, ForcingGivesAtMostOneUp) {
  ScriptedCluster cluster(true);
  FaultTargets targets;
  ASSERT_TRUE(Play("pod-delete", {{"pod", "pg-1"}, {"grace", "0s"}}, cluster, &targets));
  EXPECT_EQ(targets.gives_up, std::vector<std::string>{"SS-AMO-2"});
  EXPECT_EQ(cluster.writes, std::vector<std::string>{"delete uid-1 grace 0"});
  ASSERT_TRUE(Play("pod-delete", {{"pod", "pg-2"}, {"grace", "5s"}}, cluster, &targets));
  EXPECT_TRUE(targets.gives_up.empty());
}

TEST(PodDelete, MistakesAreNamed) {
  const Fault* fault = FindFault("pod-delete");
  EXPECT_FALSE(fault->Validate({{"pod", "pg-1"}, {"role", "primary"}}));
  EXPECT_FALSE(fault->Validate({{"grace", "1500ms"}}));
  EXPECT_TRUE(fault->Validate({{"pod", "pg-1"}, {"grace", "0s"}}));
  ScriptedCluster cluster(true);
  EXPECT_EQ(Play("pod-delete", {{"pod", "pg-9"}}, cluster).error().code, ErrorCode::kNotFound);
}

TEST(Scale, DownAndUpAreProven) {
  ScriptedCluster cluster(true);
  const auto down = Play("scale", {{"to", 1}}, cluster);
  ASSERT_TRUE(down);
  EXPECT_TRUE(down->proven) << down->sentence;
  const auto up = Play("scale", {{"to", 3}}, cluster);
  ASSERT_TRUE(up);
  EXPECT_TRUE(up->proven) << up->sentence;
  EXPECT_EQ(cluster.writes, (std::vector<std::string>{"scale 1", "scale 3"}));
}

TEST(Scale, WithoutProofItIsNotProven) {
  ScriptedCluster cluster(false);
  const auto proof = Play("scale", {{"to", 1}}, cluster);
  ASSERT_TRUE(proof);
  EXPECT_FALSE(proof->proven);
}

TEST(Scale, ToTheSameNumberIsAMistake) {
  ScriptedCluster cluster(true);
  EXPECT_EQ(Play("scale", {{"to", 3}}, cluster).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace holdfast::faults
