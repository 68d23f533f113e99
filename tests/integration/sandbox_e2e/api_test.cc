// The tests of the API's corners: scale, collections, status; and what the framework does around
// every test.
#include <gmock/gmock.h>

#include "harness/base/strings.h"

#include "tests/integration/sandbox_e2e/e2e.h"
#include "tests/integration/sandbox_recordings/raw_http.h"

namespace holdfast {
namespace {

namespace resources = kube::resources;
using recordings::RawAnswer;
using recordings::Send;
using recordings::SendJson;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Api : public E2e {
 protected:
  [[nodiscard]] RawAnswer Raw(const std::string& method,
                              const std::string& path,
                              const std::string& body = "",
                              const std::vector<std::string>& headers = {}) const {
    const auto answer = Send(access(), method, path, body, headers);
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return answer.value_or(RawAnswer{});
  }
  [[nodiscard]] std::string SetPath(const std::string& name = "",
                                    const std::string& subresource = "") const {
    return resources::kStatefulSets.Path(ns(), name, subresource);
  }
};

TEST_F(Api, TheScaleSubresourceWorks) {
  CreateSet(NewSet({.http_probe = true}));
  AwaitReady(1);
  Json scale = Raw("GET", SetPath("ss", "scale")).Parsed();
  EXPECT_EQ(GetString(scale, {"apiVersion"}), "autoscaling/v1");
  EXPECT_EQ(GetInt(scale, {"spec", "replicas"}), 1);
  EXPECT_EQ(GetInt(scale, {"status", "replicas"}), 1);
  scale["metadata"].erase("resourceVersion");
  scale["spec"]["replicas"] = 2;
  const auto put = SendJson(access(), "PUT", SetPath("ss", "scale"), scale);
  ASSERT_TRUE(put);
  EXPECT_EQ(GetInt(put->Parsed(), {"spec", "replicas"}), 2) << put->body;
  EXPECT_EQ(GetInt(Set(), {"spec", "replicas"}), 2);
  // As Go writes a Scale of which only the replicas are set.
  const RawAnswer patched =
      Raw("PATCH", SetPath("ss", "scale"),
          R"({"metadata":{"creationTimestamp":null},"spec":{"replicas":4},"status":{"replicas":0}})",
          {"Content-Type: application/strategic-merge-patch+json"});
  EXPECT_EQ(patched.status, 200) << patched.body;
  EXPECT_EQ(GetInt(Set(), {"spec", "replicas"}), 4);
}

TEST_F(Api, ListsPatchesAndDeletesACollection) {
  CreateSet(NewSet({.name = "test-ss", .http_probe = true}));
  AwaitReady(1, "test-ss");
  const RawAnswer patched = Raw(
      "PATCH", SetPath("test-ss"),
      DumpJson({{"metadata", {{"labels", {{"test-ss", "patched"}}}}},
                {"spec",
                 {{"replicas", 2},
                  {"template",
                   {{"spec",
                     // The test writes this field's name wrong, which a server lets pass.
                     {{"TerminationGracePeriodSeconds", 1},
                      {"containers", {{{"name", "test-ss"}, {"image", kPause}}}}}}}}}}}),
      {"Content-Type: application/strategic-merge-patch+json"});
  ASSERT_EQ(patched.status, 200) << patched.body;
  const Json set = Set("test-ss");
  EXPECT_EQ(GetInt(set, {"spec", "replicas"}), 2);
  EXPECT_EQ(ImageOf(set.at("spec").at("template")), kPause);
  AwaitRunning(2, 2);
  const std::string all = "/apis/apps/v1/statefulsets?labelSelector=test-ss%3Dpatched";
  EXPECT_EQ(GetArray(Raw("GET", all).Parsed(), {"items"}).size(), 1U);
  const RawAnswer deleted =
      Raw("DELETE", SetPath() + "?labelSelector=test-ss%3Dpatched",
          R"({"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":1})",
          {"Content-Type: application/json"});
  EXPECT_EQ(deleted.status, 200) << deleted.body;
  EXPECT_EQ(GetArray(Raw("GET", all).Parsed(), {"items"}).size(), 0U);
}

TEST_F(Api, TheStatusEndpointsWork) {
  CreateSet(NewSet({.http_probe = true}));
  AwaitReady(1);
  ASSERT_EQ(Raw("PATCH", SetPath("ss"), R"({"metadata":{"labels":{"e2e":"testing"}}})",
                {"Content-Type: application/strategic-merge-patch+json"})
                .status,
            200);
  EXPECT_EQ(GetString(Raw("GET", SetPath("ss", "status")).Parsed(), {"kind"}), "StatefulSet");
  Await("the status to be written", [&] {
    Json set = Set();
    set["status"]["conditions"].push_back({{"type", "StatusUpdate"},
                                           {"status", "True"},
                                           {"lastTransitionTime", nullptr},
                                           {"reason", "E2E"},
                                           {"message", "Set from e2e test"}});
    const auto put = SendJson(access(), "PUT", SetPath("ss", "status"), set);
    return put && put->status == 200;
  });
  // The controller may drop the condition again: a watch has seen it all the same.
  const RawAnswer watched =
      Raw("GET", SetPath() + "?watch=true&labelSelector=e2e%3Dtesting&resourceVersion=" +
                     GetString(Raw("GET", SetPath() + "?limit=1").Parsed(),
                               {"metadata", "resourceVersion"}) +
                     "&timeoutSeconds=1");
  EXPECT_EQ(watched.status, 200);
  const RawAnswer patched =
      Raw("PATCH", SetPath("ss", "status"),
          R"({"status":{"conditions":[{"type":"StatusPatched","status":"True"}]}})",
          {"Content-Type: application/merge-patch+json"});
  EXPECT_EQ(patched.status, 200) << patched.body;
  EXPECT_THAT(patched.body, HasSubstr("StatusPatched"));
}

TEST_F(Api, ServesWhatTheFrameworkAsksFor) {
  EXPECT_EQ(GetString(Raw("GET", "/version").Parsed(), {"minor"}), "36");
  EXPECT_EQ(Raw("GET", "/healthz").body, "ok");
  EXPECT_EQ(GetString(Raw("GET", "/api").Parsed(), {"kind"}), "APIVersions");
  EXPECT_EQ(GetString(Raw("GET", "/apis").Parsed(), {"kind"}), "APIGroupList");
  EXPECT_EQ(GetString(Raw("GET", "/apis", "", {"Accept: application/json;g=apidiscovery.k8s.io;v=v2;as="
                                               "APIGroupDiscoveryList,application/json"})
                          .Parsed(),
                      {"kind"}),
            "APIGroupDiscoveryList");
  // Nodes that are ready, schedulable and without taints.
  int ready = 0;
  const Json nodes =
      Raw("GET", "/api/v1/nodes?fieldSelector=spec.unschedulable%3Dfalse&resourceVersion=0")
          .Parsed();
  for (const Json& node : GetArray(nodes, {"items"})) {
    EXPECT_TRUE(GetArray(node, {"spec", "taints"}).empty());
    EXPECT_NE(GetString(node, {"status", "nodeInfo", "kubeletVersion"}), "");
    ready += IsReady(node) ? 1 : 0;
  }
  EXPECT_EQ(ready, 3);
  EXPECT_EQ(Raw("GET", "/api/v1/namespaces/kube-system/pods").status, 200);
  // A default class, as the tests with claims want one.
  bool has_default = false;
  const Json classes = Raw("GET", "/apis/storage.k8s.io/v1/storageclasses").Parsed();
  for (const Json& one : GetArray(classes, {"items"}))
    has_default |= GetString(one, {"metadata", "annotations",
                                   "storageclass.kubernetes.io/is-default-class"}) == "true";
  EXPECT_TRUE(has_default);
  // A server-side timeout in Go's form.
  EXPECT_EQ(Raw("GET", "/api/v1/namespaces?timeout=30s").status, 200);
}

// client-go is told by the tests' flags to write protobuf and to take it first.
TEST_F(Api, SpeaksToClientsThatPreferProtobuf) {
  const std::vector<std::string> headers{
      "Accept: application/vnd.kubernetes.protobuf, */*",
      "Content-Type: application/vnd.kubernetes.protobuf"};
  // ConfigMap {metadata {name: "m"}, data {"k": "v"}} in its envelope.
  const std::string object = std::string("\x0A\x03\x0A\x01m", 5) + "\x12\x06\x0A\x01k\x12\x01v";
  const std::string body = std::string("k8s\0", 4) + "\x0A\x0F\x0A\x02v1\x12\x09" + "ConfigMap" +
                           "\x12" + static_cast<char>(object.size()) + object;
  const RawAnswer made = Raw("POST", resources::kConfigMaps.Path(ns()), body, headers);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_THAT(made.headers.at("content-type"), StartsWith("application/json"))
      << "which such a client takes by its type";
  EXPECT_EQ(GetString(made.Parsed(), {"data", "k"}), "v");
  EXPECT_EQ(Raw("GET", resources::kConfigMaps.Path(ns(), "m"), "", headers).status, 200);
  const RawAnswer watch =
      Raw("GET", resources::kConfigMaps.Path(ns()) + "?watch=true&timeoutSeconds=1",
          "", {"Accept: application/vnd.kubernetes.protobuf;stream=watch, */*"});
  EXPECT_EQ(watch.status, 200) << watch.body;
  EXPECT_EQ(Raw("GET", resources::kConfigMaps.Path(ns(), "m"), "",
                {"Accept: application/vnd.kubernetes.protobuf"})
                .status,
            406);
}

}  // namespace
}  // namespace holdfast
