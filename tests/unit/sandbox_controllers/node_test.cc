// Nodes that fall silent, come back, are cordoned, vanish or are out of service, and what becomes
// of their pods and volumes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/attach_controller.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/taint_eviction.h"

#include "tests/unit/sandbox_controllers/cluster.h"

namespace holdfast::sandbox {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr char kUnreachable[] = "node.kubernetes.io/unreachable";

// Nodes whose agents renew their leases as long as they are not silenced.
struct Nodes : Cluster {
  explicit Nodes(ControllerOptions options = {}) : Cluster(std::move(options)) { Beat(); }
  void Beat() {
    const std::string now = FormatRfc3339(clock.Wall(), 6);
    for (const std::string& node : Names("nodes")) {
      if (silent.contains(node)) continue;
      if (!Exists("leases", node, "kube-node-lease")) {
        Create("leases", {{"metadata", {{"name", node}}}, {"spec", {{"renewTime", now}}}},
               "kube-node-lease");
      } else {
        Edit(
            "leases", node, [&](Json& lease) { lease["spec"]["renewTime"] = now; },
            "kube-node-lease");
      }
    }
    Settle();
  }
  void Pass(Nanos duration) {
    for (Nanos passed{0}; passed < duration; passed += seconds(1)) {
      Advance(seconds(1));
      Beat();
    }
  }
  void Return(const std::string& node) {
    silent.erase(node);
    const std::string now = FormatRfc3339(clock.Wall());
    Edit(
        "nodes", node,
        [&](Json& object) {
          SetCondition(object, {{"type", "Ready"}, {"status", "True"}, {"reason", "KubeletReady"}},
                       now);
        },
        "");
    Beat();
  }
  [[nodiscard]] std::vector<std::string> Taints(const std::string& node) const {
    std::vector<std::string> taints;
    const Json object = Get("nodes", node, "");
    for (const Json& taint : GetArray(object, {"spec", "taints"}))
      taints.push_back(GetString(taint, {"key"}) + ":" + GetString(taint, {"effect"}));
    return taints;
  }
  [[nodiscard]] std::string ReadyOf(const std::string& node) const {
    const Json object = Get("nodes", node, "");
    return GetString(*FindCondition(object, "Ready"), {"status"});
  }
  void Taint(const std::string& node, const std::string& key, const std::string& effect) {
    Edit(
        "nodes", node,
        [&](Json& object) {
          Json& taints = object["spec"]["taints"];
          if (!taints.is_array()) taints = Json::array();
          taints.push_back({{"key", key}, {"effect", effect}});
        },
        "");
    Settle();
  }
  std::set<std::string> silent;
};

Json On(const std::string& node, Json more = Json::object()) {
  more["nodeSelector"] = {{"zone", node}};
  return more;
}

Json Tolerating(int64_t tolerated) {
  return {{"tolerations", Json::array({{{"key", kUnreachable},
                                        {"operator", "Exists"},
                                        {"effect", "NoExecute"},
                                        {"tolerationSeconds", tolerated}}})}};
}

TEST(NodeLifecycle, SilentNodeBecomesUnreachableAndReturns) {
  Nodes cluster;
  cluster.Create("pods", PlainPod("p", On("node-a")));
  cluster.RunAll();
  cluster.silent = {"node-a"};
  cluster.Pass(seconds(8));
  EXPECT_EQ(cluster.ReadyOf("node-a"), "True");
  cluster.Pass(seconds(4));
  EXPECT_EQ(cluster.ReadyOf("node-a"), "Unknown");
  EXPECT_THAT(cluster.Taints("node-a"),
              UnorderedElementsAre("node.kubernetes.io/unreachable:NoSchedule",
                                   "node.kubernetes.io/unreachable:NoExecute"));
  EXPECT_FALSE(IsPodReady(cluster.Get("pods", "p")));
  EXPECT_EQ(GetString(cluster.Get("pods", "p"), {"status", "phase"}), "Running");
  EXPECT_EQ(cluster.EventCount("p", "NodeNotReady"), 1U);
  EXPECT_EQ(cluster.ReadyOf("node-b"), "True");
  EXPECT_THAT(cluster.Taints("node-b"), IsEmpty());
  // A lease alone makes nobody ready: the agent does.
  cluster.silent.clear();
  cluster.Pass(seconds(2));
  EXPECT_EQ(cluster.ReadyOf("node-a"), "Unknown");
  cluster.Return("node-a");
  EXPECT_THAT(cluster.Taints("node-a"), IsEmpty());
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "p")));
}

TEST(NodeLifecycle, RealTimeIsThatOfKubernetes) {
  ControllerOptions options;
  options.nodes = NodeTimings::RealTime();
  Nodes cluster(options);
  cluster.silent = {"node-a"};
  cluster.Pass(seconds(48));
  EXPECT_EQ(cluster.ReadyOf("node-a"), "True");
  cluster.Pass(seconds(8));
  EXPECT_EQ(cluster.ReadyOf("node-a"), "Unknown");
}

TEST(NodeLifecycle, ForeignTaintsAreLeftAlone) {
  Nodes cluster;
  cluster.Taint("node-a", "mine", "NoSchedule");
  cluster.silent = {"node-a"};
  cluster.Pass(seconds(14));
  EXPECT_EQ(cluster.Taints("node-a").size(), 3U);
  cluster.Return("node-a");
  EXPECT_THAT(cluster.Taints("node-a"), ElementsAre("mine:NoSchedule"));
}

TEST(NodeLifecycle, CordonShowsAsATaint) {
  Nodes cluster;
  cluster.Edit(
      "nodes", "node-a", [](Json& node) { node["spec"]["unschedulable"] = true; }, "");
  cluster.Settle();
  EXPECT_THAT(cluster.Taints("node-a"),
              ElementsAre("node.kubernetes.io/unschedulable:NoSchedule"));
  cluster.Edit(
      "nodes", "node-a", [](Json& node) { node["spec"].erase("unschedulable"); }, "");
  cluster.Settle();
  EXPECT_THAT(cluster.Taints("node-a"), IsEmpty());
}

TEST(NodeLifecycle, NoEvictionWhileEverybodyIsSilent) {
  Nodes cluster;
  cluster.silent = {"node-a", "node-b", "node-c"};
  cluster.Pass(seconds(20));
  for (const char* node : {"node-a", "node-b", "node-c"}) {
    EXPECT_EQ(cluster.ReadyOf(node), "Unknown");
    EXPECT_THAT(cluster.Taints(node), ElementsAre("node.kubernetes.io/unreachable:NoSchedule"));
  }
  // One is back: it was the others after all.
  cluster.Return("node-c");
  cluster.Pass(seconds(5));
  EXPECT_THAT(cluster.Taints("node-a"), Contains("node.kubernetes.io/unreachable:NoExecute"));
}

TEST(NodeLifecycle, NoEvictionWhileMostOfAZoneIsSilent) {
  Nodes cluster;
  cluster.AddNode("node-d");
  cluster.Beat();
  cluster.silent = {"node-a", "node-b", "node-c"};
  cluster.Pass(seconds(20));
  // The first may have been tainted before the others were seen to be silent.
  size_t tainted = 0;
  for (const char* node : {"node-a", "node-b", "node-c"})
    tainted += cluster.Taints(node).size() > 1 ? 1U : 0U;
  EXPECT_LE(tainted, 1U);
}

TEST(TaintEviction, WaitsAsLongAsThePodTolerates) {
  Nodes cluster;
  cluster.Create("pods", PlainPod("short", On("node-a", Tolerating(5))));
  cluster.Create("pods", PlainPod("default", On("node-a")));
  Json forever = Tolerating(0);
  forever["tolerations"][0].erase("tolerationSeconds");
  cluster.Create("pods", PlainPod("forever", On("node-a", forever)));
  cluster.RunAll();
  cluster.silent = {"node-a"};
  cluster.Pass(seconds(11));
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "short")));
  cluster.Pass(seconds(6));
  const Json evicted = cluster.Get("pods", "short");
  EXPECT_TRUE(IsTerminating(evicted));
  const Json* why = FindCondition(evicted, "DisruptionTarget");
  ASSERT_NE(why, nullptr);
  EXPECT_EQ(GetString(*why, {"reason"}), "DeletionByTaintManager");
  EXPECT_EQ(cluster.EventCount("short", "TaintManagerEviction"), 1U);
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "default")));
  cluster.Pass(seconds(280));
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "default")));
  cluster.Pass(seconds(25));
  EXPECT_TRUE(IsTerminating(cluster.Get("pods", "default")));
  // And there they stay: nobody can say that their processes have ended.
  EXPECT_TRUE(cluster.Exists("pods", "default"));
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "forever")));
}

TEST(TaintEviction, AReturningNodeCancels) {
  Nodes cluster;
  cluster.Create("pods", PlainPod("p", On("node-a", Tolerating(30))));
  cluster.RunAll();
  cluster.silent = {"node-a"};
  cluster.Pass(seconds(15));
  cluster.Return("node-a");
  cluster.Pass(seconds(60));
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "p")));
  EXPECT_EQ(cluster.EventCount("p", "TaintManagerEviction"), 1U);
}

TEST(TaintEviction, UntoleratedTaintEvictsAtOnce) {
  Nodes cluster;
  cluster.Create("pods", PlainPod("p", On("node-a")));
  cluster.RunAll();
  cluster.Taint("node-a", "repair", "NoSchedule");
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "p")));
  cluster.Taint("node-a", "repair", "NoExecute");
  EXPECT_TRUE(IsTerminating(cluster.Get("pods", "p")));
}

TEST(TaintEviction, TheShortestTolerationCounts) {
  const auto taint = [](const char* key, const char* effect) -> Json {
    return {{"key", key}, {"effect", effect}};
  };
  const auto toleration = [](const char* key, int64_t tolerated) -> Json {
    return {{"key", key}, {"operator", "Exists"}, {"tolerationSeconds", tolerated}};
  };
  const Json both = Json::array({taint("a", "NoExecute"), taint("b", "NoExecute")});
  EXPECT_EQ(MayStay(Json::array({toleration("a", 9), toleration("b", 4)}), both),
            Nanos(seconds(4)));
  EXPECT_EQ(MayStay(Json::array({toleration("a", 9)}), both), Nanos{0});
  EXPECT_EQ(MayStay(Json::array({toleration("a", -3), toleration("b", 4)}), both), Nanos{0});
  EXPECT_EQ(MayStay(Json::array({{{"operator", "Exists"}}}), both), std::nullopt);
  EXPECT_EQ(MayStay(Json::array(), Json::array({taint("a", "NoSchedule")})), std::nullopt);
}

TEST(PodGc, PodsOfAVanishedNodeGoAfterTheQuarantine) {
  Nodes cluster;
  cluster.Create("pods", PlainPod("p", On("node-a")));
  cluster.RunAll();
  cluster.silent = {"node-a"};
  cluster.Delete("nodes", "node-a", "Background", "");
  cluster.Pass(seconds(2));
  EXPECT_TRUE(cluster.Exists("pods", "p"));
  cluster.Pass(seconds(10));
  EXPECT_FALSE(cluster.Exists("pods", "p"));
  EXPECT_TRUE(cluster.Exists("pods", "p") || cluster.Names("pods").empty());
}

TEST(PodGc, ANodeThatComesBackKeepsItsPods) {
  Nodes cluster;
  cluster.Create("pods", PlainPod("p", On("node-a")));
  cluster.RunAll();
  cluster.Delete("nodes", "node-a", "Background", "");
  cluster.Pass(seconds(2));
  cluster.AddNode("node-a");
  cluster.Pass(seconds(30));
  EXPECT_TRUE(cluster.Exists("pods", "p"));
  EXPECT_FALSE(IsTerminating(cluster.Get("pods", "p")));
}

TEST(PodGc, OutOfServiceReleasesTheSet) {
  Nodes cluster;
  Json set = WebSet(1);
  set["spec"]["template"]["spec"]["tolerations"] = Tolerating(2)["tolerations"];
  cluster.Create("statefulsets", set);
  cluster.RunAll();
  const std::string node = GetString(cluster.Get("pods", "web-0"), {"spec", "nodeName"});
  const std::string uid = cluster.Uid("pods", "web-0");
  const std::string claim = cluster.Uid("persistentvolumeclaims", "data-web-0");
  // On a ready node the taint evicts, but nothing is forced.
  cluster.silent = {node};
  cluster.Pass(seconds(20));
  ASSERT_TRUE(IsTerminating(cluster.Get("pods", "web-0")));
  cluster.Pass(seconds(20));
  EXPECT_EQ(cluster.Uid("pods", "web-0"), uid);
  const std::string volume =
      GetString(cluster.Get("persistentvolumeclaims", "data-web-0"), {"spec", "volumeName"});
  EXPECT_TRUE(cluster.Exists("volumeattachments", AttachmentName(volume, node), ""));
  cluster.Taint(node, "node.kubernetes.io/out-of-service", "NoExecute");
  cluster.Pass(seconds(5));
  cluster.RunAll();
  EXPECT_NE(cluster.Uid("pods", "web-0"), uid);
  EXPECT_NE(GetString(cluster.Get("pods", "web-0"), {"spec", "nodeName"}), node);
  EXPECT_EQ(cluster.Uid("persistentvolumeclaims", "data-web-0"), claim);
  EXPECT_FALSE(cluster.Exists("volumeattachments", AttachmentName(volume, node), ""));
}

struct Held : Nodes {
  Held() {
    Create("statefulsets", WebSet(1));
    RunAll();
    node = GetString(Get("pods", "web-0"), {"spec", "nodeName"});
    volume = GetString(Get("persistentvolumeclaims", "data-web-0"), {"spec", "volumeName"});
    on_node = AttachmentName(volume, node);
  }
  void Report(bool in_use) {
    const std::string name = AttachedName(Get("persistentvolumes", volume, ""));
    Edit(
        "nodes", node,
        [&](Json& object) {
          object["status"]["volumesInUse"] = in_use ? Json::array({name}) : Json::array();
        },
        "");
    Settle();
  }
  // Kills the pod without its node's help, and keeps the new one off that node.
  void Force() {
    Edit(
        "nodes", node, [](Json& object) { object["spec"]["unschedulable"] = true; }, "");
    FinishDeletion("web-0");
    RunAll();
  }
  [[nodiscard]] bool Attached() const { return Exists("volumeattachments", on_node, ""); }
  std::string node;
  std::string volume;
  std::string on_node;
};

TEST(AttachDetach, NodeStatusNamesWhatIsAttached) {
  Held cluster;
  cluster.Pass(seconds(1));
  EXPECT_EQ(GetString(cluster.Get("nodes", cluster.node, ""),
                      {"status", "volumesAttached", "0", "name"}),
            "kubernetes.io/csi/sandbox.holdfast.dev^" + cluster.volume);
  EXPECT_EQ(cluster.EventCount("web-0", "SuccessfulAttachVolume"), 1U);
  cluster.Edit("statefulsets", "web", [](Json& set) { set["spec"]["replicas"] = 0; });
  cluster.Converge();
  cluster.Pass(seconds(1));
  EXPECT_FALSE(cluster.Attached());
  EXPECT_THAT(GetArray(cluster.Get("nodes", cluster.node, ""), {"status", "volumesAttached"}),
              IsEmpty());
}

TEST(AttachDetach, WaitsUntilTheNodeLetsGo) {
  Held cluster;
  cluster.Report(true);
  cluster.Force();
  cluster.Pass(minutes(1));
  EXPECT_TRUE(cluster.Attached());
  EXPECT_GE(cluster.EventCount("web-0", "FailedAttachVolume"), 1U);
  cluster.Report(false);
  cluster.Pass(seconds(1));
  EXPECT_FALSE(cluster.Attached());
  EXPECT_EQ(cluster.Names("volumeattachments").size(), 1U);
}

TEST(AttachDetach, SilentNodeKeepsItsVolumesUntilTheyAreForced) {
  Held cluster;
  cluster.silent = {cluster.node};
  cluster.Pass(seconds(12));
  ASSERT_EQ(cluster.ReadyOf(cluster.node), "Unknown");
  cluster.Force();
  cluster.Pass(seconds(20));
  EXPECT_TRUE(cluster.Attached());
  cluster.Pass(seconds(15));
  EXPECT_FALSE(cluster.Attached());
  EXPECT_EQ(cluster.Names("volumeattachments").size(), 1U);
}

// How many attachments of the volume were attached at once, at most.
size_t MostAttached(const Cluster& cluster) {
  std::map<std::string, bool> attached;
  size_t most = 0;
  const auto events = cluster.store.EventsAfter("volumeattachments", 0, Nanos{0});
  for (const StoreEvent& event : *events) {
    attached[GetString(event.object->json, {"metadata", "name"})] =
        event.type != StoreEvent::Type::kDeleted &&
        GetBool(event.object->json, {"status", "attached"});
    size_t now = 0;
    for (const auto& [name, is] : attached)
      now += is ? 1U : 0U;
    most = std::max(most, now);
  }
  return most;
}

TEST(AttachDetach, NeverTwiceUnlessByDefect) {
  for (const bool broken : {false, true}) {
    ControllerOptions options;
    if (broken) options.defects = Defects(Defect::kVolumeAttachedTwice);
    Nodes cluster(options);
    cluster.Create("statefulsets", WebSet(1));
    cluster.RunAll();
    const std::string node = GetString(cluster.Get("pods", "web-0"), {"spec", "nodeName"});
    cluster.Edit(
        "nodes", node, [](Json& object) { object["spec"]["unschedulable"] = true; }, "");
    cluster.Delete("pods", "web-0");
    cluster.Converge();
    cluster.Pass(seconds(2));
    EXPECT_NE(GetString(cluster.Get("pods", "web-0"), {"spec", "nodeName"}), node);
    EXPECT_EQ(MostAttached(cluster), broken ? 2U : 1U);
    EXPECT_EQ(cluster.Names("volumeattachments").size(), 1U);
  }
}

TEST(AttachDetach, ManyNodesWhereTheModeAllowsIt) {
  Nodes cluster;
  Json claim = {{"metadata", {{"name", "shared"}}},
                {"spec",
                 {{"accessModes", Json::array({"ReadWriteMany"})},
                  {"resources", {{"requests", {{"storage", "1Gi"}}}}},
                  {"storageClassName", "standard"}}}};
  cluster.Create("persistentvolumeclaims", claim);
  const auto with_claim = [](const char* node) {
    return On(node, {{"volumes",
                      Json::array({{{"name", "v"},
                                    {"persistentVolumeClaim", {{"claimName", "shared"}}}}})}});
  };
  cluster.Create("pods", PlainPod("a", with_claim("node-a")));
  cluster.Create("pods", PlainPod("b", with_claim("node-b")));
  cluster.RunAll();
  EXPECT_EQ(cluster.Names("volumeattachments").size(), 2U);
  EXPECT_EQ(MostAttached(cluster), 2U);
}

}  // namespace
}  // namespace holdfast::sandbox
