// Scheduler, endpoint slices, garbage collector, namespaces, node lifecycle.
#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"

#include "tests/unit/sandbox_controllers/cluster.h"

namespace holdfast::sandbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::string NodeOf(const Cluster& cluster, const std::string& pod) {
  return GetString(cluster.Get("pods", pod), {"spec", "nodeName"});
}

std::string WhyPending(const Cluster& cluster, const std::string& pod) {
  const Json object = cluster.Get("pods", pod);
  const Json* condition = FindCondition(object, "PodScheduled");
  return condition == nullptr ? "" : GetString(*condition, {"message"});
}

void Cordon(Cluster& cluster, const std::string& node, bool on) {
  cluster.Edit(
      "nodes", node, [&](Json& object) { object["spec"]["unschedulable"] = on; }, "");
}

TEST(Scheduler, SpreadsThePodsOfOneOwner) {
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(6));
  cluster.RunAll();
  std::map<std::string, int> per_node;
  for (const std::string& pod : cluster.Names("pods"))
    ++per_node[NodeOf(cluster, pod)];
  EXPECT_THAT(per_node,
              ElementsAre(std::pair("node-a", 2), std::pair("node-b", 2), std::pair("node-c", 2)));
}

TEST(Scheduler, CordonedNodesGetNothing) {
  Cluster cluster;
  Cordon(cluster, "node-a", true);
  Cordon(cluster, "node-b", true);
  for (const char* pod : {"p1", "p2", "p3"})
    cluster.Create("pods", PlainPod(pod));
  cluster.Settle();
  for (const char* pod : {"p1", "p2", "p3"})
    EXPECT_EQ(NodeOf(cluster, pod), "node-c");
}

TEST(Scheduler, SaysWhyAndTriesAgainWhenANodeReturns) {
  Cluster cluster;
  for (const char* node : {"node-a", "node-b", "node-c"})
    Cordon(cluster, node, true);
  cluster.Create("pods", PlainPod("p"));
  cluster.Settle();
  EXPECT_EQ(NodeOf(cluster, "p"), "");
  EXPECT_EQ(WhyPending(cluster, "p"),
            "0/3 nodes are available: 3 node(s) were unschedulable. no new claims to deallocate, "
            "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.");
  EXPECT_EQ(cluster.EventCount("p", "FailedScheduling"), 1U);
  Cordon(cluster, "node-b", false);
  cluster.Settle();
  EXPECT_EQ(NodeOf(cluster, "p"), "node-b");
  EXPECT_TRUE(ConditionIs(cluster.Get("pods", "p"), "PodScheduled", "True"));
}

TEST(Scheduler, FollowsSelectorsAndTaints) {
  Cluster cluster;
  cluster.Edit(
      "nodes", "node-b",
      [](Json& node) {
        node["spec"]["taints"] =
            Json::array({{{"key", "dedicated"}, {"value", "db"}, {"effect", "NoSchedule"}}});
      },
      "");
  const Json to_b = {{"nodeSelector", {{"zone", "node-b"}}}};
  Json tolerant = to_b;
  tolerant["tolerations"] = Json::array(
      {{{"key", "dedicated"}, {"operator", "Equal"}, {"value", "db"}, {"effect", "NoSchedule"}}});
  cluster.Create("pods", PlainPod("refused", to_b));
  cluster.Create("pods", PlainPod("tolerant", tolerant));
  cluster.Create("pods", PlainPod("nowhere", {{"nodeSelector", {{"zone", "moon"}}}}));
  cluster.Settle();
  EXPECT_EQ(NodeOf(cluster, "refused"), "");
  EXPECT_EQ(NodeOf(cluster, "tolerant"), "node-b");
  EXPECT_EQ(NodeOf(cluster, "nowhere"), "");
  EXPECT_THAT(WhyPending(cluster, "refused"),
              testing::StartsWith("0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 "
                                  "node(s) didn't match Pod's node affinity/selector. "));
}

TEST(Scheduler, NamesTheClaimThatIsMissing) {
  Cluster cluster;
  cluster.Create(
      "pods", PlainPod("p", {{"volumes",
                              Json::array({{{"name", "v"},
                                            {"persistentVolumeClaim", {{"claimName", "no"}}}}})}}));
  cluster.Settle();
  EXPECT_EQ(WhyPending(cluster, "p"),
            "0/3 nodes are available: persistentvolumeclaim \"no\" not found. not found");
}

Json OnlySlice(const Cluster& cluster) {
  const auto slices = cluster.store.List("endpointslices", "default");
  EXPECT_EQ(slices.size(), 1U);
  return slices.empty() ? Json() : slices.front()->json;
}

TEST(EndpointSlices, FollowThePods) {
  Cluster cluster;
  cluster.Create("services", WebService());
  cluster.Settle();
  EXPECT_THAT(GetArray(OnlySlice(cluster), {"endpoints"}), IsEmpty());
  cluster.Create("statefulsets", WebSet(1));
  cluster.Settle();
  cluster.Run("web-0", false);
  cluster.Settle();
  const auto conditions = [&] {
    const Json slice = OnlySlice(cluster);
    const Json& endpoints = GetArray(slice, {"endpoints"});
    return endpoints.empty() ? Json() : endpoints[0]["conditions"];
  };
  EXPECT_EQ(conditions(), (Json{{"ready", false}, {"serving", false}, {"terminating", false}}));
  cluster.MakeReady("web-0");
  cluster.Settle();
  EXPECT_EQ(conditions(), (Json{{"ready", true}, {"serving", true}, {"terminating", false}}));
  const Json endpoint = GetArray(OnlySlice(cluster), {"endpoints"})[0];
  EXPECT_EQ(GetString(endpoint, {"hostname"}), "web-0");
  EXPECT_EQ(GetString(endpoint, {"targetRef", "uid"}), cluster.Uid("pods", "web-0"));
  EXPECT_EQ(GetString(endpoint, {"nodeName"}), NodeOf(cluster, "web-0"));
  EXPECT_EQ(GetInt(GetArray(OnlySlice(cluster), {"ports"})[0], {"port"}), 80);
  cluster.Delete("pods", "web-0");
  cluster.Settle();
  EXPECT_EQ(conditions(), (Json{{"ready", false}, {"serving", true}, {"terminating", true}}));
  cluster.FinishDeletion("web-0");
  cluster.Settle();
  EXPECT_TRUE(conditions().is_null());
  cluster.Delete("services", "web");
  cluster.Settle();
  EXPECT_THAT(cluster.Names("endpointslices"), IsEmpty());
}

TEST(EndpointSlices, NotReadyAddressesOnRequest) {
  Cluster cluster;
  Json service = WebService();
  service["spec"]["publishNotReadyAddresses"] = true;
  cluster.Create("services", service);
  cluster.Create("pods", PlainPod("p"));
  cluster.Settle();
  cluster.Run("p", false);
  cluster.Settle();
  const Json endpoint = GetArray(OnlySlice(cluster), {"endpoints"})[0];
  EXPECT_EQ(endpoint["conditions"],
            (Json{{"ready", true}, {"serving", false}, {"terminating", false}}));
  EXPECT_FALSE(endpoint.contains("hostname"));  // It is no member of the service's subdomain.
}

TEST(EndpointSlices, KeepPlacesAndFillSlicesToTheBrim) {
  Cluster cluster;
  cluster.Create("services", WebService());
  Json set = WebSet(130);
  set["spec"]["podManagementPolicy"] = "Parallel";
  set["spec"].erase("volumeClaimTemplates");
  cluster.Create("statefulsets", set);
  cluster.Settle();
  for (const std::string& pod : cluster.Names("pods"))
    cluster.MakeReady(pod);
  cluster.Settle();
  const auto sizes = [&] {
    std::vector<size_t> all;
    for (const ObjectPtr& slice : cluster.store.List("endpointslices", "default"))
      all.push_back(GetArray(slice->json, {"endpoints"}).size());
    std::ranges::sort(all);
    return all;
  };
  EXPECT_EQ(sizes(), (std::vector<size_t>{30, 100}));
  cluster.Edit("statefulsets", "web", [](Json& stored) { stored["spec"]["replicas"] = 0; });
  cluster.Settle();
  for (const std::string& pod : cluster.Names("pods"))
    cluster.FinishDeletion(pod);
  cluster.Settle();
  EXPECT_EQ(sizes(), (std::vector<size_t>{0}));
}

TEST(EndpointSlices, APodThatComesBackComesLast) {
  Cluster cluster;
  cluster.Create("services", WebService());
  cluster.Create("statefulsets", WebSet(3));
  cluster.RunAll();
  cluster.Delete("pods", "web-1");
  cluster.Converge();
  std::vector<std::string> names;
  const Json slice = OnlySlice(cluster);
  for (const Json& endpoint : GetArray(slice, {"endpoints"}))
    names.push_back(GetString(endpoint, {"hostname"}));
  EXPECT_THAT(names, ElementsAre("web-0", "web-2", "web-1"));
}

TEST(EndpointSlices, DeadPodsStayOnlyByDefect) {
  for (const bool broken : {false, true}) {
    ControllerOptions options = Cluster::Calm();
    if (broken) options.defects = Defects(Defect::kEndpointOfDeadPod);
    Cluster cluster(options);
    cluster.Create("services", WebService());
    cluster.Create("statefulsets", WebSet(2));
    cluster.RunAll();
    const std::string dead = cluster.Uid("pods", "web-1");
    cluster.Delete("pods", "web-1");
    cluster.Converge();
    size_t found = 0;
    const Json slice = OnlySlice(cluster);
    for (const Json& endpoint : GetArray(slice, {"endpoints"})) {
      if (GetString(endpoint, {"targetRef", "uid"}) != dead) continue;
      ++found;
      EXPECT_TRUE(GetBool(endpoint, {"conditions", "ready"}));
    }
    EXPECT_EQ(found, broken ? 1U : 0U);
    EXPECT_EQ(GetArray(slice, {"endpoints"}).size(), broken ? 3U : 2U);
  }
}

TEST(EndpointSlices, ServicesWithoutSelectorAreLeftToTheUser) {
  Cluster cluster;
  Json service = WebService();
  service["spec"].erase("selector");
  cluster.Create("services", service);
  cluster.Settle();
  EXPECT_THAT(cluster.Names("endpointslices"), IsEmpty());
}

TEST(Endpoints, FollowTheSlices) {
  Cluster cluster;
  cluster.Create("services", WebService());
  cluster.Create("statefulsets", WebSet(2));
  cluster.RunAll();
  cluster.Run("web-1", false);
  cluster.Advance(std::chrono::seconds(1));
  const Json endpoints = cluster.Get("endpoints", "web");
  EXPECT_EQ(GetString(endpoints, {"subsets", "0", "addresses", "0", "hostname"}), "web-0");
  EXPECT_EQ(GetString(endpoints, {"subsets", "0", "notReadyAddresses", "0", "targetRef", "uid"}),
            cluster.Uid("pods", "web-1"));
  EXPECT_EQ(GetInt(endpoints, {"subsets", "0", "ports", "0", "port"}), 80);
  cluster.Delete("services", "web");
  cluster.Advance(std::chrono::seconds(1));
  EXPECT_FALSE(cluster.Exists("endpoints", "web"));
}

struct GarbageRow {
  const char* propagation;
  bool owner_waits;
  bool pods_survive;
};

class Garbage : public testing::TestWithParam<GarbageRow> {};

TEST_P(Garbage, DeletesAsAsked) {
  const GarbageRow row = GetParam();
  Cluster cluster;
  cluster.Create("statefulsets", WebSet(2));
  cluster.RunAll();
  cluster.Delete("statefulsets", "web", row.propagation);
  cluster.Settle();
  EXPECT_EQ(cluster.Exists("statefulsets", "web"), row.owner_waits);
  EXPECT_EQ(IsTerminating(cluster.Get("pods", "web-0")), !row.pods_survive);
  EXPECT_EQ(IsTerminating(cluster.Get("pods", "web-1")), !row.pods_survive);
  cluster.Converge();
  EXPECT_FALSE(cluster.Exists("statefulsets", "web"));
  EXPECT_EQ(cluster.Exists("pods", "web-0"), row.pods_survive);
  EXPECT_EQ(cluster.Names("controllerrevisions").empty(), !row.pods_survive);
  EXPECT_EQ(ControllerRef(cluster.Get("pods", "web-0")), nullptr);
  EXPECT_TRUE(cluster.Exists("persistentvolumeclaims", "data-web-0"));
}

INSTANTIATE_TEST_SUITE_P(Propagation,
                         Garbage,
                         testing::Values(GarbageRow{"Background", false, false},
                                         GarbageRow{"Foreground", true, false},
                                         GarbageRow{"Orphan", false, true}));

TEST(GarbageCollector, RemovesReferencesToOwnersThatAreGone) {
  Cluster cluster;
  cluster.Create("configmaps", {{"metadata", {{"name", "one"}}}});
  cluster.Create("configmaps", {{"metadata", {{"name", "two"}}}});
  Json child = {{"metadata", {{"name", "child"}}}};
  for (const char* owner : {"one", "two"}) {
    AddOwner(child, {{"apiVersion", "v1"},
                     {"kind", "ConfigMap"},
                     {"name", owner},
                     {"uid", cluster.Uid("configmaps", owner)}});
  }
  cluster.Create("secrets", child);
  cluster.Settle();
  cluster.Delete("configmaps", "one");
  cluster.Settle();
  ASSERT_TRUE(cluster.Exists("secrets", "child"));
  EXPECT_EQ(GetArray(cluster.Get("secrets", "child"), {"metadata", "ownerReferences"}).size(), 1U);
  cluster.Delete("configmaps", "two");
  cluster.Settle();
  EXPECT_FALSE(cluster.Exists("secrets", "child"));
}

TEST(GarbageCollector, OwnerOfTheSameNameIsNotTheOwner) {
  Cluster cluster;
  cluster.Create("configmaps", {{"metadata", {{"name", "owner"}}}});
  Json child = {{"metadata", {{"name", "child"}}}};
  AddOwner(child,
           {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"name", "owner"}, {"uid", "of-before"}});
  cluster.Create("secrets", child);
  cluster.Settle();
  EXPECT_FALSE(cluster.Exists("secrets", "child"));
}

TEST(GarbageCollector, OnlyBlockingDependentsHoldAForegroundDeletion) {
  Cluster cluster;
  cluster.Create("configmaps", {{"metadata", {{"name", "owner"}}}});
  for (const bool blocking : {false, true}) {
    Json child = {{"metadata",
                   {{"name", blocking ? "blocking" : "loose"},
                    {"finalizers", Json::array({"test/hold"})}}}};
    AddOwner(child, {{"apiVersion", "v1"},
                     {"kind", "ConfigMap"},
                     {"name", "owner"},
                     {"uid", cluster.Uid("configmaps", "owner")},
                     {"blockOwnerDeletion", blocking}});
    cluster.Create("secrets", child);
  }
  cluster.Settle();
  cluster.Delete("configmaps", "owner", "Foreground");
  cluster.Settle();
  EXPECT_TRUE(cluster.Exists("configmaps", "owner"));
  cluster.Edit("secrets", "blocking",
               [](Json& secret) { RemoveFinalizer(secret, "test/hold"); });
  cluster.Settle();
  EXPECT_FALSE(cluster.Exists("configmaps", "owner"));
  EXPECT_TRUE(IsTerminating(cluster.Get("secrets", "loose")));
}

TEST(Namespaces, StandardContentIsThereAndComesBack) {
  Cluster cluster;
  for (const char* ns : {"default", "kube-system", "kube-node-lease", "kube-public"}) {
    EXPECT_TRUE(cluster.Exists("serviceaccounts", "default", ns)) << ns;
  }
  cluster.Create("namespaces", {{"metadata", {{"name", "mine"}}}}, "");
  cluster.Settle();
  EXPECT_EQ(GetString(cluster.Get("configmaps", "kube-root-ca.crt", "mine"), {"data", "ca.crt"}),
            "the CA");
  cluster.Delete("serviceaccounts", "default", "Background", "mine");
  cluster.Settle();
  EXPECT_TRUE(cluster.Exists("serviceaccounts", "default", "mine"));
}

TEST(Namespaces, EndWithPodsFirst) {
  Cluster cluster;
  cluster.Create("namespaces", {{"metadata", {{"name", "mine"}}}}, "");
  cluster.Settle();
  cluster.Create("services", WebService(), "mine");
  cluster.Create("statefulsets", WebSet(2), "mine");
  cluster.RunAll();
  cluster.Delete("namespaces", "mine", "Background", "");
  cluster.Settle();
  EXPECT_TRUE(IsTerminating(cluster.Get("pods", "web-0", "mine")));
  // Nothing else goes while a pod is there.
  EXPECT_TRUE(cluster.Exists("services", "web", "mine"));
  EXPECT_TRUE(cluster.Exists("statefulsets", "web", "mine"));
  const Json ending = cluster.Get("namespaces", "mine", "");
  const Json* remaining = FindCondition(ending, "NamespaceContentRemaining");
  ASSERT_NE(remaining, nullptr);
  EXPECT_EQ(GetString(*remaining, {"message"}),
            "Some resources are remaining: pods. has 2 resource instances");
  cluster.Converge();
  EXPECT_FALSE(cluster.Exists("namespaces", "mine", ""));
  for (const char* resource : {"pods", "services", "statefulsets", "persistentvolumeclaims",
                               "controllerrevisions", "endpointslices", "configmaps", "events"}) {
    EXPECT_THAT(cluster.Names(resource, "mine"), IsEmpty()) << resource;
  }
  EXPECT_THAT(cluster.Names("persistentvolumes"), IsEmpty());
  EXPECT_TRUE(cluster.Exists("namespaces", "default", ""));
}

}  // namespace
}  // namespace holdfast::sandbox
