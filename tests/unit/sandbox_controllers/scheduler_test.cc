// Where pods go, and what is said when they go nowhere.
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/amount.h"
#include "harness/sandbox/controllers/node_usage.h"
#include "harness/sandbox/controllers/object.h"

#include "tests/unit/sandbox_controllers/cluster.h"

namespace holdfast::sandbox {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Placed : Cluster {
  explicit Placed(const Json& allocatable = Json()) {
    for (const char* node : {"node-a", "node-b", "node-c"}) {
      Edit(
          "nodes", node,
          [&](Json& object) {
            object["metadata"]["labels"]["kubernetes.io/hostname"] = node;
            if (!allocatable.is_null()) object["status"]["allocatable"] = allocatable;
          },
          "");
    }
  }
  void Pod(const std::string& name, const Json& spec, const std::string& app = "web") {
    Json pod = PlainPod(name, spec);
    pod["metadata"]["labels"]["app"] = app;
    Create("pods", pod);
    Settle();
  }
  [[nodiscard]] std::string NodeOf(const std::string& pod) const {
    return GetString(Get("pods", pod), {"spec", "nodeName"});
  }
  [[nodiscard]] std::string Why(const std::string& pod) const {
    const Json object = Get("pods", pod);
    const Json* condition = FindCondition(object, "PodScheduled");
    return condition == nullptr ? "" : GetString(*condition, {"message"});
  }
};

Json Requesting(const std::string& cpu, const std::string& memory) {
  return {{"containers",
           Json::array({{{"name", "main"},
                         {"image", "registry.test/base:1"},
                         {"resources", {{"requests", {{"cpu", cpu}, {"memory", memory}}}}}}})}};
}

Json WithPort(int64_t port) {
  return {{"containers", Json::array({{{"name", "main"},
                                       {"image", "registry.test/base:1"},
                                       {"ports", Json::array({{{"containerPort", 80},
                                                               {"hostPort", port}}})}}})}};
}

Json Term(const std::string& app) {
  return {{"topologyKey", "kubernetes.io/hostname"},
          {"labelSelector", {{"matchLabels", {{"app", app}}}}}};
}

Json Apart(const std::string& app) {
  return {{"affinity",
           {{"podAntiAffinity",
             {{"requiredDuringSchedulingIgnoredDuringExecution", Json::array({Term(app)})}}}}}};
}

TEST(Amount, IsInThousandths) {
  const std::map<std::string, int64_t> rows{
      {"1", 1000},       {"500m", 500}, {"0.1", 100}, {"1Ki", 1024000},
      {"1k", 1000000},   {"2e3", 2000000},            {"1.5Gi", 1610612736000},
      {"0", 0},          {"100n", 1}};
  for (const auto& [text, milli] : rows) {
    const Json value = text;
    EXPECT_EQ(AmountOf(&value, -1), milli) << text;
  }
  const Json number = 3;
  EXPECT_EQ(AmountOf(&number), 3000);
  for (const Json& bad : {Json("x"), Json(""), Json("1e99"), Json::object()})
    EXPECT_EQ(AmountOf(&bad, 7), 7) << DumpJson(bad);
  EXPECT_EQ(AmountOf(nullptr, 7), 7);
}

TEST(Scheduler, RequestsAreHeldAgainstWhatIsThere) {
  Placed cluster({{"cpu", "2"}, {"memory", "1Gi"}, {"pods", "110"}});
  for (const char* pod : {"p1", "p2", "p3"})
    cluster.Pod(pod, Requesting("1500m", "100Mi"));
  for (const char* pod : {"p1", "p2", "p3"})
    EXPECT_NE(cluster.NodeOf(pod), "") << pod;
  cluster.Pod("p4", Requesting("600m", "100Mi"));
  EXPECT_EQ(cluster.Why("p4"),
            "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: "
            "0/3 nodes are available: 3 No preemption victims found for incoming pod.");
  cluster.Pod("big", Requesting("3", "2Gi"));
  EXPECT_THAT(cluster.Why("big"),
              StartsWith("0/3 nodes are available: 3 Insufficient cpu, 3 Insufficient memory. "));
  EXPECT_THAT(cluster.Why("big"), HasSubstr("3 Preemption is not helpful for scheduling."));
  // Room is noticed.
  cluster.Delete("pods", "p2");
  cluster.FinishDeletion("p2");
  cluster.Settle();
  EXPECT_NE(cluster.NodeOf("p4"), "");
}

TEST(Scheduler, NodesTakeSoManyPods) {
  Placed cluster({{"cpu", "100"}, {"memory", "100Gi"}, {"pods", "2"}});
  for (int i = 0; i < 7; ++i)
    cluster.Pod(fmt::format("p{}", i), Json::object());
  EXPECT_THAT(cluster.Why("p6"), StartsWith("0/3 nodes are available: 3 Too many pods. "));
  // One that has finished does not count.
  cluster.Edit("pods", "p0", [](Json& pod) { pod["status"]["phase"] = "Succeeded"; });
  cluster.Delete("pods", "p1");
  cluster.FinishDeletion("p1");
  cluster.Settle();
  EXPECT_NE(cluster.NodeOf("p6"), "");
}

TEST(Scheduler, HostPortsDoNotMeet) {
  Placed cluster;
  for (const char* pod : {"p1", "p2", "p3", "p4"})
    cluster.Pod(pod, WithPort(8080));
  EXPECT_THAT(cluster.Why("p4"),
              StartsWith("0/3 nodes are available: 3 node(s) didn't have free ports for the "
                         "requested pod ports. "));
  cluster.Pod("other", WithPort(8081));
  EXPECT_NE(cluster.NodeOf("other"), "");
}

TEST(Scheduler, HostPortsOfAllAddressesCollideWithEach) {
  const std::multiset<std::string> all{"TCP 0.0.0.0:80"};
  EXPECT_TRUE(HostPortsCollide(all, {"TCP 10.0.0.1:80"}));
  EXPECT_FALSE(HostPortsCollide(all, {"UDP 0.0.0.0:80"}));
  EXPECT_FALSE(HostPortsCollide({"TCP 10.0.0.2:80"}, {"TCP 10.0.0.1:80"}));
  EXPECT_FALSE(HostPortsCollide(all, {}));
}

TEST(Scheduler, AntiAffinityKeepsApartInBothDirections) {
  Placed cluster;
  for (const char* pod : {"p1", "p2", "p3", "p4"})
    cluster.Pod(pod, Apart("web"));
  EXPECT_NE(cluster.NodeOf("p1"), cluster.NodeOf("p2"));
  EXPECT_NE(cluster.NodeOf("p2"), cluster.NodeOf("p3"));
  EXPECT_NE(cluster.NodeOf("p1"), cluster.NodeOf("p3"));
  EXPECT_THAT(cluster.Why("p4"), StartsWith("0/3 nodes are available: 3 node(s) didn't match pod "
                                            "anti-affinity rules. "));
  cluster.Pod("plain", Json::object());
  EXPECT_THAT(cluster.Why("plain"), StartsWith("0/3 nodes are available: 3 node(s) didn't satisfy "
                                               "existing pods anti-affinity rules. "));
  cluster.Pod("stranger", Json::object(), "stranger");
  EXPECT_NE(cluster.NodeOf("stranger"), "");
}

TEST(Scheduler, AffinityBringsTogether) {
  Placed cluster;
  const Json with_db = {
      {"affinity",
       {{"podAffinity",
         {{"requiredDuringSchedulingIgnoredDuringExecution", Json::array({Term("db")})}}}}}};
  cluster.Pod("p1", with_db);
  EXPECT_THAT(cluster.Why("p1"),
              StartsWith("0/3 nodes are available: 3 node(s) didn't match pod affinity rules. "));
  cluster.Pod("db", {{"nodeSelector", {{"zone", "node-c"}}}}, "db");
  cluster.Pod("p2", with_db);
  EXPECT_EQ(cluster.NodeOf("p2"), "node-c");
}

TEST(Scheduler, PreferencesDecideWhereSeveralFit) {
  Placed cluster;
  Json wishing = {
      {"affinity",
       {{"nodeAffinity",
         {{"preferredDuringSchedulingIgnoredDuringExecution",
           Json::array({{{"weight", 10},
                         {"preference",
                          {{"matchExpressions",
                            Json::array({{{"key", "zone"},
                                          {"operator", "In"},
                                          {"values", Json::array({"node-b"})}}})}}}}})}}}}}};
  for (const char* pod : {"p1", "p2", "p3"}) {
    cluster.Pod(pod, wishing);
    EXPECT_EQ(cluster.NodeOf(pod), "node-b");
  }
  Json away;
  away["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] =
      Json::array({{{"weight", 100}, {"podAffinityTerm", Term("web")}}});
  cluster.Pod("p4", away);
  EXPECT_NE(cluster.NodeOf("p4"), "node-b");
}

TEST(Scheduler, SpreadConstraintsLimitTheSkew) {
  Placed cluster;
  for (const char* node : {"node-b", "node-c"}) {
    cluster.Edit(
        "nodes", node, [](Json& object) { object["spec"]["unschedulable"] = true; }, "");
  }
  const Json spread = {
      {"topologySpreadConstraints",
       Json::array({{{"maxSkew", 1},
                     {"topologyKey", "kubernetes.io/hostname"},
                     {"whenUnsatisfiable", "DoNotSchedule"},
                     {"labelSelector", {{"matchLabels", {{"app", "web"}}}}}}})}};
  cluster.Pod("p1", spread);
  EXPECT_EQ(cluster.NodeOf("p1"), "node-a");
  cluster.Pod("p2", spread);
  EXPECT_EQ(cluster.NodeOf("p2"), "");
  EXPECT_THAT(cluster.Why("p2"),
              HasSubstr("1 node(s) didn't match pod topology spread constraints, "));
  cluster.Edit(
      "nodes", "node-b", [](Json& object) { object["spec"].erase("unschedulable"); }, "");
  cluster.Settle();
  EXPECT_EQ(cluster.NodeOf("p2"), "node-b");
}

TEST(Scheduler, OneClaimForOnePodOnly) {
  Placed cluster;
  cluster.Create("persistentvolumeclaims",
                 {{"metadata", {{"name", "mine"}}},
                  {"spec",
                   {{"accessModes", Json::array({"ReadWriteOncePod"})},
                    {"resources", {{"requests", {{"storage", "1Gi"}}}}},
                    {"storageClassName", "standard"}}}});
  const Json with_claim = {
      {"volumes",
       Json::array({{{"name", "v"}, {"persistentVolumeClaim", {{"claimName", "mine"}}}}})}};
  cluster.Pod("p1", with_claim);
  cluster.Pod("p2", with_claim);
  EXPECT_NE(cluster.NodeOf("p1"), "");
  EXPECT_THAT(cluster.Why("p2"),
              StartsWith("0/3 nodes are available: 3 node has pod using PersistentVolumeClaim with "
                         "the same name and ReadWriteOncePod access mode. "));
  cluster.Delete("pods", "p1");
  cluster.FinishDeletion("p1");
  cluster.Settle();
  EXPECT_NE(cluster.NodeOf("p2"), "");
}

TEST(Scheduler, UnboundClaimIsToldInTheWordsOfTheRecording) {
  Placed cluster;
  cluster.Create("statefulsets", WebSet(1));
  cluster.Settle();
  bool told = false;
  for (const ObjectPtr& event : cluster.store.List("events", "default")) {
    told = told || GetString(event->json, {"message"}) ==
                       "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. "
                       "not found";
  }
  EXPECT_TRUE(told);
}

TEST(Scheduler, OtherSchedulersAndGatesAreLeftAlone) {
  Placed cluster;
  cluster.Pod("theirs", {{"schedulerName", "other"}});
  cluster.Pod("gated", {{"schedulingGates", Json::array({{{"name", "wait"}}})}});
  EXPECT_EQ(cluster.NodeOf("theirs"), "");
  EXPECT_EQ(cluster.NodeOf("gated"), "");
  cluster.Edit("pods", "gated", [](Json& pod) { pod["spec"].erase("schedulingGates"); });
  cluster.Settle();
  EXPECT_NE(cluster.NodeOf("gated"), "");
}

}  // namespace
}  // namespace holdfast::sandbox
