// Whether pods that leave a node fit somewhere else.
#include "harness/run/placement.h"

#include <gtest/gtest.h>

#include "harness/run/fence.h"

namespace holdfast::run {
namespace {

Json Node(const std::string& name, const std::string& cpu = "2") {
  Json node{{"metadata", {{"name", name}, {"labels", {{"kubernetes.io/hostname", name}}}}},
            {"spec", Json::object()},
            {"status",
             {{"allocatable", {{"cpu", cpu}, {"memory", "4Gi"}, {"pods", "10"}}},
              {"conditions", Json::array()}}}};
  node["status"]["conditions"].push_back({{"type", "Ready"}, {"status", "True"}});
  return node;
}

Json Pod(const std::string& name, const std::string& node, const std::string& cpu = "500m") {
  Json container{{"name", "main"}, {"resources", {{"requests", {{"cpu", cpu}}}}}};
  Json pod{{"metadata", {{"name", name}}},
           {"spec",
            {{"nodeName", node}, {"containers", Json::array()}, {"volumes", Json::array()}}}};
  pod["spec"]["containers"].push_back(std::move(container));
  return pod;
}

struct Facts : testing::Test {
  PlacementFacts facts{{Node("a"), Node("b")}, {Pod("p", "a"), Pod("q", "b", "1")}, {}, {}};
  [[nodiscard]] std::string Refusal() const {
    const Status status = CheckRoom(facts, "a", {facts.pods[0]});
    EXPECT_TRUE(status || IsFence(status.error()));
    return status ? "" : status.error().message;
  }
};

TEST_F(Facts, APodWithRoomElsewhereMayGo) { EXPECT_EQ(Refusal(), ""); }

TEST_F(Facts, NoOtherNode) {
  facts.nodes.pop_back();
  EXPECT_NE(Refusal().find("there is no other node"), std::string::npos);
}

TEST_F(Facts, EachObstacleIsNamed) {
  const auto with = [&](const std::function<void(Json& node)>& change) {
    const Json kept = facts.nodes[1];
    change(facts.nodes[1]);
    std::string refusal = Refusal();
    facts.nodes[1] = kept;
    return refusal;
  };
  EXPECT_NE(with([](Json& n) { n["status"]["conditions"][0]["status"] = "Unknown"; })
                .find("b is not ready"),
            std::string::npos);
  EXPECT_NE(with([](Json& n) { n["spec"]["unschedulable"] = true; }).find("b is cordoned"),
            std::string::npos);
  EXPECT_NE(with([](Json& n) {
              n["spec"]["taints"].push_back({{"key", "gpu"}, {"effect", "NoSchedule"}});
            }).find("taint gpu"),
            std::string::npos);
  EXPECT_NE(with([](Json& n) { n["status"]["allocatable"]["cpu"] = "1400m"; })
                .find("too little processor"),
            std::string::npos);
  EXPECT_NE(with([](Json& n) { n["status"]["allocatable"]["pods"] = "1"; }).find("full of pods"),
            std::string::npos);
}

TEST_F(Facts, ATolerationOpensATaintedNode) {
  facts.nodes[1]["spec"]["taints"].push_back(
      {{"key", "gpu"}, {"value", "x"}, {"effect", "NoSchedule"}});
  EXPECT_NE(Refusal(), "");
  facts.pods[0]["spec"]["tolerations"].push_back({{"key", "gpu"}, {"operator", "Exists"}});
  EXPECT_EQ(Refusal(), "");
}

TEST_F(Facts, AVolumeThatIsBoundToItsNodeKeepsThePod) {
  facts.pods[0]["spec"]["volumes"].push_back(
      {{"name", "data"}, {"persistentVolumeClaim", {{"claimName", "c"}}}});
  facts.claims.push_back({{"metadata", {{"name", "c"}}}, {"spec", {{"volumeName", "v"}}}});
  Json expression{{"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", {"a"}}};
  Json term{{"matchExpressions", Json::array()}};
  term["matchExpressions"].push_back(expression);
  Json volume{{"metadata", {{"name", "v"}}},
              {"spec", {{"nodeAffinity", {{"required", {{"nodeSelectorTerms", Json::array()}}}}}}}};
  volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"].push_back(term);
  facts.volumes.push_back(volume);
  EXPECT_NE(Refusal().find("cannot reach volume v"), std::string::npos);
}

TEST_F(Facts, RoomIsNotCountedTwice) {
  facts.pods.push_back(Pod("r", "a", "600m"));
  // Either of them fits beside q on b, both do not.
  EXPECT_TRUE(CheckRoom(facts, "a", {facts.pods[0]}));
  EXPECT_TRUE(CheckRoom(facts, "a", {facts.pods[2]}));
  EXPECT_FALSE(CheckRoom(facts, "a", {facts.pods[0], facts.pods[2]}));
}

TEST(ParseAmount, Quantities) {
  EXPECT_EQ(ParseAmount("250m"), 0.25);
  EXPECT_EQ(ParseAmount("2"), 2.0);
  EXPECT_EQ(ParseAmount("1Ki"), 1024.0);
  EXPECT_EQ(ParseAmount("1.5G"), 1.5e9);
  EXPECT_EQ(ParseAmount(3), 3.0);
  EXPECT_EQ(ParseAmount("much"), std::nullopt);
  EXPECT_EQ(ParseAmount("1x"), std::nullopt);
}

}  // namespace
}  // namespace holdfast::run
